#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A scripted IdP over HTTPS that does whatever a hostile or broken one may do.

    with FakeIdp() as idp:
        idp.script("/token", Answer(drop=True), Answer(status=400, body={"error": "slow_down"}))
        ...
        assert idp.handshakes == 1 and [request.path for request in idp.requests] == [...]

What is not scripted is answered as a proper IdP would: discovery, keys, device authorization, token, userinfo.
As a command it prints its issuer and CA and takes one JSON object per line on stdin, see main().
"""

import base64
import collections
import contextlib
import dataclasses
import email.utils
import functools
import hashlib
import hmac
import json
import pathlib
import socket
import ssl
import sys
import tempfile
import threading
import time
import urllib.parse
import warnings

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

if __package__:
    from . import certificates
else:
    import certificates

FOREVER = 10**6  # as FakeIdp.pending


@dataclasses.dataclass
class Answer:
    """One answer, with what is to go wrong with it."""

    status: int = 200
    body: object = b""  # bytes and str go out as they are, anything else as JSON
    headers: dict = dataclasses.field(default_factory=dict)
    delay_s: float = 0
    hold: bool = False  # say nothing until release()
    drop: bool = False  # end the connection without a byte
    cut: bool = False  # end it after half of the body
    length: int | None = None  # Content-Length, true or not; -1: none, the end of the connection ends the body
    chunked: bool = False

    def data(self):
        if isinstance(self.body, (bytes, str)):
            return self.body if isinstance(self.body, bytes) else self.body.encode()
        return json.dumps(self.body).encode()


@dataclasses.dataclass
class Request:
    method: str
    path: str  # without the query
    query: str
    headers: dict  # names in lower case
    body: bytes
    connection: int  # number of the connection it came over, from 1

    @property
    def form(self):
        return dict(urllib.parse.parse_qsl(self.body.decode("ascii", "replace"), keep_blank_values=True))


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _number(value, length=None):
    return b64url(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))


@functools.cache
def _private_key(alg, generation):
    """One for all fake IdPs of a run: making RSA keys takes its time, which a busy host draws out."""
    if alg == "RS256":
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP256R1()) if alg == "ES256" else ed25519.Ed25519PrivateKey.generate()


class Keys:
    """Signing keys, one for each algorithm; `kid` is the algorithm's name and a generation. They are made at once: while
    they are, nobody waits for them who may give up."""

    def __init__(self, *algs):
        self.generation, self.algs = 1, algs
        self.jwks()

    def private(self, alg):
        return _private_key(alg, self.generation)

    def kid(self, alg):
        return f"{alg}-{self.generation}"

    def rotate(self):
        for alg in self.algs:
            _private_key(alg, self.generation + 1)
        self.generation += 1

    def jwk(self, alg):
        public, form = self.private(alg).public_key(), {"use": "sig", "alg": alg, "kid": self.kid(alg)}
        if alg == "RS256":
            numbers = public.public_numbers()
            return form | {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
        if alg == "ES256":
            numbers = public.public_numbers()
            return form | {"kty": "EC", "crv": "P-256", "x": _number(numbers.x, 32), "y": _number(numbers.y, 32)}
        raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return form | {"kty": "OKP", "crv": "Ed25519", "x": b64url(raw)}

    def jwks(self):
        return {"keys": [self.jwk(alg) for alg in self.algs]}

    def _signature(self, alg, data):
        if alg == "none":
            return b""
        if alg == "HS256":  # the attack: the public RSA key as a shared secret
            public = self.private("RS256").public_key()
            pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            return hmac.digest(pem, data, hashlib.sha256)
        if alg == "RS256":
            return self.private(alg).sign(data, padding.PKCS1v15(), hashes.SHA256())
        if alg == "ES256":
            r, s = utils.decode_dss_signature(self.private(alg).sign(data, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return self.private(alg).sign(data)

    def token(self, claims, alg="RS256", /, **header):
        """A compact JWS; `header` adds to and replaces header members. Claims in bytes go in as they are."""
        protected = {"alg": alg, "typ": "JWT", "kid": self.kid(alg)} | header
        payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
        signed = f"{b64url(json.dumps(protected).encode())}.{b64url(payload)}"
        return f"{signed}.{b64url(self._signature(alg, signed.encode()))}"


class FakeIdp:
    """@certificate: "good", "expired", "early" (not good yet) or "other_ca" (of a CA that nobody is told of); a wrong name is had by asking
    for 127.0.0.2. @tls: the only version spoken, such as ssl.TLSVersion.TLSv1_1."""

    CLIENT_ID = "cosmo-test"
    DEVICE_CODE = "device-code-of-the-test"

    def __init__(self, certificate="good", tls=None, port=0, algs=("RS256",)):
        self.keys, self.alg = Keys(*algs), algs[0]
        self.claims = {"sub": "1000", "preferred_username": "ada", "name": "Ada", "groups": ["admins"]}
        self.device_codes = {self.DEVICE_CODE}  # those it knows
        self.pending = 0  # how often /token says authorization_pending before it gives the tokens
        self.interval_s = 1  # between two such questions
        self.requests, self.connections, self.handshakes = [], 0, 0
        self._faults = []  # of TLS
        self._scripts = collections.defaultdict(collections.deque)
        self._changed, self._released, self._open = threading.Condition(), threading.Event(), set()
        self._context = self._make_context(certificate, tls)
        self._server = socket.create_server(("0.0.0.0", port), backlog=128)
        self.port = self._server.getsockname()[1]
        self.issuer = f"https://localhost:{self.port}"
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def vouch_for(self, name, sub, *groups):
        """Whom tokens are about from now on."""
        self.claims = {"sub": sub, "preferred_username": name, "name": name.title(), "groups": list(groups)}

    def _make_context(self, certificate, tls):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            certificates.make(folder, expired=certificate == "expired", early=certificate == "early")
            self.ca_pem = (folder / "ca.pem").read_bytes()
            if certificate == "other_ca":
                certificates.make(folder)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(folder / "server.pem", folder / "server.key")
        if tls:
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            with warnings.catch_warnings(record=True):  # that TLS 1.1 is old
                context.minimum_version = context.maximum_version = tls
        return context

    # What tests say and ask.

    def script(self, path, *answers):
        """The next requests for `path` get these, one each."""
        self._scripts[path].extend(answers)

    def release(self):
        """Let held answers go."""
        self._released.set()

    def wait_for(self, count, timeout_s=60):
        """Until that many requests have come in; the last one."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.requests) >= count, timeout_s):
                raise TimeoutError(f"{len(self.requests)} of {count} requests came")
            return self.requests[-1]

    def drop_connections(self):
        """End every open connection, as a restart of the IdP does."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):  # it is gone already
                connection.shutdown(socket.SHUT_RDWR)

    def obey(self, order):
        """A line of main()."""
        if "path" in order:
            self.script(order["path"], Answer(**order["answer"]))
        if "release" in order:
            self.release()
        for name in ("pending", "interval_s", "claims"):
            setattr(self, name, order.get(name, getattr(self, name)))

    def close(self):
        """Nothing listens afterwards: a socket that is merely closed goes on for as long as its accept() lasts."""
        self._server.shutdown(socket.SHUT_RDWR)
        self._acceptor.join()
        self._server.close()
        for fault in self._faults:  # shown with a test that fails
            print(f"{self.issuer}: {fault}", file=sys.stderr)
        self.release()
        self.drop_connections()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # A proper IdP.

    def discovery(self):
        return {
            "issuer": self.issuer,
            "jwks_uri": f"{self.issuer}/jwks",
            "device_authorization_endpoint": f"{self.issuer}/device",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "revocation_endpoint": f"{self.issuer}/revoke",
            "scopes_supported": ["openid", "profile", "offline_access"],
            "id_token_signing_alg_values_supported": list(self.keys.algs),
            "grant_types_supported": ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
        }

    def id_token_claims(self, **changes):
        """`changes` with None leave a claim out."""
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": self.CLIENT_ID, "iat": now, "exp": now + 300, "auth_time": now}
        claims |= self.claims | changes
        return {name: value for name, value in claims.items() if value is not None}

    def tokens(self, **changes):
        """The body of a good token answer, its ID token's claims changed."""
        id_token = self.keys.token(self.id_token_claims(**changes), self.alg)
        return {
            "access_token": b64url(hashlib.sha256(id_token.encode()).digest()),
            "token_type": "Bearer",
            "expires_in": 300,
            "refresh_token": b64url(hashlib.sha512(id_token.encode()).digest()),
            "id_token": id_token,
        }

    def device_authorization(self):
        return {
            "device_code": self.DEVICE_CODE,
            "user_code": "WDJB-MJHT",
            "verification_uri": f"{self.issuer}/activate",
            "verification_uri_complete": f"{self.issuer}/activate?user_code=WDJB-MJHT",
            "expires_in": 600,
            "interval": self.interval_s,
        }

    def _token_answer(self, request):
        given = request.form
        if "refresh_token" in given or given.get("device_code", self.DEVICE_CODE) not in self.device_codes:
            return Answer(400, {"error": "invalid_grant"})  # nobody has it
        if self.pending > 0:
            self.pending -= 1
            return Answer(400, {"error": "authorization_pending"})
        return Answer(body=self.tokens())

    def _proper_answer(self, request):
        makers = {
            "/.well-known/openid-configuration": lambda: Answer(body=self.discovery()),
            "/jwks": lambda: Answer(body=self.keys.jwks(), headers={"Cache-Control": "public, max-age=3600"}),
            "/device": lambda: Answer(body=self.device_authorization()),
            "/token": lambda: self._token_answer(request),
            "/userinfo": lambda: Answer(body=self.claims),
            "/revoke": Answer,
        }
        return makers.get(request.path, lambda: Answer(404, "no such page"))()

    # The server.

    def _accept(self):
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            # As servers do; else each first answer waits 40 ms for the client's delayed acknowledgement.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection, self.connections), daemon=True).start()

    def _serve(self, connection, number):
        try:
            with self._context.wrap_socket(connection, server_side=True) as secure:
                self.handshakes += 1
                self._open.add(secure)
                with secure.makefile("rb") as stream:
                    while self._serve_request(secure, stream, number):
                        pass
                self._open.discard(secure)
        except (OSError, ValueError) as error:
            if isinstance(error, ssl.SSLError):
                self._faults.append(error)
            connection.close()

    def _serve_request(self, secure, stream, number):
        """False when the connection is to end."""
        line = stream.readline().decode("ascii").split()
        if len(line) != 3:
            return False
        headers = {}
        while header := stream.readline().decode("latin-1").strip():
            name, _, value = header.partition(":")
            headers[name.lower()] = value.strip()
        path, _, query = line[1].partition("?")
        body = stream.read(int(headers.get("content-length", 0)))
        request = Request(line[0], path, query, headers, body, number)
        with self._changed:
            answer = self._scripts[path].popleft() if self._scripts[path] else self._proper_answer(request)
            self.requests.append(request)
            self._changed.notify_all()
        return self._reply(secure, answer)

    def _reply(self, secure, answer):
        if answer.hold:
            self._released.wait()
        if answer.delay_s:
            self._released.wait(answer.delay_s)
        if answer.drop:
            return False
        data = answer.data()
        headers = {"Date": email.utils.formatdate(usegmt=True), "Content-Type": "application/json"}
        if answer.chunked:
            headers["Transfer-Encoding"] = "chunked"
        elif answer.length != -1:
            headers["Content-Length"] = len(data) if answer.length is None else answer.length
        lines = [f"HTTP/1.1 {answer.status} Scripted"]
        lines += [f"{name}: {value}" for name, value in (headers | answer.headers).items() if value is not None]
        head = "\r\n".join(lines + ["", ""]).encode("latin-1")
        if answer.chunked:
            parts = [data[at : at + 1000] for at in range(0, len(data), 1000)] + [b""]
            data = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
        secure.sendall(head + (data[: len(data) // 2] if answer.cut else data))
        return not answer.cut and answer.length is None


def main(kind=FakeIdp):
    """Lines such as {"path": "/token", "answer": {"status": 500}} and {"pending": 3}, {"interval_s": 5}, {"claims": {...}},
    {"release": true}, see obey(); each is answered by a line with what has been seen so far."""
    ca_file = pathlib.Path(sys.argv[1])  # where to write the CA's certificate
    with kind(port=int(sys.argv[2]) if len(sys.argv) > 2 else 0) as idp:
        ca_file.write_bytes(idp.ca_pem)
        print(json.dumps({"issuer": idp.issuer, "client_id": idp.CLIENT_ID, "ca": str(ca_file)}), flush=True)
        for line in sys.stdin:
            idp.obey(json.loads(line))
            seen = collections.Counter(request.path for request in idp.requests)
            print(json.dumps({"requests": seen, "handshakes": idp.handshakes}), flush=True)


if __name__ == "__main__":
    main()
