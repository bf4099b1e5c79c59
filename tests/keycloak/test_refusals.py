# SPDX-License-Identifier: MIT
"""Who does not get in: what Keycloak says, and what the log is told of it."""

import pytest

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
