#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a sign-in asks the IdP for, through module, helper, judge and fetch as built: no request and no TLS handshake
more than it takes. Needs root and COSMO_BUILD_DIR."""

import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support.fake_idp import Answer, FakeIdp  # noqa: E402
from support.sign_in_rig import SignInRig  # noqa: E402

PENDING = Answer(400, {"error": "authorization_pending"})
DISCOVERY = "/.well-known/openid-configuration"


class Site:
    def __init__(self, rig, idp):
        self.rig, self.idp = rig, idp
        rig.connect(idp.issuer, idp.CLIENT_ID, idp.ca_pem)
        self.master, self.slave = os.openpty()

    def sign_in(self, service="login", tty=None):
        """The paths asked for, in order, and the number of TLS handshakes."""
        asked, handshakes = len(self.idp.requests), self.idp.handshakes
        report = self.rig.caller(service, "ada", f"tty={tty or os.ttyname(self.slave)}", "rhost=192.0.2.7", "auth")
        assert "\nauth 0\n" in report, report
        return [request.path for request in self.idp.requests[asked:]], self.idp.handshakes - handshakes


@pytest.fixture(params=["login", "sshd"])
def service(request):
    return request.param


@pytest.fixture
def site():
    with SignInRig() as rig, FakeIdp() as idp:
        site = Site(rig, idp)
        site.sign_in()  # enrolled: sshd's sign-ins are of names that it could resolve
        yield site
        os.close(site.master)
        os.close(site.slave)


def test_nothing_is_known_yet__each_is_asked_for_once_over_one_connection(site, service):
    site.rig.forget()
    site.idp.script("/token", PENDING, PENDING)
    paths, handshakes = site.sign_in(service)
    assert paths == [DISCOVERY, "/device", "/jwks", "/token", "/token", "/token"]
    assert handshakes == 1


def test_discovery_and_keys_are_known__only_the_code_and_polls_over_one_connection(site, service):
    site.idp.script("/token", PENDING, PENDING)
    paths, handshakes = site.sign_in(service)
    assert paths == ["/device", "/token", "/token", "/token"]
    assert handshakes == 1


def test_the_idp_closes_each_connection__one_more_handshake_per_request_and_no_request_twice(site):
    for path in ("/device", "/token"):
        answer = site.idp.device_authorization() if path == "/device" else {"error": "authorization_pending"}
        status = 200 if path == "/device" else 400
        site.idp.script(path, Answer(status, answer, headers={"Connection": "close"}, length=-1))
    paths, handshakes = site.sign_in()
    assert paths == ["/device", "/token", "/token"]
    assert handshakes == 3


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-q", *sys.argv[1:]]))
