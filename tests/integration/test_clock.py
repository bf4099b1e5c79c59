# SPDX-License-Identifier: MIT
"""What a wrong wall clock of this host does to roles (P7), and that nothing of it stays.

Needs root and COSMO_BUILD_DIR."""

import pathlib
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.clock_rig import ClockRig  # noqa: E402
from support.fake_idp import Answer  # noqa: E402
from support.helper_site import HelperSite  # noqa: E402
from support.rotating_idp import RotatingIdp  # noqa: E402

HOUR_S = 3600
DAY_S = 24 * HOUR_S
ADMIN, VIEWER = {"ada", "cosmo-users", "cosmo-admin"}, {"ada", "cosmo-users", "cosmo-viewer"}


class Site(HelperSite):
    def confirmed(self):
        return self.user()["confirmed"]

    def refresh_reason(self):
        """Why the last account phase that was logged had no answer."""
        return [line.get("refresh_reason") for line in self.rig.events() if line["event"].startswith("account_")][-1]

    def is_whole(self):
        """As if no clock had ever been wrong."""
        return (self.account("sudo"), self.rig.groups_of("ada")) == ("OK", ADMIN)


@pytest.fixture
def idp():
    with RotatingIdp() as idp:
        yield idp


@pytest.fixture
def site(idp):
    with ClockRig() as rig:
        site = Site(rig, idp)
        site.connect("[roles]\nrefresh_timeout = 30s")
        assert site.sign_in() == "OK" and site.is_whole()
        rig.log()
        yield site


# Far enough for the lease; the IdP's word is not taken at such a time, and nobody can sign in.
WRONG = {
    "ahead": (3 * DAY_S, "E_TOKEN_EXPIRED", "token_expired"),
    "behind": (-3 * DAY_S, "E_TOKEN_EARLY", "token_not_yet_valid"),
    "at the epoch": (None, "E_TOKEN_EARLY", "token_not_yet_valid"),
}


# case: refresh: under a wrong clock, far ahead or far behind, everybody is a viewer; when it is right again all is as before
@pytest.mark.parametrize("ahead, refused, reason", WRONG.values(), ids=WRONG.keys())
def test_clock__jumps_and_is_put_right__everybody_is_as_before(site, ahead, refused, reason):
    confirmed = site.confirmed()
    site.rig.set_clock(1000 - time.time() if ahead is None else ahead)
    assert site.rig.groups_of("ada") == VIEWER
    assert site.account("sudo") == "E_LEASE_OVER" and site.refresh_reason() == reason
    assert site.account("sshd") == "OK"  # which names viewer
    assert site.user()["effective_roles"] == ["viewer"] and site.confirmed() == confirmed
    assert site.sign_in() == refused and site.confirmed() == confirmed
    site.rig.set_clock(0)
    assert site.is_whole()
    assert site.sign_in() == "OK" and site.is_whole()


def test_clock__at_the_epoch_at_boot__gate_opens_and_the_roles_wait_for_the_time(site):
    (site.rig.folder / "run/gate").unlink()
    site.rig.set_clock(1000 - time.time())
    assert site.rig.ctl("boot").code == 0
    assert site.rig.groups_of("ada") == VIEWER and site.account("sudo") == "E_LEASE_OVER"
    site.rig.set_clock(0)
    assert site.is_whole()


# case: refresh: a clock that jumps ahead gives nobody a longer lease, whatever the IdP confirms meanwhile
def test_clock__ahead_by_less_than_tokens_live__confirms_by_the_idps_time(site, idp):
    idp.changes = {"exp": int(time.time()) + 2 * DAY_S}
    site.rig.set_clock(DAY_S + 600)
    began = time.time()
    assert site.account("sudo") == "E_LEASE_OVER" and site.refresh_reason() is None  # confirmed, a day ago
    assert began - 1 <= site.confirmed() - 300 <= time.time()
    site.rig.set_clock(0)
    assert site.is_whole()


# case: refresh: who was confirmed under a clock that was ahead has no role by that; the next answer or sign-in gives it back
@pytest.mark.parametrize("is_away", [False, True], ids=["asked", "signs in"])
def test_clock__confirmed_in_a_future_that_was_none__is_back_with_the_next_word(site, idp, is_away):
    ahead = int(time.time()) + 3 * DAY_S
    idp.changes = {"iat": ahead, "exp": ahead + HOUR_S}  # the IdP's clock is as wrong
    site.rig.set_clock(3 * DAY_S)
    assert site.account("sudo") == "OK" and site.confirmed() > time.time() + 2 * DAY_S
    idp.changes = {}
    site.rig.set_clock(0)
    assert site.rig.groups_of("ada") == VIEWER
    if is_away:
        idp.script("/token", Answer(500, "oops"))
        assert site.account("sudo") == "E_LEASE_OVER" and site.refresh_reason() == "idp_status"
        assert site.sign_in() == "OK"
    assert site.is_whole() and abs(site.confirmed() - time.time()) < HOUR_S


def test_clock__off_by_less_than_the_skew__changes_nothing(site):
    for ahead in (-250, 250):
        site.rig.set_clock(ahead)
        assert site.is_whole()
