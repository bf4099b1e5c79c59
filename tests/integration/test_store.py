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
        return [event for event in self.events() if event["event"] == name][-1]


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


def forget_boot(rig):
    shutil.rmtree(rig.folder / "run")
    (rig.folder / "run").mkdir(mode=0o755)


def reboot(rig):
    forget_boot(rig)
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
    assert "Records that are damaged: 1" in done.out and "  ada [store_damaged]\n" in done.out, done
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


# adopt


def uids(rig):
    return {name: rig.getent("passwd", name).split(":")[2] for name in ("ada", "dev", "lea")}


def start_as(rig, machine_id):
    (rig.folder / "machine-id").write_text(machine_id)
    reboot(rig)


def test_adopt__an_image_started_twice__each_gets_its_own_ids_back(rig):
    """One image with an empty machine-id; each start of it is another machine."""
    rig.store("user=ada,admin,token-of-ada")
    before = uids(rig)
    start_as(rig, "")
    assert rig.ctl("adopt").code == DENIED
    assert_status_asks_for_adopt(rig)
    image = rig.folder / "image"
    shutil.copytree(rig.folder / "state", image)
    for machine_id in ("1" * 32 + "\n", "2" * 32 + "\n"):
        shutil.rmtree(rig.folder / "state")
        shutil.copytree(image, rig.folder / "state")
        start_as(rig, machine_id)
        assert rig.roles("ada") is None
        done = rig.ctl("connect", "--issuer", "https://idp.example.org", "--client-id", "x", "--rule", "admin=x", "--yes")
        assert done.code == DENIED and "cosmo-ssoctl adopt" in done.err
        kept = rig.snapshot()
        assert rig.steps("adopt", "--dry-run")["tokens"]["count"] == 1
        assert rig.snapshot() == kept
        assert rig.steps("adopt")["tokens"]["count"] == 1
        assert "token-of-ada" not in (rig.private / "users/ada").read_text()
        assert uids(rig) == before
        is_disconnected(rig)
        assert rig.event("adopt")["detail"] == "4 users, 1 tokens dropped"
        rig.store("connect")
        assert [rig.roles(name) for name in before] == [["viewer"]] * 3
        rig.store("user=ada,admin")
        assert rig.roles("ada") == ["admin"] and rig.roles("dev") == ["viewer"]
        assert uids(rig) == before
        reboot(rig)
        assert rig.roles("ada") == ["admin"]


def boot_says(rig):
    """Twice: with a gate as the boot has made it, and with a closed one."""
    done = [rig.ctl("boot") for _ in range(2)]
    assert [one.code for one in done] == [OK, OK] and not any(one.out for one in done), done
    assert done[0].err == done[1].err
    return done[0].err.splitlines()


def test_boot__a_host_that_waits_for_adopt__says_so_in_a_line_and_succeeds(rig, backup):
    waits = ["cosmo-ssoctl: warning: this host waits for `cosmo-ssoctl adopt`, for it is a copy of another, was restored, or its "
             "machine-id changed; until then single sign-on is off"]
    forget_boot(rig)
    assert boot_says(rig) == []
    (rig.folder / "machine-id").write_text("1" * 32 + "\n")
    forget_boot(rig)
    assert boot_says(rig) == waits
    assert_status_asks_for_adopt(rig)
    assert rig.ctl("adopt").code == OK
    assert boot_says(rig) == []
    forget_boot(rig)
    assert boot_says(rig) == []
    assert rig.ctl("restore", backup, "--replace").code == OK
    assert boot_says(rig) == waits


@pytest.mark.parametrize("machine_id", ["", "uninitialized\n"])
def test_boot__a_machine_without_an_id__is_a_fault(rig, machine_id):
    (rig.folder / "machine-id").write_text(machine_id)
    forget_boot(rig)
    assert rig.ctl("boot").code == DENIED


@pytest.mark.parametrize("change", [INTEGRATIONS["garbage"], INTEGRATIONS["readable"]])
def test_boot__an_integration_that_cannot_be_read__is_a_fault(rig, change):
    change(rig)
    forget_boot(rig)
    done = rig.ctl("boot")
    assert done.code == INTERNAL and "waits for" not in done.err


def test_adopt__ones_own_host__changes_nothing(rig):
    before = rig.snapshot()
    done = rig.ctl("adopt")
    assert done.code == OK and "its own already" in done.out
    assert rig.snapshot() == before
    assert rig.roles("ada") == ["admin"]


def test_adopt__not_root_or_wrong_words__are_said(rig):
    assert rig.ctl("adopt", user=NOBODY).code == INTERNAL
    assert rig.ctl("adopt", "now").code == USAGE


# backup and restore


@pytest.fixture
def backup(rig):
    """The product's path of a backup of the rig's users, who have tokens."""
    rig.store("user=ada,admin,token-of-ada")
    done = rig.ctl("backup", f"{rig.conf_dir}/backup")
    assert done.code == OK and "Users: 4" in done.out, done
    return f"{rig.conf_dir}/backup"


