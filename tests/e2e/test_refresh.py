# SPDX-License-Identifier: MIT
"""Roles are those of the IdP at every entry, without a new sign-in: SSH keys, and sudo in a session that runs on."""

import json
import time

import pytest

from support import record
from support.live_sessions import enrol

SUDOERS = "%cosmo-admin ALL=(ALL) NOPASSWD: ALL\n"
HOUR_S = 3600


@pytest.fixture(scope="module")
def people(module_site):
    enrol(module_site, "ada", "dev")
    module_site.host.put("/etc/sudoers.d/roles", SUDOERS, 0o440)


def confirmed_long_ago(host, *users):
    for user in users:
        record.change(host, user, confirmed=int(time.time()) - HOUR_S)


def groups_of(host, user):
    return set(host.run(["id", "-Gn", user]).stdout.split())


def user_show(host, user):
    (shown,) = json.loads(host.run(["cosmo-ssoctl", "user", "show", user, "--json"]).stdout)
    return shown


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


def test_refresh__idp_away__keys_open_as_before(people, site, host):
    with site.signed_in("dev"):
        pass
    confirmed_long_ago(host, "dev")
    cursor = host.journal_cursor()
    site.idp.kill()
    try:
        assert "cosmo-developer" in site.key_login("dev", "id", "-Gn").split()
    finally:
        site.idp.start()
    assert host.journal(r"event=account_ok user=dev .*refresh=outage refresh_reason=idp_connect", after=cursor)
