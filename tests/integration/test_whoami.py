# SPDX-License-Identifier: MIT
"""cosmo-ssoctl whoami as users run it: without rights, from users.db and gate alone.

Needs root and COSMO_BUILD_DIR."""

import pathlib
import re
import socket
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.ctl_rig import NOBODY, CtlRig  # noqa: E402

DEVELOPER_GID = 0x70000002
DAY_S = 24 * 60 * 60
OK, DENIED, USAGE, INTERNAL, NOT_OURS = 0, 1, 2, 6, 7


@pytest.fixture
def rig():
    with CtlRig() as running:
        yield running


def whoami(rig, uid, *words, groups=(DEVELOPER_GID,)):
    return rig.ctl("whoami", *words, user=uid, groups=groups)


def uid_of(rig, name):
    return rig.ctl("user", "show", name, "--json").json[0]["uid"]


@pytest.fixture
def ada(rig):
    rig.store("connect", "user=ada,developer")
    return uid_of(rig, "ada")


def test_whoami__roles_that_count__are_shown_with_the_lease(rig, ada):
    before, began = rig.snapshot(), int(time.time())
    done = whoami(rig, ada, "--json")
    assert (done.code, done.err) == (OK, "")
    told = done.json
    assert told == told | {
        "name": "ada", "uid": ada, "roles": ["developer"], "effective_roles": ["developer"], "reason": "ok",
        "connected": True, "host": socket.gethostname(), "locked": False, "session_current": True, "advice": None}
    assert told["lease_until"] == told["confirmed"] + DAY_S and told["signed_in"] == told["confirmed"]
    assert began <= told["lease_until"] - told["lease_left"] <= time.time()
    text = whoami(rig, ada)
    assert text.code == OK and "\nRoles now    developer\n" in text.out
    assert re.search(r"^Lease until  .* \((1 d 0 h|\d+ h \d+ min) left; a sign-in or an answer of the IdP renews it\)$", text.out, re.M)
    assert rig.snapshot() == before and rig.log() == []


# What follows from what is in the store, the word for it, and what is said.
DEMOTED = {
    "disconnected": (["connect", "user=ada,developer", "disconnect"], "disconnected", "Single sign-on is disconnected on "),
    "reconnected": (["connect", "user=ada,developer", "connect"], "integration_changed", "Please sign in again."),
    "locked": (["connect", "user=ada,developer,locked"], "locked", "This account is locked on this host."),
    "lapsed": (["connect", "user=ada,developer,lapsed"], "lease_over", "Please sign in again with the code."),
}


@pytest.mark.parametrize("words, reason, says", DEMOTED.values(), ids=DEMOTED.keys())
def test_whoami__roles_that_do_not_count__say_why_and_what_to_do(rig, words, reason, says):
    rig.store(*words)
    done = whoami(rig, uid_of(rig, "ada"), "--json")
    told = done.json
    assert done.code == DENIED and told["effective_roles"] == ["viewer"] and told["roles"] == ["developer"]
    assert told["reason"] == reason and says in told["advice"] and told["lease_left"] == 0
    assert (told["connected"], told["locked"]) == (reason != "disconnected", reason == "locked")
    text = whoami(rig, told["uid"])
    assert text.code == DENIED and text.out.endswith(f"\n\n{told['advice']}\n") and "Roles now    viewer\n" in text.out


def test_whoami__on_a_disconnected_host__names_it(rig):
    rig.store("connect", "user=ada,developer", "disconnect")
    told = whoami(rig, uid_of(rig, "ada")).out
    assert f"Single sign-on is disconnected on {socket.gethostname()}." in told


def test_whoami__without_a_gate__is_disconnected(rig, ada):
    (rig.folder / "run/gate").unlink()
    assert whoami(rig, ada, "--json").json["reason"] == "disconnected"


def test_whoami__in_a_session_with_other_groups__says_so(rig, ada):
    for groups in ((), (DEVELOPER_GID - 1, DEVELOPER_GID)):
        done = whoami(rig, ada, "--json", groups=groups)
        assert done.code == OK and not done.json["session_current"] and "log in again" in done.json["advice"], groups


def test_whoami__for_others__says_so_with_a_code_of_its_own(rig, ada):
    rig.store("user=gone,developer,removed", "user=dev,developer")
    gone = (rig.folder / "state/private/names/gone").read_text()
    # A local user who has the uid, or the name, of one of ours wins.
    dev = uid_of(rig, "dev")
    rig.local([f"devil:x:{ada}:{ada}::/:/bin/sh", f"dev:x:{dev}:{dev}::/:/bin/sh"])
    for uid in (NOBODY, int(gone, 16), ada, dev):
        done = whoami(rig, uid, "--json")
        assert (done.code, done.json["error"]) == (NOT_OURS, "not_ours"), uid
    done = rig.ctl("whoami")
    assert (done.code, done.out) == (NOT_OURS, "") and "leave sudo away" in done.err


def test_whoami__before_the_first_connect__nobody_is_ours(rig):
    assert whoami(rig, NOBODY).code == NOT_OURS


def test_whoami__a_damaged_database__is_a_fault_of_the_host(rig, ada):
    path = rig.folder / "state/users.1.db"
    path.write_bytes(path.read_bytes()[:4096])
    done = whoami(rig, ada, "--json")
    assert (done.code, done.json["error"]) == (INTERNAL, "store_damaged")
    path.unlink()  # with the gate open that is one as well
    assert (whoami(rig, ada, "--json").code, whoami(rig, ada, "--json").json["error"]) == (INTERNAL, "store_missing")


def test_whoami__takes_no_operand(rig):
    assert whoami(rig, NOBODY, "ada").code == USAGE
