# SPDX-License-Identifier: MIT
"""The built cosmo-sso-judge, asking a scripted IdP through the built cosmo-sso-fetch. Needs root and COSMO_BUILD_DIR."""

import base64
import contextlib
import json
import os
import pathlib
import socket
import stat
import subprocess
import sys
import time
import urllib.parse

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import wire  # noqa: E402
from support.fake_idp import Answer, FakeIdp, b64url  # noqa: E402
from support.program import USERS, Program, built  # noqa: E402

JUDGE = "pam_cosmo_sso/judge/cosmo-sso-judge"
FETCH = "pam_cosmo_sso/fetch/cosmo-sso-fetch"
ALGS = ("RS256", "ES256", "EdDSA")
AUTH = wire._enum(wire.COMMON / "client_auth.h", "client_auth")
CLAIM = wire._enum(wire.COMMON / "claim_state.h", "claim_state")
SECRET = "s%c r+t/:&"


@contextlib.contextmanager
def judging(with_fetch=True, **options):
    """A judge, with a fetch behind it that nobody else holds."""
    with contextlib.ExitStack() as stack:
        second = stack.enter_context(Program(built(FETCH))).peer.socket if with_fetch else None
        yield stack.enter_context(Program(built(JUDGE), second=second, **options))


@pytest.fixture(scope="module")
def shared_idp():
    """One for all: its keys and certificates take their time."""
    with FakeIdp(algs=ALGS) as idp:
        yield idp


@pytest.fixture
def idp(shared_idp):
    idp = shared_idp
    idp.requests.clear()
    idp._scripts.clear()
    idp.pending, idp.alg = 0, "RS256"
    idp.claims = {"sub": "1000", "preferred_username": "ada", "name": "Ada", "groups": ["admins", "eng"]}
    return idp


def setup_fields(idp, **changes):
    return {
        "ISSUER": idp.issuer,
        "CLIENT_ID": idp.CLIENT_ID,
        "CLIENT_AUTH": AUTH["CLIENT_AUTH_NONE"],
        "SCOPES": "openid profile",
        "CA_PEM": idp.ca_pem,
        "ALG": list(ALGS),
        "SKEW_S": 60,
        "DEADLINE_MS": 60_000,
    } | changes


def claim_fields(**changes):
    return {
        "USERNAME_CLAIM": "preferred_username",
        "SUBJECT_CLAIM": "sub",
        "NAME_CLAIM": "name",
        "ROLES_CLAIM": "groups",
        "RULE": ["admin = admins", "dev = ~eng.*", "dba = dbas"],
        "KEEP_DOMAINS": 0,
    } | changes


def answers(judge, last=("JUDGE_IDENTITY", "JUDGE_FAILED", "JUDGE_PROBED", "JUDGE_DONE")):
    """All messages to the last one."""
    found = []
    while not found or found[-1].type not in last:
        found.append(judge.peer.recv())
    return found


def sign_in(idp, **changes):
    with judging() as judge:
        judge.peer.send("JUDGE_SIGN_IN", **(setup_fields(idp) | claim_fields() | changes))
        found = answers(judge)
        judge.peer.close()
        assert judge.wait() == (0, b"")
        return found


def refused(idp, **changes):
    """The error; everything before it is no identity."""
    found = sign_in(idp, **changes)
    assert [message.type for message in found if message.type not in ("JUDGE_SHOW", "JUDGE_CACHE")] == ["JUDGE_FAILED"]
    return found[-1].error


def asked(idp):
    return [request.path for request in idp.requests]


def cached(idp):
    return {"DISCOVERY": json.dumps(idp.discovery()), "JWKS": json.dumps(idp.keys.jwks())}


def token_answer(id_token, **changes):
    return Answer(body={"id_token": id_token, "access_token": "at", "token_type": "Bearer"} | changes)


# A sign-in that succeeds.


# case: grant: one code is asked for, and that one is polled
# case: grant: the device code is never shown
@pytest.mark.parametrize("auth", ["CLIENT_AUTH_NONE", "CLIENT_AUTH_BASIC", "CLIENT_AUTH_POST"])
@pytest.mark.parametrize("alg", ALGS)
def test_a_sign_in(idp, alg, auth):
    idp.alg = alg
    secret = {"CLIENT_SECRET": SECRET} if auth != "CLIENT_AUTH_NONE" else {}
    show, document, keys, identity = sign_in(idp, CLIENT_AUTH=AUTH[auth], **secret)
    assert [message.type for message in (show, document, keys, identity)] == [
        "JUDGE_SHOW", "JUDGE_CACHE", "JUDGE_CACHE", "JUDGE_IDENTITY"]  # fmt: skip
    assert show.USER_CODE == "WDJB-MJHT" and show.VERIFICATION_URI == f"{idp.issuer}/activate"
    assert (show.EXPIRES_IN_S, show.INTERVAL_S) == (600, 1)
    assert idp.device_authorization()["device_code"] not in repr(show.fields)
    assert json.loads(keys.JWKS) == idp.keys.jwks() and json.loads(document.DISCOVERY) == idp.discovery()
    assert (document.MAX_AGE_S, keys.MAX_AGE_S) == (3600, 3600)  # what the fake IdP says of its keys
    assert (identity.ISSUER, identity.SUB, identity.USERNAME) == (idp.issuer, "1000", "ada")
    assert (identity.DISPLAY_NAME, identity.all("ROLE")) == ("Ada", ["admin", "dev"])
    assert identity.CLAIM_STATE == CLAIM["CLAIM_PRESENT"] and identity.REFRESH_TOKEN
    assert abs(identity.IDP_TIME_S - time.time()) < 60
    for request in idp.requests[1:]:  # after discovery
        if request.method == "GET":
            continue
        if auth == "CLIENT_AUTH_BASIC":
            pair = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
            name, _, password = pair.partition(":")
            assert (urllib.parse.unquote_plus(name), urllib.parse.unquote_plus(password)) == (idp.CLIENT_ID, SECRET)
            assert not {"client_id", "client_secret"} & set(request.form)
        else:
            assert "authorization" not in request.headers and request.form["client_id"] == idp.CLIENT_ID
            assert request.form.get("client_secret") == (SECRET if auth == "CLIENT_AUTH_POST" else None)
    assert asked(idp) == ["/.well-known/openid-configuration", "/device", "/jwks", "/token"]


