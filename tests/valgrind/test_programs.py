# SPDX-License-Identifier: MIT
"""Helper, judge and fetch under valgrind, each in its own sandbox, twenty whole exchanges and more of each.

Needs root and COSMO_BUILD_DIR, of a build without sanitizers."""

import contextlib
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import valgrind, wire  # noqa: E402
from support.fake_idp import Answer, FakeIdp  # noqa: E402
from support.fake_proxy import FakeProxy  # noqa: E402
from support.helper_rig import HelperRig  # noqa: E402
from support.program import Program, built  # noqa: E402

JUDGE, FETCH = "pam_cosmo_sso/judge/cosmo-sso-judge", "pam_cosmo_sso/fetch/cosmo-sso-fetch"
# What each limits itself to.
HELPER_FDS, JUDGE_FDS, FETCH_FDS = 4096, 16, 64
LONG_MS = 300_000
CONFIG = """
[integration]
issuer = https://idp.example.org
client_id = cosmo-test
claim = groups
[rules]
admin = admins
developer = ~dev.*
[access]
vault = admin
"""


# The helper, with a scripted judge in the first two, with the built judge and fetch in the last.


@contextlib.contextmanager
def helper_rig(config=CONFIG):
    with HelperRig(valgrind.with_descriptors(HELPER_FDS)) as rig:
        rig.configure(config)
        yield rig
        for exchange in rig.exchanges:
            exchange.close()
        # Each leaves its caller's family, so there are two: the one that was started, and its child.
        valgrind.check(rig.reports.take(), 2 * len(rig.exchanges))
        rig.exchanges.clear()


def failed(symbol):
    return f"show(); peer.send('JUDGE_FAILED', ERR={wire.ERROR_NUMBERS[symbol]}, DETAIL='why')"


JUDGES = {
    "show(); identity()": "OK",
    "show(); identity(ROLE=['admin', 'developer'], ACR='high', AMR=['pwd', 'otp'])": "OK",
    "show(); identity(USERNAME='eve')": "E_OTHER_USER",
    "show(); identity(SUB='2000')": "E_OTHER_SUBJECT",
    "show(); identity(ROLE=['root'])": "E_RULE_ROLE",
    "show(); identity(ROLE=None, CLAIM_STATE=2)": "E_CLAIM_MISSING",
    "show(); identity(IDP_TIME_S=2**63)": "E_PROTOCOL",
    "identity()": "E_PROTOCOL",
    "show(); show()": "E_PROTOCOL",
    "peer.socket.sendall(b'GET / HTTP/1.1\\r\\n\\r\\n')": "E_PROTOCOL",
    "show(); sys.exit(0)": "E_PEER_GONE",
    "peer.send('JUDGE_CACHE', DISCOVERY=b'{}', JWKS=b'{}', MAX_AGE_S=60); show(); identity()": "OK",
    failed("E_DENIED"): "E_DENIED",
    failed("E_CODE_EXPIRED"): "E_CODE_EXPIRED",
}


def test_helper__sign_ins__clean():
    with helper_rig() as rig:
        rig.store("connect")
        for body, outcome in JUDGES.items():
            rig.false_judge(body)
            assert rig.sign_in().result() == outcome, body
        rig.false_judge("show()")
        exchange = rig.sign_in()
        assert exchange.recv().type == "SHOW"
        exchange.peer.close()


def test_helper__account_and_sessions__clean():
    with helper_rig() as rig:
        rig.store("connect", "user=ada,admin", "user=vic,viewer", "user=jail,admin,locked")
        outcomes = [rig.ask("ACCOUNT", USER=user, SERVICE="vault").result() for user in ("ada", "vic", "jail", "zoe")]
        assert outcomes == ["OK", "E_SERVICE", "E_LOCKED", "E_NOT_ENROLLED"]
        sessions = ("OPEN_SESSION", "CLOSE_SESSION", "CLOSE_SESSION")
        assert [rig.ask(session, TTY="pts/7").result() for session in sessions] == ["OK"] * 3
        rig.configure("nonsense\n")
        assert rig.ask("ACCOUNT").result() == "E_CONFIG"
        exchange = rig.start()
        exchange.peer.send("JUDGE_RULES")
        with pytest.raises((EOFError, ConnectionResetError)):
            exchange.recv()


def admin(rig, message, **fields):
    exchange = rig.start("ctl")
    exchange.peer.send(message, **fields)
    while (answer := exchange.recv()).type != "RESULT":
        pass
    return "OK" if answer.ERR == 0 else answer.error


def test_helper__administration__clean():
    with FakeIdp() as idp, helper_rig() as rig:
        (rig.folder / "conf/ca.pem").write_bytes(idp.ca_pem)
        there = f"client_id = {idp.CLIENT_ID}\nca_file = /etc/cosmo-sso/ca.pem\nalgs = RS256"
        text = CONFIG.replace("https://idp.example.org", idp.issuer).replace("client_id = cosmo-test", there)
        idp.script("/device", Answer(401, {"error": "invalid_client"}))
        assert admin(rig, "CTL_CONNECT", CONFIG=text) != "OK"
        assert admin(rig, "CTL_CONNECT", CONFIG=text) == "OK"
        for message in ("CTL_APPLY", "CTL_STATUS", "CTL_USER_LIST", "CTL_BOOT", "CTL_CHECK_CONFIG"):
            assert admin(rig, message) == "OK", message
        assert admin(rig, "CTL_USER_ADD", USER="dora") == "OK"
        assert rig.sign_in().result() == "OK"
        assert admin(rig, "CTL_USER_SHOW", USER="ada") == "OK"
        assert admin(rig, "CTL_ROLES_TEST", CLAIMS='{"sub": "1", "preferred_username": "ada", "groups": ["devs"]}') == "OK"
        assert admin(rig, "CTL_CHECK_CONFIG", CONFIG="[nonsense]\n") == "E_CONFIG"


