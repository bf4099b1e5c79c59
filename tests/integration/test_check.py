#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the IdP is asked about the integration itself, by the built helper, judge and fetch, over a simulated hour.

Needs root and COSMO_BUILD_DIR."""

import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import boot_clock, wire  # noqa: E402
from support.ctl_rig import CtlRig  # noqa: E402
from support.fake_idp import Answer, FakeIdp  # noqa: E402
from support.helper_rig import HelperRig  # noqa: E402
from support.helper_site import HelperSite  # noqa: E402
from support.program import built  # noqa: E402

DISCOVERY = "/.well-known/openid-configuration"
OPEN = 3  # enum gate_state


class Site(HelperSite):
    """`now`: how far the boot clock is ahead. The moments that tests take themselves come on top: no edge is that close."""

    now = 0

    def ask(self, message, **fields):
        """(the items, the RESULT's error)"""
        exchange = self.rig.start("ctl", hostile=boot_clock.ahead(self.now))
        exchange.peer.send(message, **fields)
        found = [exchange.recv()]
        while found[-1].type != "RESULT":
            found.append(exchange.recv())
        exchange.all_gone()
        return found[:-1], "OK" if found[-1].ERR == 0 else found[-1].error

    def check(self, after=0):
        """The answer to a check `after` seconds from the last one, and how many refusals are counted."""
        self.now += after
        items, answer = self.ask("CTL_CHECK", BY_HAND=1)
        return answer, items[0].REFUSALS if items else None

    def status(self):
        ((item,), _) = self.ask("CTL_STATUS")
        return item

    def is_open(self):
        return self.status().GATE == OPEN


@pytest.fixture(scope="module")
def shared_idp():
    with FakeIdp() as idp:
        yield idp


@pytest.fixture
def site(shared_idp):
    shared_idp.requests.clear()
    shared_idp._scripts.clear()
    with HelperRig() as rig:
        site = Site(rig, shared_idp)
        rig.log()
        shared_idp.requests.clear()
        yield site


def oauth(error, status=400):
    return Answer(status, {"error": error})


REFUSALS = {
    "client_removed": ({"/token": [oauth("invalid_client", 401)]}, "E_IDP_CLIENT"),
    "client_removed_with_400": ({"/token": [oauth("invalid_client")]}, "E_IDP_CLIENT"),
    "client_disabled": ({"/token": [oauth("unauthorized_client")] * 2}, "E_IDP_GRANT_TYPE"),
    "refresh_not_allowed_and_client_removed": (
        {"/token": [oauth("invalid_request"), oauth("invalid_client", 401)]}, "E_IDP_CLIENT"),
    "issuer_404": ({DISCOVERY: [Answer(404, "no such realm")]}, "E_IDP_GONE"),
    "issuer_410": ({DISCOVERY: [Answer(410)]}, "E_IDP_GONE"),
    "issuer_changed": ({DISCOVERY: [Answer(body={"issuer": "https://other.example"})]}, "E_IDP_ISSUER"),
}  # fmt: skip


def script(idp, answers):
    for path, some in answers.items():
        idp.script(path, *some)


def test_a_client_that_lives_is_told_by_two_requests(site):
    assert site.check() == ("OK", 0)
    assert [(request.method, request.path) for request in site.idp.requests] == [("GET", DISCOVERY), ("POST", "/token")]
    form = site.idp.requests[1].form
    assert form.pop("grant_type") == "refresh_token" and len(form.pop("refresh_token")) == 48
    assert form == {"client_id": site.idp.CLIENT_ID}
    status = site.status()
    assert status.CHECKED_S > 0 and status.REFUSALS == 0 and status.OUTAGE_ERR is None
    assert site.rig.events() == []


@pytest.mark.parametrize("answers, expected", REFUSALS.values(), ids=REFUSALS.keys())
def test_definite_refusals_over_ten_minutes_disconnect(site, answers, expected):
    for after, counted in ((0, 1), (100, 1), (120, 2), (350, 3)):  # the last at 570 s
        script(site.idp, answers)
        assert site.check(after) == (expected, counted)
        assert site.is_open()
    script(site.idp, answers)
    assert site.check(220) == (expected, 4)
    assert not site.is_open()
    assert not any(site.idp._scripts.values())  # nothing was asked that is not meant to be
    events = [event["event"] for event in site.rig.events()]
    assert events[:4] == ["check_refused"] * 4 and "disconnect" in events
    assert "remote: " in (site.rig.folder / "state/private/integration").read_text()


@pytest.mark.parametrize("integration, times", [("check_refusals = 2\ncheck_period = 5m", (0, 300)),
                                                ("check_refusals = 4\ncheck_period = 1h", (0, 900, 1800, 3600))])  # fmt: skip
def test_how_many_and_how_long_is_configured(site, integration, times):
    site.rig.configure(site.text().replace("algs = RS256", "algs = RS256\n" + integration))
    for at in times:
        assert site.is_open()
        site.now = at
        site.idp.script("/token", oauth("invalid_client", 401))
        assert site.check()[0] == "E_IDP_CLIENT"
    assert not site.is_open()


OUTAGES = {
    "dropped": {DISCOVERY: [Answer(drop=True)] * 3},
    "discovery_500": {DISCOVERY: [Answer(500, "oops")]},
    "discovery_503_json": {DISCOVERY: [Answer(503, {"error": "invalid_client"})]},
    "discovery_429": {DISCOVERY: [Answer(429)]},
    "discovery_403": {DISCOVERY: [Answer(403)]},
    "discovery_400_no_tenant": {DISCOVERY: [oauth("invalid_tenant")]},
    "discovery_401": {DISCOVERY: [oauth("invalid_client", 401)]},
    "discovery_redirect": {DISCOVERY: [Answer(302, headers={"Location": "https://other.example/"})]},
    "discovery_html": {DISCOVERY: [Answer(body="<html>maintenance</html>")]},
    "discovery_other_json": {DISCOVERY: [Answer(body={"status": "maintenance"})]},
    "discovery_cut": {DISCOVERY: [Answer(body={"issuer": "https://other.example"}, cut=True)]},
    "discovery_no_device_grant": "device",
    "token_dropped": {"/token": [Answer(drop=True)] * 3},
    "token_502": {"/token": [Answer(502, "bad gateway")]},
    "token_503_with_a_word": {"/token": [oauth("invalid_client", 503)] * 2},
    "token_500_with_a_word": {"/token": [oauth("unauthorized_client", 500)] * 2},
    "token_429_with_a_word": {"/token": [oauth("invalid_client", 429)] * 2},
    "token_200_with_a_word": {"/token": [oauth("invalid_client", 200)] * 2},
    "token_404": {"/token": [Answer(404, "not here")]},
    "token_401_html": {"/token": [Answer(401, "<html>log in</html>")]},
    "token_invalid_request": {"/token": [oauth("invalid_request")] * 2},
    "token_unsupported": {"/token": [oauth("unsupported_grant_type")] * 2},
    "token_access_denied": {"/token": [oauth("access_denied", 401)] * 2},
    "token_server_error": {"/token": [oauth("server_error")] * 2},
    "token_unknown_word": {"/token": [oauth("invalid_client_metadata")] * 2},
    "token_word_is_no_text": {"/token": [Answer(400, {"error": ["invalid_client"]})] * 2},
    "token_gives_tokens": {"/token": [Answer(body={"access_token": "x"})] * 2},
    "disabled_and_then_502": {"/token": [oauth("unauthorized_client"), Answer(502)]},
    "disabled_and_then_429": {"/token": [oauth("unauthorized_client"), Answer(429)]},
}


def test_an_hour_of_outages_disconnects_nobody(site):
    """Every kind of them, twice, three minutes apart."""
    before = site.rig.state()
    for name, answers in [*OUTAGES.items(), *OUTAGES.items()]:
        if answers == "device":
            without = {key: value for key, value in site.idp.discovery().items() if "device" not in key}
            answers = {DISCOVERY: [Answer(body=without)]}
        script(site.idp, answers)
        answer, counted = site.check(after=180)
        site.idp._scripts.clear()
        assert answer not in ("OK", "E_IDP_CLIENT", "E_IDP_GRANT_TYPE", "E_IDP_GONE", "E_IDP_ISSUER"), name
        assert counted == 0, name
    assert site.is_open() and site.now > 3600
    assert site.rig.events() == [] and site.rig.state() == before
    assert site.status().OUTAGE_ERR == wire.ERROR_NUMBERS["E_IDP_RATE"]
    assert site.check() == ("OK", 0)
    assert site.status().OUTAGE_ERR is None


def test_an_idp_that_is_down_tls_gone_or_unknown_disconnects_nobody(site):
    text = site.text()
    for issuer in ("https://localhost:9", "https://127.0.0.2:{port}", "https://no-such-host.invalid"):
        site.rig.configure(text.replace(site.idp.issuer, issuer.format(port=site.idp.port)))
        assert site.check(600)[1] == 0
    (site.rig.folder / "conf/ca.pem").write_text("no certificate")
    site.rig.configure(text)
    assert site.check(600)[1] == 0
    assert site.is_open()


# Answers that some IdPs give to a client that lives; see docs/decisions/0014.
ALIVE = {
    "auth0": [oauth("invalid_grant", 403)],
    "entra": [oauth("bad_verification_code")],
    "no_refresh_for_this_client": [oauth("unauthorized_client"), oauth("invalid_grant")],
    "unknown_token_is_invalid_request": [oauth("invalid_request"), oauth("invalid_grant")],
    "no_refresh_at_all": [oauth("unsupported_grant_type"), oauth("expired_token")],
}


@pytest.mark.parametrize("answers", ALIVE.values(), ids=ALIVE.keys())
def test_a_client_that_lives_clears_what_was_counted(site, answers):
    site.idp.script("/token", oauth("invalid_client", 401))
    assert site.check() == ("E_IDP_CLIENT", 1)
    site.idp.script("/token", *answers)
    assert site.check(400) == ("OK", 0)
    assert [event["event"] for event in site.rig.events()] == ["check_refused", "check_cleared"]
    for after in (0, 210, 350):  # the time of the first one is forgotten as well
        site.idp.script("/token", oauth("invalid_client", 401))
        site.check(after)
    assert site.is_open()


def test_an_outage_between_neither_adds_nor_takes(site):
    for after, answer, counted in ((0, oauth("invalid_client"), 1), (300, Answer(502), 1), (299, Answer(503), 1),
                                   (1, oauth("invalid_client"), 2), (200, oauth("invalid_client"), 3)):  # fmt: skip
        assert site.is_open()
        site.idp.script("/token", answer)
        assert site.check(after)[1] == counted
    assert not site.is_open()


def test_asking_often_gets_there_no_sooner(site):
    for _ in range(8):
        site.idp.script("/token", oauth("invalid_client"))
        assert site.check(10) == ("E_IDP_CLIENT", 1)
    assert site.is_open()


def test_a_boot_begins_anew(site):
    for after in (1000, 300):
        site.idp.script("/token", oauth("invalid_client"))
        site.check(after)
    site.now = 0  # the clock of another boot
    site.idp.script("/token", oauth("invalid_client"))
    assert site.check() == ("E_IDP_CLIENT", 1)


def test_a_refused_sign_in_does_not_count(site):
    for _ in range(4):
        site.idp.script("/device", oauth("invalid_client", 401))
        assert site.rig.sign_in().result() == "E_IDP_CLIENT"
    assert site.check() == ("OK", 0)


@pytest.mark.parametrize("earlier", [(), (0, 300)], ids=["first_refusal", "last_refusal"])
def test_a_reconnect_meanwhile_wins(site, earlier):
    for after in earlier:
        site.idp.script("/token", oauth("invalid_client"))
        site.check(after)
    site.idp.script("/token", Answer(401, {"error": "invalid_client"}, hold=True))
    site.now = 700
    site.idp.requests.clear()
    site.rig.log()
    exchange = site.rig.start("ctl", hostile=boot_clock.ahead(site.now))
    exchange.peer.send("CTL_CHECK")
    site.idp.wait_for(2)
    site.connect()
    site.idp.release()
    result = exchange.recv()
    assert (result.type, result.error) == ("RESULT", "E_INTEGRATION_CHANGED")
    assert [event["event"] for event in site.rig.events()] == ["reconnect"]
    assert site.is_open()
    site.idp._released.clear()
    site.idp.script("/token", oauth("invalid_client"))
    assert site.check() == ("E_IDP_CLIENT", 1)  # and what was counted is of the old one


def test_a_host_that_is_not_connected_asks_nobody(site):
    site.rig.store("disconnect")
    assert site.check() == ("E_DISCONNECTED", None)
    assert site.ask("CTL_CHECK") == ([], "OK")  # of the timer
    assert site.idp.requests == []


def test_another_client_in_the_file_says_nothing_about_us(site):
    site.rig.configure(site.text().replace(site.idp.CLIENT_ID, "somebody-else"))
    for after in (0, 300, 700):
        assert site.check(after) == ("E_CONFIG", 0)
    assert site.is_open() and site.idp.requests == []


LIES = {
    "ok_and_more": "peer.send('JUDGE_DONE'); peer.send('JUDGE_DONE')",
    "another_answer": "peer.send('JUDGE_REVOKED', COUNT=0, LEFT=0)",
    "keys": "peer.send('JUDGE_CACHE', JWKS='{}', MAX_AGE_S=1)",
    "garbage": "peer.socket.sendall(b'\\xff' * 64)",
    "end": "sys.exit(0)",
}


@pytest.mark.parametrize("body", LIES.values(), ids=LIES.keys())
def test_a_judge_that_lies_disconnects_nobody(site, body):
    site.rig.false_judge(body)
    for after in (0, 300, 700):
        assert site.check(after)[1] == 0
    assert site.is_open()


# Refresh tokens at the end of an integration.


def end_tokens(site):
    command = site.rig.command(built("tests/integration/store_maker"), "end-tokens")
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60, env=site.rig._environment())
    return done.stdout.strip()


