# SPDX-License-Identifier: MIT
"""Roles are those of the IdP at every entry, without a new sign-in: SSH keys, and sudo in a session that runs on."""

import json
import pathlib
import shlex
import subprocess
import tempfile
import time

import pytest

from support import messages, record
from support.live_sessions import enrol
from support.process import PATIENCE_S, watch
from support.screen import Terminal
from support.wire import ERROR_NUMBERS

SUDOERS = "%cosmo-admin ALL=(ALL) NOPASSWD: ALL\n"
HOUR_S = 3600


@pytest.fixture(scope="module")
def people(module_site):
    enrol(module_site, "ada", "dev")
    module_site.host.put("/etc/sudoers.d/roles", SUDOERS, 0o440)


def confirmed_long_ago(host, *users, ago_s=HOUR_S):
    for user in users:
        record.change(host, user, confirmed=int(time.time()) - ago_s)


def forget_back_off(host, user):
    """Who was asked about in vain is not asked about again for a while."""
    host.run(["rm", "-f", f"/run/cosmo-sso/private/refresh/{user}"])


def refusal(error):
    return messages.failure(ERROR_NUMBERS[error])


def running(host, program):
    """Those of this program on the host that have not ended; one that nobody has waited for has."""
    lines = host.run(["ps", "-eo", "pid=,stat=,args="]).stdout.splitlines()
    found = [line.split(None, 2) for line in lines if f"cosmo-sso-{program}" in line]
    return [int(pid) for pid, state, _ in found if not state.startswith("Z")]


def groups_of(host, user):
    return set(host.run(["id", "-Gn", user]).stdout.split())


def user_show(host, user):
    (shown,) = json.loads(host.run(["cosmo-ssoctl", "user", "show", user, "--json"]).stdout)
    return shown


