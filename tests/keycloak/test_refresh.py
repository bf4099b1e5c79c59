# SPDX-License-Identifier: MIT
"""Roles between sign-ins as Keycloak confirms them: the tests of e2e/test_refresh.py that ask the IdP something, and what an
administrator of Keycloak can do to sessions, keys and tokens."""

import concurrent.futures

import pytest

from e2e.test_refresh import (  # noqa: F401
    confirmed_long_ago,
    forget_back_off,
    groups_of,
    people,
    test_refresh__disabled_at_the_idp__keys_open_nothing_until_the_next_sign_in,
    test_refresh__group_removed__sudo_and_keys_know_it_without_a_new_sign_in,
    test_refresh__idp_away__keys_open_as_before,
    test_refresh__timer__changes_hold_without_anybody_coming_in,
    user_show,
)

MANY = 50


def comes_in(site, user):
    """By key, with a role that was confirmed long ago; the groups inside."""
    confirmed_long_ago(site.host, user)
    forget_back_off(site.host, user)
    return set(site.key_login(user, "id", "-Gn").split())


def test_refresh__consent_revoked_by_an_administrator__costs_a_sign_in(people, site, host):
    with site.signed_in("ada"):
        pass
    assert "cosmo-admin" in comes_in(site, "ada")
    site.idp.revoke_consent("ada")
    with pytest.raises(RuntimeError):
        comes_in(site, "ada")
    assert groups_of(host, "ada") == {"ada", "cosmo-users", "cosmo-viewer"}
    assert user_show(host, "ada")["reason"] == "invalid_grant"
    with site.signed_in("ada"):
        assert "cosmo-admin" in groups_of(host, "ada")


def test_refresh__signing_keys_rotated__refreshes_and_sign_ins_go_on(people, site, host):
    with site.signed_in("dev"):
        pass
    site.idp.rotate_keys()
    assert "cosmo-developer" in comes_in(site, "dev")
    with site.signed_in("vic"):
        assert "cosmo-viewer" in groups_of(host, "vic")


@pytest.fixture
def each_token_once(site):
    """The realm's "Revoke refresh token", with no reuse: a token that is seen twice ends its whole session."""
    site.idp.set(revokeRefreshToken=True, refreshTokenMaxReuse=0)
    yield
    site.idp.set(revokeRefreshToken=False)


def test_refresh__each_token_once__many_at_once_ask_once_and_none_is_reused(each_token_once, people, site, host):
    with site.signed_in("ada"):
        pass
    for _ in range(2):
        assert "cosmo-admin" in comes_in(site, "ada")
    asked, refused = (len(site.idp.events(kind)) for kind in ("REFRESH_TOKEN", "REFRESH_TOKEN_ERROR"))
    confirmed_long_ago(host, "ada")
    with concurrent.futures.ThreadPoolExecutor(MANY) as pool:
        entered = list(pool.map(lambda _: host.run(["sudo", "-n", "id", "-u"], user="ada", check=False).stdout, range(MANY)))
    assert set(entered) == {"0\n"}
    assert len(site.idp.events("REFRESH_TOKEN")) == asked + 1 and len(site.idp.events("REFRESH_TOKEN_ERROR")) == refused
    assert "cosmo-admin" in comes_in(site, "ada")
