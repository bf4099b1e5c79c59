# SPDX-License-Identifier: MIT
"""The rig itself: each part seen to work, and to fail, before anything is concluded from it."""

import base64
import json
import socket
import ssl
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import pytest

from support.browser import Person
from support.form_visitor import FormVisitor
from support.host import TestHost
from support.packets import PacketCounter
from support.product import SOURCE
from support.screen import Picture, Terminal, code_of, url_of
from support.site import PROMPT_END, Site

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
URI = "https://localhost:9443/device?user_code=WXYZ-BCDF"


@pytest.fixture(scope="module")
def bare_host():
    with TestHost() as host:
        host.boot()
        yield host


def post(idp, path, **fields):
    trust = ssl.create_default_context(cafile=idp.ca_file)
    data = urllib.parse.urlencode(fields).encode()
    try:
        with urllib.request.urlopen(idp.issuer + path, data, context=trust) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)


def device_start(idp):
    return post(idp, "/device/auth", client_id="cosmo-host", scope="openid profile offline_access")


def device_poll(idp, started):
    return post(idp, "/token", client_id="cosmo-host", grant_type=DEVICE_GRANT, device_code=started["device_code"])


def claims(answer):
    return json.loads(base64.urlsafe_b64decode(answer["id_token"].split(".")[1] + "=="))


@pytest.mark.parametrize("form, cols, rows", [("UTF8", 80, 24), ("UTF8", 120, 40), ("ASCIIi", 120, 40)])
def test_screen__qr_code_of_libqrencode__decoded(form, cols, rows):
    draw = f'echo "{URI}"; echo "Code: WXYZ-BCDF"; qrencode -m 2 -l L -t {form} "{URI}"; printf "Press Enter "; exec cat'
    with Terminal(["sh", "-c", draw], cols, rows) as terminal:
        terminal.wait_for("Press Enter")
        assert terminal.picture().qr_codes() == [URI]
        assert terminal.picture(light_on_dark=False).qr_codes() == []
        assert (url_of(terminal.capture()), code_of(terminal.capture())) == (URI, "WXYZ-BCDF")


def test_readme__picture_of_a_sign_in__camera_reads_the_url_and_code_beside_it():
    """It shows a real screen, in its real proportions."""
    shown = (SOURCE / "README.md").read_text().split("```\n")[1]
    rows = shown.splitlines()
    assert Picture(shown, 120, len(rows)).qr_codes() == [f"{url_of(shown)}?user_code={code_of(shown)}"]
    assert "Press Enter after approving" in shown and rows[-1].startswith("uid=")


LAST_LINE = "Press Enter after approving WXYZ-BCDF at https://localhost:9443/device: "


def test_screen__last_line_wrapped_anywhere__url_and_code():
    """All that a small screen may still show, broken wherever its width says."""
    draw = f'echo; printf %s "{LAST_LINE}"; exec cat'
    for cols in range(40, len(LAST_LINE) + 2):
        with Terminal(["sh", "-c", draw], cols, 10) as terminal:
            terminal.wait_for(PROMPT_END, joined=True)
            shown = terminal.capture(joined=True)
            assert (url_of(shown), code_of(shown)) == ("https://localhost:9443/device", "WXYZ-BCDF"), cols


def test_screen__what_never_comes__says_what_was_there():
    with Terminal(["sh", "-c", "echo hello; exec cat"]) as terminal:
        with pytest.raises(TimeoutError, match="hello"):
            terminal.wait_for("goodbye", timeout_s=1)


def test_idp__approved_in_browser__tokens_with_groups(idp):
    started = device_start(idp)
    assert device_poll(idp, started)["error"] == "authorization_pending"
    assert Person(idp, "ada").approve(started["verification_uri_complete"]) == started["user_code"]
    answer = device_poll(idp, started)
    assert claims(answer)["preferred_username"] == "ada"
    assert claims(answer)["ssoGroups"] == ["cosmo-admins", "everyone"]
    idp.person("ada", groups=["new"])
    fields = {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"]}
    refreshed = post(idp, "/token", client_id="cosmo-host", **fields)
    assert claims(refreshed)["ssoGroups"] == ["new"]
    idp.person("ada", disabled=True)
    fields["refresh_token"] = refreshed["refresh_token"]
    assert post(idp, "/token", client_id="cosmo-host", **fields)["error"] == "invalid_grant"


@pytest.mark.parametrize("uri", ["verification_uri", "verification_uri_complete"])
def test_idp__approved_by_its_forms__tokens(idp, uri):
    started = device_start(idp)
    FormVisitor(idp, "ada").approve(started[uri], started["user_code"])
    assert claims(device_poll(idp, started))["preferred_username"] == "ada"


@pytest.mark.parametrize("after_login", [False, True])
def test_idp__refused_in_browser__access_denied(idp, after_login):
    started = device_start(idp)
    Person(idp, "dev").refuse(started["verification_uri"], started["user_code"], after_login)
    assert device_poll(idp, started)["error"] == "access_denied"


def test_idp__client_deleted__invalid_client(idp):
    idp.control("client_delete", client_id="cosmo-host")
    assert device_start(idp)["error"] == "invalid_client"
    idp.reset()
    before = idp.device_requests()
    assert "device_code" in device_start(idp)
    assert idp.device_requests() == before + 1


def test_idp__killed_and_started__same_people(idp):
    sub = idp.control("people")["ada"]["sub"]
    idp.kill()
    with pytest.raises(urllib.error.URLError):
        device_start(idp)
    idp.start()
    assert idp.control("people")["ada"]["sub"] == sub


@pytest.mark.parametrize("user", ["root", "tess", "exa"])
def test_host__key_and_password__shell(bare_host, user):
    by_key = subprocess.run(bare_host.ssh(user, key=True, command=["id", "-un"]), capture_output=True, text=True)
    assert by_key.stdout.strip() == user, by_key.stderr
    assert Site(None, bare_host).password_login(user, "id -un") == user


def test_host__idp_in_reach__the_same_localhost(bare_host, idp):
    bare_host.run(["bash", "-c", f": < /dev/tcp/localhost/{idp.port}"])


def test_packets__one_connection__counted(idp):
    with PacketCounter(idp.port) as packets:
        assert packets.count() == 0
        with socket.create_connection(("127.0.0.1", idp.port)):
            pass
        assert packets.count() >= 3


def test_host__journal__line_found(bare_host):
    cursor = bare_host.journal_cursor()
    bare_host.run(["logger", "-p", "authpriv.info", "event=test"])
    assert "event=test" in bare_host.wait_journal("event=test", after=cursor)
    assert bare_host.journal("event=test", after=bare_host.journal_cursor()) == []


@pytest.mark.parametrize("clean", [True, False])
def test_host__reboot__keeps_tree_but_not_run(bare_host, clean):
    bare_host.put("/var/lib/kept", "yes")
    bare_host.put("/run/lost", "yes")
    bare_host.reboot(clean)
    assert bare_host.read("/var/lib/kept") == "yes"
    assert bare_host.run(["test", "-e", "/run/lost"], check=False).returncode == 1
