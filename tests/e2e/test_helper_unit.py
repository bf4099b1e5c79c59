# SPDX-License-Identifier: MIT
"""The helper as systemd starts it: out of reach of whoever may freeze the control group that a sign-in was begun in."""

import contextlib
import re

import pytest

from support.browser import Person
from support.console import Console, all_gone, ours_running
from support.process import PATIENCE_S

SOCKET = "cosmo-sso-helper.socket"
OURS = "/system-cosmosso.slice/cosmo-sso-helper@"


def shown(host, unit, word):
    return host.run(["systemctl", "show", "-P", word, unit]).stdout.strip()


def accepted(host):
    return int(shown(host, SOCKET, "NAccepted"))


def groups(host):
    """Of helper, judge and fetch, in systemd's own hierarchy."""
    texts = [host.read(f"/proc/{pid}/cgroup") for pid in ours_running(host)]
    return [re.search(r"^0::(.*)$", text, re.M)[1] for text in texts]


@contextlib.contextmanager
def no_unit(host):
    host.run(["systemctl", "stop", SOCKET])
    try:
        yield
    finally:
        host.run(["systemctl", "start", SOCKET])


# case: caller: systemd starts the helper for each question, in a group of its own, and root alone can reach it
def test_sign_in__by_the_unit__in_a_group_of_its_own(site, host):
    before, cursor = accepted(host), host.journal_cursor()
    with site.sign_in("ada") as login:
        login.prompt()
        found = groups(host)
        assert len(found) == 3 and all(OURS in group for group in found)
        login.approve()
        login.enter()
        login.shell()
    all_gone(host)
    assert accepted(host) > before
    assert host.journal("event=sign_in_ok user=ada", after=cursor) and host.journal("event=account_ok user=ada", after=cursor)
    # It is no news that a unit has started or ended, and none is left failed.
    assert host.journal("cosmo-sso-helper@", after=cursor) == []
    assert host.run(["systemctl", "--failed", "--plain", "--no-legend"]).stdout == ""
    assert host.run(["stat", "-c", "%U:%a:%F", "/run/cosmo-sso/helper.sock"]).stdout == "root:600:socket\n"
    assert "Permission denied" in host.run(["sh", "-c", "> /dev/null < /run/cosmo-sso/helper.sock"], user="tess", check=False).stderr


def test_socket__limits__lock_nobody_out(host):
    assert (shown(host, SOCKET, "MaxConnections"), shown(host, SOCKET, "TriggerLimitIntervalUSec")) == ("1024", "0")
    assert shown(host, SOCKET, "WantedBy") == "sockets.target"


# case: caller: where systemd does not listen for the helper, the module starts it, and people sign in as before
def test_sign_in__no_unit__by_a_process_of_the_caller_s(site, host):
    with no_unit(host), site.sign_in("ada") as login:
        login.prompt()
        found = groups(host)
        assert len(found) == 3 and not [group for group in found if OURS in group]
        login.approve()
        login.enter()
        login.shell()


# case: caller: more sign-ins at once than systemd takes connections for are answered all the same
def test_sign_in__over_the_limit__by_a_process_of_the_caller_s(site, host):
    host.put(f"/run/systemd/system/{SOCKET}.d/few.conf", "[Socket]\nMaxConnections=1\n")
    host.run(f"systemctl daemon-reload && systemctl restart {SOCKET}")
    try:
        with site.sign_in("ada") as first, site.sign_in("vic") as second:
            for login in (first, second):
                login.prompt()
            assert len([group for group in groups(host) if OURS in group]) == 3
            for login in (first, second):
                login.approve()
                login.enter()
                login.shell()
    finally:
        host.run(["rm", f"/run/systemd/system/{SOCKET}.d/few.conf"])
        host.run(f"systemctl daemon-reload && systemctl restart {SOCKET}")


def freezer(host, pid):
    """Where the control group of a process is frozen."""
    group = re.search(r"^0::(.*)$", host.read(f"/proc/{pid}/cgroup"), re.M)[1]
    for root in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified"):
        path = f"{root}{group}/cgroup.freeze"
        if host.run(["test", "-e", path], check=False).returncode == 0:
            return path
    pytest.fail(f"no freezer for {group}")


# case: caller: a user who freezes his own control group, with his sudo in it, stops neither what was begun for him nor anybody else
def test_frozen_group__of_who_called_sudo__decided_all_the_same(site, host):
    site.configure("service sudo", "auth", "device")
    host.put("/etc/sudoers.d/ada", "ada ALL=(ALL) ALL\n", 0o440)
    with site.signed_in("ada") as login:
        login.clear()
        login.terminal.type("systemd-run --user --scope --quiet sudo -k id -un")
        login.terminal.wait_for(Console.prompt_end, PATIENCE_S, joined=True)
        login.look()
        sudo = host.run(["pgrep", "-xo", "sudo"]).stdout.strip()
        freeze = freezer(host, sudo)
        cursor = host.journal_cursor()
        host.run(f"echo 1 > {freeze}", user="ada")
        try:
            Person(site.idp, "ada").approve(login.url, login.code)
            host.wait_journal("event=sign_in_ok user=ada .*service=sudo", after=cursor)
            with site.signed_in("vic"):
                pass
        finally:
            host.run(f"echo 0 > {freeze}")
        login.terminal.wait_for(r"^root$", PATIENCE_S)
