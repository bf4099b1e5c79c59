# SPDX-License-Identifier: MIT
"""enable and disable on a booted host: what they show, keep, refuse and put back, and that root always gets in."""

import json
import re
import subprocess

import pytest

from support.host import TestHost
from support.site import Site

PAM = ("/etc/pam.d/sshd", "/etc/pam.d/login", "/etc/pam.d/sudo", "/etc/pam.d/sudo-i", "/etc/pam.d/su", "/etc/pam.d/su-l",
       "/etc/pam.d/cron")
VENDORS = ("/etc/pam.d/polkit-1", "/etc/pam.d/systemd-user")  # Debian has them in /usr/lib/pam.d
NSSWITCH, DROPIN = "/etc/nsswitch.conf", "/etc/ssh/sshd_config.d/30-cosmo-sso.conf"
FILES = (NSSWITCH, *PAM, *VENDORS, DROPIN)
UNCHANGED = ("/etc/pam.d/su-l",)  # it goes by su's
ALL = ("nss", "sshd", "login", "sudo", "su", "cron", "polkit-1", "systemd-user")
MODULE = "/usr/lib/x86_64-linux-gnu/security/pam_cosmo_sso.so"
BACKUP = "/var/lib/cosmo-sso/backup"
# Runs in every account phase. ctl's own tries of root say that they are ctl's; a refusal is for those alone.
PICKY = """#!/bin/sh
[ "$PAM_TTY" = cosmo-ssoctl ] || exit 0
grep -q pam_cosmo_sso /etc/pam.d/sshd || exit 0
{what}
"""
# Holds everything that a test may have changed, so that the next one finds the host as it was.
KEPT = "/etc /usr/lib/pam.d /usr/sbin/sshd /usr/lib/x86_64-linux-gnu/security/pam_cosmo_sso.so /root/.ssh /home/tess/.ssh /var/lib/cosmo-sso"


class Enabler:
    def __init__(self, host):
        self.host = host

    def ctl(self, *words, input=""):
        return self.host.run(["cosmo-ssoctl", *words], check=False, input=input)

    def enable(self, *targets, options=("--yes",)):
        return self.ctl("enable", *(targets or ALL), *options)

    def disable(self, *targets, options=("--yes",)):
        return self.ctl("disable", *(targets or ALL), *options)

    def etc(self):
        """Bytes, modes and owners of everything that enable may touch."""
        script = 'for f in "$@"; do [ -e "$f" ] && stat -c "%n %a %u %g" "$f" && base64 "$f"; done; true'
        return self.host.run(["sh", "-c", script, "sh", *FILES]).stdout

    def backups(self):
        return self.host.run(f"ls {BACKUP} 2>/dev/null || true").stdout.split()

    def plant(self, path, text, mode=0o644):
        self.host.put(path, text, mode)

    def picky(self, what):
        self.plant("/usr/local/sbin/picky", PICKY.format(what=what), 0o755)
        self.plant("/etc/pam.d/common-account",
                   self.host.read("/etc/pam.d/common-account") + "account required pam_exec.so /usr/local/sbin/picky\n")

    def ready(self):
        return '"sshd_ready":true' in self.ctl("status", "--json").stdout

    def root_gets_in(self):
        """By key through sshd, PAM and all."""
        assert Site(None, self.host).key_login("root", "id", "-u") == "0"

    def su_gets_in(self):
        """Root without being asked, tess with root's password."""
        assert self.host.run(["su", "-", "tess", "-c", "id -un"]).stdout == "tess\n"
        done = self.host.run(["su", "-", "-c", "id -u"], user="tess", input=self.host.passwords["root"] + "\n")
        assert done.stdout == "0\n" and "Password:" in done.stdout + done.stderr

    def password_gets_in(self, user):
        assert Site(None, self.host).password_login(user, "id -un") == user


@pytest.fixture(scope="module")
def module_host(build_dir):
    with TestHost() as host:
        host.install(build_dir)
        host.boot()
        host.run(f"tar -cpf /run/kept.tar {KEPT}")
        yield host


