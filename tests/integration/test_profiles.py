#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Each provider of tests/support/profiles, replayed: its wire, the configuration that its page in docs/idp shows, and the
built command, helper, judge and fetch between them. A new file there is tried by all of these.

Needs root and COSMO_BUILD_DIR."""

import concurrent.futures
import contextlib
import json
import pathlib
import re
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import boot_clock  # noqa: E402
from support.ctl_rig import CtlRig  # noqa: E402
from support.helper_site import RefreshSite  # noqa: E402
from support.profile import Profile, names  # noqa: E402
from support.profile_idp import ProfileIdp, Visitor  # noqa: E402
from support.program import Program, built  # noqa: E402
from support.reports import is_sanitized  # noqa: E402

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
# By the last word that a provider has for it.
ENDS = {"access_denied": "E_DENIED", "authorization_declined": "E_DENIED", "expired_token": "E_CODE_EXPIRED",
        "invalid_grant": "E_INVALID_GRANT", "bad_verification_code": "E_INVALID_GRANT"}  # fmt: skip
SLOWER_S = 5  # RFC 8628, 3.5


class Replay(RefreshSite):
    """A host that the page's configuration connects, once everybody has come, all at the same time. `ended`: how the
    sign-ins of all `people` did, by name."""

    def __init__(self, name):
        self.profile = Profile(name)
        self.settings = self.profile.settings()
        with contextlib.ExitStack() as stack:
            secret = SECRET if ("integration", "client_secret_file") in self.settings else None
            self.idp = stack.enter_context(ProfileIdp(self.profile, secret))
            self.rig = stack.enter_context(CtlRig())
            self.connect()
            self.people = visitors(self)
            self.begun = {visitor.name: self.comes(visitor) for visitor in self.people}
            self.ended = {name: self._result(exchange) for name, (exchange, _) in self.begun.items()}
            self.events = self.rig.events()
            self._parts = stack.pop_all()

    def close(self):
        self._parts.close()

    def text(self):
        """The page's block, of which only the host's name is another one."""
        shown = self.settings[("integration", "issuer")]
        assert re.fullmatch(r"https://[^/]+(.*)", shown)[1] == self.profile.discovery["issuer"]
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

    def visitor(self, name):
        return next(visitor for visitor in self.people if visitor.name == name)

    @property
    def mapped(self):
        return self.profile.groups["mapped"]

    @property
    def unmapped(self):
        return self.profile.groups["unmapped"]


def visitors(replay):
    """Who comes, and how that has to end."""
    deny, errors = replay.settings.get(("roles", "no_match")) == "deny", replay.profile.errors
    expired = {
        Visitor("jon", replay.mapped, fate="expired", first_lost=True): ENDS[errors["expired"][-1]["error"]],
        Visitor("kay", replay.mapped, fate="expired", last_late=True): "E_CODE_EXPIRED",
    }
    return {
        Visitor("ada", replay.mapped, pending=1): "OK",
        Visitor("bob", replay.unmapped): "E_NO_ROLE" if deny else "OK",
        Visitor("cleo", None): "E_CLAIM_MISSING",
        Visitor("dora", replay.mapped, is_over=True): replay.profile.over["says"],
        Visitor("eve", replay.mapped, fate="denied"): ENDS[errors["denied"][-1]["error"]],
        Visitor("finn", replay.mapped, fate="expired"): ENDS[errors["expired"][0]["error"]],
        Visitor("gil", replay.mapped): "OK",
        Visitor("hal", replay.mapped): "OK",
        Visitor("ivy", replay.mapped, is_hasty=True): "OK",
    } | (expired if len(errors["expired"]) > 1 else {})


@pytest.fixture(scope="module")
def replays(request):
    """All that tests ask for, made side by side: most of it is waiting."""
    calls = [getattr(item, "callspec", None) for item in request.session.items]
    wanted = {call.params["replay"] for call in calls if call and "replay" in call.params}
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        made = {name: pool.submit(Replay, name) for name in sorted(wanted)}
        yield made
        list(pool.map(Replay.close, [replay.result() for replay in made.values() if not replay.exception()]))


# Under sanitizers every third one: what differs is the wire, of which the judge's unit tests and fuzzers have all there.
REPLAYED = names()[::3] if is_sanitized(built("ctl/cosmo-ssoctl")) else names()


@pytest.fixture(scope="module", params=REPLAYED)
def replay(request, replays):
    return replays[request.param].result()


def test_profile__code_is_asked_for__what_that_provider_says_is_shown(replay):
    said = replay.idp.shown()
    for _, shown in replay.begun.values():
        assert shown.USER_CODE == said["user_code"]
        assert shown.VERIFICATION_URI == said.get("verification_uri", said.get("verification_url"))
        assert shown.VERIFICATION_URI_COMPLETE == said.get("verification_uri_complete")
        assert 0 < shown.EXPIRES_IN_S <= said["expires_in"]


def test_profile__everybody_comes__each_sign_in_ends_as_it_must(replay):
    """In a mapped group, in none, without the claim, over the limit, denied, expired; and where an expired code has
    another word from the second answer on, by that alone, before and after the code has ended here as well."""
    assert replay.ended == {visitor.name: expected for visitor, expected in replay.people.items()}
    assert set(replay.rig.records()) == {name for name, end in replay.ended.items() if end == "OK"}
    assert sorted(replay.user("ada")["roles"]) == replay.profile.groups["roles"]
    assert (replay.stored("refresh_token", "ada") is not None) == replay.profile.tokens["refresh_token"]
    if replay.ended["bob"] == "OK":
        assert replay.user("bob")["roles"] == ["viewer"]


def test_profile__asked_too_soon__asks_less_often(replay):
    polls = replay.visitor("ivy").polls
    assert len(polls) == 1 + ("slow_down" in replay.profile.errors)
    assert polls[-1] - polls[0] >= SLOWER_S * (len(polls) - 1)


def test_profile__group_taken_away__is_seen_at_the_next_entry(replay):
    """And so is one given back, by the refresh token that came with the answer before."""
    replay.visitor("gil").groups = replay.unmapped
    replay.age(name="gil")
    replay.rig.log()
    ended = replay.account("sshd", "gil")
    (event,) = replay.rig.events()
    if replay.profile.tokens["refresh_token"]:
        assert event["refresh"] == ("refused" if replay.ended["bob"] == "E_NO_ROLE" else "done")
        assert not set(replay.profile.groups["roles"]) & set(replay.user("gil")["roles"])
    else:  # the lease alone counts
        assert ended == "OK" and "refresh" not in event
    if event.get("refresh") == "done":
        replay.visitor("gil").groups = replay.mapped
        replay.age(name="gil")
        assert replay.account("sshd", "gil") == "OK"
        assert sorted(replay.user("gil")["roles"]) == replay.profile.groups["roles"]


def test_profile__disabled_between_two_logins__is_refused_at_both(replay):
    """Where the provider says so: else the lease decides at the first."""
    visitor = replay.visitor("hal")
    visitor.disabled, visitor.fate = True, "denied"
    is_told = replay.profile.tokens["refresh_token"] and replay.profile.errors["disabled"]["error"] == "invalid_grant"
    replay.age(name="hal")
    assert replay.account("sshd", "hal") == ("E_INVALID_GRANT" if is_told else "OK")
    assert (replay.user("hal")["effective_roles"] == ["viewer"]) == is_told
    assert replay.sign_in(visitor) == replay.ended["eve"]


def test_profile__disconnected_here__tokens_are_revoked_and_nobody_is_asked(replay):
    token = replay.stored("refresh_token", "ada")
    done = replay.rig.ctl("disconnect", "--json")
    assert done.code == 0 and not replay.is_open() and replay.stored("refresh_token", "ada") is None
    assert (token in replay.idp.revoked) == (token is not None and "revocation_endpoint" in replay.profile.discovery)
    asked = len(replay.idp.requests)
    assert replay.rig.sign_in("ada").result() == "E_DISCONNECTED" and len(replay.idp.requests) == asked
    assert replay.user("ada")["effective_roles"] == ["viewer"]


def test_profile__client_removed_there__host_is_disconnected_where_it_is_told(replay):
    if not replay.is_open():
        replay.connect()
    assert replay.check(0) == replay.profile.gone.get("lives", "OK")
    replay.idp.client_gone = True
    try:
        assert [replay.check(ahead) for ahead in (0, 400)] == [replay.profile.gone["says"]] * 2
        assert replay.is_open() == (replay.profile.gone["says"] == "E_IDP_ERROR")
    finally:
        replay.idp.client_gone = False


def test_profile__nobody_has_a_role__log_says_what_is_the_matter(replay):
    """By the names of claims; what groups somebody is in is not told."""
    claim = replay.settings.get(("integration", "claim"), "ssoGroups")
    details = [event["detail"] for event in replay.events if event.get("reason") == "role_claim_missing"]
    assert len(details) == 1 and details[0].startswith(f"claim {claim} is ")
    told = [event.get("detail", "") for event in replay.events if event.get("user") == "bob" or event["reason"] == "no_role"]
    assert len(told) == 1 and re.match(r"none of \d+ value|no value of claim", told[0]), told
    assert not [value for value in replay.unmapped + replay.mapped for detail in details + told if value in detail]


def claims_of(idp):
    """All that is said of somebody who is in every mapped group."""
    visitor = Visitor("ada", idp.profile.groups["mapped"])
    return {"iss": idp.issuer, "aud": idp.CLIENT_ID} | idp.claims_of(visitor, "userinfo") | idp.claims_of(visitor, "id_token")


def judged(claims, profile):
    """What the judge makes of these claims by the configuration of that profile's page."""
    settings = {key: value for (section, key), value in profile.settings().items() if section == "integration"}
    with Program(built("pam_cosmo_sso/judge/cosmo-sso-judge")) as judge:
        judge.peer.send("JUDGE_RULES", CLAIMS=json.dumps(claims).encode(), RULE=profile.rules(), KEEP_DOMAINS=0,
                        USERNAME_CLAIM=settings.get("username_claim", "preferred_username"), NAME_CLAIM="name",
                        SUBJECT_CLAIM=settings.get("subject_claim", "sub"), STRIP_DOMAIN=["example.com"],
                        ROLES_CLAIM=settings.get("claim", "ssoGroups"),
                        VALUE_STRIP_PREFIX=settings.get("value_strip_prefix"))
        while (answer := judge.peer.recv()).type == "JUDGE_MATCH":
            pass
        return answer


@pytest.mark.parametrize("name", names())
def test_profile__with_the_configuration_of_another__is_told_apart_by_the_claims_name(name):
    wire = Profile(name)
    with ProfileIdp(wire) as idp:
        claims = claims_of(idp)
    assert judged(claims, wire).all("ROLE")
    for other in map(Profile, names()):
        answer, settings = judged(claims, other), other.settings()
        asked = [settings.get(("integration", key), default) for key, default in
                 (("claim", "ssoGroups"), ("username_claim", "preferred_username"), ("subject_claim", "sub"))]
        if answer.all("ROLE"):  # both say the same
            assert re.split(r"\.", asked[0])[0] == wire.groups["claim"] or asked[0] == wire.groups["claim"]
            continue
        assert any(claim in answer.DETAIL for claim in asked), (other.name, answer)
        assert not [value for value in wire.groups["mapped"] if value in answer.DETAIL and value != "example.com"]
        if answer.type == "JUDGE_DONE" and asked[0] not in claims and not isinstance(claims[wire.groups["claim"]], str):
            assert wire.groups["claim"] in answer.DETAIL, (other.name, answer)


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-q", *sys.argv[1:]]))
