# SPDX-License-Identifier: MIT
"""The integration ends: everybody of ours is out and a viewer, at once, and stays so until each signs in anew."""

import json
import pathlib
import re
import subprocess

import pytest

from support.browser import Person
from support.console import Console
from support.live_sessions import busy, enrol, lasting, listed, open_ssh, pids_of, shared_connection, uid_of
from support.process import PATIENCE_S, watch
from support.site import LOGIN

PEOPLE = ("ada", "dev", "vic")
SUDOERS = "%cosmo-admin ALL=(ALL) NOPASSWD: ALL\n%cosmo-developer ALL=(ALL) NOPASSWD: /usr/bin/id\n"
# One process for its whole life: a line in, who is in that group out.
READER = "$| = 1; while (<STDIN>) { chomp; my @group = getgrnam($_); print join(',', sort split(/ /, $group[3])), \"\\n\" }"
ROLES = {"ada": "cosmo-admin", "dev": "cosmo-developer", "vic": "cosmo-viewer"}


@pytest.fixture(scope="module")
def people(module_site):
    enrol(module_site, *PEOPLE)
    module_site.host.put("/etc/sudoers.d/roles", SUDOERS, 0o440)
    return PEOPLE


class Reader:
    """A process that has looked names up before, and goes on living."""

    def __init__(self, host):
        self.process = subprocess.Popen(host.enter(["perl", "-e", READER]), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()

    def members(self, group):
        self.process.stdin.write(group + "\n")
        self.process.stdin.flush()
        return set(self.process.stdout.readline().strip().split(",")) - {""}


def groups_of(host, user):
    return set(host.run(["id", "-Gn", user]).stdout.split())


def status(host):
    return json.loads(host.run(["cosmo-ssoctl", "status", "--json"], check=False).stdout)


def assert_viewers(site, users):
    """By every way to ask."""
    host = site.host
    for user in users:
        assert groups_of(host, user) == {user, "cosmo-users", "cosmo-viewer"}
        assert host.run(["sudo", "-l", "-U", user], check=False).stdout.endswith("is not allowed to run sudo on cosmo-host.\n")
        assert set(site.key_login(user, "id", "-Gn").split()) == {user, "cosmo-users", "cosmo-viewer"}
    for group in ("cosmo-admin", "cosmo-developer"):
        assert host.run(["getent", "group", group]).stdout.strip().endswith(":")
    assert set(host.run(["getent", "group", "cosmo-viewer"]).stdout.strip().rsplit(":", 1)[1].split(",")) >= set(users)


def assert_roles(site):
    for user, group in ROLES.items():
        assert group in groups_of(site.host, user), user


def reconnect(site):
    site.connect()
    for user in PEOPLE:
        with site.signed_in(user):
            pass
    assert_roles(site)


@pytest.fixture
def connected(people, site):
    """With everybody's role, whatever the test before has left."""
    if status(site.host)["gate"] != "open" or any(ROLES[user] not in groups_of(site.host, user) for user in PEOPLE):
        if status(site.host)["unfinished"]:
            site.host.run(["cosmo-ssoctl", "disconnect"])
        reconnect(site)
    return site


def test_disconnect__people_at_work__out_and_viewers_at_once(connected, host, tmp_path):
    """A shell, a running sleep, sftp, a shared connection each; a local user's go on."""
    site, everybody = connected, (*PEOPLE, "tess")
    uids = {user: uid_of(host, user) for user in everybody}
    with busy(host, *everybody) as clients, shared_connection(host, "ada", tmp_path / "control") as shared, Reader(host) as reader:
        watch(lambda: len(listed(host)) == 10, PATIENCE_S, "ten sessions")
        assert reader.members("cosmo-admin") == {"ada"} and reader.members("cosmo-developer") == {"dev"}
        local, cursor = lasting(host, uids["tess"]), host.journal_cursor()
        told = json.loads(host.run(["cosmo-ssoctl", "disconnect", "--reason", "the audit", "--json"]).stdout)
        assert reader.members("cosmo-admin") == reader.members("cosmo-developer") == set()
        assert reader.members("cosmo-viewer") >= set(PEOPLE)
        for user in PEOPLE:
            assert pids_of(host, uids[user]) == set(), user
        shared.wait(PATIENCE_S)
        for client in (client for user in PEOPLE for client in clients[user]):
            client.wait(PATIENCE_S)
        assert lasting(host, uids["tess"]) == local and all(client.poll() is None for client in clients["tess"])
        assert listed(host) == []
        assert host.run(["ls", "/var/lib/systemd/linger"]).stdout.split() == ["tess"]
        assert len(host.journal(r"event=session_ended ", after=cursor)) == 10
        assert len(host.journal(r'event=disconnect .*detail="?.*the audit', after=cursor)) == 1
        assert all(step["result"] == "ok" for step in told["steps"]), told
    assert_viewers(site, PEOPLE)


def test_disconnect__login_held_up_with_ctrl_s__not_in_behind_it(connected, host):
    """login has taken the groups by then, and waits for the terminal before it opens the session."""
    admin = host.run(["getent", "group", "cosmo-admin"]).stdout.split(":")[2]
    with Console(connected, LOGIN, "ada") as login:
        login.name()
        login.prompt()
        login.terminal.key("C-s")
        cursor = host.journal_cursor()
        Person(connected.idp, "ada").approve(login.url, login.code)
        groups = "grep -h ^Groups: $(pgrep -x login | sed 's|.*|/proc/&/status|')"
        watch(lambda: admin in host.run(groups, check=False).stdout.split(), PATIENCE_S, "the groups of login")
        host.run(["cosmo-ssoctl", "disconnect"])
        login.terminal.key("C-q")
        host.wait_journal("event=session_(open|refused) user=ada .*service=login", after=cursor)
        assert host.journal("event=session_refused user=ada reason=disconnected service=login", after=cursor)
        assert "ada@" not in login.ended()
    assert listed(host) == []


def test_disconnected__sign_in__refused_at_once_without_asking_the_idp(connected, host):
    requests = connected.idp.counts()["requests"]
    host.run(["cosmo-ssoctl", "disconnect", "--reason", "the audit"])
    asked = connected.idp.counts()["requests"]
    assert {path for path in asked if asked[path] != requests.get(path)} <= {"POST /token/revocation", "GET /jwks",
                                                                        "GET /.well-known/openid-configuration"}
    with connected.sign_in("ada") as login:
        text = login.refused()
    assert re.search(rf"Single sign-on is disconnected on {host.name} since \d{{4}}-\d\d-\d\d", text), text
    assert "administrator" in text
    assert connected.idp.counts()["requests"] == asked
    with pytest.raises(RuntimeError):
        connected.configure("access", "sshd", "admin") or connected.key_login("ada", "id")
    connected.configure("access", "sshd", "viewer, developer, admin")
    assert status(host)["gate"] == "closed" and status(host)["reason"] == "the audit"


def test_disconnect__host_reboots__still_viewers_and_reconnected_by_sign_ins(connected, host):
    """Roles come back one by one, each with the sign-in of its owner; ids are the same."""
    uids, before = {user: uid_of(host, user) for user in PEOPLE}, status(host)["integration"]
    host.run(["cosmo-ssoctl", "disconnect"])
    host.reboot(clean=False)
    assert status(host)["gate"] == "closed"
    assert_viewers(connected, PEOPLE)
    connected.connect()
    assert status(host)["integration"] != before
    assert_viewers(connected, PEOPLE)
    with connected.signed_in("ada") as login:
        assert "cosmo-admin" in login.ask("id -Gn").split()
    assert "cosmo-developer" not in groups_of(host, "dev")
    assert {user: uid_of(host, user) for user in PEOPLE} == uids


def test_disconnect__flow_pending_across_a_reconnect__refused(connected, host):
    """What was approved for the old integration is worth nothing in the new one."""
    with connected.sign_in("dev") as login:
        login.prompt()
        host.run(["cosmo-ssoctl", "disconnect"])
        connected.connect()
        login.approve()
        login.enter()
        login.refused()
    assert groups_of(host, "dev") == {"dev", "cosmo-users", "cosmo-viewer"}


RECORD = "/var/lib/cosmo-sso/private/integration"


def tokens(host):
    """The people whose refresh token is stored."""
    return set(host.run("cd /var/lib/cosmo-sso/private/users && grep -l ^refresh_token *", check=False).stdout.split())


def killed_when_written_down(host):
    """A disconnect that is killed between its second and its third step; what withstands SIGTERM makes the third last."""
    record = host.root / RECORD[1:]
    ctl = subprocess.Popen(host.enter(["cosmo-ssoctl", "disconnect", "--reason", "the audit"]),
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    watch(lambda: "connected = no" in record.read_text(), PATIENCE_S, "the durable state", every_s=0.001)
    host.run(["pkill", "-KILL", "cosmo-sso-helpe"])
    assert ctl.wait(PATIENCE_S) == 6
    assert "unfinished = yes" in record.read_text() and tokens(host) == set(PEOPLE)


@pytest.mark.parametrize("finisher", ["next_run", "boot"])
def test_disconnect__killed_when_it_is_written_down__stays_and_is_finished(connected, host, finisher):
    """Without a reboot the next run does what is left, after one the boot unit has; neither opens the gate meanwhile."""
    with open_ssh(host, "ada", command=["trap '' TERM HUP; sleep 100000"]), open_ssh(host, "tess", command=["sleep 100000"]):
        uids = {user: uid_of(host, user) for user in ("ada", "tess")}
        watch(lambda: all(host.run(["pgrep", "-xU", str(uid), "sleep"], check=False).stdout for uid in uids.values()),
              PATIENCE_S, "both at work")
        cursor = host.journal_cursor()
        killed_when_written_down(host)
        assert pids_of(host, uids["ada"]) and (status(host)["gate"], status(host)["unfinished"]) == ("closed", True)
        assert all(groups_of(host, user) == {user, "cosmo-users", "cosmo-viewer"} for user in PEOPLE)
        if finisher == "boot":
            host.reboot(clean=False)
            assert status(host)["gate"] == "closed" and host.journal(r"event=disconnect_step .*step=finish", after=cursor)
        done = json.loads(host.run(["cosmo-ssoctl", "disconnect", "--json"]).stdout)
        counts = {step["step"]: step["count"] for step in done["steps"]}
        assert (counts["again"], counts["gate"], counts["state"]) == (1, 0, 0)
        assert (counts["processes"] > 0, counts["tokens"]) == ((True, 3) if finisher == "next_run" else (False, 0))
        assert pids_of(host, uids["ada"]) == set() and bool(pids_of(host, uids["tess"])) == (finisher == "next_run")
    assert tokens(host) == set()
    told = status(host)
    assert (told["gate"], told["unfinished"], told["reason"]) == ("closed", False, "the audit")
    assert_viewers(connected, PEOPLE)


@pytest.mark.parametrize("trouble", ["read_only", "full"])
def test_disconnect__var_cannot_be_written__takes_effect_and_is_finished_when_it_can(connected, host, trouble):
    """What could not be written is told; with the next run it is, and outlasts the power cut that comes then."""
    unwritable = host.read_only("/var") if trouble == "read_only" else host.full_disk()
    word = trouble.replace("_", "-")
    uids = {user: uid_of(host, user) for user in ("ada", "tess")}
    with busy(host, "ada", "tess") as clients:
        local = lasting(host, uids["tess"])
        with unwritable:
            done = host.run(["cosmo-ssoctl", "disconnect", "--reason", "the audit"], check=False)
            assert done.returncode == 6 and f"{RECORD} could not be written: the file system is {word}" in done.stderr
            assert "until it is started again" in done.stderr and "still runs" not in done.stderr
            assert ("could not be removed: lingering" in done.stdout) == (trouble == "read_only")
            assert pids_of(host, uids["ada"]) == set() and lasting(host, uids["tess"]) == local
            for client in clients["ada"]:
                client.wait(PATIENCE_S)
            told = status(host)
            assert (told["gate"], told["unfinished"], told["since"]) == ("closed", True, 0)
            assert_viewers(connected, PEOPLE)
            assert "connected = yes" in host.read(RECORD)
        assert status(host)["gate"] == "closed"
        assert all(step["result"] == "ok" for step in json.loads(
            host.run(["cosmo-ssoctl", "disconnect", "--reason", "the audit", "--json"]).stdout)["steps"])
        assert lasting(host, uids["tess"]) == local
    assert tokens(host) == set()
    host.reboot(clean=False)
    told = status(host)
    assert (told["gate"], told["unfinished"], told["reason"]) == ("closed", False, "the audit")
    assert_viewers(connected, PEOPLE)


AGO_S = 400


def assert_the_unit_disconnects(connected, change):
    """As systemd starts it, hardening and all, once @change was made at the IdP; the refusal before was minutes ago, by a
    boot clock of its own."""
    host = connected.host
    if float(pathlib.Path("/proc/uptime").read_text().split()[0]) < AGO_S + 60:
        pytest.skip(f"this machine has not been up for the {AGO_S} s that lie between the two refusals")
    connected.configure("integration", "check_refusals", "2")
    connected.configure("integration", "check_period", "5m")
    with busy(host, "ada"):
        cursor = host.journal_cursor()
        change()
        host.run(["unshare", "--time", f"--boottime=-{AGO_S}", "--fork", "cosmo-ssoctl", "check", "--timer"], check=False)
        assert len(host.journal(r"event=check_refused", after=cursor)) == 1
        assert status(host)["gate"] == "open"
        host.run(["systemctl", "start", "cosmo-sso-check.service"], check=False)
        host.wait_journal(r"event=disconnect .*remote", after=cursor)
        watch(lambda: pids_of(host, uid_of(host, "ada")) == set(), PATIENCE_S, "the end of the user's processes")
        assert len(host.journal(r"event=check_refused", after=cursor)) == 2
    assert_viewers(connected, PEOPLE)


def test_check__client_removed_at_the_idp__the_unit_disconnects(connected):
    assert_the_unit_disconnects(connected, lambda: connected.idp.control("client_delete", client_id="cosmo-host"))
