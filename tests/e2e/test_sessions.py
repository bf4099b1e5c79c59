# SPDX-License-Identifier: MIT
"""Sessions of real people under logind: recorded, listed, ended, and nobody else's."""

import contextlib
import json
import subprocess

import pytest

from support.process import PATIENCE_S, end, watch


def pids_of(host, uid):
    return {int(pid) for pid in host.run(["pgrep", "-U", str(uid)], check=False).stdout.split()}


def lasting(host, uid):
    """Of three connections and the user manager, without what starts and ends in passing."""
    return set(host.run(["pgrep", "-xU", str(uid), "sleep|sftp-server|sshd|sshd-session|systemd"], check=False).stdout.split())


def uid_of(host, user):
    return int(host.run(["id", "-u", user]).stdout)


def listed(host):
    return json.loads(host.run(["cosmo-ssoctl", "session", "list", "--json"]).stdout)


@contextlib.contextmanager
def open_ssh(host, user, *options, command=()):
    """A client that stays, by key."""
    client = subprocess.Popen(host.ssh(user, *options, key=True, command=command), stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield client
    finally:
        end(client)
        client.stdin.close()
        client.stdout.close()


@pytest.fixture
def people(site, host):
    """ada and dev have signed in once, and have keys; tess is a local user who has one."""
    for user in ("ada", "dev"):
        with site.signed_in(user):
            pass
        host.authorize_key(f"home/{user}", owner_id=uid_of(host, user))
    return "ada", "dev"


def test_session_end__one_user__all_of_it_and_nobody_else(people, host, tmp_path):
    """A shell, a running sleep, sftp, a shared connection, a user manager that lingers."""
    ada, other = people
    uids = {user: uid_of(host, user) for user in (ada, other, "tess")}
    control = tmp_path / "control"
    with contextlib.ExitStack() as stack:
        for user in (ada, other, "tess"):
            shell = stack.enter_context(open_ssh(host, user, "-tt"))
            stack.enter_context(open_ssh(host, user, command=["sleep", "100000"]))
            stack.enter_context(open_ssh(host, user, "-s", command=["sftp"]))
            host.run(["loginctl", "enable-linger", str(uids[user])])
            assert shell.poll() is None
        shared = stack.enter_context(open_ssh(host, ada, "-M", "-N", "-S", control))
        watch(control.exists, PATIENCE_S, "the shared connection")
        for user, count in ((ada, 7), (other, 6), ("tess", 6)):  # one for each connection, and what runs in it; a manager
            watch(lambda user=user, count=count: len(lasting(host, uids[user])) == count, PATIENCE_S, f"{count} processes of {user}")
        assert len([item for item in listed(host) if item["user"] == ada]) == 4
        assert all(item["logind"] for item in listed(host))
        before = {user: lasting(host, uids[user]) for user in (other, "tess")}
        cursor = host.journal_cursor()
        told = json.loads(host.run(["cosmo-ssoctl", "session", "end", "--user", ada, "--yes", "--json"]).stdout)
        assert told["sessions"] == 4 and told["left"] == 0, told
        assert pids_of(host, uids[ada]) == set()
        shared.wait(PATIENCE_S)
        assert {user: lasting(host, uids[user]) for user in before} == before
        watch(lambda: host.run(["loginctl", "show-user", str(uids[ada])], check=False).returncode, PATIENCE_S, "logind's end of the user")
        assert host.run(["ls", "/var/lib/systemd/linger"]).stdout.split() == sorted([other, "tess"])
        assert [item["user"] for item in listed(host)] == [other] * 3
        assert len(host.journal(rf"event=session_ended.*user={ada}", after=cursor)) == 4
    for user in (other, "tess"):
        host.run(["loginctl", "disable-linger", str(uids[user])])


def test_session_end__an_administrators_own__gets_done(site, host):
    """By sudo from a session of his own: the helper outlives it, and what sudo started ends with the session."""
    with site.signed_in("ada") as login:
        uid = uid_of(host, "ada")
        host.put("/etc/sudoers.d/own", "ada ALL=(root) NOPASSWD: ALL\n", 0o440)
        cursor = host.journal_cursor()
        login.terminal.type("sudo sh -c 'sleep 100001 & cosmo-ssoctl session end --user ada --yes'")
        host.wait_journal(r"event=session_ended.*user=ada", after=cursor)
        watch(lambda: pids_of(host, uid) == set(), PATIENCE_S, "the end of the user's processes")
        watch(lambda: not host.run(["pgrep", "-f", "sleep 100001"], check=False).stdout, PATIENCE_S, "the end of what sudo started")
    host.run(["rm", "/etc/sudoers.d/own"])
    assert not [item for item in listed(host) if item["user"] == "ada"]
