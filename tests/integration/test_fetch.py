# SPDX-License-Identifier: MIT
"""The built cosmo-sso-fetch against an IdP that misbehaves. Needs root and COSMO_BUILD_DIR."""

import os
import pathlib
import select
import socket
import ssl
import stat
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import port, wire  # noqa: E402
from support.fake_idp import Answer, FakeIdp  # noqa: E402
from support.fake_proxy import FakeProxy  # noqa: E402
from support.opened import Opened  # noqa: E402
from support.program import USERS, Program, built  # noqa: E402

FETCH = "pam_cosmo_sso/fetch/cosmo-sso-fetch"
MAX_BODY = 256 * 1024
LONG_MS = 300_000  # the longest that may be asked for: what ends sooner was ended by something else


def fetch(**options):
    return Program(built(FETCH), **options)


def ask(program, url, method="FETCH_GET", connect_ms=LONG_MS, total_ms=LONG_MS, **fields):
    timeouts = {"CONNECT_TIMEOUT_MS": connect_ms, "TIMEOUT_MS": total_ms}
    program.peer.send("FETCH_REQUEST", METHOD=wire.METHODS[method], URL=url, **fields, **timeouts)


def get(program, idp, path="/jwks", host="localhost", **fields):
    ask(program, f"https://{host}:{idp.port}{path}", CA_PEM=idp.ca_pem, **fields)
    return program.peer.recv()


@pytest.fixture
def idp():
    with FakeIdp() as idp:
        yield idp


@pytest.fixture
def program():
    with fetch() as program:
        yield program
        program.peer.close()
        assert program.wait() == (0, b"")


@pytest.fixture
def closed_port():
    with port.hold() as held:
        yield port.number_of(held)


# The rig.


def test_scripted_idp__closed__refuses(program):
    with FakeIdp() as gone:
        assert get(program, gone).HTTP_STATUS == 200
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", gone.port))


# What works.


def test_three_requests_share_one_connection(program, idp):
    for path in ("/jwks", "/jwks", "/.well-known/openid-configuration"):
        answer = get(program, idp, path)
        assert (answer.type, answer.HTTP_STATUS) == ("FETCH_RESPONSE", 200)
    assert idp.issuer.encode() in answer.BODY
    assert (idp.handshakes, len(idp.requests)) == (1, 3)


def test_a_get_is_sent_as_promised(program, idp):
    get(program, idp, "/jwks?a=b", AUTHORIZATION="Bearer of-bad-news")
    request = idp.requests[0]
    assert (request.method, request.path, request.query, request.body) == ("GET", "/jwks", "a=b", b"")
    assert request.headers.pop("user-agent").startswith("cosmo-sso/")
    assert request.headers == {
        "host": f"localhost:{idp.port}",
        "accept": "application/json",
        "authorization": "Bearer of-bad-news",
    }


def test_a_post_is_sent_as_promised(program, idp):
    body = b"grant_type=refresh_token&refresh_token=" + b"x" * 5000  # libcurl would "Expect: 100-continue"
    get(program, idp, "/token", method="FETCH_POST", BODY=body)
    request = idp.requests[0]
    assert (request.method, request.body) == ("POST", body)
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert not {"expect", "authorization", "cookie", "accept-encoding"} & set(request.headers)


def test_an_empty_post_has_an_empty_body(program, idp):
    assert get(program, idp, "/revoke", method="FETCH_POST").BODY == b""
    assert (idp.requests[0].method, idp.requests[0].headers["content-length"]) == ("POST", "0")


def test_the_status_is_passed_on_with_the_body(program, idp):
    idp.script("/token", Answer(400, {"error": "slow_down"}), Answer(503, b"\0\xff", {"Retry-After": "7"}), Answer(204))
    answers = [get(program, idp, "/token", method="FETCH_POST") for _ in range(3)]
    assert [answer.HTTP_STATUS for answer in answers] == [400, 503, 204]
    assert [answer.BODY for answer in answers] == [b'{"error": "slow_down"}', b"\0\xff", b""]
    assert [answer.RETRY_AFTER_S for answer in answers] == [None, 7, None]