def test_what_is_cached_is_not_asked_for(idp):
    found = sign_in(idp, **cached(idp))
    assert [message.type for message in found] == ["JUDGE_SHOW", "JUDGE_IDENTITY"]
    assert asked(idp) == ["/device", "/token"]


# case: grant: authorization_pending is asked again at the interval, until the deadline and not after it
def test_pending_is_asked_again(idp):
    idp.pending = 2
    assert sign_in(idp, **cached(idp))[-1].type == "JUDGE_IDENTITY"
    assert asked(idp) == ["/device", "/token", "/token", "/token"]


HALF = json.dumps({"id_token": "x" * 5000, "access_token": "y"})


# case: grant: a dropped or half-sent reply while polling is asked for again
def test_faults_while_polling_are_waited_out(idp):
    idp.script("/token", Answer(body=HALF, cut=True))
    assert sign_in(idp, **cached(idp))[-1].type == "JUDGE_IDENTITY"
    assert asked(idp) == ["/device", "/token", "/token"]


# case: grant: a fault that lasts to the end is the reason that is told
# case: grant: JSON cut off at any byte is refused
# case: grant: nesting without end is refused before it costs anything
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(body=HALF[:-20]), "E_IDP_NOT_JSON"),
        (Answer(body="[" * 100_000), "E_IDP_NOT_JSON"),
    ],
    ids=["truncated", "deep"],
)
def test_faults_while_polling_end_with_the_time(idp, answer, error):
    idp.script("/token", *[answer] * 9)
    assert refused(idp, DEADLINE_MS=2500, **cached(idp)) == error
    assert asked(idp) == ["/device", "/token"]  # the next one would come too late


def test_claims_missing_are_had_from_userinfo(idp):
    token = idp.keys.token(idp.id_token_claims(groups=None))
    idp.script("/token", token_answer(token))
    identity = sign_in(idp, **cached(idp))[-1]
    assert identity.all("ROLE") == ["admin", "dev"] and asked(idp)[-1] == "/userinfo"
    assert idp.requests[-1].headers["authorization"] == "Bearer at"


# case: claim: a missing claim is told apart from an empty one, whatever its form
def test_no_group_claim_anywhere_is_not_no_groups(idp):
    del idp.claims["groups"]
    identity = sign_in(idp, **cached(idp))[-1]
    assert (identity.all("ROLE"), identity.CLAIM_STATE) == ([], CLAIM["CLAIM_MISSING"])
    idp.claims["groups"] = []
    identity = sign_in(idp, **cached(idp))[-1]
    assert (identity.all("ROLE"), identity.CLAIM_STATE) == ([], CLAIM["CLAIM_EMPTY"])


# case: token: after a rotation the new key is fetched, and kept for the sign-ins that follow
def test_keys_rotated_since_they_were_cached(idp):
    fields = cached(idp)
    idp.keys.rotate()
    found = sign_in(idp, **fields)
    assert [message.type for message in found] == ["JUDGE_SHOW", "JUDGE_CACHE", "JUDGE_IDENTITY"]
    assert json.loads(found[1].JWKS) == idp.keys.jwks() and asked(idp) == ["/device", "/token", "/jwks"]


# case: token: keys rotated under the same kid, or without one, are found by fetching again once
def test_keys_rotated_by_an_idp_that_names_none(idp):
    def nameless():
        return {"keys": [{name: value for name, value in key.items() if name != "kid"} for key in idp.keys.jwks()["keys"]]}

    fields = cached(idp) | {"JWKS": json.dumps(nameless())}
    idp.keys.rotate()
    idp.script("/token", token_answer(idp.keys.token(idp.id_token_claims(), kid=None)))
    idp.script("/jwks", Answer(body=nameless()))
    assert sign_in(idp, **fields)[-1].type == "JUDGE_IDENTITY"
    assert asked(idp) == ["/device", "/token", "/jwks"]


def test_keys_that_could_not_be_had_early_are_asked_for_again(idp):
    idp.script("/jwks", Answer(503))
    assert sign_in(idp)[-1].type == "JUDGE_IDENTITY"
    assert asked(idp) == ["/.well-known/openid-configuration", "/device", "/jwks", "/token", "/jwks"]


# Tokens that are refused, each with its own code.

HOUR = 3600


# case: token: each fault of a signed token is refused with its own code
# case: claim: each fault of the claims has its own code
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"iss": "https://evil.example"}, "E_TOKEN_ISS"),
        ({"iss": "{}/"}, "E_TOKEN_ISS"),
        ({"iss": None}, "E_TOKEN_ISS"),
        ({"aud": "other"}, "E_TOKEN_AUD"),
        ({"aud": ["other"]}, "E_TOKEN_AUD"),
        ({"aud": None}, "E_TOKEN_AUD"),
        ({"aud": ["cosmo-test", "api"]}, "E_TOKEN_AZP"),
        ({"azp": "other"}, "E_TOKEN_AZP"),
        ({"exp": -HOUR}, "E_TOKEN_EXPIRED"),
        ({"iat": HOUR}, "E_TOKEN_EARLY"),
        ({"nbf": HOUR}, "E_TOKEN_EARLY"),
        ({"exp": "tomorrow"}, "E_TOKEN_CLAIM"),
        ({"iat": None}, "E_TOKEN_CLAIM"),
        ({"sub": None}, "E_TOKEN_SUB"),
        ({"sub": ""}, "E_TOKEN_SUB"),
        ({"preferred_username": "ada@elsewhere.example"}, "E_NAME_FORM"),
        ({"preferred_username": "../ada"}, "E_NAME_FORM"),
        ({"groups": 7}, "E_CLAIM_TYPE"),
        ({"groups": None, "hasgroups": True}, "E_CLAIM_OVERAGE"),
        ({"groups": None, "_claim_names": {"groups": "src1"}}, "E_CLAIM_OVERAGE"),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else value,
)
def test_a_claim_that_is_wrong(idp, changes, error):
    changes = {
        name: value.format(idp.issuer) if name == "iss" and value else
        int(time.time()) + value if isinstance(value, int) and name in ("exp", "iat", "nbf") else value
        for name, value in changes.items()
    }  # fmt: skip
    idp.script("/token", Answer(body=idp.tokens(**changes)))
    assert refused(idp, **cached(idp)) == error


