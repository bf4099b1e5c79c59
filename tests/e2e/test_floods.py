# SPDX-License-Identifier: MIT
"""Many sign-ins at once: who gets in all the same, and what the IdP is asked."""

import os
import pty
import re
import select
import signal
import time

import pytest

from support.process import PATIENCE_S, watch

PROMPT, REFUSED = "Press Enter after approving", "too many sign-in attempts"
FEW = 4  # who ask the IdP at the same moment: it has to answer all of them within 5 s, on the processors that they use too


class Crowd:
    """Many ssh clients, a terminal each; `screens` is what each has shown."""

    def __init__(self, host):
        self.host, self.screens, self._pids = host, {}, {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for fd, pid in self._pids.items():
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(fd)

    def start(self, user, *options):
        argv = [str(word) for word in self.host.ssh(user, *options)]
        pid, fd = pty.fork()
        if pid == 0:
            os.execvpe(argv[0], argv, {"TERM": "xterm", "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"})
        self._pids[fd], self.screens[fd] = pid, ""

    def _read(self, fd):
        try:
            data = os.read(fd, 65536)
        except OSError:  # the client has ended
            data = b""
        self.screens[fd] += data.decode(errors="replace") if data else "\nENDED"

    def _told(self, fd):
        return self.screens[fd].endswith("\nENDED") or PROMPT in self.screens[fd]

    def wait_told(self, at_most_untold=0):
        """Until all clients but so many show the code or have ended."""
        deadline = time.monotonic() + PATIENCE_S
        while len(untold := [fd for fd in self.screens if not self._told(fd)]) > at_most_untold:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(untold)} of {len(self.screens)} have heard nothing: {self.screens[untold[0]]!r}")
            for fd in select.select(untold, [], [], 1)[0]:
                self._read(fd)

    def count(self, text):
        return sum(text in screen for screen in self.screens.values())


def from_address(address):
    return ("-b", address)


def processes(host, name):
    return int(host.run(["pgrep", "-c", f"cosmo-sso-{name}"[:15]], check=False).stdout)  # as the kernel cuts names


# case: budget: a hundred tries on made-up names over SSH ask the IdP no more often than configured, and others get in
def test_flood_of_made_up_names__others_get_in(site, host):
    host.run(["cosmo-ssoctl", "user", "add", "vic"])
    with site.signed_in("dev"):
        pass
    before = site.idp.device_requests()
    with Crowd(host) as bots:
        for n in range(100):
            bots.start(f"bot{n}", *from_address(f"127.0.0.{10 + n % 20}"))
            bots.wait_told(at_most_untold=12)
        bots.wait_told()
        assert site.idp.device_requests() - before == bots.count(PROMPT) == 2
        refused = [screen for screen in bots.screens.values() if REFUSED in screen]
        assert len(refused) == 98
        assert all(re.search(r"Please try again in \d+ minutes?\.", screen) for screen in refused)
        with site.signed_in("dev", options=from_address("127.0.0.200")), site.signed_in("vic"):
            assert site.password_login("tess", "id -un") == "tess"
            assert site.key_login("root", "id", "-u") == "0"


# case: budget: a newer sign-in over SSH from the same address ends the one that waits, which says so when Enter is pressed
def test_newer_sign_in__same_address__older_is_told(site, host):
    cursor = host.journal_cursor()
    with site.sign_in("ada") as older, site.sign_in("ada", options=from_address("127.0.0.9")) as elsewhere:
        older.prompt()
        elsewhere.prompt()
        with site.sign_in("ada") as newer:
            newer.prompt()
            host.wait_journal(r"event=sign_in_replaced .*reason=replaced .*rhost=127\.0\.0\.1 ", after=cursor)
            older.enter()
            assert "a newer one was begun from the same place" in older.refused().replace("\n", " ")
            assert len(host.journal("event=sign_in_(replaced|refused|cancelled)", after=cursor)) == 1
            newer.approve()
            newer.enter()
            newer.shell()


@pytest.fixture
def two_hundred(site, host):
    """An administrator who lets so many wait, so long that the last has come before the first is through, and tells sshd by
    enable; ada has signed in before."""
    with site.signed_in("ada"):
        pass
    host.put("/etc/ssh/sshd_config.d/05-patience.conf", "LoginGraceTime 15m\n")
    site.configure("service sshd", "deadline", "10m")
    for limit, value in (("unknown_flows", 220), ("unknown_per_source_hour", 1000), ("unknown_per_host_hour", 1000)):
        site.configure("limits", limit, value)
    site.enable()
    site.idp.reset(interval_s=10)


# case: budget: two hundred waiting sign-ins leave root and local users their logins, over SSH and at the console
def test_two_hundred_waiting__root_and_local_users_get_in(site, host, two_hundred):
    assert "MaxStartups 280:30:380\n" in host.read("/etc/ssh/sshd_config.d/30-cosmo-sso.conf")
    before = site.idp.device_requests()
    with Crowd(host) as crowd:
        for n in range(200):
            crowd.start(f"crowd{n}", *from_address(f"127.0.1.{n + 1}"))
            crowd.wait_told(at_most_untold=FEW)
        crowd.wait_told()
        assert crowd.count(PROMPT) == 200, [screen for screen in crowd.screens.values() if PROMPT not in screen][0]
        assert site.idp.device_requests() - before == 200
        # beside a refresh in the background, which may begin at any time and is over soon
        watch(lambda: all(processes(host, name) == 200 for name in ("helper", "judge", "fetch")), PATIENCE_S,
              "one helper, one judge and one fetch for each of those who wait")
        for _ in range(10):
            assert site.key_login("root", "id", "-u") == "0"
        assert site.password_login("tess", "id -un") == "tess"
        assert "uid=" in site.console_login("tess")[1]
        with site.signed_in("ada"):
            pass
        assert crowd.count("\nENDED") == 0