def forget_everybody(rig):
    """As on a host that was installed a moment ago."""
    shutil.rmtree(rig.folder / "state")
    (rig.folder / "state").mkdir(mode=0o755)
    reboot(rig)


def test_backup__holds_no_token_and_is_roots_alone(rig, backup):
    path = rig.folder / "conf/backup"
    assert path.stat().st_mode & 0o7777 == 0o600 and path.stat().st_uid == 0
    assert "token-of-ada" not in path.read_text() and "sub = ada" in path.read_text()
    assert rig.event("backup")["reason"] == "ok"
    kept = path.read_bytes()
    assert rig.ctl("backup", backup).code == DENIED
    assert path.read_bytes() == kept


def test_backup__disk_full_or_folder_missing__no_file_and_the_reason(rig):
    done = rig.ctl("backup", "/nowhere/backup")
    assert done.code == INTERNAL and "No such file or directory" in done.err
    assert rig.ctl("backup", "/dev/full").code == DENIED


def assert_status_asks_for_adopt(rig):
    assert rig.ctl("status", "--json").json["problem"] == "other_machine"
    said = rig.ctl("status").out
    assert "run `cosmo-ssoctl adopt`" in said and "cosmo-ssoctl connect" not in said


def test_restore__on_a_new_host__ids_are_back_and_roles_only_after_all_steps(rig, backup):
    before = uids(rig)
    forget_everybody(rig)
    other_machine(rig)
    assert rig.steps("restore", backup, "--dry-run")["users"]["count"] == 4
    assert rig.roles("ada") is None
    assert rig.steps("restore", backup)["uids"]["count"] == 4
    assert rig.event("restore")["reason"] == "ok"
    assert uids(rig) == before
    is_disconnected(rig)
    reboot(rig)
    is_disconnected(rig)
    assert_status_asks_for_adopt(rig)
    done = rig.ctl("connect", "--issuer", "https://idp.example.org", "--client-id", "x", "--rule", "admin=x", "--yes")
    assert done.code == DENIED and "cosmo-ssoctl adopt" in done.err
    assert rig.ctl("adopt").code == OK
    is_disconnected(rig)
    assert rig.ctl("status", "--json").json["problem"] is None
    assert "\nNext           `cosmo-ssoctl connect`" in rig.ctl("status").out
    rig.store("connect")
    assert rig.roles("ada") == ["viewer"]
    rig.store("user=ada,admin")
    assert rig.roles("ada") == ["admin"] and rig.roles("gone") is None
    assert uids(rig) == before


def test_restore__connected_or_with_users__refused(rig, backup):
    before = rig.snapshot()
    done = rig.ctl("restore", backup, "--replace")
    assert done.code == DENIED and "This host is connected." in done.err and "cosmo-ssoctl disconnect" in done.err
    assert rig.snapshot() == before
    rig.store("disconnect")
    before = rig.snapshot()
    done = rig.ctl("restore", backup)
    assert done.code == DENIED and "This host has users." in done.err and "--replace" in done.err
    assert rig.snapshot() == before
    assert rig.ctl("restore", backup, "--replace").code == OK


def test_restore__damaged_or_not_roots__refused_with_the_place(rig, backup):
    forget_everybody(rig)
    before = rig.snapshot()
    path = rig.folder / "conf/backup"
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    done = rig.ctl("restore", backup)
    assert done.code == INTERNAL and "at byte " in done.err and "cut off" in done.err
    path.write_bytes(whole.replace(b"sub = ada", b"sub = eve"))
    assert "this entry is damaged" in rig.ctl("restore", backup).err
    path.write_bytes(whole.replace(b"backup 1", b"backup 2"))
    assert "another version" in rig.ctl("restore", backup).err
    path.write_bytes(whole)
    path.chmod(0o660)
    assert "root's own" in rig.ctl("restore", backup).err
    path.chmod(0o600)
    assert {name: value for name, value in rig.snapshot().items() if "backup" not in name} == \
        {name: value for name, value in before.items() if "backup" not in name}
    assert rig.ctl("restore", backup).code == OK


def test_restore__no_file_or_a_folder__says_which(rig):
    done = rig.ctl("restore", "/nowhere/backup", "--json")
    assert (done.code, done.json["error"], done.json["detail"]) == (USAGE, "invalid_input", "there is no file /nowhere/backup")
    done = rig.ctl("restore", "/etc", "--json")
    assert (done.code, done.json["error"]) == (INTERNAL, "unsafe_file") and done.json["detail"].startswith("/etc must be a file")


def test_backup_restore__not_root_or_wrong_words__are_said(rig):
    for command in ("backup", "restore"):
        assert rig.ctl(command, "/x", user=NOBODY).code == INTERNAL
        assert rig.ctl(command).code == rig.ctl(command, "a", "b").code == rig.ctl(command, "").code == USAGE


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, *sys.argv[1:]]))
