# SPDX-License-Identifier: MIT
"""su and sudo, called by one of ours: he is judged before whom he turns into. The built module through the real libpam,
as a setuid program that somebody has started, with the test in the helper's place. Needs root and COSMO_BUILD_DIR."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import wire  # noqa: E402
from support.pam_rig import IGNORED, PamRig  # noqa: E402
from support.played_helper import nobody  # noqa: E402

UIDS = {"ada": 7001, "vic": 7002, "gone": 7003}
LOCAL_UID = 65534  # nobody's, in every /etc/passwd
SWITCHING = ("su", "su-l", "sudo", "sudo-i", "runuser", "runuser-l")
PHASES = ("auth", "account")


@pytest.fixture(scope="module")
def rig():
    with PamRig() as rig:
        rig.store("connect", f"user=ada,admin,uid-{UIDS['ada']}", f"user=vic,uid-{UIDS['vic']}",
                  f"user=gone,removed,uid-{UIDS['gone']}")  # fmt: skip
        yield rig


def judging(asked, **refusals):
    """A helper that refuses these users, with these errors."""

    def helper(peer):
        request = peer.recv()
        asked.append((request.type, request.USER, request.RUID))
        peer.send("RESULT", ERR=wire.ERROR_NUMBERS[refusals.get(request.USER, "OK")])

    return helper


# case: console: in su and sudo one of ours who calls and is refused turns into nobody: not root, nobody local, none of ours
@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("target", ["root", "nobody", "ada", "nosuchuser"])
@pytest.mark.parametrize("service", SWITCHING)
def test_switching__caller_refused__whoever_the_target_is(rig, service, target, phase):
    asked = []
    seen = rig.run(service, target, f"ruid={UIDS['vic']}", phase, helper=judging(asked, vic="E_SERVICE"))
    assert seen.codes == ["PERM_DENIED"]
    assert asked == [("ACCOUNT", "vic", UIDS["vic"])]


@pytest.mark.parametrize("error, code", [("E_LOCKED", "ACCT_EXPIRED"), ("E_LEASE_OVER", "AUTH_ERR"), ("E_NOT_OURS", "PERM_DENIED")])
@pytest.mark.parametrize("phase", PHASES)
def test_switching__caller_refused__the_codes_of_the_account_phase(rig, phase, error, code):
    assert rig.run("su", "root", f"ruid={UIDS['vic']}", phase, helper=judging([], vic=error)).codes == [code]


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("service", SWITCHING)
def test_switching__caller_may__local_target_is_left_to_the_others(rig, service, phase):
    asked = []
    seen = rig.run(service, "root", f"ruid={UIDS['ada']}", phase, helper=judging(asked))
    assert (seen.codes, seen.messages) == ([IGNORED], [])
    assert asked == [("ACCOUNT", "ada", UIDS["ada"])]


def test_switching__caller_may__target_is_judged_too(rig):
    asked = []
    seen = rig.run("su", "vic", f"ruid={UIDS['ada']}", "account", helper=judging(asked, vic="E_SERVICE"))
    assert seen.codes == ["PERM_DENIED"]
    assert [user for _, user, _ in asked] == ["ada", "vic"]


def test_switching__removed_user_in_a_session_left_over__refused(rig):
    seen = rig.run("su", "root", f"ruid={UIDS['gone']}", "account", helper=judging([], gone="E_REMOVED"))
    assert seen.codes == ["ACCT_EXPIRED"]


# case: console: nothing changes in su and sudo for root and local users who call: no helper is started for them
@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("ruid", [0, LOCAL_UID, 4242])
@pytest.mark.parametrize("service", SWITCHING)
def test_switching__root_or_a_local_user_calls__nobody_is_asked(rig, service, ruid, phase):
    seen = rig.run(service, "root", f"ruid={ruid}", phase, helper=nobody)
    assert (seen.codes, rig.started) == ([IGNORED], 0)


@pytest.mark.parametrize("ruid", [0, LOCAL_UID])
def test_switching__root_or_a_local_user_calls__target_alone_is_judged(rig, ruid):
    asked = []
    assert rig.run("su", "ada", f"ruid={ruid}", "account", helper=judging(asked)).codes == ["SUCCESS"]
    assert asked == [("ACCOUNT", "ada", ruid)]


def test_switching__user_calls_for_himself__judged_once(rig):
    asked = []
    assert rig.run("sudo", "ada", f"ruid={UIDS['ada']}", "account", helper=judging(asked)).codes == ["SUCCESS"]
    assert asked == [("ACCOUNT", "ada", UIDS["ada"])]


@pytest.mark.parametrize("service", ["login", "sshd", "polkit-1", "cron", "passwd"])
def test_other_services__caller_is_not_judged(rig, service):
    seen = rig.run(service, "root", f"ruid={UIDS['vic']}", "account", helper=nobody)
    assert (seen.codes, rig.started) == ([IGNORED], 0)


@pytest.mark.parametrize("calls", ["setcred", "open", "close", "chauthtok"])
def test_switching__other_phases__caller_is_not_judged(rig, calls):
    rig.run("su", "root", f"ruid={UIDS['vic']}", calls, helper=nobody)
    assert rig.started == 0


def test_switching__line_with_an_argument__refused_for_callers_of_ours_alone(rig):
    run = dict(helper=nobody, args="debug")
    assert rig.run("su", "root", f"ruid={UIDS['ada']}", "account", **run).codes == ["SERVICE_ERR"]
    assert rig.run("su", "root", f"ruid={LOCAL_UID}", "account", **run).codes == [IGNORED]


def test_switching__helper_gone__caller_refused_and_local_users_untouched(rig):
    def mute(peer):
        peer.recv()

    assert rig.run("su", "root", f"ruid={UIDS['ada']}", "account", helper=mute).codes == ["SYSTEM_ERR"]
    assert rig.run("su", "root", f"ruid={LOCAL_UID}", "account", helper=nobody).codes == [IGNORED]


@pytest.mark.parametrize("phase", PHASES)
def test_switching__store_broken__ours_refused_and_local_users_untouched(phase):
    with PamRig() as rig:
        rig.store("connect", f"user=vic,uid-{UIDS['vic']}")
        (rig.folder / "state/users.1.db").write_bytes(b"no database")
        seen = rig.run("su", "root", f"ruid={UIDS['vic']}", phase, helper=nobody)
        assert seen.codes == ["SYSTEM_ERR"]
        assert len(seen.log) == 1 and "event=module_refused" in seen.log[0] and " user=" not in seen.log[0]
        assert rig.run("su", "root", f"ruid={LOCAL_UID}", phase, helper=nobody).codes == [IGNORED]