def unseen(host, user, *options, command=()):
    """All that a client without a person at it gets to see."""
    done = subprocess.run(host.ssh(user, "-q", *options, key=True, command=command), text=True, timeout=PATIENCE_S,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
    return done.stdout


def copied(host, user):
    """A file there and back with sftp, which has said nothing beyond its own."""
    with tempfile.TemporaryDirectory() as folder:
        ours = pathlib.Path(folder)
        (ours / "there").write_text("the same\n")
        ssh = ours / "ssh"
        ssh.write_text(f"#!/bin/sh\nexec {shlex.join(map(str, host.ssh('', key=True)[:-1]))} \"$@\"\n")
        ssh.chmod(0o755)
        for source, target in ((ours / "there", f"{user}@127.0.0.1:copied"), (f"{user}@127.0.0.1:copied", ours / "back")):
            done = subprocess.run(["scp", "-q", "-S", ssh, source, target], capture_output=True, text=True, timeout=PATIENCE_S)
            assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        return (ours / "back").read_text()


# case: refresh: a group taken away at the IdP is gone at the next entry by SSH key, and in the session that runs on
def test_refresh__group_removed__sudo_and_keys_know_it_without_a_new_sign_in(people, site, host):
    with site.signed_in("ada") as login:
        assert login.ask("sudo -n id -u") == "0"
        site.idp.person("ada", groups=["engineering"])
        confirmed_long_ago(host, "ada")
        assert login.ask("sudo -n id -u").startswith("Your role does not allow this service.")
        assert groups_of(host, "ada") == {"ada", "cosmo-users", "cosmo-developer"}
        assert set(login.ask("id -Gn ada").split()) == {"ada", "cosmo-users", "cosmo-developer"}
    assert set(site.key_login("ada", "id", "-Gn").split()) == {"ada", "cosmo-users", "cosmo-developer"}
    site.idp.person("ada", groups=["cosmo-admins"])
    confirmed_long_ago(host, "ada")
    assert set(site.key_login("ada", "id", "-Gn").split()) == {"ada", "cosmo-users", "cosmo-admin"}
    assert site.key_login("ada", "sudo", "-n", "id", "-u") == "0"


# case: refresh: who is disabled at the IdP does not get in with an SSH key, until the next sign-in after it is over
def test_refresh__disabled_at_the_idp__keys_open_nothing_until_the_next_sign_in(people, site, host):
    with site.signed_in("dev"):
        pass
    assert "cosmo-developer" in groups_of(host, "dev")
    site.idp.person("dev", disabled=True)
    confirmed_long_ago(host, "dev")
    cursor = host.journal_cursor()
    for _ in range(2):
        with pytest.raises(RuntimeError):
            site.key_login("dev", "true")
    assert len(host.journal(r"event=account_refused user=dev reason=invalid_grant .*refresh=refused", after=cursor)) == 1
    assert groups_of(host, "dev") == {"dev", "cosmo-users", "cosmo-viewer"}
    assert user_show(host, "dev")["reason"] == "invalid_grant"
    site.idp.person("dev", disabled=False)
    with pytest.raises(RuntimeError):
        site.key_login("dev", "true")
    with site.signed_in("dev"):
        pass
    assert "cosmo-developer" in site.key_login("dev", "id", "-Gn").split()


# case: refresh: the timer's service has a group that was taken away at the IdP gone in every look-up, with nobody coming in
def test_refresh__timer__changes_hold_without_anybody_coming_in(people, site, host):
    with site.signed_in("ada") as login:
        assert "cosmo-admin" in login.ask("id -Gn").split()
        site.idp.person("ada", groups=["engineering"])
        confirmed_long_ago(host, "ada")
        host.run(["cosmo-ssoctl", "repair"])  # look-ups are made of the records
        cursor = host.journal_cursor()
        host.run(["systemctl", "start", "cosmo-sso-refresh.service"])
        assert groups_of(host, "ada") == {"ada", "cosmo-users", "cosmo-developer"}
        assert set(login.ask("id -Gn ada").split()) == {"ada", "cosmo-users", "cosmo-developer"}
        assert host.journal(r"event=refresh_changed user=ada .*roles=developer .*detail=\"was admin\"", after=cursor)
        assert "cosmo-admin" in login.ask("id -Gn").split()  # the kernel asks nobody again
    site.idp.person("ada", groups=["cosmo-admins"])
    host.run(["cosmo-ssoctl", "refresh", "ada"])
    assert groups_of(host, "ada") == {"ada", "cosmo-users", "cosmo-admin"}
    host.run(["systemctl", "is-active", "cosmo-sso-refresh.timer"])


@pytest.fixture
def ending_sessions(people, site):
    """Where a session ends in which somebody loses a role; ada is an admin no longer."""
    site.configure("roles", "on_downgrade", "end_sessions")
    with site.signed_in("ada") as login:
        site.idp.person("ada", groups=["engineering"])
        confirmed_long_ago(site.host, "ada")
        yield login
    site.configure("roles", "on_downgrade", "keep")
    site.idp.person("ada", groups=["cosmo-admins"])


# case: refresh: where on_downgrade says so, the session ends in which somebody loses a role
def test_refresh__on_downgrade__ends_the_session_that_asked(ending_sessions, host):
    cursor = host.journal_cursor()
    ending_sessions.terminal.type("sudo -n id -u; exec sleep 100000")
    watch(ending_sessions.terminal.ended, PATIENCE_S, "the end of the session")
    assert host.journal(r"event=session_ended .*user=ada", after=cursor)


# case: refresh: where on_downgrade says so, the timer's service ends the sessions of who has lost a role
def test_refresh__on_downgrade__the_timers_service_ends_sessions(ending_sessions, host):
    host.run(["cosmo-ssoctl", "repair"])  # look-ups are made of the records
    cursor = host.journal_cursor()
    host.run(["systemctl", "start", "cosmo-sso-refresh.service"])
    watch(ending_sessions.terminal.ended, PATIENCE_S, "the end of the session")
    assert host.journal(r"event=session_ended .*user=ada .*by=cosmo-sso-refresh", after=cursor)


# case: refresh: with the IdP away keys open as before, and who gets a shell at a terminal is told until when the role counts
def test_refresh__idp_away__keys_open_as_before(people, site, host):
    with site.signed_in("dev"):
        pass
    confirmed_long_ago(host, "dev")
    cursor = host.journal_cursor()
    site.idp.kill()
    try:
        assert "cosmo-developer" in site.key_login("dev", "id", "-Gn").split()
        with Terminal(host.ssh("dev", key=True), cols=150, rows=40) as terminal:
            terminal.wait_for(r"has not confirmed your role since \d{4}-\d\d-\d\d \d\d:\d\d\. It counts until \d{4}-", joined=True)
        assert unseen(host, "dev", command=["true"]) == ""
        assert "counts until" not in unseen(host, "dev", "-tt", command=["true"])
        assert copied(host, "dev") == "the same\n"
    finally:
        site.idp.start()
    assert host.journal(r"event=account_ok user=dev .*refresh=outage refresh_reason=idp_connect", after=cursor)


# case: refresh: with the IdP down keys and sudo work at their role until the lease ends; then sshd admits a demoted viewer, and sudo refuses
def test_refresh__idp_down_beyond_the_lease__role_first_then_demoted_viewer(people, site, host):
    with site.signed_in("ada") as login:
        confirmed_long_ago(host, "ada")
        site.idp.kill()
        try:
            assert login.ask("sudo -n id -u") == "0"
            assert site.key_login("ada", "sudo", "-n", "id", "-u") == "0"
            confirmed_long_ago(host, "ada", ago_s=25 * HOUR_S)
            host.run(["cosmo-ssoctl", "repair"])  # look-ups are made of the records
            assert set(site.key_login("ada", "id", "-Gn").split()) == groups_of(host, "ada") == {"ada", "cosmo-users", "cosmo-viewer"}
            with Terminal(host.ssh("ada", key=True), cols=150, rows=40) as terminal:
                terminal.wait_for(r"Your role does not count since \d{4}-\d\d-\d\d \d\d:\d\d, because it could not be confirmed", joined=True)
            assert login.ask("sudo -n id -u").startswith(refusal("E_LEASE_OVER"))
            assert refusal("E_LEASE_OVER") in login.ask("cosmo-ssoctl whoami")
            assert user_show(host, "ada")["reason"] == "lease_over"
        finally:
            site.idp.start()
    with site.signed_in("ada") as login:
        assert login.ask("sudo -n id -u") == "0"


# case: refresh: a helper killed with the IdP's answer in hand, before it is stored, costs one new sign-in, says so, and keeps no role
def test_refresh__helper_killed_before_it_stores__costs_a_sign_in_and_says_so(people, site, host):
    with site.signed_in("ada") as login:
        confirmed_long_ago(host, "ada")
        forget_back_off(host, "ada")
        site.idp.freeze()
        try:
            login.terminal.type("sudo -n id -u")
            watch(lambda: running(host, "fetch"), PATIENCE_S, "the question")
            (helper,) = running(host, "helper")
            host.run(["kill", "-STOP", str(helper)])
        finally:
            site.idp.thaw()
        watch(lambda: not running(host, "judge"), PATIENCE_S, "the judge, which has said it all")
        host.run(["kill", "-KILL", str(helper)])
        login.shell()
        forget_back_off(host, "ada")  # on a slow host the caller did not wait that long
        cursor = host.journal_cursor()
        assert login.ask("sudo -n id -u").startswith(refusal("E_REFRESH_INTERRUPTED"))
        assert host.journal(r"event=account_refused user=ada reason=refresh_interrupted .*refresh=refused", after=cursor)
        assert groups_of(host, "ada") == {"ada", "cosmo-users", "cosmo-viewer"}
        with pytest.raises(RuntimeError):
            site.key_login("ada", "true")
        assert user_show(host, "ada")["reason"] == "refresh_interrupted"
    with site.signed_in("ada") as login:
        assert login.ask("sudo -n id -u") == "0"