# case: claim: where the name claim is missing no other claim stands in
def test_a_username_claim_that_nobody_has(idp):
    del idp.claims["preferred_username"]
    assert refused(idp, **cached(idp)) == "E_NAME_MISSING"


def test_the_name_told_is_the_one_who_approved(idp):
    """The judge is not told who is expected: that another one approved is for the helper to see, by this name."""
    idp.claims |= {"preferred_username": "mallory", "sub": "666"}
    identity = sign_in(idp, **cached(idp))[-1]
    assert (identity.USERNAME, identity.SUB) == ("mallory", "666")


def forged_by_another_key(idp):
    kid = idp.keys.kid("RS256")
    idp.keys.rotate()
    token = idp.keys.token(idp.id_token_claims(), kid=kid)
    idp.keys.generation -= 1
    return token


def two_signatures(idp):
    """The general JSON form, of which somebody might read one and verify the other."""
    tokens = [idp.keys.token(idp.id_token_claims(), alg).split(".") for alg in ("RS256", "ES256")]
    signatures = [{"protected": header, "signature": signature} for header, _, signature in tokens]
    return json.dumps({"payload": tokens[0][1], "signatures": signatures})


def changed_after_signing(idp):
    header, _, signature = idp.keys.token(idp.id_token_claims()).split(".")
    claims = b64url(json.dumps(idp.id_token_claims(preferred_username="root")).encode())
    return f"{header}.{claims}.{signature}"


# case: token: each fault of a signed token is refused with its own code
@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda idp: idp.keys.token(idp.id_token_claims(), "none"), "E_JWS_ALG"),
        (lambda idp: idp.keys.token(idp.id_token_claims(), "HS256"), "E_JWS_ALG"),
        (lambda idp: idp.keys.token(idp.id_token_claims(), "HS256", alg="RS256"), "E_JWS_KEY"),
        (lambda idp: idp.keys.token(idp.id_token_claims(), "HS256", alg="RS256", kid="RS256-1"), "E_JWS_SIGNATURE"),
        (lambda idp: idp.keys.token(idp.id_token_claims(), alg="PS256"), "E_JWS_ALG"),  # not in the list
        (lambda idp: idp.keys.token(idp.id_token_claims(), crit=["exp"]), "E_JWS_CRIT"),
        (lambda idp: idp.keys.token(idp.id_token_claims(), kid="unknown"), "E_JWS_KEY"),
        (lambda idp: idp.keys.token(idp.id_token_claims(), "ES256", kid="RS256-1"), "E_JWS_KEY"),
        (forged_by_another_key, "E_JWS_SIGNATURE"),
        (changed_after_signing, "E_JWS_SIGNATURE"),
        (lambda idp: idp.keys.token(idp.id_token_claims()) + ".x", "E_JWS_FORM"),
        (lambda idp: idp.keys.token(idp.id_token_claims()) + "=", "E_JWS_FORM"),
        (lambda idp: idp.keys.token(["not", "claims"]), "E_JWS_FORM"),
        (lambda idp: idp.keys.token(b'{"iss":"\xff"}'), "E_JWS_FORM"),
        (two_signatures, "E_JWS_FORM"),
    ],
    ids=["none", "hs256", "hs256 as rs256", "hs256 as rs256 with kid", "unlisted", "crit", "kid", "kid of another",
         "another key", "another payload", "four parts", "padding", "no object", "utf8",
         "two signatures"],
)  # fmt: skip
def test_a_token_that_is_wrong(idp, make, error):
    idp.keys.generation = 1
    fields = cached(idp)
    idp.script("/token", token_answer(make(idp)))
    assert refused(idp, **fields) == error


# case: token: jwk, jku, x5u and x5c headers are not obeyed
def test_a_key_in_the_header_is_not_obeyed(idp):
    """Neither the key itself nor where it is said to be."""
    kid, fields = idp.keys.kid("ES256"), cached(idp)
    idp.keys.rotate()
    header = {"kid": kid, "jwk": idp.keys.jwk("ES256"), "jku": f"{idp.issuer}/evil", "x5u": f"{idp.issuer}/evil"}
    idp.script("/token", token_answer(idp.keys.token(idp.id_token_claims(), "ES256", **header)))
    idp.keys.generation -= 1
    assert refused(idp, **fields) == "E_JWS_SIGNATURE"
    assert "/evil" not in asked(idp)


# case: token: an access token is never taken for an identity
def test_an_access_token_is_no_identity(idp):
    token = idp.keys.token(idp.id_token_claims())
    idp.script("/token", Answer(body={"access_token": token, "token_type": "Bearer"}))
    assert refused(idp, **cached(idp)) == "E_NO_ID_TOKEN"


# case: token: userinfo with another sub, or none, is refused
def test_userinfo_of_somebody_else(idp):
    idp.script("/token", token_answer(idp.keys.token(idp.id_token_claims(groups=None))))
    idp.script("/userinfo", Answer(body={"sub": "1001", "groups": ["admins"]}))
    assert refused(idp, **cached(idp)) == "E_USERINFO_SUB"


