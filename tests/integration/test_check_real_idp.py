#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The same with a real OpenID provider: gone clients disconnect, and a revoked token is dead there.

Needs root, COSMO_BUILD_DIR and, the first time, the network."""

import json
import pathlib
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support.helper_rig import HelperRig  # noqa: E402
from support.helper_site import config  # noqa: E402
from support.idp import Idp  # noqa: E402
from support.pam_rig import installed  # noqa: E402
from test_check import Site  # noqa: E402
from test_judge import ALGS, AUTH, judging  # noqa: E402


PUBLIC = "cosmo-host"


class RealSite(Site):
    CLIENT = "cosmo-secret"

    def __init__(self, rig, idp):
        idp.reset()
        self.rig, self.idp = rig, idp
        (rig.folder / "conf/ca.pem").write_bytes(idp.ca_file.read_bytes())
        self.tell_secret()
        self.connect()

    def tell_secret(self):
        (self.rig.folder / "conf/secret").touch(0o600)
        (self.rig.folder / "conf/secret").write_text(self.idp.client_secret(self.CLIENT))

    def text(self, more=""):
        conf = installed("COSMO_CONF_DIR")
        return config(self.idp.issuer, self.CLIENT, f"ca_file = {conf}/ca.pem\nclient_secret_file = {conf}/secret", more)


@pytest.fixture(scope="module")
def idp():
    with Idp(port=0) as idp:
        yield idp


@pytest.fixture
def site(idp):
    with HelperRig() as rig:
        yield RealSite(rig, idp)


def test_the_page_that_connect_tells_colleagues_is_the_providers_own(site):
    exchange = site.rig.start("ctl")
    exchange.peer.send("CTL_STATUS")
    status = exchange.recv()
    assert (status.type, status.LOGIN_PAGE) == ("STATUS_ITEM", f"{site.idp.issuer}/device")
    assert status.USERNAME_CLAIM == "preferred_username" and status.HOST


GONE = {
    "client_removed": (("client_delete", {"client_id": RealSite.CLIENT}), "E_IDP_CLIENT"),
    "client_disabled": (("client_disable", {"client_id": RealSite.CLIENT}), "E_IDP_CLIENT"),
    "issuer_gone": (("gone", {"value": True}), "E_IDP_GONE"),
}


@pytest.mark.parametrize("change, expected", GONE.values(), ids=GONE.keys())
def test_what_is_gone_at_the_idp_disconnects_after_the_third_time(site, change, expected):
    assert site.check() == ("OK", 0)
    op, fields = change
    site.idp.control(op, **fields)
    for after, counted in ((0, 1), (300, 2)):
        assert site.check(after) == (expected, counted)
        assert site.is_open()
    assert site.check(300) == (expected, 3)
    assert not site.is_open()


def test_a_word_that_leaves_doubt_disconnects_nobody(site):
    """This provider calls a grant that the client may not use invalid_request: so it does an unknown client elsewhere."""
    site.idp.control("client_restrict", client_id=RealSite.CLIENT)
    for _ in range(5):
        assert site.check(300) == ("E_IDP_ERROR", 0)
    assert site.is_open()


def test_an_idp_that_is_down_disconnects_nobody_and_is_known_again(site):
    site.idp.kill()
    for _ in range(5):
        assert site.check(600) == ("E_CONNECT", 0)
    site.idp.start()
    site.tell_secret()  # it is another one after a start
    assert site.is_open() and site.check(600) == ("OK", 0)


def use(idp, token):
    """A refresh at the token endpoint: the status and the body."""
    context = ssl.create_default_context(cafile=str(idp.ca_file))
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": PUBLIC}
    try:
        with urllib.request.urlopen(f"{idp.issuer}/token", urllib.parse.urlencode(form).encode(), context=context) as got:
            return got.status, json.load(got)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_a_revoked_token_is_dead_at_the_idp(idp):
    idp.reset()
    sub = idp.control("people")["ada"]["sub"]
    kept, ended = (idp.control("mint", client_id=PUBLIC, sub=sub) for _ in range(2))
    with judging() as judge:
        judge.peer.send("JUDGE_REVOKE", ISSUER=idp.issuer, CLIENT_ID=PUBLIC, SCOPES="openid",
                        CLIENT_AUTH=AUTH["CLIENT_AUTH_NONE"], CA_PEM=idp.ca_file.read_bytes(), ALG=list(ALGS), SKEW_S=60,
                        DEADLINE_MS=30_000, REFRESH_TOKEN=[ended, "never-was-one"])  # fmt: skip
        answer = judge.peer.recv()
    assert (answer.type, answer.COUNT, answer.LEFT, answer.error) == ("JUDGE_REVOKED", 2, 0, None)
    status, body = use(idp, ended)
    assert (status, body["error"]) == (400, "invalid_grant")
    assert use(idp, kept)[0] == 200  # what the first one would have given