@pytest.fixture
def signed_in(site):
    """Ada, Bob and Eve have tokens of this IdP; Dan's is of another."""
    users = [f"user={name},admin,token-of-{name}" for name in ("ada", "bob", "eve")]
    site.rig.store("user=dan,token-of-another-issuer", f"issuer={site.idp.issuer}", *users)
    site.idp.requests.clear()
    return site


def no_token_is_left(site):
    return all("refresh_token" not in site.record_of(name) for name in ("ada", "bob", "eve", "dan"))


def shown_to_the_idp(site):
    return [request.form["token"] for request in site.idp.requests if request.path == "/revoke"]


def test_tokens_are_revoked_where_they_are_from_and_wiped(signed_in):
    assert "of-another-issuer" in signed_in.record_of("dan") and "refresh_token" in signed_in.record_of("ada")
    assert end_tokens(signed_in) == "revoked 3, not 1 (idp_issuer_mismatch), wiped 4, left 0"
    shown = shown_to_the_idp(signed_in)
    assert sorted(shown) == ["of-ada", "of-bob", "of-eve"]
    assert no_token_is_left(signed_in)
    assert end_tokens(signed_in) == "revoked 0, not 0 (ok), wiped 0, left 0"
    assert len(shown_to_the_idp(signed_in)) == 3


