#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What `connect` says of a provider that is not as it should be: one thing is broken, its own message comes with what to do,
and once just that was done the same checks pass.

Needs root and COSMO_BUILD_DIR."""

import contextlib
import pathlib
import re
import socket
import ssl
import sys
import threading

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import port  # noqa: E402
from support.ctl_fixtures import rig  # noqa: E402, F401
from support.fake_idp import Answer, FakeIdp  # noqa: E402

OK, UNREACHABLE, MISCONFIGURED = 0, 3, 4
WELL_KNOWN = "/.well-known/openid-configuration"
SECRET = "s3cret-of-the-test"


class Provider(FakeIdp):
    """One with settings of its own; `path` is that of its issuer, `name` what it calls itself if not that."""

    path, name, page, moved_to, has_grant, allows_grant, secret = "", None, None, None, True, True, None

    @property
    def address(self):
        return f"https://localhost:{self.port}{self.path}"

    def discovery(self):
        document = super().discovery() | {"issuer": self.name or self.address}
        if not self.has_grant:
            del document["device_authorization_endpoint"]
        return document

    def _discovery_answer(self):
        if self.moved_to:
            return Answer(301, "", {"Location": f"{self.moved_to}{WELL_KNOWN}?secret=1"})
        return Answer(body=self.page or self.discovery())

    def _device_answer(self, request):
        known = request.form.get("client_id", self.CLIENT_ID) == self.CLIENT_ID
        if not known or (self.secret and "authorization" not in request.headers):
            return Answer(401, {"error": "invalid_client", "error_description": "Invalid client credentials"})
        if not self.allows_grant:
            return Answer(400, {"error": "unauthorized_client"})
        return Answer(body=self.device_authorization())

    def _proper_answer(self, request):
        if request.path.endswith(WELL_KNOWN):
            return self._discovery_answer() if request.path == self.path + WELL_KNOWN else Answer(404, "no such page")
        return self._device_answer(request) if request.path == "/device" else super()._proper_answer(request)


@contextlib.contextmanager
def plain_server():
    """The port of one that takes whatever comes for a wrong request, as a web server without TLS does."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    client, _ = server.accept()
                    with client:
                        client.recv(4096)
                        client.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


# Each breaks one thing and runs connect; what to do is done by the words that it gives back, for another run.


def refused(run, idp, _):
    with port.hold() as held:
        done = run(issuer=f"https://localhost:{port.number_of(held)}")
    return done, {}


def timed_out(run, idp, _):
    idp.script(WELL_KNOWN, Answer(hold=True))
    done = run()
    idp.release()
    return done, {}


def not_tls(run, idp, _):
    with plain_server() as number:
        return run(issuer=f"https://localhost:{number}"), {}


def old_tls(run, idp, _):
    with FakeIdp(tls=ssl.TLSVersion.TLSv1_1) as old:
        return run(issuer=old.issuer), {}


def untrusted(run, idp, _):
    done = run(ca_file=None)
    assert idp.requests == []
    return done, {}


def redirected(run, idp, _):
    with Provider() as old:
        old.moved_to = idp.address
        done = run(issuer=old.address, ca=old)
    assert "secret=1" not in done.said
    return done, {"issuer": re.search(r"location (https://\S+)" + re.escape(WELL_KNOWN), done.err)[1]}


def not_json(run, idp, _):
    idp.page = "<html>Sign in</html>"
    done = run()
    idp.page = None
    return done, {}


def not_there(run, idp, _):
    return run(issuer=idp.address + "/wrong"), {}


def another_page(run, idp, _):
    idp.page = {"service": "portal"}
    done = run()
    idp.page = None
    return done, {}


def other_name(run, idp, _):
    idp.name = idp.address + "/"
    done = run()
    return done, {"issuer": re.search(r'the document says "(\S+)"', done.err)[1]}


def no_grant(run, idp, _):
    idp.has_grant = False
    done = run()
    idp.has_grant = True
    return done, {}


def no_grant_at_authentik(run, idp, _):
    idp.path = "/application/o/hosts"
    return no_grant(run, idp, _)


def unknown_client(run, idp, _):
    return run(client_id="nobody"), {}


def secret_missing(run, idp, rig):
    idp.secret = SECRET
    return run(), {"client_secret_file": rig.put_conf("client-secret", SECRET, 0o600)}


def grant_not_allowed(run, idp, _):
    idp.allows_grant = False
    done = run()
    idp.allows_grant = True
    return done, {}


def grant_not_allowed_by_keycloak(run, idp, _):
    idp.path = "/realms/staff"
    return grant_not_allowed(run, idp, _)


GRANT = "The provider must offer the device authorization grant"
ALLOW = "Allow the device authorization grant for this client at the provider"
MESSAGES = (
    (refused, UNREACHABLE, "idp_connect", "Look at the issuer's URL, at firewalls"),
    (timed_out, UNREACHABLE, "idp_timeout", "Look at firewalls"),
    (not_tls, UNREACHABLE, "idp_tls", "must speak TLS 1.2 or newer"),
    (old_tls, UNREACHABLE, "idp_tls", "must speak TLS 1.2 or newer"),
    (untrusted, MISCONFIGURED, "idp_tls_trust", "say --ca-file"),
    (redirected, MISCONFIGURED, "idp_redirect", "give it as the issuer"),
    (not_json, UNREACHABLE, "idp_not_json", "must be JSON"),
    (not_there, MISCONFIGURED, "idp_gone", "there is no /.well-known/openid-configuration"),
    (another_page, UNREACHABLE, "idp_field", "must be an OpenID provider"),
    (other_name, MISCONFIGURED, "idp_issuer_mismatch", "Give the issuer exactly as the provider names itself"),
    (no_grant, MISCONFIGURED, "idp_no_device_grant", GRANT),
    (no_grant_at_authentik, MISCONFIGURED, "idp_no_device_grant", 'If this is authentik: System, Brands'),
    (unknown_client, MISCONFIGURED, "idp_client_refused", "Look at --client-id"),
    (secret_missing, MISCONFIGURED, "idp_client_refused", "whether this client needs a secret (--client-secret)"),
    (grant_not_allowed, MISCONFIGURED, "idp_grant_not_allowed", ALLOW),
    (grant_not_allowed_by_keycloak, MISCONFIGURED, "idp_grant_not_allowed",
     'If this is Keycloak: Clients, the client, "OAuth 2.0 Device Authorization Grant"'),
)  # fmt: skip


@pytest.mark.parametrize("scene, code, error, advice", MESSAGES, ids=[message[0].__name__ for message in MESSAGES])
def test_connect__one_thing_is_wrong__its_advice_mends_it(rig, scene, code, error, advice):
    with Provider() as idp:

        def run(ca=idp, **changes):
            return rig.connect(ca, "--dry-run", **({"issuer": idp.address} | changes))

        before = rig.config_text
        done, mended = scene(run, idp, rig)
        assert done.code == code and f"[{error}]" in done.err and advice in done.err, done
        assert done.err.endswith("nothing was changed\n") and ("If this is" in done.err) == ("If this is" in advice)
        done = run(**mended)
        assert (done.code, done.err) == (OK, ""), done
        assert rig.config_text == before