@pytest.fixture
def on(module_host):
    enabler = Enabler(module_host)
    yield enabler
    module_host.run(f"rm -rf {DROPIN} {' '.join(VENDORS)} {BACKUP} /etc/ssh/sshd_config.d/[0-2]*no* /usr/local/sbin/picky; tar -xpf /run/kept.tar -C /")
    # No reload: it is through before sshd has read its files again, and then the next test may have spoilt them.
    module_host.run("systemctl reset-failed ssh; systemctl restart ssh")


def test_enable__all__shows_saves_and_works(on):
    before = on.etc()
    old = {path: on.host.read(path) for path in (NSSWITCH, *PAM)}
    done = on.enable()
    assert done.returncode == 0 and done.stdout.rstrip().endswith("Done."), done
    assert re.search(r"^/etc/nsswitch\.conf\n  -passwd: .*\n  -group: .*\n  \+passwd: .* cosmo\n", done.stdout, re.M)
    assert re.search(r"^  \+group: +files \[SUCCESS=merge\] cosmo ", done.stdout, re.M)
    assert f"{DROPIN} (new)\n" in done.stdout and "  +UsePAM yes\n" in done.stdout
    assert done.stdout.count("  +auth    [success=done") == 6
    assert all(f"{path} (new)\n" in done.stdout for path in VENDORS)
    (folder,) = on.backups()
    assert f"The old files are in {BACKUP}/{folder}." in done.stdout
    for path, text in old.items():
        if path in UNCHANGED:
            assert on.host.read(path) == text
        else:
            assert on.host.read(f"{BACKUP}/{folder}/{path[1:].replace('/', '_')}") == text
    assert on.host.run(f"stat -c %a {BACKUP} {BACKUP}/{folder}").stdout.split() == ["700", "700"]
    assert on.ready()
    on.root_gets_in()
    on.password_gets_in("root")
    on.password_gets_in("tess")
    assert "uid=0" in on.host.run(["sudo", "-S", "id"], user="tess", input=on.host.passwords["tess"] + "\n").stdout
    on.su_gets_in()
    enabled = on.etc()
    again = on.enable()
    assert again.returncode == 0 and "The files are so already." in again.stdout
    assert on.etc() == enabled and on.backups() == [folder]
    done = on.disable()
    assert done.returncode == 0 and on.etc() == before and not on.ready()
    on.root_gets_in()
    assert len(on.backups()) == 2
    assert "The files are so already." in on.disable().stdout and on.etc() == before


def test_enable__changed_meanwhile__disable_keeps_that(on):
    on.enable()
    on.host.run("sed -i 's/^hosts:.*/hosts: files/; s/^passwd: *files/& extra1/' /etc/nsswitch.conf")
    on.host.run("sed -i '1i # mine' /etc/pam.d/sshd; echo '# mine too' >> /etc/pam.d/sshd; echo 'LoginGraceTime 300' >> " + DROPIN)
    assert on.disable().returncode == 0
    assert on.host.read("/etc/pam.d/sshd").startswith("# mine\n") and on.host.read("/etc/pam.d/sshd").endswith("# mine too\n")
    assert "hosts: files\n" in on.host.read(NSSWITCH) and "cosmo" not in on.host.read(NSSWITCH)
    assert on.host.read(DROPIN) == "LoginGraceTime 300\n"
    assert "cosmo" not in "".join(on.host.read(path) for path in PAM)


def test_enable__not_confirmed__changes_nothing(on):
    before = on.etc()
    for options, code in (((), 1), (("--dry-run",), 0)):
        done = on.enable(options=options)
        assert done.returncode == code and "  +passwd:" in done.stdout and on.etc() == before and on.backups() == []
    assert "say --yes" in on.enable(options=()).stderr
    told = json.loads(on.enable("sshd", options=("--json",)).stdout)
    assert (told["changed"], told["error"]) == (False, "cancelled") and told["message"] == "nothing was changed"
    assert on.etc() == before and on.backups() == []