@pytest.mark.parametrize("answer, why", [(Answer(503), "idp_status"), (oauth("unsupported_token_type"), "idp_error"),
                                         (oauth("invalid_client", 401), "idp_client_refused")])  # fmt: skip
def test_tokens_are_wiped_whatever_the_idp_says(signed_in, answer, why):
    signed_in.rig.store("user=dan")
    signed_in.idp.script("/revoke", *[answer] * 3)
    assert end_tokens(signed_in) == f"revoked 0, not 3 ({why}), wiped 3, left 0"
    assert no_token_is_left(signed_in)


def test_tokens_are_wiped_though_a_judge_lies_of_more_than_it_was_asked(signed_in):
    signed_in.rig.false_judge("peer.send('JUDGE_REVOKED', COUNT=9, LEFT=0)")
    signed_in.rig.store("user=dan")
    assert end_tokens(signed_in) == "revoked 0, not 3 (protocol), wiped 3, left 0"
    assert no_token_is_left(signed_in)


def test_tokens_stand_in_no_log(signed_in):
    signed_in.idp.script("/revoke", oauth("unsupported_token_type"))
    signed_in.rig.log()
    said = end_tokens(signed_in) + "".join(signed_in.rig.log())
    assert shown_to_the_idp(signed_in) and not any(token in said for token in shown_to_the_idp(signed_in))


