#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Each provider of tests/support/profiles, replayed: its wire, the configuration that its page in docs/idp shows, and the
built command, helper, judge and fetch between them. A new file there is tried by all of these.

Needs root and COSMO_BUILD_DIR."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import boot_clock  # noqa: E402
from support.ctl_rig import CtlRig  # noqa: E402
from support.helper_site import RefreshSite  # noqa: E402
from support.profile import Profile, names  # noqa: E402
from support.profile_idp import ProfileIdp, Visitor  # noqa: E402

SECRET = "of-the-client"
# Everybody comes at once, and a host asks about its integration more often than a real one.
MORE = """
check_refusals = 2
check_period = 5m
"""
LIMITS = """
[limits]
unknown_flows = 100
unknown_per_source_hour = 1000
"""


class Replay(RefreshSite):
    """A host that the page's configuration connects. `ended`: how the sign-ins of all visitors did, by name."""

    def __init__(self, rig, profile):
        self.profile, self.settings = profile, profile.settings()
        secret = SECRET if ("integration", "client_secret_file") in self.settings else None
        self.idp = ProfileIdp(profile, secret)
        self.rig = rig

    def text(self):
        """The page's block, of which only the host's name is another one."""
        shown = self.settings[("integration", "issuer")]
        assert shown.startswith("https://") and "/" + shown[8:].partition("/")[2] == self.profile.discovery["issuer"]
        text = self.profile.block().replace(shown, self.idp.issuer)
        text = text.replace(self.settings[("integration", "client_id")], self.idp.CLIENT_ID)
        ca = self.rig.put_conf("ca.pem", self.idp.ca_pem)
        return text.replace("[integration]\n", f"[integration]\nca_file = {ca}{MORE}") + LIMITS

    def connect(self):
        self.rig.put_conf("client-secret", SECRET, 0o600)
        self.rig.configure(self.text())
        done = self.rig.ctl("connect", "--yes")
        assert done.code == 0, done.said
        self.rig.log()
        return done

    def comes(self, visitor):
        """A sign-in that has got as far as its code."""
        self.idp.expect(visitor)
        exchange = self.rig.sign_in(visitor.name)
        shown = exchange.recv()
        assert shown.type == "SHOW", shown
        return exchange, shown

    def sign_in(self, visitor):
        return self._result(self.comes(visitor)[0])

    def check(self, ahead):
        """What the timer's question comes to, so many seconds from now."""
        exchange = self.rig.start("ctl", hostile=boot_clock.ahead(ahead))
        exchange.peer.send("CTL_CHECK", BY_HAND=1)
        while (message := exchange.recv()).type != "RESULT":
            pass
        exchange.all_gone()
        return "OK" if message.ERR == 0 else message.error

    def is_open(self):
        return (self.rig.folder / "run/gate").read_bytes()[16] == 3  # enum gate_state

    @property
    def mapped(self):
        return self.profile.groups["mapped"]

    @property
    def unmapped(self):
        return self.profile.groups["unmapped"]


def visitors(replay):
    """Who comes, and how that has to end."""
    deny, said = replay.settings.get(("roles", "no_match")) == "deny", str(replay.profile.errors["denied"])
    return {
        Visitor("ada", replay.mapped, pending=1): "OK",
        Visitor("bob", replay.unmapped): "E_NO_ROLE" if deny else "OK",
        Visitor("cleo", None): "E_CLAIM_MISSING",
        Visitor("dora", replay.mapped, is_over=True): replay.profile.over["says"],
        Visitor("eve", replay.mapped, fate="denied"): "E_CODE_EXPIRED" if "expired_token" in said else "E_DENIED",
        Visitor("finn", replay.mapped, fate="expired"): "E_CODE_EXPIRED",
        Visitor("gil", replay.mapped): "OK",
    }


@pytest.fixture(scope="module", params=names())
def replay(request):
    """Connected, and everybody has come, all at once."""
    with CtlRig() as rig:
        replay = Replay(rig, Profile(request.param))
        with replay.idp:
            replay.connect()
            replay.people = visitors(replay)
            replay.begun = {visitor.name: replay.comes(visitor) for visitor in replay.people}
            replay.ended = {name: replay._result(exchange) for name, (exchange, _) in replay.begun.items()}
            replay.events = replay.rig.events()
            yield replay


def test_profile__code_is_asked_for__what_that_provider_says_is_shown(replay):
    said = replay.idp.shown()
    for _, shown in replay.begun.values():
        assert shown.USER_CODE == said["user_code"]
        assert shown.VERIFICATION_URI == said.get("verification_uri", said.get("verification_url"))
        assert shown.VERIFICATION_URI_COMPLETE == said.get("verification_uri_complete")
        assert 0 < shown.EXPIRES_IN_S <= said["expires_in"]


def test_profile__everybody_comes__each_sign_in_ends_as_it_must(replay):
    """In a mapped group, in none, without the claim, over the limit, denied, expired."""
    assert replay.ended == {visitor.name: expected for visitor, expected in replay.people.items()}
    assert set(replay.rig.records()) == {name for name, end in replay.ended.items() if end == "OK"}
    assert replay.user("ada")["roles"] == ["admin"]
    assert (replay.stored("refresh_token", "ada") is not None) == replay.profile.tokens["refresh_token"]
    if replay.ended["bob"] == "OK":
        assert replay.user("bob")["roles"] == ["viewer"]


def test_profile__group_taken_away_and_then_disabled__is_seen_at_the_next_entry(replay):
    (visitor,) = [visitor for visitor in replay.people if visitor.name == "gil"]
    replay.age(name="gil")
    replay.rig.log()
    if replay.profile.tokens["refresh_token"]:
        visitor.groups = replay.unmapped
        assert replay.account("sudo", "gil") != "OK"
        (event,) = replay.rig.events()
        assert event["refresh"] == ("refused" if replay.ended["bob"] == "E_NO_ROLE" else "done")
        assert "admin" not in replay.user("gil")["roles"]
        visitor.groups = replay.mapped
        assert replay.sign_in(visitor) == "OK" and replay.account("sudo", "gil") == "OK"
        replay.age(name="gil")
        visitor.disabled = True
        assert replay.account("sshd", "gil") == "E_INVALID_GRANT"
        assert replay.user("gil")["effective_roles"] == ["viewer"]
    else:  # the lease alone counts
        assert replay.account("sudo", "gil") == "OK"
    visitor.fate = "denied"
    assert replay.sign_in(visitor) != "OK"


def test_profile__disconnected_here__tokens_are_revoked_and_nobody_is_asked(replay):
    token = replay.stored("refresh_token", "ada")
    done = replay.rig.ctl("disconnect", "--json")
    assert done.code == 0 and not replay.is_open() and replay.stored("refresh_token", "ada") is None
    assert (token in replay.idp.revoked) == (token is not None and "revocation_endpoint" in replay.profile.discovery)
    asked = len(replay.idp.requests)
    assert replay.rig.sign_in("ada").result() == "E_DISCONNECTED" and len(replay.idp.requests) == asked


def test_profile__client_removed_there__host_is_disconnected_where_it_is_told(replay):
    if not replay.is_open():
        replay.connect()
    assert replay.check(0) == "OK"
    replay.idp.client_gone = True
    try:
        assert [replay.check(ahead) for ahead in (0, 400)] == [replay.profile.gone["says"]] * 2
        assert replay.is_open() == (replay.profile.gone["says"] == "E_IDP_ERROR")
    finally:
        replay.idp.client_gone = False


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-q", *sys.argv[1:]]))
