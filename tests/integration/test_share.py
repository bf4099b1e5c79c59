#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What an administrator is given to tell colleagues, by `connect` and by `status --share`.

Needs root and COSMO_BUILD_DIR."""

import pathlib
import re
import socket
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support.ctl_fixtures import connected, idp, rig  # noqa: E402, F401
from support.helper_site import config  # noqa: E402

OK, DENIED, INTERNAL = 0, 1, 6


def share_of(rig):
    done = rig.ctl("status", "--share", "--json")
    assert done.err == "" and done.code == (OK if done.json["connected"] else DENIED)
    return done.json


def test_share__connected__says_how_to_sign_in_here_and_where(rig, idp):
    done = rig.connect(idp, username_claim="email")
    assert done.code == OK, done.said
    host = socket.gethostname()
    status = rig.ctl("status", "--json").json
    told = done.out.split("Connected.")[1].partition("\n")[2]
    assert told == rig.ctl("status", "--share").out
    assert f"ssh NAME@{host}\n" in told and f"what {idp.issuer} has as email\n" in told
    assert f" {idp.issuer}/activate\n" in told and f" {status['integration']}\n" in told
    assert "user_code" not in told and "WDJB-MJHT" not in done.said
    assert share_of(rig) == {
        "connected": True, "host": host, "sign_in": f"ssh NAME@{host}", "username_claim": "email", "strip_domain": [],
        "issuer": idp.issuer, "login_page": f"{idp.issuer}/activate", "integration": status["integration"],
        "since": status["since"]}  # fmt: skip


def test_share__domains_are_stripped__says_so(connected):
    stripped = connected.config_text.replace("#strip_domain = example.com", "strip_domain = a.example b.example")
    connected.configure(stripped)
    assert "has as preferred_username, without @a.example or @b.example\n" in connected.ctl("status", "--share").out
    assert share_of(connected)["strip_domain"] == ["a.example", "b.example"]


def test_share__not_connected__says_that_instead(rig, idp):
    done = rig.ctl("status", "--share")
    assert done.code == DENIED and done.out.startswith(f"Single sign-on is disconnected on {socket.gethostname()}: ")
    assert rig.connect(idp).code == OK
    rig.store("disconnect")
    done = rig.ctl("status", "--share")
    assert done.code == DENIED and re.search(r" since \d{4}-\d\d-\d\d ", done.out) and "ssh" not in done.out
    assert idp.issuer not in done.out
    gone = share_of(rig)
    assert gone["connected"] is False and gone["since"] > 0
    assert gone["sign_in"] is gone["login_page"] is gone["integration"] is None


def test_share__an_integration_from_before__says_that_the_page_is_not_known(rig):
    rig.configure(config())
    rig.store("connect")
    assert "Login page   not known here" in rig.ctl("status", "--share").out
    assert share_of(rig)["login_page"] is None


LOGIN_PAGES = {
    "not_https": "http://idp.example.org/device",
    "with_somebody": "https://idp.example.org@evil.example/device",
    "control": "https://idp.example.org/\x1b[31m",
    "not_ascii": "https://idp.example.org/d\u0435vice",
    "no_address": "call 555-1234",
}


@pytest.mark.parametrize("page", LOGIN_PAGES.values(), ids=LOGIN_PAGES.keys())
def test_connect__a_judge_that_lies_about_the_page__is_refused(rig, page):
    rig.false_judge(f'''
if question.type == "JUDGE_RULES":
    peer.send("JUDGE_DONE")
else:
    peer.send("JUDGE_PROBED", ISSUER=question.ISSUER, DEVICE_ENDPOINT="https://x/d", TOKEN_ENDPOINT="https://x/t",
              OFFLINE_ACCESS=0, KEY_COUNT=1, LOGIN_PAGE={page!r})
''')
    done = rig.ctl("connect", "--issuer", "https://idp.example.org", "--client-id", "x", "--rule", "admin=a")
    assert done.code == INTERNAL and "[protocol]" in done.err and "\x1b" not in done.said, done
    assert rig.ctl("status", "--json").json["connected"] is False