# The judge, through the built fetch.


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
        wrapper = " ".join(valgrind.with_descriptors(JUDGE_FDS))
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


# Fetch, which leaves a pair of sockets and a connection of libcurl's to its end.

KEPT_BY_LIBCURL = r"Open AF_(UNIX|INET6?) socket [456]: "


@contextlib.contextmanager
def fetch():
    with Program(built(FETCH), wrapper=" ".join(valgrind.with_descriptors(FETCH_FDS))) as program:
        yield program
        program.peer.close()
        status, said = program.wait()
        valgrind.check(said.decode(), 1, may_keep=KEPT_BY_LIBCURL)
        assert status == 0


def ask(program, url, method="FETCH_GET", total_ms=LONG_MS, **fields):
    timeouts = {"CONNECT_TIMEOUT_MS": LONG_MS, "TIMEOUT_MS": total_ms}
    program.peer.send("FETCH_REQUEST", METHOD=wire.METHODS[method], URL=url, **fields, **timeouts)
    answer = program.peer.recv()
    return answer.HTTP_STATUS if answer.type == "FETCH_RESPONSE" else answer.error


ANSWERS = {
    "small": (Answer(body="{}"), 200),
    "none": (Answer(204), 204),
    "an_error": (Answer(400, {"error": "slow_down"}, {"Retry-After": "7"}), 400),
    "dated": (Answer(headers={"Date": "Sun, 06 Nov 1994 08:49:37 GMT", "Cache-Control": "max-age=90"}), 200),
    "chunked": (Answer(body="x" * 5000, chunked=True), 200),
    "largest": (Answer(body="x" * 256 * 1024), 200),
    "too_large": (Answer(body="x" * 300 * 1024), "E_IDP_BODY_TOO_BIG"),
    "redirect": (Answer(302, headers={"Location": "https://elsewhere.example/?code=secret"}), "E_IDP_REDIRECT"),
    "cut": (Answer(body="half of this", cut=True), "E_IDP_DROPPED"),
    "cut_chunks": (Answer(body="x" * 5000, chunked=True, cut=True), "E_IDP_DROPPED"),
    "many_headers": (Answer(headers={f"X-{number}": "x" * 8000 for number in range(40)}), "E_IDP_BODY_TOO_BIG"),
    "unending": (Answer(body='{"keys": [', length=-1), 200),
}


@pytest.mark.parametrize("answer, outcome", ANSWERS.values(), ids=ANSWERS.keys())
def test_fetch__answers__clean(answer, outcome):
    with FakeIdp() as idp, fetch() as program:
        idp.script("/token", answer)
        post = {"method": "FETCH_POST", "BODY": "a=b", "AUTHORIZATION": "Basic YTpi"}
        assert ask(program, f"{idp.issuer}/token", CA_PEM=idp.ca_pem, **post) == outcome
        assert ask(program, f"{idp.issuer}/jwks", CA_PEM=idp.ca_pem) == 200


TROUBLE = {
    "system_ca": ("https://localhost:{port}/jwks", {"CA_PEM": None}, "E_TLS_TRUST"),
    "other_name": ("https://127.0.0.2:{port}/jwks", {}, "E_TLS_TRUST"),
    "bad_ca": ("https://localhost:{port}/jwks", {"CA_PEM": b"rubbish"}, "E_TLS_TRUST"),
    "plain": ("http://localhost:{port}/jwks", {}, "E_INVALID"),
    "unknown_host": ("https://idp.invalid/", {}, "E_DNS"),
    "nobody_there": ("https://127.0.0.1:1/", {}, "E_CONNECT"),
    "bad_proxy": ("https://localhost:{port}/jwks", {"PROXY": "socks5://localhost"}, "E_PROXY"),
}


@pytest.mark.parametrize("url, fields, outcome", TROUBLE.values(), ids=TROUBLE.keys())
def test_fetch__trouble__clean(url, fields, outcome):
    with FakeIdp() as idp, fetch() as program:
        assert ask(program, url.format(port=idp.port), **({"CA_PEM": idp.ca_pem} | fields)) == outcome


def test_fetch__proxy_and_deadline__clean():
    with FakeIdp() as idp, FakeProxy() as proxy, fetch() as program:
        idp.script("/jwks", Answer(), Answer(hold=True))
        through = {"CA_PEM": idp.ca_pem, "PROXY": f"http://me:pw@{proxy.address}"}
        assert ask(program, f"{idp.issuer}/jwks", **through) == 200
        assert ask(program, f"{idp.issuer}/jwks", total_ms=300, **through) == "E_IDP_TIMEOUT"


def test_fetch__peer_gone__clean():
    with FakeIdp() as idp, fetch() as program:
        idp.script("/jwks", Answer(hold=True))
        timeouts = {"CONNECT_TIMEOUT_MS": LONG_MS, "TIMEOUT_MS": LONG_MS}
        program.peer.send("FETCH_REQUEST", METHOD=0, URL=f"{idp.issuer}/jwks", CA_PEM=idp.ca_pem, **timeouts)
        idp.wait_for(1)
