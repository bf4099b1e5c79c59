# SPDX-License-Identifier: MIT
"""A role is true at every door, all the time: what the IdP says of somebody holds in the sessions that run, for keys,
sudo, su, login, cron and the user manager, without a new sign-in."""

import json
import re
import time

import pytest

from support import record
from support.console import Console
from support.doors import by_each_account_phase, cron_job, everywhere_in
from support.live_sessions import as_systemd, enrol
from support.site import LOGIN

SUDOERS = "%cosmo-admin ALL=(ALL) NOPASSWD: ALL\n"
HOUR_S = 3600
FOR_ADMINS = {"sudo", "sudo-i", "su", "su-l"}


@pytest.fixture(scope="module")
def ada(module_site):
    """She has signed in once, and has a key and a user manager; every service is one of ours."""
    host = module_site.host
    enrol(module_site, "ada")
    host.run("cosmo-ssoctl enable cron systemd-user --yes")
    host.put("/etc/sudoers.d/roles", SUDOERS, 0o440)
    as_systemd(host, "loginctl", "enable-linger", "ada")


def let_time_pass(host):
    """Longer than refresh_after."""
    record.change(host, "ada", confirmed=int(time.time()) - HOUR_S)


def groups_of(text):
    return set(text.split()) - {"ada", "cosmo-users"}


def in_cron(site):
    """What roles a job of hers runs with."""
    return groups_of(cron_job(site, "ada", "id -Gn"))


def asked(site):
    """How often the IdP was asked for tokens."""
    return site.idp.counts()["requests"].get("POST /token", 0)


def user_show(host):
    (shown,) = json.loads(host.run(["cosmo-ssoctl", "user", "show", "ada", "--json"]).stdout)
    return shown


def who_gets_in(site):
    """The doors that let her in, as whom they should."""
    doors = by_each_account_phase(site, "ada")
    assert {name: who for name, who in doors.items() if who} == everywhere_in([name for name, who in doors.items() if who], "ada")
    return {name for name, who in doors.items() if who}, set(doors)


# case: refresh: who loses a group at the IdP loses sudo and su in the sessions that run, and is the lesser role in every new process
# case: refresh: who is disabled at the IdP comes by no key, no login, no su, and no cron job or user manager of theirs starts
# case: refresh: who is enabled again and signs in again is back at every door
def test_roles__taken_and_given_at_the_idp__hold_at_every_door(ada, site, host):
    with site.signed_in("ada") as session:
        assert "uid=0(root)" in session.ask("sudo -n id")
        let_in, doors = who_gets_in(site)
        assert let_in == doors and in_cron(site) == {"cosmo-admin"}

        site.idp.person("ada", groups=["engineering"])
        let_time_pass(host)
        before = asked(site)
        assert session.ask("sudo -n id").startswith("Your role does not allow this service.")
        assert groups_of(session.ask("id -Gn ada")) == groups_of(host.run(["id", "-Gn", "ada"]).stdout) == {"cosmo-developer"}
        let_in, _ = who_gets_in(site)
        assert let_in == doors - FOR_ADMINS and in_cron(site) == {"cosmo-developer"}
        assert groups_of(site.key_login("ada", "id", "-Gn")) == {"cosmo-developer"}
        assert asked(site) == before + 1

        site.idp.person("ada", disabled=True)
        let_time_pass(host)
        before, cursor = asked(site), host.journal_cursor()
        let_in, _ = who_gets_in(site)
        assert let_in == set()
        assert session.ask("sudo -n id").startswith("The sign-in server no longer accepts this sign-in.")
        refused = host.journal(r"event=account_refused user=ada .*reason=invalid_grant", after=cursor)
        services = {re.search(r" service=(\S+)", line)[1] for line in refused}
        assert services == {"sshd", "login", "su", "su-l", "sudo", "cron", "systemd-user"}  # sudo -i ended at sudoers
        assert asked(site) == before + 1
        shown = user_show(host)
        assert (shown["reason"], shown["effective_roles"]) == ("invalid_grant", ["viewer"])

    site.idp.person("ada", disabled=False, groups=["cosmo-admins"])
    let_in, _ = who_gets_in(site)
    assert let_in == set()  # not before she says so herself
    with site.signed_in("ada") as session:
        assert "uid=0(root)" in session.ask("sudo -n id")
        let_in, _ = who_gets_in(site)
        assert let_in == doors and in_cron(site) == {"cosmo-admin"}
        assert user_show(host)["reason"] == "ok"


# case: refresh: whoever signs in at login on a terminal has the role that the IdP says then
def test_roles__login_on_a_terminal__is_the_role_of_now(ada, site, host):
    site.idp.person("ada", groups=["engineering"])
    with Console(site, LOGIN, "ada") as console:
        console.name()
        console.prompt()
        console.approve()
        console.shell()
        assert groups_of(console.ask("id -Gn")) == {"cosmo-developer"}
        assert console.ask("sudo -n id") == "sudo: a password is required"  # sudoers has nothing for developers
