#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The built NSS plugin through the C library as programs use it: getent and id, with the nsswitch.conf that we ship and
those that are known to be traps. Needs root and COSMO_BUILD_DIR."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support.nss_rig import GROUPS, LOCALS, SHIPPED, NssRig  # noqa: E402

MANY = [f"someone-with-a-long-name-{number:02}" for number in range(60)]
UID_MIN, UID_MAX = 0x70000400, 0x7FFDFFFF


@pytest.fixture(scope="module")
def rig():
    with NssRig() as rig:
        people = ["user=ada,admin", "user=dev,developer", "user=vic", "user=lea,admin,locked", "user=gone,removed"]
        rig.store("confer=dialout", "connect", *people)
        yield rig
        rig.switch(SHIPPED)


@pytest.fixture(autouse=True)
def shipped(rig):
    rig.switch(SHIPPED)
    rig.local(users=LOCALS, groups=GROUPS)


def id_of(rig, name):
    uid = int(rig.getent("passwd", name).split(":")[2])
    assert UID_MIN <= uid <= UID_MAX
    return uid


def test_one_of_ours__is_shown_by_name_and_number(rig):
    uid = id_of(rig, "ada")
    assert rig.getent("passwd", "ada") == f"ada:*:{uid}:{uid}::/home/ada:/bin/bash"
    assert rig.getent("passwd", uid) == rig.getent("passwd", "ada")
    assert rig.getent("group", "ada") == rig.getent("group", uid) == f"ada:*:{uid}:"


def test_ids__are_those_of_the_role_and_of_what_it_confers(rig):
    ada, dev, vic = (id_of(rig, name) for name in ("ada", "dev", "vic"))
    groups = {name: rig.getent("group", f"cosmo-{name}").split(":")[2] for name in
              ("users", "admin", "developer", "viewer")}
    users, admin, developer, viewer = (f"{groups[name]}(cosmo-{name})" for name in groups)
    assert rig.run("id", "ada") == f"uid={ada}(ada) gid={ada}(ada) groups={ada}(ada),{users},{admin}"
    assert rig.groups_of("dev") == {f"{dev}(dev)", users, developer, "20(dialout)", "3000(extra)"}
    assert rig.groups_of("vic") == {f"{vic}(vic)", users, viewer}
    assert rig.groups_of("lea") == {f"{id_of(rig, 'lea')}(lea)", users, viewer}
    assert rig.getent("initgroups", "dev").split()[1:] == ["3000", groups["users"], groups["developer"], "20"]


def test_others__are_as_without_us(rig):
    names = ("root", "local", "noone", "gone", "Ada", "cosmo-admin", "0", "1000", "1610612736", str(UID_MIN))
    with_us = [(rig.getent("passwd", name), rig.run("id", name)) for name in names]
    rig.switch("passwd: files\ngroup: files\n")
    assert with_us == [(rig.getent("passwd", name), rig.run("id", name)) for name in names]
    assert with_us[0][1] == "uid=0(root) gid=0(root) groups=0(root)"
    assert with_us[2] == with_us[3] == (None, None)


def test_merge__conferred_group_has_members_of_both_others_stay(rig):
    assert rig.members("dialout") == rig.members("20") == ["local", "dev"]
    assert rig.members("cosmo-admin") == ["ada"]
    assert sorted(rig.members("cosmo-users")) == ["ada", "dev", "lea", "vic"]
    assert rig.getent("group", "root") == "root:x:0:"
    assert rig.members("extra") == ["dev"]
    assert rig.getent("group", "sudo") is None


@pytest.mark.parametrize("line", ["dialout:x:21:local", "dialup:x:20:local"])
def test_merge__name_or_gid_differs__gives_nobody_of_ours(rig, line):
    rig.local(users=LOCALS, groups=(line,))
    assert rig.members(line.split(":")[0]) == ["local"]


