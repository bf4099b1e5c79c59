# SPDX-License-Identifier: MIT
"""pam_cosmo_sso.so under valgrind, over and over in one process: nothing is left behind in its host.

Needs root and COSMO_BUILD_DIR, of a build without sanitizers."""

import itertools
import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import valgrind, wire  # noqa: E402
from support.helper_rig import HelperRig  # noqa: E402
from support.pam_rig import NAMES, SERVICE, PamRig  # noqa: E402
from support.program import built  # noqa: E402

NUMBERS = {symbol: number for number, symbol in wire.ERRORS.items()}
SHOW = wire.encode(
    "SHOW", VERIFICATION_URI="https://idp.example.org/device", USER_CODE="WDJB-MJHT", EXPIRES_IN_S=599, QR_MODE=0,
    VERIFICATION_URI_COMPLETE="https://idp.example.org/device?user_code=WDJB-MJHT", HOST="web1",
    ISSUER="https://idp.example.org",
)  # fmt: skip
GRANTED = wire.encode("RESULT", ERR=0, TEXT="Welcome.")
# What the helper says to a sign-in, and what its host hears of that.
ANSWERS = [
    (SHOW + GRANTED, "SUCCESS"),
    (GRANTED, "SUCCESS"),
    (SHOW + wire.encode("RESULT", ERR=NUMBERS["E_DENIED"], TEXT="No."), "MAXTRIES"),
    (wire.encode("RESULT", ERR=NUMBERS["E_BUDGET"]), "MAXTRIES"),
    (SHOW + GRANTED[:-1], "MAXTRIES"),
    (SHOW + SHOW, "MAXTRIES"),
    (b"\x02" + GRANTED[1:], "MAXTRIES"),
    (b"", "MAXTRIES"),
]


@pytest.fixture
def rig():
    with PamRig() as rig:
        rig.store("connect", "user=ada,admin")
        yield rig


@pytest.fixture
def tty():
    master, slave = os.openpty()
    yield "tty=" + os.ttyname(slave)
    os.close(master)
    os.close(slave)


def finish(rig, process):
    seen = rig.finish(process, timeout_s=1200)
    valgrind.check(seen.said, 1)
    assert (process.returncode, seen.changed) == (0, [])
    return seen


def test_1000_sign_ins__clean(rig):
    answers = itertools.cycle(ANSWERS)

    def helper(peer):
        peer.recv()
        peer.socket.sendall(next(answers)[0])

    process = rig.start("sshd", "ada", "again=999", "auth", helper=helper, wrapper=valgrind.COMMAND)
    seen = finish(rig, process)
    assert seen.codes == [ANSWERS[number % len(ANSWERS)][1] for number in range(1000)]
    assert rig.started == 1000


def granting(peer):
    shown = peer.recv().type == "SIGN_IN"
    peer.socket.sendall((SHOW if shown else b"") + GRANTED)


@pytest.mark.parametrize("service", ["sshd", "login", "gdm-password"])
def test_20_whole_transactions__clean(rig, tty, service):
    words = ["auth", "setcred", "account", "open", "close", "chauthtok"]
    process = rig.start(service, "ada", "again=19", tty, *words, helper=granting, wrapper=valgrind.COMMAND)
    assert finish(rig, process).codes == (["SUCCESS"] * 5 + ["PERM_DENIED"]) * 20


@pytest.mark.parametrize("user", ["root", "Ada", "newbie"])
def test_names_that_are_not_ours__clean(rig, user):
    words = ["auth", "setcred", "account", "open", "close", "chauthtok"]
    finish(rig, rig.start("sshd", user, "again=19", *words, wrapper=valgrind.COMMAND))
    assert rig.started == 0


def test_a_helper_that_stays_our_child__is_ended_without_pidfds(rig):
    """valgrind knows no pidfds, as Linux before 5.3 does not. What does not leave its caller's family is no helper."""
    (rig.folder / "helper").write_text("#!/bin/sh\nexec sleep 1000\n")
    seen = finish(rig, rig.start("sshd", "ada", "account", wrapper=valgrind.COMMAND))
    assert seen.codes == ["SYSTEM_ERR"]


def test_20_transactions_with_the_real_helper__clean(tty):
    with HelperRig() as rig:
        rig.configure("[integration]\nissuer = https://idp.example.org\nclient_id = a\nclaim = b\n[rules]\nadmin = c\n")
        rig.store("connect")
        rig.false_judge("show(); identity()")
        (rig.folder / "pam").mkdir()
        objects = {"module": built("pam_cosmo_sso/module/pam_cosmo_sso.so"),
                   "marker": built("tests/integration/pam_marker.so")}  # fmt: skip
        (rig.folder / "pam/login").write_text(SERVICE.format(args="", **objects))
        (rig.folder / "pam/other").write_text("auth required pam_deny.so\n")  # libpam would log, and wait for the logger
        report = rig.folder / "report"
        words = [report, rig.folder / "pam", "login", "ada", "again=19", tty, "auth", "account", "open", "close"]
        command = rig.command(*valgrind.COMMAND, built("tests/integration/pam_caller"), *words)
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done
        valgrind.check(done.stderr, 1)
        calls = [line.split() for line in report.read_text().splitlines() if not line.startswith("message ")]
        assert calls.pop() == ["done"]
        assert [NAMES[int(code)] for _, code in calls] == ["SUCCESS"] * 80
        assert rig.records() == ["ada"]