def test_the_headers_that_matter_are_read(program, idp):
    headers = {"Date": "Sun, 06 Nov 1994 08:49:37 GMT", "Cache-Control": "public, max-age=90", "Set-Cookie": "a=b"}
    idp.script("/jwks", Answer(headers=headers), Answer(headers={"Date": None}))
    first, second = get(program, idp), get(program, idp)
    assert (first.DATE_S, first.MAX_AGE_S, first.RETRY_AFTER_S) == (784111777, 90, None)
    assert (second.DATE_S, second.MAX_AGE_S) == (None, None)
    assert "cookie" not in idp.requests[1].headers


# case: grant: a reply that comes in pieces is read whole
def test_a_chunked_answer_and_the_largest_one_arrive_whole(program, idp):
    largest = os.urandom(MAX_BODY)
    idp.script("/jwks", Answer(body=largest, chunked=True), Answer(body=largest))
    assert get(program, idp).BODY == largest
    assert get(program, idp).BODY == largest


def test_an_answer_may_end_with_its_connection(program, idp):
    """Old style, and nothing tells it from a cut; the reader of the JSON does."""
    idp.script("/jwks", Answer(body='{"keys": [', length=-1))
    assert get(program, idp).BODY == b'{"keys": ['


def test_a_get_survives_a_connection_that_the_idp_closed(program, idp):
    get(program, idp)
    idp.drop_connections()
    assert get(program, idp).HTTP_STATUS == 200
    assert idp.handshakes == 2


# What goes wrong on the way.