def test_enable__json__is_one_document(on):
    before = on.etc()
    rehearsed = json.loads(on.enable("nss", "atd", options=("--dry-run", "--json")).stdout)
    done = on.enable("nss", "atd", options=("--yes", "--json"))
    told = json.loads(done.stdout)
    assert done.returncode == 0 and told["changed"] and not told["dry_run"] and told["error"] is None
    (folder,) = on.backups()
    assert told["backup"] == f"{BACKUP}/{folder}" and rehearsed["backup"] is None
    assert rehearsed == told | {"dry_run": True, "changed": False, "backup": None, "notes": rehearsed["notes"]}
    (file,) = told["files"]
    assert (file["path"], file["change"]) == (NSSWITCH, "changed") and "  +passwd:" in file["diff"]
    assert any("there is no /etc/pam.d/atd here" in note for note in told["notes"])
    taken_out = json.loads(on.disable("nss", options=("--yes", "--json")).stdout)
    assert taken_out["changed"] and on.etc() == before


def refused(on, before, done, *says):
    assert done.returncode == 4, done
    for text in says:
        assert text in done.stderr, (text, done)
    assert on.etc() == before
    on.root_gets_in()


def test_enable__sshd_refuses_its_configuration_after__is_put_back(on):
    before = on.etc()
    on.host.run("mv /usr/sbin/sshd /usr/sbin/sshd-real")
    on.plant("/usr/sbin/sshd", f'#!/bin/sh\n[ -e {DROPIN} ] && {{ echo "no such thing" >&2; exit 255; }}\n'
             'exec /usr/sbin/sshd-real "$@"\n', 0o755)
    done = on.enable()
    on.host.run("mv /usr/sbin/sshd-real /usr/sbin/sshd")
    refused(on, before, done, "sshd -t refuses the configuration", "no such thing", "everything was put back as it was")
    assert not on.ready()


def test_enable__sshd_goes_by_an_earlier_word__is_put_back(on):
    on.plant("/etc/ssh/sshd_config.d/00-no.conf", "UsePAM no\n")
    before = on.etc()
    refused(on, before, on.enable(), 'does not say "usepam yes"', "everything was put back as it was")
    assert not on.ready()


def test_enable__sshd_at_fault_before__is_to_be_mended_first(on):
    on.plant("/etc/ssh/sshd_config.d/20-no.conf", "Nonsense yes\n")
    before = on.etc()
    done = on.enable()
    on.host.run("rm /etc/ssh/sshd_config.d/20-no.conf")
    refused(on, before, done, "Nonsense", "mend that first", "nothing was changed")
    assert on.backups() == []


def test_enable__module_that_refuses_root__is_found_before_anything_is_written(on):
    before = on.etc()
    on.host.run(f"cp $(dirname {MODULE})/pam_deny.so {MODULE}")
    refused(on, before, on.enable(), "with this change: root is refused", "nothing was changed")
    assert on.backups() == []


def test_enable__stack_that_fails_only_in_its_place__is_put_back(on):
    on.picky("exit 1")
    before = on.etc()
    refused(on, before, on.enable(), "PAM service sshd with this change: root is refused", "everything was put back as it was")
    assert not on.ready() and len(on.backups()) == 1


def test_enable__root_refused_before__is_said_and_no_obstacle(on):
    on.plant("/etc/pam.d/sudo-i", "auth required pam_deny.so\naccount required pam_deny.so\n")
    done = on.enable()
    assert done.returncode == 0 and "Note: PAM service sudo-i does not let root through as it is: root is refused." in done.stdout


# case: stack: with the module gone root and local users get in by sshd, login, sudo and su
def test_enable__module_gone_later__root_and_local_users_get_in(on):
    assert on.enable().returncode == 0
    on.host.run(f"rm {MODULE}")
    on.root_gets_in()
    on.password_gets_in("root")
    on.password_gets_in("tess")
    assert "uid=0" in on.host.run(["sudo", "-S", "id"], user="tess", input=on.host.passwords["tess"] + "\n").stdout
    on.su_gets_in()
    site = Site(None, on.host)
    assert "uid=0(root)" in site.console_login("root")[1] and "(tess)" in site.console_login("tess")[1]