# case: token: userinfo as a JWT is not read, and told as a fault of the provider
def test_userinfo_as_a_jwt(idp):
    idp.script("/token", token_answer(idp.keys.token(idp.id_token_claims(groups=None))))
    answer = idp.keys.token(idp.claims | {"iss": idp.issuer, "aud": idp.CLIENT_ID})
    idp.script("/userinfo", Answer(body=answer, headers={"Content-Type": "application/jwt"}))
    assert refused(idp, **cached(idp)) == "E_USERINFO"


# The IdP's own no, and its silence.


# case: grant: a denial ends the wait at once under every HTTP status
# case: grant: authorization_declined, as Entra ID says it, is a denial
@pytest.mark.parametrize(
    ("status", "word", "error"),
    [
        (403, "access_denied", "E_DENIED"),
        (400, "authorization_declined", "E_DENIED"),
        (429, "expired_token", "E_CODE_EXPIRED"),
        (400, "invalid_grant", "E_INVALID_GRANT"),
        (401, "invalid_client", "E_IDP_CLIENT"),
    ],
)
def test_the_idp_says_no(idp, status, word, error):
    idp.script("/token", Answer(status, {"error": word}))
    assert refused(idp, **cached(idp)) == error


# case: grant: each fault of a reply has its own code
@pytest.mark.parametrize(
    ("path", "answer", "error"),
    [
        ("/.well-known/openid-configuration", Answer(404), "E_IDP_GONE"),
        ("/.well-known/openid-configuration", Answer(500), "E_IDP_STATUS"),
        ("/.well-known/openid-configuration", Answer(body="<html>"), "E_IDP_NOT_JSON"),
        ("/.well-known/openid-configuration", Answer(body='{"a":"\\u0000"}'), "E_IDP_NOT_JSON"),
        ("/.well-known/openid-configuration", Answer(body={"issuer": "https://evil.example"}), "E_IDP_ISSUER"),
        ("/.well-known/openid-configuration", Answer(302, headers={"Location": "/x"}), "E_IDP_REDIRECT"),
        ("/.well-known/openid-configuration", Answer(body=b"x" * (256 * 1024 + 1)), "E_IDP_BODY_TOO_BIG"),
        ("/device", Answer(400, {"error": "invalid_client"}), "E_IDP_CLIENT"),
        ("/device", Answer(400, {"error": "invalid_grant"}), "E_IDP_GRANT_TYPE"),
        ("/device", Answer(429, {"error": "slow_down"}), "E_IDP_RATE"),
        ("/device", Answer(body={"device_code": "x"}), "E_IDP_FIELD"),
        ("/jwks", Answer(body={"keys": []}), "E_IDP_NO_KEYS"),
        ("/token", Answer(200, {}), "E_NO_ID_TOKEN"),
        ("/token", Answer(body=b"x" * 10 * 1024 * 1024), "E_IDP_BODY_TOO_BIG"),
        ("/device", Answer(body=b"x" * 10 * 1024 * 1024, chunked=True), "E_IDP_BODY_TOO_BIG"),
        ("/device", Answer(drop=True), "E_IDP_DROPPED"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_an_idp_that_is_broken(idp, path, answer, error):
    idp.script(path, answer, answer)  # keys are asked for again when there is a token
    assert refused(idp) == error


def test_an_idp_without_the_device_grant(idp):
    document = idp.discovery()
    del document["device_authorization_endpoint"]
    idp.script("/.well-known/openid-configuration", Answer(body=document))
    assert refused(idp) == "E_IDP_NO_DEVICE_GRANT"


# case: grant: authorization_pending is asked again at the interval, until the deadline and not after it
def test_the_deadline_ends_the_wait(idp):
    idp.pending = 1000
    assert refused(idp, DEADLINE_MS=2500, **cached(idp)) == "E_DEADLINE"
    assert asked(idp) == ["/device", "/token", "/token"]


def test_it_ends_when_its_peer_goes_while_it_waits(idp):
    idp.pending = 1000
    with judging() as judge:
        judge.peer.send("JUDGE_SIGN_IN", **(setup_fields(idp) | claim_fields() | cached(idp)))
        assert judge.peer.recv().type == "JUDGE_SHOW"
        judge.peer.close()
        assert judge.wait() == (1, b"")


# The other questions.


def test_a_probe(idp):
    with judging() as judge:
        judge.peer.send("JUDGE_PROBE", **setup_fields(idp))
        *kept, probed = answers(judge)
    assert [bool(message.DISCOVERY) for message in kept] == [True, False] and kept[1].JWKS
    assert (probed.type, probed.ISSUER, probed.KEY_COUNT) == ("JUDGE_PROBED", idp.issuer, 3)
    assert (probed.DEVICE_ENDPOINT, probed.TOKEN_ENDPOINT) == (f"{idp.issuer}/device", f"{idp.issuer}/token")
    assert (probed.REVOCATION_ENDPOINT, probed.OFFLINE_ACCESS) == (f"{idp.issuer}/revoke", 1)
    assert probed.LOGIN_PAGE == f"{idp.issuer}/activate"


def without_offline_access(idp):
    """The IdP lists the scope, and refuses it to this client."""
    idp.script("/device", Answer(400, {"error": "invalid_scope"}))


def scopes(idp):
    return [request.form["scope"] for request in idp.requests if request.path == "/device"]


def test_a_probe__client_without_offline_access__says_so(idp):
    without_offline_access(idp)
    with judging() as judge:
        judge.peer.send("JUDGE_PROBE", **setup_fields(idp))
        *_, probed = answers(judge)
    assert (probed.type, probed.OFFLINE_ACCESS) == ("JUDGE_PROBED", 0)
    assert scopes(idp) == ["openid profile offline_access", "openid profile"]


# case: grant: where a client may not ask for offline_access the code is asked for once more, without it
def test_a_sign_in__client_without_offline_access__is_asked_for_without_it(idp):
    without_offline_access(idp)
    shown, *_, done = [message for message in sign_in(idp, **cached(idp)) if message.type != "JUDGE_CACHE"]
    assert (shown.type, done.type) == ("JUDGE_SHOW", "JUDGE_IDENTITY"), done
    assert scopes(idp) == ["openid profile offline_access", "openid profile"]


def revoke(idp, *tokens, **changes):
    with judging() as judge:
        judge.peer.send("JUDGE_REVOKE", REFRESH_TOKEN=list(tokens), **(setup_fields(idp) | changes))
        answer = judge.peer.recv()
        judge.peer.close()
        assert judge.wait() == (0, b"")
        return answer


def revoked(answer):
    assert answer.type == "JUDGE_REVOKED", answer
    return answer.COUNT, answer.LEFT, answer.error


def test_each_token_is_revoked_by_one_request(idp):
    fields = {"CLIENT_AUTH": AUTH["CLIENT_AUTH_POST"], "CLIENT_SECRET": SECRET}
    assert revoked(revoke(idp, "one", "t+w/o", **fields)) == (2, 0, None)
    assert asked(idp) == ["/.well-known/openid-configuration", "/revoke", "/revoke"]
    common = {"token_type_hint": "refresh_token", "client_id": idp.CLIENT_ID, "client_secret": SECRET}
    assert [request.form for request in idp.requests[1:]] == [{"token": "one"} | common, {"token": "t+w/o"} | common]
    idp.requests.clear()
    assert revoked(revoke(idp, **fields, DISCOVERY=json.dumps(idp.discovery()))) == (0, 0, None)
    assert asked(idp) == []


NOT_REVOKED = {
    "type": (Answer(400, {"error": "unsupported_token_type"}), "E_IDP_ERROR"),
    "503": (Answer(503, headers={"Retry-After": "9"}), "E_IDP_STATUS"),
    "429": (Answer(429), "E_IDP_RATE"),
    "404": (Answer(404, {}), "E_IDP_STATUS"),
    "200_with_an_error": (Answer(200, {"error": "server_error"}), "E_IDP_ERROR"),
}


@pytest.mark.parametrize("answer, reason", NOT_REVOKED.values(), ids=NOT_REVOKED.keys())
def test_what_is_not_revoked_is_counted_with_the_first_reason(idp, answer, reason):
    idp.script("/revoke", Answer(), answer, Answer(body="ok"), Answer(500))
    found = revoke(idp, "a", "b-secret", "c", "d")
    assert revoked(found) == (2, 2, reason)
    assert "secret" not in (found.DETAIL or "")


def test_an_idp_that_does_not_answer_is_not_asked_for_every_token(idp):
    idp.script("/revoke", Answer(), *[Answer(500)] * 3)
    assert revoked(revoke(idp, *"abcdefgh")) == (1, 7, "E_IDP_STATUS")
    assert asked(idp).count("/revoke") == 4
    idp.requests.clear()
    idp.script("/revoke", Answer(401, {"error": "invalid_client"}))
    assert revoked(revoke(idp, *"abc")) == (0, 3, "E_IDP_CLIENT")  # nor when it takes this client for nobody
    assert asked(idp).count("/revoke") == 1


def test_revoking_ends_at_the_deadline(idp):
    idp.script("/revoke", Answer(), Answer(hold=True))
    assert revoked(revoke(idp, *"abc", DEADLINE_MS=1000))[:2] == (1, 2)
    assert asked(idp).count("/revoke") == 2
    idp.release()
    idp._released.clear()


def test_nobody_is_asked_who_cannot_revoke(idp):
    document = {name: value for name, value in idp.discovery().items() if name != "revocation_endpoint"}
    found = revoke(idp, "a", DISCOVERY=json.dumps(document))
    assert (found.type, found.error) == ("JUDGE_FAILED", "E_IDP_FIELD") and "revocation_endpoint" in found.DETAIL
    assert asked(idp) == []

# A refresh.


def refresh(idp, **changes):
    """All that is said from the first message on."""
    with judging() as judge:
        token = {"REFRESH_TOKEN": b"old token"}
        judge.peer.send("JUDGE_REFRESH", **(setup_fields(idp) | claim_fields() | cached(idp) | token | changes))
        found = answers(judge)
        judge.peer.close()
        assert judge.wait() == (0, b"")
        return found


def refreshed_answer(idp, without=(), claims=(), **changes):
    tokens = idp.tokens(**dict(claims)) | {"refresh_token": "new token"} | changes
    return Answer(body={name: value for name, value in tokens.items() if name not in without})


REPEATS = {
    "code": ("/token", lambda idp: idp.DEVICE_CODE, lambda idp: sign_in(idp)[-1]),
    "refresh": ("/token", lambda _: "old token", lambda idp: refresh(idp)[-1]),
    "revoke": ("/revoke", lambda _: "old token", lambda idp: revoke(idp, "old token")),
}


# case: refresh: a code or token that the IdP repeats in an error is told to nobody
@pytest.mark.parametrize("path, sent, question", REPEATS.values(), ids=REPEATS.keys())
@pytest.mark.parametrize("where", ["error", "error_description"])
def test_error__idp_repeats_what_was_sent__it_is_left_out(idp, path, sent, question, where):
    error = {"error": "else", "error_description": "No."} | {where: "d" * 250 + f" not known: {sent(idp)}"}
    idp.script(path, Answer(400, error))
    found = question(idp)
    assert found.error == "E_IDP_ERROR"
    assert "ddd" not in found.DETAIL and sent(idp)[:8] not in found.DETAIL and "repeats what was sent" in found.DETAIL


@pytest.mark.parametrize("auth", ["CLIENT_AUTH_NONE", "CLIENT_AUTH_BASIC", "CLIENT_AUTH_POST"])
def test_a_refresh(idp, auth):
    secret = {"CLIENT_SECRET": SECRET} if auth != "CLIENT_AUTH_NONE" else {}
    idp.script("/token", refreshed_answer(idp, refresh_expires_in=1800))
    token, identity = refresh(idp, CLIENT_AUTH=AUTH[auth], **secret)
    assert (token.type, token.REFRESH_TOKEN, token.REFRESH_EXPIRES_IN_S) == ("JUDGE_TOKEN", b"new token", 1800)
    assert (identity.type, identity.ISSUER, identity.SUB, identity.USERNAME) == ("JUDGE_IDENTITY", idp.issuer, "1000", "ada")
    assert identity.all("ROLE") == ["admin", "dev"] and abs(identity.IDP_TIME_S - time.time()) < 60
    assert "REFRESH_TOKEN" not in identity.fields and "UID" not in identity.fields
    (request,) = idp.requests
    assert (request.method, request.path) == ("POST", "/token")
    form = request.form
    assert (form["grant_type"], form["refresh_token"]) == ("refresh_token", "old token") and "scope" not in form
    assert ("client_secret" in form, "authorization" in request.headers) == (auth == "CLIENT_AUTH_POST", auth == "CLIENT_AUTH_BASIC")


# case: refresh: a new refresh token is told before a key is fetched, a signature verified or userinfo asked
@pytest.mark.parametrize("answer, told", [
    ({"id_token": "no.token.at.all"}, "E_JWS_FORM"),
    ({"id_token": ""}, None),
    ({"id_token": 7, "access_token": "\n", "token_type": "Bearer"}, "E_USERINFO"),
    ({"without": ("id_token", "access_token")}, "E_REFRESH_NO_CLAIMS"),
    ({"without": ("id_token", "token_type")}, "E_REFRESH_NO_CLAIMS"),
    ({"claims": {"exp": 1}}, "E_TOKEN_EXPIRED"),
    ({"claims": {"aud": "another"}}, "E_TOKEN_AUD"),
    ({"claims": {"azp": "another"}}, "E_TOKEN_AZP"),
    ({"claims": {"iss": "https://another"}}, "E_TOKEN_ISS"),
    ({"claims": {"iat": None}}, "E_TOKEN_CLAIM"),
    ({"claims": {"iat": 1 << 40}}, "E_TOKEN_EARLY"),
    ({"claims": {"sub": None}}, "E_TOKEN_SUB"),
    ({"claims": {"groups": 7}}, "E_CLAIM_TYPE"),
])
def test_a_refresh_tells_the_new_token_whatever_the_rest_is(idp, answer, told):
    idp.script("/token", refreshed_answer(idp, **answer))
    found = refresh(idp)
    assert (found[0].type, found[0].REFRESH_TOKEN) == ("JUDGE_TOKEN", b"new token")
    assert [message.type for message in found[1:]] == ["JUDGE_FAILED" if told else "JUDGE_IDENTITY"]
    assert not told or found[-1].error == told


def test_a_refresh_tells_the_new_token_before_it_asks_for_keys(idp):
    idp.script("/token", refreshed_answer(idp))
    idp.script("/jwks", Answer(500, "oops"), Answer(500, "oops"))
    found = refresh(idp, JWKS=None)
    assert [message.type for message in found] == ["JUDGE_TOKEN", "JUDGE_FAILED"] and found[-1].error == "E_IDP_STATUS"
    assert asked(idp)[:2] == ["/token", "/jwks"]


@pytest.mark.parametrize("alg", ["none", "HS256"])
def test_a_refresh_takes_no_token_of_another_algorithm(idp, alg):
    forged = idp.keys.token(idp.id_token_claims(), alg)
    idp.script("/token", refreshed_answer(idp, id_token=forged))
    assert refresh(idp)[-1].error == "E_JWS_ALG"


def test_a_refresh_has_claims_that_the_id_token_lacks_from_userinfo(idp):
    idp.script("/token", refreshed_answer(idp, claims={"groups": None}), refreshed_answer(idp, claims={"groups": None}))
    assert refresh(idp)[-1].all("ROLE") == ["admin", "dev"]
    del idp.claims["groups"]
    identity = refresh(idp)[-1]
    assert identity.CLAIM_STATE == CLAIM["CLAIM_MISSING"] and identity.all("ROLE") == []


def test_a_refresh_without_an_id_token_takes_no_times_of_userinfo(idp):
    idp.claims |= {"iat": 1, "auth_time": 2, "acr": "strong"}
    idp.script("/token", refreshed_answer(idp, without=("id_token",)))
    identity = refresh(idp)[-1]
    assert identity.SUB == "1000" and abs(identity.IDP_TIME_S - time.time()) < 60
    assert not {"AUTH_TIME_S", "ACR"} & set(identity.fields)


def test_a_refresh_does_not_need_a_name_or_a_uid(idp):
    del idp.claims["preferred_username"]
    idp.script("/token", refreshed_answer(idp))
    assert refresh(idp, UID_CLAIM="uid_number")[-1].USERNAME == ""


# case: refresh: a refresh is asked for once, whatever becomes of it
@pytest.mark.parametrize("answer, error", [
    (Answer(drop=True), "E_IDP_DROPPED"),
    (Answer(503, {"error": "temporarily_unavailable"}), "E_IDP_ERROR"),
    (Answer(429, {"error": "slow_down"}, headers={"Retry-After": "1"}), "E_IDP_RATE"),
    (Answer(400, {"error": "authorization_pending"}), "E_IDP_ERROR"),
    (Answer(400, {"error": "invalid_grant"}), "E_INVALID_GRANT"),
    (Answer(400, {"error": "invalid_grant", "refresh_token": "new", "access_token": "a"}), "E_INVALID_GRANT"),
    (Answer(body={"refresh_token": 7, "id_token": "x"}), "E_IDP_FIELD"),
    (Answer(body={}), "E_IDP_FIELD"),
])
def test_a_refresh_is_asked_for_once(idp, answer, error):
    idp.script("/token", answer)
    (failed,) = refresh(idp)
    assert (failed.type, failed.error) == ("JUDGE_FAILED", error) and asked(idp) == ["/token"]


@pytest.mark.parametrize("token", [b"", b"x" * 16384])
def test_a_refresh_with_a_token_at_its_bounds(idp, token):
    if not token:
        assert refresh(idp, REFRESH_TOKEN=token)[-1].error == "E_INVALID" and asked(idp) == []
        return
    idp.script("/token", refreshed_answer(idp, refresh_token="y" * 16384))
    told, identity = refresh(idp, REFRESH_TOKEN=token)
    assert told.REFRESH_TOKEN == b"y" * 16384 and identity.type == "JUDGE_IDENTITY"
    assert idp.requests[-1].form["refresh_token"] == token.decode()



def test_a_check_takes_no_cached_word_and_no_missing_secret(idp):
    """What it makes of each answer is in test_check.py."""
    for fields, expected in ((cached(idp), ("JUDGE_DONE", None)),
                             ({"CLIENT_AUTH": AUTH["CLIENT_AUTH_BASIC"]}, ("JUDGE_FAILED", "E_CONFIG"))):  # fmt: skip
        idp.requests.clear()
        with judging() as judge:
            judge.peer.send("JUDGE_CHECK", **(setup_fields(idp) | fields))
            answer = judge.peer.recv()
        assert (answer.type, answer.error) == expected
        assert asked(idp) == ([] if answer.error else ["/.well-known/openid-configuration", "/token"])


# case: rule: all rules that match apply, and any value may match
def test_rules_on_claims():
    with judging(with_fetch=False) as judge:
        claims = {"sub": "1", "preferred_username": "Ada", "groups": ["eng-1", "eng-2", "x"]}
        judge.peer.send("JUDGE_RULES", CLAIMS=json.dumps(claims), **claim_fields())
        *matches, done = answers(judge)
    assert [(match.RULE, match.CLAIM_VALUE) for match in matches] == [
        ("dev = ~eng.*", "eng-1"), ("dev = ~eng.*", "eng-2")]  # fmt: skip
    assert (done.type, done.USERNAME, done.all("ROLE")) == ("JUDGE_DONE", "ada", ["dev"])


# case: rule: a bad pattern is refused with its column
def test_every_bad_rule_is_named():
    with judging(with_fetch=False) as judge:
        rules = ["admin = ~(", "dev = ok", "Bad = x"]
        judge.peer.send("JUDGE_RULES", **claim_fields(RULE=rules))
        *wrong, failed = answers(judge)
    assert [(match.RULE, match.error) for match in wrong] == [(rules[0], "E_RULE_PATTERN"), (rules[2], "E_RULE_ROLE")]
    assert failed.type == "JUDGE_FAILED" and failed.error == "E_RULE_ROLE"


def verify(idp, token, **changes):
    fields = {"JWKS": json.dumps(idp.keys.jwks()), "ISSUER": idp.issuer, "CLIENT_ID": idp.CLIENT_ID, "ALG": list(ALGS),
              "SKEW_S": 60}  # fmt: skip
    with judging(with_fetch=False) as judge:
        judge.peer.send("JUDGE_VERIFY", TOKEN=token, **(fields | changes))
        *passed, last = answers(judge)
    return [match.DETAIL for match in passed], last.error if last.type == "JUDGE_FAILED" else "OK"


def test_a_token_looked_at(idp):
    steps = ["form and algorithm", "a key of the set fits", "signature", "iss", "aud, azp", "exp, iat, nbf", "sub",
             "acr, auth_time"]  # fmt: skip
    token = idp.keys.token(idp.id_token_claims())
    assert verify(idp, token) == (steps, "OK")
    assert verify(idp, token, ISSUER="https://evil.example") == (steps[:3], "E_TOKEN_ISS")
    assert verify(idp, token, CLIENT_ID="other") == (steps[:4], "E_TOKEN_AUD")
    assert verify(idp, token[:-8] + "AAAAAAAA") == (steps[:2], "E_JWS_SIGNATURE")
    assert verify(idp, token, ALG=["ES256"]) == ([], "E_JWS_ALG")
    assert verify(idp, "x") == ([], "E_JWS_FORM")
    assert verify(idp, token, SKEW_S=2**63)[1] == "E_INVALID"


# What it does not take.


@pytest.mark.parametrize(
    "frame",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        wire.encode("JUDGE_DONE"),
        wire.encode("FETCH_REQUEST", METHOD=0),
        wire.encode("JUDGE_SIGN_IN", ISSUER="https://idp.example"),
        wire.encode("SIGN_IN", SERVICE="sshd"),
    ],
    ids=["rubbish", "answer", "foreign", "incomplete", "another's"],
)
def test_it_ends_at_a_message_that_may_not_come(frame):
    with judging(with_fetch=False) as judge:
        judge.peer.socket.sendall(frame)
        assert judge.wait() == (1, b"")


def test_a_question_that_needs_fetch_without_one(idp):
    with judging(with_fetch=False) as judge:
        judge.peer.send("JUDGE_PROBE", **setup_fields(idp))
        assert answers(judge)[-1].type == "JUDGE_FAILED"


# Its confinement.


@pytest.fixture
def confined(idp, tmp_path):
    """A judge that was started with as much as can be inherited, and waits for an approval."""
    idp.pending = 1000
    leak = os.open(tmp_path / "leak", os.O_RDWR | os.O_CREAT)
    wrapper = "setpriv --groups=4,27 --inh-caps=+net_raw"
    with judging(pass_fds=(leak,), wrapper=wrapper) as judge:
        os.close(leak)
        judge.peer.send("JUDGE_SIGN_IN", **(setup_fields(idp) | claim_fields() | cached(idp)))
        assert judge.peer.recv().type == "JUDGE_SHOW"
        yield judge


def test_it_is_its_own_user_for_good_and_may_do_nothing_else(confined):
    status = confined.status()
    assert status["Uid"].split() == status["Gid"].split() == [str(USERS["cosmo-sso-judge"])] * 4
    assert status["Groups"].split() == [] and status["NoNewPrivs"].strip() == "1"
    assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert (status["Umask"].strip(), status["Threads"].strip()) == ("0077", "1")


def test_nobody_else_may_look_into_it(confined):
    """The kernel gives the files of a process that is not dumpable to root."""
    assert confined.proc("mem").stat().st_uid == 0


def test_it_has_its_own_session_and_stands_in_the_root(confined):
    assert os.getsid(confined.pid) == os.getpgid(confined.pid) == confined.pid
    assert os.readlink(confined.proc("cwd")) == "/"


def test_it_keeps_two_sockets_and_nothing_else(confined, tmp_path):
    """No file either: what OpenSSL reads at its start would be one."""
    links = {int(entry.name): os.readlink(entry) for entry in confined.proc("fd").iterdir()}
    assert set(links) == {0, 1, 2, 3, 4} and str(tmp_path / "leak") not in links.values()
    assert all(stat.S_ISSOCK(confined.proc(f"fd/{number}").stat().st_mode) for number in (3, 4))


def test_its_limits_are_set_hard(confined):
    limits = {line[:26].strip(): line[26:].split() for line in confined.proc("limits").read_text().splitlines()[1:]}
    zero = ("Max file size", "Max core file size", "Max msgqueue size", "Max processes")
    assert [limits[name][:2] for name in zero] == [["0", "0"]] * 4
    for name in ("Max open files", "Max cpu time"):
        assert limits[name][0] == limits[name][1] != "unlimited"


CONNECT = """
import socket, sys
for family, place in ((socket.AF_INET, sys.argv[1]), (socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "::1")):
    with socket.socket(family) as probe:
        try:
            probe.connect((place, int(sys.argv[2])))
            print("connected")
        except OSError as error:
            print(error.strerror)
"""


def test_it_cannot_connect_anywhere(confined):
    """Its network has nothing but a loopback that is down; who stands there reaches nobody, who stands here does."""
    assert os.readlink(confined.proc("ns/net")) != os.readlink("/proc/self/ns/net")
    inside = ["nsenter", f"--net={confined.proc('ns/net')}"]
    shown = subprocess.run([*inside, "ip", "-json", "link"], check=True, capture_output=True, text=True).stdout
    assert [(link["ifname"], "UP" in link["flags"]) for link in json.loads(shown)] == [("lo", False)]
    with socket.create_server(("127.0.0.1", 0)) as server:
        probe = [sys.executable, "-c", CONNECT, "127.0.0.1", str(server.getsockname()[1])]
        there = subprocess.run([*inside, *probe], check=True, capture_output=True, text=True).stdout.split("\n")
        here = subprocess.run(probe, check=True, capture_output=True, text=True).stdout.split("\n")
    assert here[0] == "connected"
    assert there[:2] == ["Network is unreachable"] * 2 and "connected" not in there


@pytest.mark.parametrize("alg", ALGS)
def test_it_opens_nothing_once_it_is_asked(idp, tmp_path, alg):
    """Its own start does: the positive control. Libraries that read something when they are first used would be seen."""
    trace, idp.alg = tmp_path / "trace", alg
    wrapper = f"strace -f -o {trace} -e trace=%file,%desc,%network,%process"
    with judging(wrapper=wrapper) as judge:
        judge.peer.send("JUDGE_SIGN_IN", **(setup_fields(idp) | claim_fields()))
        assert answers(judge)[-1].type == "JUDGE_IDENTITY"
        judge.peer.close()
        assert judge.wait() == (0, b"")
    before, _, after = trace.read_text().partition("recvmsg(3")
    calls = {line.split()[1].partition("(")[0] for line in after.splitlines()[1:]} - {"+++"}
    assert "/etc/passwd" in before and "recvmsg" in calls
    assert calls <= {"sendto", "sendmsg", "recvmsg", "poll", "mmap", "munmap", "close", "exit_group"}, calls


def test_the_environment_has_no_say(idp, tmp_path):
    """OpenSSL would read its configuration from there, and allocators their orders."""
    bad = tmp_path / "openssl.cnf"
    bad.write_text("openssl_conf = init\n[init]\nproviders = p\n[p]\nnull = n\n[n]\nactivate = 1\n")
    token = idp.keys.token(idp.id_token_claims())
    fields = {"JWKS": json.dumps(idp.keys.jwks()), "ALG": list(ALGS), "SKEW_S": 60}
    with judging(with_fetch=False, env={"OPENSSL_CONF": str(bad), "OPENSSL_MODULES": "/nonexistent"}) as judge:
        judge.peer.send("JUDGE_VERIFY", TOKEN=token, **fields)
        assert answers(judge)[-1].type == "JUDGE_DONE"


@pytest.mark.parametrize(
    "line", ["", "cosmo-sso-judge:x:0:64101:::\n", "cosmo-sso-judge:x:64101:0:::\n", "cosmo-sso-judge:x:::::\n"]
)
def test_without_its_own_user_it_does_not_start(line):
    with judging(with_fetch=False, files={"/etc/passwd": "root:x:0:0:root:/root:/bin/sh\n" + line}) as judge:
        assert judge.wait() == (1, b"")


@pytest.mark.parametrize("user", ["--reuid=65534 --regid=65534 --clear-groups", "--bounding-set=-setuid"])
def test_without_the_power_to_become_that_user_it_does_not_start(user):
    with judging(with_fetch=False, wrapper=f"setpriv {user}") as judge:
        assert judge.wait() == (1, b"")
