# SPDX-License-Identifier: MIT
"""The lines of etc/pam.d in front of a module that lets everybody in, with the real libpam and the test in the helper's
place. Needs root and COSMO_BUILD_DIR."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import wire  # noqa: E402
from support.pam_rig import PamRig, terminal  # noqa: E402
from support.played_helper import nobody  # noqa: E402

SHIPPED = pathlib.Path(__file__).resolve().parents[2] / "etc/pam.d"
STACKS = sorted(path.name for path in SHIPPED.iterdir() if path.name != "README")
# The worst that can stand behind ours.
BEHIND = "auth required pam_permit.so\naccount required pam_permit.so\n"


@pytest.fixture(scope="module")
def rig():
    with PamRig() as rig:
        rig.store("connect", "user=ada,admin")
        yield rig


@pytest.fixture
def tty():
    with terminal() as word:
        yield word


def stack(name, behind=BEHIND):
    """Our lines of one service and a module behind them."""
    return (SHIPPED / name).read_text() + behind


def phases(name):
    """The phases that our lines take part in and that ask whether somebody may come in."""
    kinds = {line.split()[0] for line in (SHIPPED / name).read_text().splitlines() if "pam_cosmo_sso.so" in line}
    return [kind for kind in ("auth", "account") if kind in kinds]


def answering(error):
    """A helper that decides at once."""

    def script(peer):
        peer.recv()
        peer.send("RESULT", ERR=wire.ERROR_NUMBERS[error])

    return script


# case: stack: our denial ends each shipped stack, also in front of a module that lets everybody in
@pytest.mark.parametrize("error", ["E_DENIED", "E_IDP_TIMEOUT", "E_CONFIG", "E_BUSY", "E_INTERNAL", "E_LOCKED"])
@pytest.mark.parametrize("name", STACKS)
def test_stack__refused__nobody_else_is_asked(rig, tty, name, error):
    for phase in phases(name):
        assert rig.run(name, "ada", tty, phase, stack=stack(name), helper=answering(error)).codes != ["SUCCESS"], phase


# case: stack: our yes in the auth phase is the last word of each shipped stack
@pytest.mark.parametrize("name", [name for name in STACKS if "auth" in phases(name)])
def test_stack__granted__nobody_else_is_asked(rig, tty, name):
    behind = "auth required pam_deny.so\n"
    assert rig.run(name, "ada", tty, "auth", stack=stack(name, behind), helper=answering("OK")).codes == ["SUCCESS"]


# case: stack: a local user's answer comes from the other modules of each shipped stack, and no helper is started
@pytest.mark.parametrize("behind, code", [("pam_permit.so", "SUCCESS"), ("pam_deny.so", None)])
@pytest.mark.parametrize("name", STACKS)
def test_stack__local_user__left_to_the_others(rig, tty, name, behind, code):
    for phase in phases(name):
        lines = stack(name, f"{phase} required {behind}\n")
        codes = rig.run(name, "root", tty, phase, stack=lines, helper=nobody).codes
        assert codes == ["SUCCESS"] if code else codes != ["SUCCESS"], phase


# case: stack: where our module has been taken out of the host, the other modules of each shipped stack decide
@pytest.mark.parametrize("user", ["root", "ada"])
@pytest.mark.parametrize("behind, code", [("pam_permit.so", "SUCCESS"), ("pam_deny.so", None)])
@pytest.mark.parametrize("name", STACKS)
def test_stack__module_gone__left_to_the_others(rig, tty, name, behind, code, user):
    for phase in phases(name):
        lines = stack(name, f"{phase} required {behind}\n").replace("pam_cosmo_sso.so", "/nonexistent/pam_gone.so")
        codes = rig.run(name, user, tty, phase, stack=lines, helper=nobody).codes
        assert codes == ["SUCCESS"] if code else codes != ["SUCCESS"], phase