NO_WAY = "passwd -l root; rm -rf /root/.ssh; "
LOCAL = {
    "nobody": (NO_WAY + "passwd -l tess; rm -rf /home/tess/.ssh", False),
    "key_of_a_sudoer": (NO_WAY + "passwd -l tess", False),
    "no_shell": (NO_WAY + "usermod -s /usr/sbin/nologin tess", False),
    "expired": (NO_WAY + "chage -E 1 tess", False),
    "not_in_sudo": (NO_WAY + "gpasswd -d tess sudo", False),
    "key_of_root_not_taken": (
        "passwd -l root; passwd -l tess; echo 'PermitRootLogin no' > /etc/ssh/sshd_config.d/00-no.conf", False),
    "password_of_a_sudoer": (NO_WAY + "true", True),
    "password_of_root": ("passwd -l tess; rm -rf /root/.ssh", True),
    "key_of_root": ("passwd -l root; passwd -l tess", True),
}  # fmt: skip


@pytest.mark.parametrize("spoil, reachable", LOCAL.values(), ids=LOCAL.keys())
def test_enable__no_local_way_to_root__is_refused_unless_meant(on, spoil, reachable):
    on.host.run(spoil)
    before = on.etc()
    done = on.enable()
    if reachable:
        assert done.returncode == 0, done
        return
    assert done.returncode == 1 and "no local account could reach root" in done.stderr and "--no-local-root" in done.stderr
    assert on.etc() == before
    assert on.enable(options=("--yes", "--no-local-root")).returncode == 0
    assert on.disable().returncode == 0 and on.etc() == before


def test_new_users__only_when_everything_is_so(on):
    """Look-ups inside sshd may know unknown names only while PAM asks us about them, whatever the order."""
    assert on.enable("nss").returncode == 0 and not on.ready()
    done = on.enable("sshd")
    assert done.returncode == 0 and on.ready()
    assert on.disable("nss").returncode == 0 and not on.ready()
    assert "cannot sign in over SSH before" in on.enable("login").stdout or not on.ready()
    assert on.enable("nss").returncode == 0 and on.ready()
    done = on.disable("sshd")
    assert done.returncode == 0 and not on.ready() and "nss is still enabled" in done.stdout
    assert on.enable("sshd").returncode == 0 and on.ready()


def test_new_users__configuration_at_fault__disable_closes_all_the_same(on):
    assert on.enable().returncode == 0 and on.ready()
    on.host.run("echo '[nonsense]' >> /etc/cosmo-sso/cosmo-sso.conf")
    done = on.disable("sshd")
    assert done.returncode == 0, done
    assert not on.ready() and "pam_cosmo_sso" not in on.host.read("/etc/pam.d/sshd")


def test_disable__helper_gone__takes_all_out_but_not_sshd_alone(on):
    before = on.etc()
    assert on.enable().returncode == 0
    enabled = on.etc()
    on.host.run("mv /usr/libexec/cosmo-sso/cosmo-sso-helper /run/helper-away")
    try:
        done = on.disable("sshd")
        assert done.returncode == 6 and "disable nss in the same command" in done.stderr and on.etc() == enabled
        assert on.disable().returncode == 0 and on.etc() == before
    finally:
        on.host.run("mv /run/helper-away /usr/libexec/cosmo-sso/cosmo-sso-helper")


