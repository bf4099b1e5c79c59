# SPDX-License-Identifier: MIT
"""The helper under valgrind, in its own sandbox, twenty whole exchanges and more; with a scripted judge, or with the built judge and fetch.

Needs root and COSMO_BUILD_DIR, of a build without sanitizers."""

import contextlib
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import valgrind, wire  # noqa: E402
from support.fake_idp import Answer, FakeIdp  # noqa: E402
from support.helper_rig import HelperRig  # noqa: E402

FDS = 4096  # what it limits itself to
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


@contextlib.contextmanager
def helper_rig(config=CONFIG):
    with HelperRig(valgrind.with_descriptors(FDS)) as rig:
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
