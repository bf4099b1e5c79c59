# SPDX-License-Identifier: MIT
"""Fetch under valgrind, in its own sandbox, twenty whole exchanges and more.

Needs root and COSMO_BUILD_DIR, of a build without sanitizers."""

import contextlib
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import valgrind, wire  # noqa: E402
from support.fake_idp import Answer, FakeIdp  # noqa: E402
from support.fake_proxy import FakeProxy  # noqa: E402
from support.program import Program, built  # noqa: E402

FETCH = "pam_cosmo_sso/fetch/cosmo-sso-fetch"
FDS = 64  # what it limits itself to
LONG_MS = 300_000

# It leaves a pair of sockets and a connection of libcurl's to its end.
KEPT_BY_LIBCURL = r"Open AF_(UNIX|INET6?) socket [456]: "


@contextlib.contextmanager
def fetch():
    with Program(built(FETCH), wrapper=" ".join(valgrind.with_descriptors(FDS))) as program:
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


def test_fetch__answers__clean():
    with FakeIdp() as idp, fetch() as program:
        for name, (answer, outcome) in ANSWERS.items():
            idp.script("/token", answer)
            post = {"method": "FETCH_POST", "BODY": "a=b", "AUTHORIZATION": "Basic YTpi"}
            assert ask(program, f"{idp.issuer}/token", CA_PEM=idp.ca_pem, **post) == outcome, name
            assert ask(program, f"{idp.issuer}/jwks", CA_PEM=idp.ca_pem) == 200, name


TROUBLE = {
    "system_ca": ("https://localhost:{port}/jwks", {"CA_PEM": None}, "E_TLS_TRUST"),
    "other_name": ("https://127.0.0.2:{port}/jwks", {}, "E_TLS_TRUST"),
    "bad_ca": ("https://localhost:{port}/jwks", {"CA_PEM": b"rubbish"}, "E_TLS_TRUST"),
    "plain": ("http://localhost:{port}/jwks", {}, "E_INVALID"),
    "unknown_host": ("https://idp.invalid/", {}, "E_DNS"),
    "nobody_there": ("https://127.0.0.1:1/", {}, "E_CONNECT"),
    "bad_proxy": ("https://localhost:{port}/jwks", {"PROXY": "socks5://localhost"}, "E_PROXY"),
}


def test_fetch__trouble__clean():
    with FakeIdp() as idp, fetch() as program:
        for name, (url, fields, outcome) in TROUBLE.items():
            assert ask(program, url.format(port=idp.port), **({"CA_PEM": idp.ca_pem} | fields)) == outcome, name


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
