# SPDX-License-Identifier: MIT
"""The end of the integration, from here and from there: the tests of e2e/test_disconnect.py that ask the IdP something, and
what an administrator of Keycloak can do to a host."""

import json

import pytest

from e2e.test_disconnect import (  # noqa: F401
    PEOPLE,
    assert_the_unit_disconnects,
    assert_viewers,
    connected,
    people,
    test_check__client_removed_at_the_idp__the_unit_disconnects,
    test_disconnect__people_at_work__out_and_viewers_at_once,
    tokens,
)
from support.keycloak_realm import Realm


@pytest.fixture(scope="module")
def the_idp(server):
    """One that can be deleted."""
    with Realm(server, "ending") as realm:
        yield realm


def test_disconnect__from_here__sessions_at_keycloak_are_over(connected, host):
    assert tokens(host) == set(PEOPLE)
    revoked = len(connected.idp.events("REVOKE_GRANT"))
    assert connected.idp.offline_sessions() >= len(PEOPLE)
    host.run(["cosmo-ssoctl", "disconnect"])
    assert tokens(host) == set()
    assert len(connected.idp.events("REVOKE_GRANT")) == revoked + len(PEOPLE)
    assert connected.idp.offline_sessions() == 0


ANSWERS = {None: "ok", "client_disable": "idp_client_refused", "client_restrict": "ok"}


@pytest.mark.parametrize("change, answer", ANSWERS.items())
def test_check__client_is_not_what_it_was__told_apart(connected, host, change, answer):
    """A client that may not use the device grant any more still lives: decision 0014."""
    if change:
        connected.idp.control(change, client_id="cosmo-host")
    assert json.loads(host.run(["cosmo-ssoctl", "check", "--json"], check=False).stdout)["answer"] == answer


def test_check__realm_deleted__the_unit_disconnects(connected):
    """The last one here: nothing is left of the realm."""
    assert_the_unit_disconnects(connected, connected.idp.delete)