# case: grant: a dropped or half-sent reply is a fault, and never half an answer
# case: grant: an answer of more than 256 KiB is refused, however large it goes on to be
# case: grant: a redirect is never followed
@pytest.mark.parametrize(
    "answer, error",
    [
        (Answer(302, headers={"Location": "/elsewhere"}), "E_IDP_REDIRECT"),
        (Answer(307, headers={"Location": "http://localhost/"}), "E_IDP_REDIRECT"),
        (Answer(304), "E_IDP_REDIRECT"),
        (Answer(drop=True), "E_IDP_DROPPED"),
        (Answer(body="half of this", cut=True), "E_IDP_DROPPED"),
        (Answer(body="x" * 5000, chunked=True, cut=True), "E_IDP_DROPPED"),
        (Answer(body="longer than it is", length=100), "E_IDP_DROPPED"),
        (Answer(body=b"x" * (MAX_BODY + 1)), "E_IDP_BODY_TOO_BIG"),
        (Answer(body=b"x" * (MAX_BODY + 1), chunked=True), "E_IDP_BODY_TOO_BIG"),
        (Answer(body=b"x" * 10 * 1024 * 1024), "E_IDP_BODY_TOO_BIG"),
        (Answer(body=b"x" * 10 * 1024 * 1024, chunked=True), "E_IDP_BODY_TOO_BIG"),
        (Answer(headers={f"X-{number}": "x" * 8000 for number in range(40)}), "E_IDP_BODY_TOO_BIG"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_answer_is_a_failure_and_the_next_request_works(program, idp, answer, error):
    idp.script("/jwks", answer)
    failed = get(program, idp)
    assert (failed.type, failed.error, len(idp.requests)) == ("FETCH_FAILED", error, 1)
    assert get(program, idp).HTTP_STATUS == 200


def test_a_redirect_tells_where_to_without_the_query(program, idp):
    idp.script("/jwks", Answer(302, headers={"Location": "https://login.example/sign-in?code=secret\x1b[2J"}))
    detail = get(program, idp).DETAIL
    assert "https://login.example/sign-in" in detail and "302" in detail
    assert "secret" not in detail and "\x1b" not in detail


def test_a_post_is_never_sent_twice(program, idp):
    """A refresh token works once; libcurl by itself repeats what a kept connection swallowed."""
    get(program, idp, "/token", method="FETCH_POST")
    idp.script("/token", Answer(drop=True))
    failed = get(program, idp, "/token", method="FETCH_POST")
    assert (failed.error, len(idp.requests)) == ("E_IDP_DROPPED", 2)


def test_an_answer_that_does_not_come_is_a_timeout(program, idp):
    idp.script("/jwks", Answer(hold=True), Answer(body="half of this", hold=True))
    assert get(program, idp, total_ms=300).error == "E_IDP_TIMEOUT"
    assert get(program, idp, total_ms=300).error == "E_IDP_TIMEOUT"
    assert get(program, idp).HTTP_STATUS == 200


def test_a_server_that_never_says_a_word_is_a_timeout(program, idp):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        ask(program, f"https://127.0.0.1:{mute.getsockname()[1]}/", connect_ms=300)
        assert program.peer.recv().error == "E_IDP_TIMEOUT"


def test_connection_refused(program, closed_port):
    ask(program, f"https://127.0.0.1:{closed_port}/")
    assert program.peer.recv().error == "E_CONNECT"


# case: grant: DNS, TLS and proxy faults are told apart
def test_a_name_that_does_not_resolve():
    with fetch(files={"/etc/resolv.conf": "nameserver 127.0.0.1\noptions attempts:1 timeout:1\n"}) as program:
        ask(program, "https://idp.invalid/secret?code=secret")
        answer = program.peer.recv()
        assert answer.error == "E_DNS"
        assert "idp.invalid" in answer.DETAIL and "secret" not in answer.DETAIL


@pytest.fixture
def mute_dns():
    """A name server that hears and says nothing, and the resolv.conf that names it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.83.79.1", 53))
        yield server, {"/etc/resolv.conf": "nameserver 127.83.79.1\noptions attempts:5 timeout:30\n"}


def heard(server):
    assert select.select([server], [], [], 60)[0], "nobody asked the name server"


def test_a_look_up_that_hangs_is_given_up_in_time(mute_dns, idp):
    server, files = mute_dns
    with fetch(files=files) as program:
        ask(program, "https://idp.invalid/", connect_ms=300)
        heard(server)
        assert program.peer.recv().error == "E_DNS"
        assert get(program, idp, host="127.0.0.1").HTTP_STATUS == 200


# case: grant: DNS, TLS and proxy faults are told apart
def test_rubbish_instead_of_tls(program):
    with socket.create_server(("127.0.0.1", 0)) as server:
        ask(program, f"https://127.0.0.1:{server.getsockname()[1]}/")
        connection, _ = server.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            assert program.peer.recv().error == "E_TLS"


def test_tls_1_1_is_refused(program):
    with FakeIdp(tls=ssl.TLSVersion.TLSv1_1) as old:
        assert get(program, old).error == "E_TLS"
        assert (old.connections, len(old.requests)) == (1, 0)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_1_2_and_later_are_spoken(program, version):
    with FakeIdp(tls=version) as idp:
        assert get(program, idp).HTTP_STATUS == 200


# case: grant: a certificate that is not trusted is never talked to
@pytest.mark.parametrize("certificate", ["expired", "other_ca"])
def test_a_certificate_that_does_not_hold(program, certificate):
    with FakeIdp(certificate=certificate) as idp:
        assert get(program, idp).error == "E_TLS_TRUST"
        assert not idp.requests


def test_a_certificate_for_another_name(program, idp):
    assert get(program, idp, host="127.0.0.2").error == "E_TLS_TRUST"
    assert not idp.requests


@pytest.mark.parametrize("pem", [b"", b"rubbish", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_a_ca_that_is_none_trusts_nothing(program, idp, pem):
    ask(program, f"{idp.issuer}/jwks", CA_PEM=pem)
    assert program.peer.recv().error == "E_TLS_TRUST"


@pytest.fixture
def another_ca(tmp_path):
    """Of another name: a CA of the same name would hide the system's from OpenSSL."""
    subject = ["-subj", "/CN=another CA", "-keyout", tmp_path / "key", "-out", tmp_path / "ca"]
    command = ["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    subprocess.run(command + subject, check=True, capture_output=True)
    return (tmp_path / "ca").read_bytes()


def test_the_systems_ca_is_used_if_and_only_if_none_is_given(idp, tmp_path, another_ca):
    """Both the bundle and the folder of hashed names, which libcurl would go on using beside a given CA."""
    folder = tmp_path / "certs"
    folder.mkdir()
    (folder / "ca-certificates.crt").write_bytes(idp.ca_pem)
    subprocess.run(["openssl", "rehash", folder], check=True)
    with fetch(mounts=[(folder, "/etc/ssl/certs")]) as program:
        ask(program, f"{idp.issuer}/jwks")
        assert program.peer.recv().HTTP_STATUS == 200
        for _ in range(2):  # the connection that the system's CA vouched for must not be used either
            ask(program, f"{idp.issuer}/jwks", CA_PEM=another_ca)
            assert program.peer.recv().error == "E_TLS_TRUST"


@pytest.fixture
def certs(tmp_path):
    """The system's: `certs(by_name, file)`, the first as OpenSSL finds one by its name, and the file that has all."""

    def make(by_name, file):
        folder = tmp_path / "certs"
        folder.mkdir()
        if by_name:
            (folder / "by-name.pem").write_bytes(by_name)
            subprocess.run(["openssl", "rehash", folder], check=True)
        (folder / "ca-certificates.crt").write_bytes(file)
        return folder

    return make


def test_a_system_ca_with_a_hashed_name__is_found_without_the_file_of_all(idp, certs, another_ca):
    folder = certs(idp.ca_pem, another_ca + idp.ca_pem)
    with fetch(mounts=[(folder, "/etc/ssl/certs")]) as program, Opened(folder) as opened:
        for _ in range(2):
            ask(program, f"{idp.issuer}/jwks")
            assert program.peer.recv().HTTP_STATUS == 200
        assert (idp.connections, idp.handshakes) == (1, 1)
        assert set(opened.names()) == {"by-name.pem"}


def test_a_system_ca_in_the_file_of_all_alone__is_trusted_too_and_a_post_is_sent_once(idp, certs, another_ca):
    with fetch(mounts=[(certs(another_ca, idp.ca_pem), "/etc/ssl/certs")]) as program:
        for _ in range(2):
            ask(program, f"{idp.issuer}/device", "FETCH_POST", BODY=b"a=b")
            assert program.peer.recv().HTTP_STATUS == 200
        assert [request.path for request in idp.requests] == ["/device", "/device"]
        assert (idp.connections, idp.handshakes) == (2, 1)  # one that was not trusted, and the one that is kept


def test_no_system_ca_has_a_hashed_name__the_file_is_read_at_once(idp, certs):
    with fetch(mounts=[(certs(None, idp.ca_pem), "/etc/ssl/certs")]) as program:
        ask(program, f"{idp.issuer}/jwks")
        assert program.peer.recv().HTTP_STATUS == 200
        assert idp.connections == 1


def test_no_system_ca__is_neither_found_nor_sent_anything(idp, certs, another_ca):
    with fetch(mounts=[(certs(another_ca, another_ca), "/etc/ssl/certs")]) as program:
        ask(program, f"{idp.issuer}/jwks")
        assert program.peer.recv().error == "E_TLS_TRUST"
        assert idp.requests == []


def test_the_ca_of_one_request_does_not_hold_for_the_next(program, idp):
    assert get(program, idp).HTTP_STATUS == 200
    ask(program, f"{idp.issuer}/jwks")
    assert program.peer.recv().error == "E_TLS_TRUST"


# Proxies.


def test_through_a_proxy(program, idp):
    with FakeProxy() as proxy:
        for _ in range(2):
            answer = get(program, idp, PROXY=f"http://me:pw@{proxy.address}", AUTHORIZATION="Bearer secret")
            assert answer.HTTP_STATUS == 200
        assert answer.DATE_S > 9, "the proxy's own Date was taken for the IdP's"
        assert len(proxy.heads) == idp.handshakes == 1
        assert proxy.heads[0].startswith("CONNECT localhost:") and "secret" not in proxy.heads[0]


# case: grant: DNS, TLS and proxy faults are told apart
@pytest.mark.parametrize("status", [403, 407, 503, 0])
def test_a_proxy_that_refuses(program, idp, status):
    with FakeProxy(status) as proxy:
        answer = get(program, idp, PROXY=f"http://me:s3cret@{proxy.address}")
        assert answer.error == "E_PROXY"
        assert "s3cret" not in answer.DETAIL and not idp.connections


@pytest.mark.parametrize("proxy", ["http://me:s3cret@127.0.0.1:{}", "https://127.0.0.1:{}"])
def test_a_proxy_that_is_not_there(program, idp, closed_port, proxy):
    answer = get(program, idp, PROXY=proxy.format(closed_port))
    assert answer.error == "E_PROXY" and "s3cret" not in answer.DETAIL


@pytest.mark.parametrize("proxy", ["", "localhost:1", "socks5://localhost", "http://me:s3cret@a b", "file:///etc"])
def test_what_is_not_the_url_of_a_proxy(program, idp, proxy):
    answer = get(program, idp, PROXY=proxy)
    assert answer.error == "E_PROXY" and "s3cret" not in answer.DETAIL and not idp.connections


def test_a_fault_of_the_idp_behind_a_proxy_is_the_idps(program, idp):
    with FakeProxy() as proxy:
        assert get(program, idp, host="127.0.0.2", PROXY=f"http://{proxy.address}").error == "E_TLS_TRUST"
        idp.script("/jwks", Answer(drop=True), Answer(drop=True))
        assert get(program, idp, PROXY=f"http://{proxy.address}").error == "E_IDP_DROPPED"


def test_the_environment_has_no_say(idp, closed_port):
    nowhere = f"http://127.0.0.1:{closed_port}"
    env = {name: nowhere for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "http_proxy")}
    with fetch(env=env | {"CURL_CA_BUNDLE": "/nonexistent", "OPENSSL_CONF": "/nonexistent"}) as program:
        assert get(program, idp).HTTP_STATUS == 200


# What is not asked of us.


@pytest.mark.parametrize(
    "url",
    ["http://{}/", "file:///etc/passwd", "ftp://{}/", "https://me:pw@{}/", "https://", "", "https://a b/", "gopher://{}/"],
)
def test_only_https_urls_are_fetched(program, idp, url):
    ask(program, url.format(f"localhost:{idp.port}"), CA_PEM=idp.ca_pem)
    answer = program.peer.recv()
    assert (answer.type, answer.error, idp.connections) == ("FETCH_FAILED", "E_INVALID", 0)


@pytest.mark.parametrize(
    "fields",
    [
        {"AUTHORIZATION": "Bearer x\r\nHost: elsewhere"},
        {"AUTHORIZATION": b"Bearer \0"},
        {"AUTHORIZATION": b"Bearer \xff"},
        {"BODY": "a=b"},
        {"total_ms": 0},
        {"connect_ms": 0},
        {"total_ms": LONG_MS + 1},
        {"total_ms": 2**63},
    ],
)
def test_a_request_that_makes_no_sense(program, idp, fields):
    assert get(program, idp, **fields).error == "E_INVALID"
    assert not idp.connections
    assert get(program, idp).HTTP_STATUS == 200


@pytest.mark.parametrize("method", [2, 2**32])
def test_a_method_that_nobody_knows(program, idp, method):
    timeouts = {"CONNECT_TIMEOUT_MS": LONG_MS, "TIMEOUT_MS": LONG_MS}
    program.peer.send("FETCH_REQUEST", METHOD=method, URL=f"{idp.issuer}/jwks", CA_PEM=idp.ca_pem, **timeouts)
    assert program.peer.recv().error == "E_INVALID" and not idp.connections


# Its end.


def test_it_ends_when_its_peer_has_nothing_more():
    with fetch() as program:
        program.peer.close()
        assert program.wait() == (0, b"")


def test_it_ends_when_its_peer_goes_while_a_transfer_hangs(idp):
    idp.script("/jwks", Answer(hold=True))
    with fetch() as program:
        ask(program, f"{idp.issuer}/jwks", CA_PEM=idp.ca_pem)
        idp.wait_for(1)
        program.peer.close()
        assert program.wait() == (0, b"")


def test_it_ends_when_its_peer_goes_while_a_look_up_hangs(mute_dns):
    server, files = mute_dns
    with fetch(files=files) as program:
        ask(program, "https://idp.invalid/")
        heard(server)
        program.peer.close()
        assert program.wait() == (0, b"")


@pytest.mark.parametrize(
    "frame",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        wire.encode("FETCH_RESPONSE", HTTP_STATUS=200, BODY=b""),
        wire.encode("FETCH_REQUEST", METHOD=0),
        wire.encode("JUDGE_PROBE"),
    ],
    ids=["rubbish", "answer", "incomplete", "foreign"],
)
def test_it_ends_at_a_message_that_may_not_come(frame):
    with fetch() as program:
        program.peer.socket.sendall(frame)
        status, said = program.wait()
        assert (status, said) == (1, b"")


def test_it_ends_at_a_second_request_before_the_answer(idp):
    idp.script("/jwks", Answer(hold=True))
    with fetch() as program:
        for _ in range(2):
            ask(program, f"{idp.issuer}/jwks", CA_PEM=idp.ca_pem)
        program.wait()
        with pytest.raises((EOFError, ConnectionResetError)):
            program.peer.recv()


# Its confinement.


@pytest.fixture
def confined(idp, tmp_path):
    """A process that was started with as much as can be inherited, and has served a request."""
    leak = os.open(tmp_path / "leak", os.O_RDWR | os.O_CREAT)
    with fetch(pass_fds=(leak,), wrapper="setpriv --groups=4,27 --inh-caps=+net_raw") as program:
        os.close(leak)
        get(program, idp)
        yield program


def test_it_is_its_own_user_for_good_and_may_do_nothing_else(confined):
    status = confined.status()
    number = str(USERS["cosmo-sso-fetch"])
    assert status["Uid"].split() == status["Gid"].split() == [number] * 4
    assert status["Groups"].split() == [] and status["NoNewPrivs"].strip() == "1"
    assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert status["Umask"].strip() == "0077"


def test_nobody_else_may_look_into_it(confined):
    """The kernel gives the files of a process that is not dumpable to root."""
    assert confined.proc("mem").stat().st_uid == 0


def test_it_has_its_own_session_and_stands_in_the_root(confined):
    assert os.getsid(confined.pid) == os.getpgid(confined.pid) == confined.pid
    assert os.readlink(confined.proc("cwd")) == "/"


def test_it_keeps_no_descriptor_but_its_own(confined, tmp_path):
    links = {int(entry.name): os.readlink(entry) for entry in confined.proc("fd").iterdir()}
    assert stat.S_ISSOCK(confined.proc("fd/3").stat().st_mode)
    assert str(tmp_path / "leak") not in links.values()
    beyond = [link for number, link in links.items() if number > 3]
    assert all(link.startswith(("socket:", "anon_inode:")) for link in beyond), links


def test_its_limits_are_set_hard(confined):
    limits = {line[:26].strip(): line[26:].split() for line in confined.proc("limits").read_text().splitlines()[1:]}
    zero = ("Max file size", "Max core file size", "Max msgqueue size")
    assert [limits[name][:2] for name in zero] == [["0", "0"]] * 3
    for name in ("Max open files", "Max processes", "Max cpu time"):
        assert limits[name][0] == limits[name][1] != "unlimited"


@pytest.mark.parametrize(
    "line", ["", "cosmo-sso-fetch:x:0:64102:::\n", "cosmo-sso-fetch:x:64102:0:::\n", "cosmo-sso-fetch:x:::::\n"]
)
def test_without_its_own_user_it_does_not_start(idp, line):
    root = "root:x:0:0:root:/root:/bin/sh\n"
    with fetch(files={"/etc/passwd": root + line}) as program:
        assert program.wait() == (1, b"")


@pytest.mark.parametrize("user", ["--reuid=65534 --regid=65534 --clear-groups", "--bounding-set=-setuid"])
def test_without_the_power_to_become_that_user_it_does_not_start(user):
    with fetch(wrapper=f"setpriv {user}") as program:
        assert program.wait() == (1, b"")