ODD = {
    "link": ("mv /etc/nsswitch.conf /etc/nss.real; ln -s nss.real /etc/nsswitch.conf", "is a symbolic link to nss.real"),
    "writable": ("chmod 666 /etc/pam.d/sshd", "(owner 0, mode 0666) is not a file that root alone may write"),
    "by_hand": ("echo 'auth required pam_cosmo_sso.so' >> /etc/pam.d/login", "did not write"),
    "half": ("echo '# BEGIN cosmo-sso (cosmo-ssoctl disable takes this out)' >> /etc/pam.d/sudo", "damaged block"),
    "return": ("sed -i 's/^passwd:.*/passwd: files [NOTFOUND=return] sss/' /etc/nsswitch.conf", "would never be asked"),
    "no_line": ("sed -i '/^group:/d' /etc/nsswitch.conf", "no group line"),
    "gone": ("rm /etc/nsswitch.conf", "is not there"),
}


@pytest.mark.parametrize("spoil, says", ODD.values(), ids=ODD.keys())
def test_enable__a_file_it_must_not_touch__says_what_to_do(on, spoil, says):
    on.host.run(spoil)
    before = on.etc()
    refused(on, before, on.enable(), says, "nothing was changed")
    on.host.run("rm -f /etc/nss.real")


def test_enable__su_l_of_its_own__gets_lines_of_its_own(on):
    on.host.run("cp /etc/pam.d/su /etc/pam.d/su-l")
    before = on.etc()
    assert on.enable("su").returncode == 0
    for path in ("/etc/pam.d/su", "/etc/pam.d/su-l"):
        modules = re.findall(r"^auth\s.*?(pam_\w+)\.so|^@include (common-auth)", on.host.read(path), re.M)
        assert ["".join(found) for found in modules] == ["pam_rootok", "pam_cosmo_sso", "common-auth"]
    on.su_gets_in()
    assert on.disable("su").returncode == 0 and on.etc() == before


def test_enable__su_that_would_refuse_root__is_found_before_anything_is_written(on):
    """By its auth phase: pam_timestamp has no account phase, so that its refusal shows in no other."""
    on.host.run(f"cp $(dirname {MODULE})/pam_timestamp.so {MODULE}")
    on.plant("/etc/pam.d/su", "".join(f"{phase} required pam_permit.so\n" for phase in ("auth", "account", "session")))
    before = on.etc()
    refused(on, before, on.enable("su"), "PAM service su with this change: root is refused", "nothing was changed")


def user_manager_runs(host, user):
    """As logind starts it, but waited for."""
    unit = f"user@{host.run(['id', '-u', user]).stdout.strip()}"
    host.run(["systemctl", "restart", unit])
    host.run(["systemctl", "stop", unit])


def test_enable__service_of_the_vendors__gets_a_file_in_front_of_it(on):
    """The vendor's lines go on counting, also those of its next version."""
    on.plant("/usr/lib/pam.d/polkit-1", on.host.read("/usr/lib/pam.d/polkit-1") + "account required pam_exec.so /bin/touch /run/asked\n")
    before = on.etc()
    assert on.enable("polkit-1", "systemd-user").returncode == 0
    for path in VENDORS:
        lines = on.host.read(path).splitlines()
        vendors = path.replace("/etc", "/usr/lib")
        assert [line.split() for line in lines[-4:]] == [[kind, "include", vendors] for kind in ("auth", "account", "password", "session")]
    assert on.host.run("ls /run/asked; rm -f /run/asked").stdout == "/run/asked\n"
    user_manager_runs(on.host, "tess")
    enabled = on.etc()
    assert "The files are so already." in on.enable("polkit-1", "systemd-user").stdout and on.etc() == enabled
    assert on.disable("polkit-1", "systemd-user").returncode == 0 and on.etc() == before


def test_enable__service_of_the_vendors_that_would_refuse_root__is_found_before_anything_is_written(on):
    """It has no account line, and ours alone lets in nobody whom it leaves alone."""
    on.plant("/usr/lib/pam.d/polkit-1", "auth required pam_permit.so\nsession required pam_permit.so\n")
    before = on.etc()
    refused(on, before, on.enable("polkit-1"), "PAM service polkit-1 with this change: root is refused", "nothing was changed")