# The command.


@pytest.fixture
def ctl(shared_idp):
    shared_idp.requests.clear()
    shared_idp._scripts.clear()
    with CtlRig() as rig:
        HelperSite(rig, shared_idp)
        yield rig.ctl


def test_the_command_tells_an_answer_from_an_outage_and_a_refusal(ctl, shared_idp):
    done = ctl("check")
    assert (done.code, done.out, done.err) == (0, "The IdP knows this host.\n", "")
    assert (ctl("check", "--timer").code, ctl("check", "--timer").said) == (0, "")
    shared_idp.script("/token", oauth("invalid_client", 401))
    done = ctl("check")
    assert done.code == 4 and "[idp_client_refused]" in done.err
    assert done.out == "Refusals in a row: 1, over 0 s. 3 over 600 s disconnect this host.\n"
    shared_idp.script(DISCOVERY, Answer(503))
    done = ctl("check", "--timer")
    assert done.code == 3 and "[idp_status]" in done.err
    assert "Refusals in a row: 1," in done.out and "It could not be asked since 20" in done.out
    status = ctl("status").out
    assert "Last checked" in status and "IdP's refusals 1 in a row" in status and "IdP not asked  since 20" in status
    document = ctl("status", "--json").json
    assert (document["refusals"], document["outage"]) == (1, "idp_status")
    assert document["checked"] >= document["outage_since"] > 0


def test_the_command_has_one_document(ctl, shared_idp):
    document = ctl("check", "--json").json
    assert (document["answer"], document["disconnected"], document["error"]) == ("ok", False, None)
    assert (document["refusals_needed"], document["refused_needed"], document["outage"]) == (3, 600, None)
    shared_idp.script("/token", oauth("invalid_client", 401))
    done = ctl("check", "--json")
    assert (done.code, done.json["answer"], done.json["error"]) == (4, "idp_client_refused", "idp_client_refused")
    assert done.json["refusals"] == 1 and done.json["checked"] >= document["checked"] > 0


def test_the_command_on_a_host_that_is_not_connected():
    with CtlRig() as rig:
        rig.configure("")
        told = rig.ctl("check", "--json")
        assert told.code == 1 and told.json["error"] == "disconnected" and "cosmo-ssoctl status" in told.json["detail"]
        assert (rig.ctl("check", "--timer").code, rig.ctl("check", "--timer").said) == (0, "")
