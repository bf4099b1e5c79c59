# SPDX-License-Identifier: MIT
"""Sessions recorded, listed and ended, with real processes: the built helper and command in a pid namespace."""

import pytest

from support.session_rig import SessionRig

CONNECTED = 'world.store("connect", "user=ada,developer", "user=bob,developer")\n'


@pytest.fixture
def rig():
    with SessionRig() as running:
        yield running


def test_a_session_is_listed_and_ended_alone(rig):
    found = rig.inside(CONNECTED + """
ada, bob = world.session("ada"), world.session("bob")
result["list"] = world.json("session", "list")
mine = [item["id"] for item in result["list"] if item["user"] == "ada"]
result["dry"] = world.json("session", "end", mine[0], "--dry-run")
result["still"] = [world.runs(pid) for pid in ada]
result["end"] = world.json("session", "end", mine[0], "--yes")
result["ada"], result["bob"] = [world.runs(pid) for pid in ada], [world.runs(pid) for pid in bob]
result["after"] = [item["user"] for item in world.json("session", "list")]
""")
    assert sorted(item["user"] for item in found["list"]) == ["ada", "bob"]
    ours = found["list"][0]
    assert (ours["service"], ours["tty"], ours["from"], ours["problem"]) == ("sshd", "pts/7", "192.0.2.7", None)
    assert found["dry"]["processes"] == 3 and found["still"] == [True] * 3
    assert found["end"]["sessions"] == 1 and found["end"]["processes"] == 3 and found["end"]["left"] == 0
    assert found["ada"] == [False] * 3 and found["bob"] == [True] * 3 and found["after"] == ["bob"]
