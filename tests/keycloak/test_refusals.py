# SPDX-License-Identifier: MIT
"""Who does not get in: what Keycloak says, and what the person and the log are told of it."""

import pytest

from e2e.conftest import many_unknown_names  # noqa: F401
from e2e.test_refusals import (  # noqa: F401
    Attempt,
    test_sign_in__approved_by_another__refused,
    test_sign_in__code_expired__refused,
)

pytestmark = pytest.mark.usefixtures("many_unknown_names")


def test_sign_in__consent_denied__refused(site):
    """Keycloak asks for it whatever the client's own switch for consent says."""
    attempt = Attempt(site)
    with site.sign_in("ada") as login:
        login.prompt()
        asked = site.person("ada").refuse(login.url, login.code)
        login.enter()
        text = login.refused()
    assert "Offline Access" in asked
    attempt.check(text, "The sign-in was denied in the browser.", "access_denied")


CLIENTS = {
    "deleted": ("client_delete", "idp_client_refused"),
    "disabled": ("client_disable", "idp_client_refused"),
    "not_for_devices": ("client_restrict", "idp_grant_not_allowed"),
}


@pytest.mark.parametrize("change, reason", CLIENTS.values(), ids=CLIENTS)
def test_sign_in__client_is_not_what_it_was__refused_without_a_code(site, host, change, reason):
    cursor = host.journal_cursor()
    site.idp.control(change, client_id="cosmo-host")
    with site.sign_in("ada") as login:
        assert "Code:" not in login.refused()
    assert host.journal(rf"event=sign_in_refused .*reason={reason}\b", after=cursor)
