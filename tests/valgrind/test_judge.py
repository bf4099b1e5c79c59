# SPDX-License-Identifier: MIT
"""The judge under valgrind, in its own sandbox, twenty whole exchanges and more, through the built fetch.

Needs root and COSMO_BUILD_DIR, of a build without sanitizers."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import valgrind  # noqa: E402
from support.fake_idp import Answer, FakeIdp  # noqa: E402
from support.program import Program, built  # noqa: E402

JUDGE, FETCH = "pam_cosmo_sso/judge/cosmo-sso-judge", "pam_cosmo_sso/fetch/cosmo-sso-fetch"
FDS = 16  # what it limits itself to
LONG_MS = 300_000


def question(idp):
    return {
        "ISSUER": idp.issuer, "CLIENT_ID": idp.CLIENT_ID, "CLIENT_AUTH": 0, "SCOPES": "openid profile", "SKEW_S": 60,
        "CA_PEM": idp.ca_pem, "ALG": ["RS256", "ES256", "EdDSA"], "DEADLINE_MS": LONG_MS,
    }  # fmt: skip


RULES = {
    "USERNAME_CLAIM": "preferred_username", "SUBJECT_CLAIM": "sub", "NAME_CLAIM": "name", "ROLES_CLAIM": "groups",
    "RULE": ["admin = admins", "developer = ~dev.*"], "KEEP_DOMAINS": 0,
}  # fmt: skip


def judged(message, **fields):
    """The last answer of a judge under valgrind, and fetch's end with it."""
    with Program(built(FETCH)) as fetch:
        wrapper = " ".join(valgrind.with_descriptors(FDS))
        with Program(built(JUDGE), second=fetch.peer.socket, wrapper=wrapper) as judge:
            judge.peer.send(message, **fields)
            while (answer := judge.peer.recv()).type in ("JUDGE_SHOW", "JUDGE_CACHE", "JUDGE_MATCH"):
                pass
            status, said = judge.wait()
        valgrind.check(said.decode(), 1)
        assert status == 0
        assert fetch.wait() == (0, b"")
    return answer.type if answer.type != "JUDGE_FAILED" else answer.error


def token(idp, **claims):
    return Answer(body=idp.tokens(**claims))


@pytest.fixture(params=["RS256", "ES256", "EdDSA"])
def idp(request):
    with FakeIdp(algs=(request.param,)) as idp:
        yield idp


def test_judge__sign_in__clean(idp):
    assert judged("JUDGE_SIGN_IN", **question(idp), **RULES) == "JUDGE_IDENTITY"


def test_judge__probe__clean(idp):
    assert judged("JUDGE_PROBE", **question(idp)) == "JUDGE_PROBED"


REFUSALS = {
    "denied": ("/token", Answer(400, {"error": "access_denied"}), "E_DENIED"),
    "expired": ("/token", Answer(400, {"error": "expired_token"}), "E_CODE_EXPIRED"),
    "not_json": ("/.well-known/openid-configuration", Answer(200, "{" * 10000), "E_IDP_NOT_JSON"),
    "not_a_token": ("/token", Answer(200, {"access_token": "a", "token_type": "Bearer", "id_token": "a.b.c"}),
                    "E_JWS_FORM"),
    "no_discovery": ("/.well-known/openid-configuration", Answer(404, "not here"), "E_IDP_GONE"),
    "no_keys": ("/jwks", Answer(200, {"keys": [{"kty": "RSA", "n": "AQAB", "e": "!"}]}), "E_JWS_KEY"),
    "no_code": ("/device", Answer(400, {"error": "invalid_client"}), "E_IDP_CLIENT"),
    "dropped": ("/device", Answer(drop=True), "E_IDP_DROPPED"),
}  # fmt: skip


@pytest.mark.parametrize("path, answer, error", REFUSALS.values(), ids=REFUSALS.keys())
def test_judge__refused__clean(path, answer, error):
    with FakeIdp() as idp:
        idp.script(path, *[answer] * 4)
        outcome = judged("JUDGE_SIGN_IN", **question(idp), **RULES)
    assert outcome == error


@pytest.mark.parametrize("claims, error", [
    ({"iss": "https://other.example"}, "E_TOKEN_ISS"), ({"aud": "another"}, "E_TOKEN_AUD"),
    ({"exp": 1}, "E_TOKEN_EXPIRED"), ({"groups": {"nested": [1, None]}}, "JUDGE_IDENTITY"),
])  # fmt: skip
def test_judge__claims_that_do_not_hold__clean(claims, error):
    with FakeIdp() as idp:
        idp.script("/token", token(idp, **claims))
        outcome = judged("JUDGE_SIGN_IN", **question(idp), **RULES)
    assert outcome == error


def test_judge__rules_and_tokens__clean():
    claims = b'{"sub": "1", "preferred_username": "ada", "groups": ["devs", "admins", "others"]}'
    assert judged("JUDGE_RULES", **RULES, CLAIMS=claims) == "JUDGE_DONE"
    assert judged("JUDGE_RULES", **(RULES | {"RULE": ["admin = ~("]}), CLAIMS=claims) == "E_RULE_PATTERN"
    with FakeIdp() as idp:
        tokens, jwks = idp.tokens(), Answer(body=idp.keys.jwks()).data()
        fields = {"JWKS": jwks, "ISSUER": idp.issuer, "CLIENT_ID": idp.CLIENT_ID, "ALG": ["RS256"], "SKEW_S": 60}
        assert judged("JUDGE_VERIFY", TOKEN=tokens["id_token"], **fields) == "JUDGE_DONE"
        assert judged("JUDGE_VERIFY", TOKEN=tokens["id_token"][:-4] + "AAAA", **fields) == "E_JWS_SIGNATURE"