def test_disable__service_of_the_vendors_with_other_lines__keeps_them_and_the_vendors(on):
    assert on.enable("systemd-user").returncode == 0
    on.host.run("echo '# mine' >> /etc/pam.d/systemd-user")
    assert on.disable("systemd-user").returncode == 0
    lines = on.host.read("/etc/pam.d/systemd-user").splitlines()
    assert lines[-1] == "# mine" and len(lines) == 5 and "cosmo" not in "".join(lines)
    user_manager_runs(on.host, "tess")


def test_enable__service_that_is_not_there__is_left_alone(on):
    on.host.run("rm /etc/pam.d/sudo-i")
    done = on.enable("sudo")
    assert done.returncode == 0 and "Note: there is no /etc/pam.d/sudo-i here" in done.stdout


def test_enable__changed_while_the_question_stands__is_not_overwritten(on):
    """The answer comes when somebody else has written the file."""
    script = ("mkfifo /run/answer; cosmo-ssoctl enable nss < /dev/null; "
              "script -qec 'cosmo-ssoctl enable nss' /dev/null < /run/answer > /run/shown & exec 7> /run/answer; "
              "until grep -q 'Go on' /run/shown; do sleep 0.05; done; echo '# theirs' >> /etc/nsswitch.conf; "
              "echo y >&7; wait; rm /run/answer; cat /run/shown")
    shown = on.host.run(["bash", "-c", script]).stdout
    assert "was changed by somebody else meanwhile" in shown and "nothing was changed" in shown
    text = on.host.read(NSSWITCH)
    assert text.endswith("# theirs\n") and "cosmo" not in text


def test_enable__killed_after_any_write__root_gets_in_and_disable_restores(on):
    before = on.etc()
    on.host.run(f"strace -y -e trace=renameat -o /run/renames cosmo-ssoctl enable {' '.join(ALL)} --yes")
    lines = on.host.read("/run/renames").splitlines()
    writes = [number for number, line in enumerate(lines, 1) if re.match(r"renameat\(\d+</etc[/>]", line)]
    assert len(writes) == len(FILES) - len(UNCHANGED)
    assert on.disable().returncode == 0 and on.etc() == before
    for number in writes:
        on.host.run(f"strace -o /dev/null -e trace=renameat -e inject=renameat:signal=SIGKILL:when={number} "
                    f"cosmo-ssoctl enable {' '.join(ALL)} --yes", check=False)
        assert on.etc() != before, number
        on.host.run("systemctl reset-failed ssh; systemctl restart ssh")  # systemd counts starts
        on.root_gets_in()
        assert on.disable().returncode == 0 and on.etc() == before, number
    on.password_gets_in("root")


@pytest.mark.parametrize("end", ("exit 0", "exit 1"), ids=("works", "fails"))
def test_enable__connection_lost_half_way__is_carried_to_its_end(on, end):
    """The files are written when the terminal goes away; the proof is still to come."""
    on.picky(f"[ -e /run/reached ] || {{ : > /run/reached; read -r go < /run/go; }}; {end}")
    before = on.etc()
    on.host.run("rm -f /run/go /run/reached; mkfifo /run/go")
    command = on.host.ssh("root", "-tt", "-o", "BatchMode=yes", key=True, command=[f"cosmo-ssoctl enable {' '.join(ALL)} --yes"])
    client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    on.host.run("until [ -e /run/reached ]; do sleep 0.05; done")
    assert on.etc() != before
    pid = on.host.run(["pgrep", "-xo", "cosmo-ssoctl"]).stdout.strip()
    client.kill()
    client.wait()
    on.host.run(f"until grep -q '^ShdPnd:.*1$' /proc/{pid}/status; do sleep 0.05; done")  # the SIGHUP waits
    on.host.run(f"echo go > /run/go; while [ -e /proc/{pid} ]; do sleep 0.05; done; rm /run/go /run/reached")
    if end == "exit 0":
        assert on.ready() and "The files are so already." in on.enable().stdout
    else:
        assert on.etc() == before and not on.ready()
    on.root_gets_in()