def test_enumeration__everybody_once(rig):
    names = [line.split(":")[0] for line in rig.getent("passwd").splitlines()]
    assert names[:2] == ["root", "local"]
    assert sorted(names[-4:]) == ["ada", "dev", "lea", "vic"] and len(names) == len(set(names))
    names = [line.split(":")[0] for line in rig.getent("group").splitlines()]
    assert {"cosmo-users", "cosmo-admin", "cosmo-developer", "cosmo-viewer", "ada", "dev", "lea", "vic"} <= set(names)
    assert len(names) == len(set(names))


def test_local_user_made_later_with_one_of_our_names__has_nothing_of_his(rig):
    rig.local(users=(*LOCALS, "ada:x:1001:1001::/home/other:/bin/sh"), groups=(*GROUPS, "other:x:1001:"))
    assert rig.run("id", "ada") == "uid=1001(ada) gid=1001(other) groups=1001(other)"


# Orders that are traps: what the manual says of them is so.


@pytest.mark.parametrize("between", ["hesiod", "hesiod [UNAVAIL=continue]"])
def test_trap__a_service_between_files_and_ours__loses_our_members(rig, between):
    rig.switch(f"passwd: files cosmo\ngroup: files [SUCCESS=merge] {between} cosmo\n")
    assert rig.members("dialout") == ["local"]
    assert "20(dialout)" in rig.groups_of("dev")  # what sudo asks for is not lost


def test_trap__without_merge__our_members_are_not_seen(rig):
    rig.switch("passwd: files cosmo\ngroup: files cosmo\n")
    assert rig.members("dialout") == ["local"]
    assert "20(dialout)" in rig.groups_of("dev")


def test_trap__an_initgroups_line__needs_to_continue(rig):
    rig.switch(SHIPPED + "initgroups: files cosmo\n")
    assert rig.groups_of("dev") == {f"{id_of(rig, 'dev')}(dev)", "3000(extra)"}
    assert len(rig.groups_of("ada")) == 3  # whom files does not have is not hidden
    rig.switch(SHIPPED + "initgroups: files [SUCCESS=continue] cosmo\n")
    assert len(rig.groups_of("dev")) == 5


# States of the store.


@pytest.fixture
def own_rig():
    with NssRig() as rig:
        yield rig


def test_never_connected__root_and_local_users_are_there(own_rig):
    assert own_rig.run("id", "root") == "uid=0(root) gid=0(root) groups=0(root)"
    assert own_rig.run("id", "local") == "uid=1000(local) gid=1000(local) groups=1000(local),20(dialout)"
    assert own_rig.getent("passwd", "ada") is None


def test_disconnected__everybody_is_a_viewer(own_rig):
    own_rig.store("confer=dialout", "connect", "user=ada,admin", "user=dev,developer", "disconnect")
    for name in ("ada", "dev"):
        found = {group.split("(")[1] for group in own_rig.groups_of(name)}
        assert found - {"extra)"} == {f"{name})", "cosmo-users)", "cosmo-viewer)"}
    assert own_rig.members("dialout") == ["local"]


def test_damaged__ours_are_unknown_and_others_as_ever(own_rig):
    own_rig.store("confer=dialout", "connect", "user=ada,admin")
    assert own_rig.getent("passwd", "ada")
    path = own_rig.folder / "state/users.1.db"
    data = bytearray(path.read_bytes())
    data[40] ^= 1
    path.write_bytes(data)
    assert own_rig.getent("passwd", "ada") is None
    assert own_rig.run("id", "root") == "uid=0(root) gid=0(root) groups=0(root)"
    assert own_rig.run("id", "local") == "uid=1000(local) gid=1000(local) groups=1000(local),20(dialout)"
    assert own_rig.members("dialout") == ["local"]


def test_many_members__no_one_is_lost_when_buffers_grow(own_rig):
    own_rig.store("confer=dialout", "connect", *(f"user={name},developer" for name in MANY))
    assert sorted(own_rig.members("cosmo-users")) == MANY
    assert sorted(own_rig.members("dialout")) == sorted(["local", *MANY])
    names = [line.split(":")[0] for line in own_rig.getent("passwd").splitlines()]
    assert sorted(name for name in names if name in MANY) == MANY


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-q", *sys.argv[1:]]))
