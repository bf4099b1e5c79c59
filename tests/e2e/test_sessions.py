# SPDX-License-Identifier: MIT
"""Sessions of real people under logind: recorded, listed, ended, and nobody else's."""

import contextlib
import json
import pathlib
import re
import subprocess

import pytest

from support.live_sessions import busy, enrol, lasting, listed, pids_of, shared_connection, uid_of
from support.process import PATIENCE_S, watch


@pytest.fixture(scope="module")
def people(module_site):
    """ada and dev have signed in once, and have keys; tess is a local user who has one."""
    return enrol(module_site, "ada", "dev")


def session_of(host, uid, program):
    """What logind calls the session that this program of theirs runs in."""
    (pid,) = host.run(["pgrep", "-xU", str(uid), program]).stdout.split()
    return re.search(r"/session-(\w+)\.scope$", host.read(f"/proc/{pid}/cgroup"), re.M)[1]


def test_session_end__one_user__all_of_it_and_nobody_else(people, host, tmp_path):
    """A shell, a running sleep, sftp, a shared connection, a user manager that lingers."""
    ada, other = people
    uids = {user: uid_of(host, user) for user in (ada, other, "tess")}
    with busy(host, ada, other, "tess"), shared_connection(host, ada, tmp_path / "control") as shared:
        watch(lambda: len([item for item in listed(host) if item["user"] == ada]) == 4, PATIENCE_S, "four sessions")
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


def test_session_end__one_of_three_by_its_id__that_one_alone(people, host):
    ada, other = people
    uid = uid_of(host, ada)
    with busy(host, ada, other, "tess") as clients:
        before = {user: lasting(host, uid_of(host, user)) for user in (ada, other, "tess")}
        items = listed(host)
        assert sorted(item["user"] for item in items) == [ada] * 3 + [other] * 3
        for item in items:
            assert (item["service"], item["from"], item["problem"]) == ("sshd", "127.0.0.1", None), item
            assert item["uid"] == uid_of(host, item["user"]) and item["opened"] > 0
            assert host.read(f"/proc/{item['leader']}/comm").startswith("sshd")
        (chosen,) = [item["id"] for item in items if item["logind"] == session_of(host, uid, "sleep")]
        rows = {row.split()[0]: row.split()[1:3] for row in host.run(["cosmo-ssoctl", "session", "list"]).stdout.splitlines()[1:]}
        assert rows == {item["id"]: [item["user"], "sshd"] for item in items}
        assert "1 session(s) ended" in host.run(["cosmo-ssoctl", "session", "end", chosen, "--yes"]).stdout
        assert clients[ada][1].wait(PATIENCE_S) != 0
        assert [item for item in items if item["id"] != chosen] == listed(host)
        after = {user: lasting(host, uid_of(host, user)) for user in before}
        assert after[ada] < before[ada] and len(before[ada] - after[ada]) == 2  # sleep, and sshd's process for it
        assert after == before | {ada: after[ada]} and clients[ada][0].poll() is clients[ada][2].poll() is None
        again = host.run(["cosmo-ssoctl", "session", "end", chosen, "--yes"], check=False)
        assert again.returncode == 1 and "[not_found]" in again.stderr


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


SERVICE = pathlib.Path(__file__).resolve().parents[1] / "integration/pam_service.c"


@contextlib.contextmanager
def serving(host, *users):
    """A service of root's that has opened a session for each, in this order, by the stack of login as JupyterHub does; its pid."""
    subprocess.run(["gcc", SERVICE, "-lpam", "-o", host.root / "usr/local/bin/pam-service"], check=True)
    cursor = host.journal_cursor()
    host.run(["systemd-run", "--quiet", "--unit=many", "pam-service", "login", *users])
    try:
        host.wait_journal("pam-service.*: ready", after=cursor)
        yield int(host.run(["systemctl", "show", "-P", "MainPID", "many.service"]).stdout)
    finally:
        host.run("systemctl stop many.service; pkill -xf 'sleep 100000'; systemctl reset-failed many.service", check=False)


def sleepers(host, user):
    return host.run(["pgrep", "-xU", str(uid_of(host, user)), "-f", "sleep 100000"], check=False).stdout.split()


@pytest.mark.parametrize("users", [("ada", "tess"), ("tess", "ada")], ids=["ours_first", "local_first"])
def test_session_end__one_process_has_opened_several__it_and_the_local_users_go_on(people, host, users):
    """logind counts such a service to the first session that it opens, and would end it with that one."""
    with serving(host, *users) as leader:
        slice_of = re.search(r"/user-(\d+)\.slice/", host.read(f"/proc/{leader}/cgroup"))
        assert int(slice_of[1]) == uid_of(host, users[0])
        local = sleepers(host, "tess")
        (item,) = listed(host)
        assert (item["user"], item["leader"], len(local), len(sleepers(host, "ada"))) == ("ada", leader, 1, 1)
        for count in (1, 0):
            told = json.loads(host.run(["cosmo-ssoctl", "session", "end", "--user", "ada", "--yes", "--json"]).stdout)
            assert (told["sessions"], told["left"]) == (count, 0), told
            assert sleepers(host, "ada") == [] and sleepers(host, "tess") == local
            assert host.run(["systemctl", "show", "-P", "MainPID", "many.service"]).stdout.strip() == str(leader)
    assert listed(host) == []
