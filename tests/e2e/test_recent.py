# SPDX-License-Identifier: MIT
"""sudo after a sign-in with the code: in that very terminal it need not ask again, anywhere else it does."""

import re
import subprocess

import pytest

from support.console import Console
from support.live_sessions import enrol
from support.process import PATIENCE_S
from support.site import SignIn

# sudo's own memory would answer in ours' place.
SUDOERS = "Defaults timestamp_timeout=0\nDefaults !lecture\n%cosmo-admin ALL=(ALL:ALL) ALL\n"
FOLDER = "/run/cosmo-sso/private/recent"
WHAT_TO_DO = "Run it in a terminal"


@pytest.fixture(scope="module")
def asking(module_site):
    """sudo asks admins, who are let in by a sign-in of their session of the last quarter of an hour."""
    module_site.configure("service sudo", "auth", "recent:15m")
    enrol(module_site, "ada")
    module_site.host.put("/etc/sudoers.d/roles", SUDOERS, 0o440)
    return module_site


@pytest.fixture
def ready(asking, site):
    return site


class AtWork(SignIn):
    """A shell over ssh, by key if not by the code."""

    def __init__(self, site, user, key=False, **how):
        if key:
            how["client"] = lambda _: site.host.ssh(user, "-tt", key=True)
        super().__init__(site, user, approved=not key, **how)
        self._key = key

    def __enter__(self):
        super().__enter__()
        if self._key:
            self.shell()
        return self

    def code_for(self, command):
        """Have it ask, and read what it asks."""
        self.clear()
        self.terminal.type(command)
        self.terminal.wait_for(Console.prompt_end, PATIENCE_S, joined=True)
        self.look()
        return self.code

    def approved(self, command):
        """The command with its code approved; no key is pressed meanwhile."""
        self.code_for(f"{command}; echo ended=$?")
        self.approve()
        self.terminal.wait_for(r"^ended=\d", PATIENCE_S)
        return self.terminal.capture(joined=True)

    def asks(self, command):
        """It asks, and is not answered."""
        self.code_for(command)
        self.terminal.key("C-c")
        self.shell()


def id_in_sudo(site, user, *options, command="sudo id -un"):
    """By key, without anybody to ask."""
    argv = site.host.ssh(user, "-o", "BatchMode=yes", *options, key=True, command=[command])
    return subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL)


# case: recent: who signed in by ssh uses sudo in that shell without a code; by key, or in another terminal, he is asked
def test_sudo__terminal_of_the_sign_in__no_code_and_elsewhere_one(ready, host):
    with AtWork(ready, "ada") as login, AtWork(ready, "ada", key=True) as other:
        cursor = host.journal_cursor()
        assert login.ask("sudo id -un") == "root"
        assert login.ask("sudo id -un") == "root"
        assert len(host.journal(r"event=sign_in_recent user=ada .*service=sudo", after=cursor)) == 2
        other.asks("sudo id -un")
        login.asks("script -qec 'sudo id -un' /dev/null")
        assert login.ask("sudo id -un") == "root"


# case: recent: a code that was approved in sudo counts for this terminal too, and the result arrives without a key press
def test_sudo__approved_in_it__root_and_then_without(ready):
    with AtWork(ready, "ada", key=True) as login:
        assert re.search(r"^root$", login.approved("sudo id -un"), re.M)
        assert login.ask("sudo id -un") == "root"


# case: recent: after a lock, a sign-out or a reconnect a session that goes on is asked again
@pytest.mark.parametrize("change", [
    "cosmo-ssoctl user lock ada --keep-sessions --yes && cosmo-ssoctl user unlock ada",
    "cosmo-ssoctl disconnect --keep-sessions",
])
def test_sudo__changed_meanwhile__asks(ready, host, change):
    with AtWork(ready, "ada") as login:
        assert login.ask("sudo id -un") == "root"
        host.run(change)
        if "disconnect" in change:
            assert "root" not in login.ask("sudo id -un")
            ready.connect()
            ready.configure("service sudo", "auth", "recent:15m")
            with AtWork(ready, "ada"):
                pass
        login.asks("sudo id -un")


# case: recent: nothing is left of it behind a reboot
def test_sudo__host_rebooted__asks(ready, host):
    with AtWork(ready, "ada") as login:
        assert login.ask("sudo id -un") == "root"
        host.reboot(clean=False)
    assert host.run(f"ls -A {FOLDER}", check=False).stdout == ""
    with AtWork(ready, "ada", key=True) as login:
        login.asks("sudo id -un")


# case: recent: what a user writes, exports or calls his terminal makes no session the one of a sign-in
def test_sudo__forged__asks(ready, host):
    with AtWork(ready, "ada") as login, AtWork(ready, "ada", key=True) as other:
        name, session = login.ask("tty"), login.ask("echo $XDG_SESSION_ID")
        assert login.ask("sudo id -un") == "root"
        marker = host.run(f"ls {FOLDER}").stdout.split()[0]
        assert "Permission denied" in other.ask(f"cp /etc/passwd {FOLDER}/{marker}")
        assert "Permission denied" in other.ask(f"ls {FOLDER}")
        other.asks(f"env SSH_TTY={name} XDG_SESSION_ID={session} SUDO_TTY={name} TTY={name} sudo id -un")
        other.asks(f"sudo id -un < {name}")


# case: recent: without a terminal sudo refuses at once, with one line that says what to do; -n asks nobody
def test_sudo__nobody_to_ask__refuses_at_once(ready, host):
    asked = ready.idp.counts()["requests"]
    for command in ("sudo id -un", "sudo -n id -un", "sh -c 'sudo -S id -un'"):
        done = id_in_sudo(ready, "ada", "-T", command=command)
        assert done.returncode != 0 and done.stdout == "", done
        assert len([line for line in done.stderr.splitlines() if WHAT_TO_DO in line]) == (0 if "-n" in command else 1), done.stderr
    assert ready.idp.counts()["requests"] == asked


# case: recent: where sudo may ask without a terminal's help (noninteractive_auth), -n takes a recent sign-in and no code
def test_sudo__noninteractive_auth__recent_or_refused(ready, host):
    host.put("/etc/sudoers.d/roles", SUDOERS + "Defaults noninteractive_auth\n", 0o440)
    try:
        with AtWork(ready, "ada") as login, AtWork(ready, "ada", key=True) as other:
            assert login.ask("sudo -n id -un") == "root"
            assert WHAT_TO_DO in other.ask("sudo -n id -un")
    finally:
        host.put("/etc/sudoers.d/roles", SUDOERS, 0o440)


# case: recent: set to device it asks each time, and a step-up takes a sign-in at the IdP that is fresh
def test_sudo__device_and_max_age__asks_each_time(ready):
    ready.configure("service sudo", "auth", "device")
    ready.configure("service sudo", "max_age", "5m")
    try:
        with AtWork(ready, "ada") as login:
            assert re.search(r"^root$", login.approved("sudo id -un"), re.M)
            login.asks("sudo id -un")
    finally:
        ready.configure("service sudo", "auth", "recent:15m")
        ready.configure("service sudo", "max_age", "366d")
