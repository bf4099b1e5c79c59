# SPDX-License-Identifier: MIT
"""pam_cosmo_sso.so under valgrind, over and over in one process: nothing is left behind in its host.

Needs root and COSMO_BUILD_DIR, of a build without sanitizers."""

import itertools
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import valgrind, wire  # noqa: E402
from support.fake_idp import FakeIdp  # noqa: E402
from support.pam_rig import NAMES, PamRig, terminal  # noqa: E402
from support.played_helper import SHOWN, granting  # noqa: E402
from support.sign_in_rig import SignInRig  # noqa: E402

SHOW = wire.encode("SHOW", **SHOWN)
GRANTED = wire.encode("RESULT", ERR=0, TEXT="Welcome.")
# What the helper says to a sign-in, and what its host hears of that.
ANSWERS = [
    (SHOW + GRANTED, "SUCCESS"),
    (GRANTED, "SUCCESS"),
    (SHOW + wire.encode("RESULT", ERR=wire.ERROR_NUMBERS["E_DENIED"], TEXT="No."), "MAXTRIES"),
    (wire.encode("RESULT", ERR=wire.ERROR_NUMBERS["E_BUDGET"]), "MAXTRIES"),
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
    with terminal() as word:
        yield word


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

    process = rig.start("sshd", "ada", "again=999", "auth", helper=helper, wrapper=valgrind.COMMAND,
                        invents=["No."])
    seen = finish(rig, process)
    assert seen.codes == [ANSWERS[number % len(ANSWERS)][1] for number in range(1000)]
    assert rig.started == 1000


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


def test_20_whole_sign_ins_with_everything_behind_it__clean(tty):
    with SignInRig() as rig, FakeIdp() as idp:
        rig.connect(idp.issuer, idp.CLIENT_ID, idp.ca_pem)
        under = ["env", f"LD_LIBRARY_PATH={rig.folder}/lib", *valgrind.COMMAND]
        words = rig.caller_words("login", "ada", "again=19", tty, "auth", "account", "open", "close")
        valgrind.check(rig.inside(*under, *words, stderr=subprocess.STDOUT, timeout=600), 1)
        calls = [line.split() for line in rig.report.read_text().splitlines() if not line.startswith("message ")]
        assert calls.pop() == ["done"]
        assert [NAMES[int(code)] for _, code in calls] == ["SUCCESS"] * 80
        assert rig.records() == ["ada"]
