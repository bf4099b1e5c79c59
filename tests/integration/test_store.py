#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The store as a whole, by the built cosmo-ssoctl and helper: what damage means, and what mends it.

Needs root and COSMO_BUILD_DIR."""

import os
import pathlib
import shutil
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support.ctl_rig import NOBODY, CtlRig  # noqa: E402
from support.helper_site import config  # noqa: E402
from support.nss_rig import NssRig  # noqa: E402

OK, DENIED, USAGE, UNREACHABLE, MISCONFIGURED, BUSY, INTERNAL = range(7)
OTHER_MACHINE = "fedcba9876543210fedcba9876543210\n"


class StoreRig(NssRig, CtlRig):
    def __enter__(self):
        super().__enter__()
        self.configure(config())
        return self

    private = property(lambda self: self.folder / "state/private")
    gate = property(lambda self: self.folder / "run/gate")

    def roles(self, name):
        """The role groups of a user as programs see them; None: no such user."""
        groups = self.groups_of(name)
        return groups and sorted(group.split("(cosmo-")[1].rstrip(")") for group in groups
                                 if "(cosmo-" in group and "users" not in group)

    def steps(self, *words, code=OK):
        """The steps of a command, by name."""
        done = self.ctl(*words, "--json")
        assert done.code == code, done
        return {step["step"]: step for step in done.json["steps"]}

    def event(self, name):
        (event,) = [event for event in self.events() if event["event"] == name]
        return event


@pytest.fixture
def rig():
    with StoreRig() as rig:
        rig.store("connect", "user=ada,admin", "user=dev,developer", "user=lea,admin,locked", "user=gone,removed")
        yield rig


# What is missing, foreign or damaged means disconnected.


def other_machine(rig):
    (rig.folder / "machine-id").write_text(OTHER_MACHINE)


def without_machine(rig):
    (rig.folder / "machine-id").write_text("")


def reboot(rig):
    shutil.rmtree(rig.folder / "run")
    (rig.folder / "run").mkdir(mode=0o755)
    rig.ctl("boot")


GATES = {
    "missing, the integration too": lambda rig: (rig.gate.unlink(), (rig.private / "integration").unlink()),
    "owner": lambda rig: os.chown(rig.gate, 65534, 65534),
    "writable": lambda rig: rig.gate.chmod(0o666),
    "short": lambda rig: os.truncate(rig.gate, 64),
    "long": lambda rig: os.truncate(rig.gate, 8192),
    "garbage": lambda rig: rig.gate.write_bytes(os.urandom(4096)),
    "link": lambda rig: (rig.gate.rename(rig.folder / "run/kept"), rig.gate.symlink_to("kept")),
}
INTEGRATIONS = {
    "missing": lambda rig: (rig.private / "integration").unlink(),
    "garbage": lambda rig: (rig.private / "integration").write_bytes(os.urandom(500)),
    "short": lambda rig: os.truncate(rig.private / "integration", 100),
    "owner": lambda rig: os.chown(rig.private / "integration", 65534, 65534),
    "readable": lambda rig: (rig.private / "integration").chmod(0o644),
}


def is_disconnected(rig):
    """Nobody has a role, and nobody gets one."""
    assert rig.roles("ada") == rig.roles("dev") == rig.roles("lea") == ["viewer"]
    rig.false_judge("show(); identity()")
    assert rig.sign_in().result() != "OK"
    assert rig.roles("ada") == ["viewer"]
    done = rig.ctl("status", "--json")
    assert done.code == DENIED and done.json["connected"] is False, done


def test_connected__everybody_has_their_role(rig):
    assert [rig.roles(name) for name in ("ada", "dev", "lea")] == [["admin"], ["developer"], ["viewer"]]


def test_gate__missing__everybody_is_a_viewer(rig):
    rig.gate.unlink()
    assert [rig.roles(name) for name in ("ada", "dev", "lea")] == [["viewer"]] * 3


@pytest.mark.parametrize("change", GATES.values(), ids=GATES.keys())
def test_gate__missing_foreign_or_damaged__disconnected(rig, change):
    change(rig)
    is_disconnected(rig)


@pytest.mark.parametrize("change", INTEGRATIONS.values(), ids=INTEGRATIONS.keys())
def test_integration__missing_foreign_or_damaged__disconnected_from_the_boot_on(rig, change):
    change(rig)
    reboot(rig)
    is_disconnected(rig)


@pytest.mark.parametrize("change", (other_machine, without_machine))
def test_machine__another_or_none__nothing_is_known_of_anybody(rig, change):
    change(rig)
    reboot(rig)
    assert rig.roles("ada") is None
    rig.false_judge("show(); identity()")
    assert rig.sign_in().result() != "OK"
    assert rig.ctl("status", "--json").json["connected"] is False


# repair


def test_repair__a_sound_store__is_the_same_afterwards(rig):
    before = {name: rig.getent("passwd", name) for name in ("ada", "dev", "lea")}
    steps = rig.steps("repair")
    assert steps["users_db"]["result"] == steps["records"]["result"] == "ok"
    assert steps["records"]["count"] == 4
    assert {name: rig.getent("passwd", name) for name in before} == before
    assert [rig.roles(name) for name in ("ada", "dev", "lea", "gone")] == [["admin"], ["developer"], ["viewer"], None]
    assert rig.event("repair")["reason"] == "ok"


def test_repair__users_db_damaged__made_anew(rig):
    path = rig.folder / "state/users.1.db"
    path.write_bytes(os.urandom(len(path.read_bytes())))
    assert rig.roles("ada") is None
    before = rig.snapshot()
    assert rig.steps("repair", "--dry-run")["users_db"]["result"] == "store_damaged"
    assert rig.snapshot() == before
    assert rig.steps("repair")["users_db"]["result"] == "store_damaged"
    assert [rig.roles(name) for name in ("ada", "dev", "lea", "gone")] == [["admin"], ["developer"], ["viewer"], None]
    assert rig.steps("repair")["users_db"]["result"] == "ok"


def test_repair__a_damaged_record__named_locked_and_left_aside(rig):
    path = rig.private / "users/ada"
    path.write_bytes(path.read_bytes()[:-3])
    kept = path.read_bytes()
    for _ in range(2):
        steps = rig.steps("repair", code=INTERNAL)
        assert (steps["records"]["left"], steps["damaged"]["detail"]) == (1, "ada")
        assert rig.roles("ada") == ["viewer"] and rig.roles("dev") == ["developer"]
        assert path.read_bytes() == kept
    done = rig.ctl("repair")
    assert "Records that are damaged: 1" in done.out and "  ada: store_damaged" in done.out, done
    assert "1 record(s) are damaged" in done.err
    # Without the file the name may be enrolled anew, with its old uid.
    uid = rig.getent("passwd", "ada").split(":")[2]
    path.unlink()
    assert rig.steps("repair")["recordless"]["count"] == 1
    rig.store("user=ada,developer")
    assert rig.getent("passwd", "ada").split(":")[2] == uid


def test_repair__seed_lost__says_so_and_changes_nothing(rig):
    (rig.private / "uid_seed").unlink()
    before = rig.snapshot()
    assert rig.steps("repair", code=INTERNAL)["seed"]["result"] == "store_missing"
    assert rig.snapshot() == before


def test_repair__configuration_broken__says_where(rig):
    rig.configure("[nonsense]\n")
    done = rig.ctl("repair", "--json")
    assert done.code == MISCONFIGURED and "cosmo-sso.conf:1" in done.json["detail"]


def test_repair__never_connected__is_nothing_amiss():
    with StoreRig() as rig:
        steps = rig.steps("repair")
        assert {step["result"] for name, step in steps.items() if name != "users_db"} == {"ok"}
        assert rig.steps("repair")["users_db"]["result"] == "ok"


def test_repair__a_store_of_another_machine__is_left_alone(rig):
    other_machine(rig)
    before = rig.snapshot()
    done = rig.ctl("repair")
    assert done.code == DENIED and "cosmo-ssoctl adopt" in done.err
    assert rig.snapshot() == before


def test_repair__wrong_words_or_not_root__are_said(rig):
    assert rig.ctl("repair", user=NOBODY).code == INTERNAL
    assert rig.ctl("repair", "now").code == USAGE
    assert "its options are: --dry-run, --json" in rig.ctl("repair", "--no-such").err


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, *sys.argv[1:]]))
