# SPDX-License-Identifier: MIT
"""The doors of a host, tried by somebody. Each gives what `id -un` printed where somebody got in, and "" where they did not."""

import concurrent.futures
import re
import subprocess

import pexpect

from .console import Console
from .live_sessions import uid_of
from .process import PATIENCE_S, watch
from .site import LOGIN

# With polkit's agent for terminals there before it is needed: that of pkexec itself, which is root's, answers for nobody else.
PKEXEC = "agent() { pkttyagent --process $$ --notify-fd 3 3>&1 >/dev/tty & }; agent | cat; pkexec id -un; exit $?"


def inside(done):
    """sudo and su print of failures on their other stream alone."""
    return done.stdout.strip() if done.returncode == 0 else ""


def by_ssh(site, user, method, command="id -un"):
    """Without a terminal: no question is answered."""
    key = method == "publickey"
    argv = site.host.ssh(user, "-o", f"PreferredAuthentications={method}", key=key, command=[command])
    return inside(subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL, start_new_session=True))


def by_ssh_password(site, user, password):
    options = ("-o", "PreferredAuthentications=password", "-o", "NumberOfPasswordPrompts=1")
    status, _, output = site.password_transcript(user, "id -un", *options, password=password)
    return output.strip() if status == 0 else ""


def by_sudo(site, user, *options):
    return "root" if inside(site.host.run(["sudo", *options, "id", "-un"], user=user, check=False, input="wrong\n")) else ""


def by_su(site, user, by=None, password="wrong", *dash):
    return inside(site.host.run(["su", *dash, user, "-c", "id -un"], user=by, check=False, input=password + "\n"))


def by_login(site, user, password=None):
    """At login(1) on a terminal."""
    with Console(site, LOGIN, user) as console:
        console.name()
        if password:
            console.password(password)
        found = console.terminal.wait_for(rf"^({user})@|Login incorrect|Maximum number of tries exceeded")
        return found[1] or ""


def by_login_f(site, user):
    """As a program calls it that has let somebody in by its own means: there is no auth phase."""
    argv = site.host.enter(["script", "-qec", f"{LOGIN} -f {user}", "/dev/null"])
    terminal = pexpect.spawn(argv[0], argv[1:], timeout=PATIENCE_S, encoding="utf-8")
    try:
        if terminal.expect([r"@[^\r\n]*[$#] ", pexpect.EOF]):  # what is typed before the shell is there may be thrown away
            return ""
        terminal.sendline("echo in-$(id -un)-in; exit")
        terminal.expect(pexpect.EOF)
    finally:
        terminal.close()
    found = re.search(r"^in-(\w+)-in", terminal.before, re.M)
    return found[1] if found else ""


def by_pkexec(site, user):
    """On a terminal."""
    done = site.host.run(["script", "-qec", PKEXEC, "/dev/null"], user=user, check=False, input="wrong\n")
    return "root" if re.search(r"^(\x1b\[0m)?root\r?$", done.stdout, re.M) else ""


def cron_job(site, user, command):
    """What a job of theirs prints that cron starts when it starts itself; "" where it does not."""
    host, said = site.host, f"/tmp/cron-job-{user}"
    cursor = host.journal_cursor()
    host.put("/etc/cron.d/doors", f"@reboot {user} {command} > {said}\n")
    host.run(f"rm -f {said} /run/crond.reboot; systemctl reset-failed cron; systemctl restart cron")  # systemd counts starts
    watch(lambda: host.run(["test", "-s", said], check=False).returncode == 0
          or host.journal(rf"event=\S+_refused user={user} .*service=cron\b", after=cursor), PATIENCE_S, "cron's answer")
    watch(lambda: not host.run("pgrep -P $(pgrep -xo cron)", check=False).stdout, PATIENCE_S, "the end of the job")
    return host.run(f"cat {said}; rm -f {said} /etc/cron.d/doors", check=False).stdout.strip()


def by_cron(site, user):
    return cron_job(site, user, "id -un")


def by_manager(site, user):
    """Their user manager, started as logind does it at a first session. They linger, or logind may end it meanwhile."""
    unit = f"user@{uid_of(site.host, user)}"
    site.host.run(["systemctl", "reset-failed", unit], check=False)  # systemd counts starts
    if site.host.run(["systemctl", "restart", unit], check=False).returncode:
        return ""
    pid = site.host.run(["systemctl", "show", "--value", "--property=MainPID", unit]).stdout.strip()
    return site.host.run(["ps", "-o", "user:32=", "-p", pid]).stdout.strip()


def each(doors):
    """All at once: who is refused is kept waiting by most of them."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        tries = {name: pool.submit(*door) for name, door in doors.items()}
        return {name: trial.result() for name, trial in tries.items()}


def by_each_auth_phase(site, user):
    """All that ask who somebody is; su by a local user, sudo by the user."""
    return each({
        "sshd, keyboard-interactive": (by_ssh, site, user, "keyboard-interactive"),
        "sshd, password": (by_ssh_password, site, user, "wrong"),
        "login": (by_login, site, user),
        "sudo": (by_sudo, site, user, "-S"),
        "sudo-i": (by_sudo, site, user, "-S", "-i"),
        "su": (by_su, site, user, "tess"),
        "su-l": (by_su, site, user, "tess", "wrong", "-"),
    }) | {"polkit-1": by_pkexec(site, user)}  # by itself: a Console hangs up every terminal of the host


def by_each_account_phase(site, user):
    """All that let somebody in without asking who it is; su by root."""
    return each({
        "sshd, key": (by_ssh, site, user, "publickey"),
        "login -f": (by_login_f, site, user),
        "sudo": (by_sudo, site, user, "-n"),
        "sudo-i": (by_sudo, site, user, "-n", "-i"),
        "su": (by_su, site, user),
        "su-l": (by_su, site, user, None, "", "-"),
        "cron": (by_cron, site, user),
        "systemd-user": (by_manager, site, user),
    })  # fmt: skip


def everywhere_in(doors, user):
    return {door: "root" if door.startswith(("sudo", "polkit")) else user for door in doors}


def nowhere(doors):
    return dict.fromkeys(doors, "")
