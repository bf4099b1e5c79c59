#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""P8: once the gate is closed, every process that ran before sees every user as a viewer at its next look-up, at 20,000
users and while users.1.db is put anew all the time. Needs root and COSMO_BUILD_DIR."""

import collections
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support.ctl_rig import CtlRig  # noqa: E402
from support.pam_rig import installed  # noqa: E402
from support.plugin_reader import PluginReader  # noqa: E402
from support.process import end, watch  # noqa: E402
from support.program import built  # noqa: E402
from support.reports import runtime_first  # noqa: E402

USERS = 20_000
DIALOUT = 20
OTHERS = ("cosmo-admin", "cosmo-developer", "dialout")  # groups that no viewer is in


class Crowd(CtlRig):
    """The users of tests/bench/population.h, put into users.1.db by the product's own writer as a rebuild does it
    ("index"), or enrolled, with private records and refresh tokens ("tokens"): a quarter are viewers and a quarter admins,
    the others developers, who are in dialout too. Those of the growth are enrolled, without a token. In memory, since a disk
    would be waited for."""

    def __init__(self, what="index"):
        super().__init__()
        self.what = what
        self.memory = pathlib.Path(tempfile.mkdtemp(prefix="cosmo-sso-crowd-", dir="/dev/shm"))

    def __enter__(self):
        super().__enter__()
        self.memory.chmod(0o755)
        (self.folder / "state").rmdir()
        (self.folder / "state").symlink_to(self.memory)
        self.local(groups=(f"dialout:x:{DIALOUT}:",))
        subprocess.run(self.command(built("tests/bench/fill_store"), USERS, self.what), check=True,
                       stdout=subprocess.DEVNULL, env=self._environment(), timeout=600)
        return self

    def __exit__(self, *words):
        try:
            super().__exit__(*words)
        finally:
            shutil.rmtree(self.memory)

    def reader(self):
        plugin = built("nss_cosmo/libnss_cosmo.so.2")
        return PluginReader(lambda *words: self.command(*runtime_first(plugin), *words), plugin, self._environment())

    def growth(self):
        return Growth(self.command(built("tests/bench/grow_store"), USERS), self._environment())


class Growth:
    """with rig.growth() as growth: users.1.db is put anew all the time, each time with new users in it."""

    def __init__(self, command, environment):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=environment)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        end(self.process)

    def stop(self):
        self.process.stdin.close()
        self.process.stdout.read()
        assert self.process.wait(60) == 0

    def reach(self, users):
        """Wait for a file with so many in it."""
        while json.loads(self.process.stdout.readline())["users"] < users:
            continue


@pytest.fixture
def crowd():
    with Crowd() as crowd:
        yield crowd


def roles_of(reader, names):
    """How many of these people have which groups beside everybody's."""
    users = reader.ask("group", "cosmo-users")[0]
    titles = {reader.ask("group", name)[0]: name for name in (*OTHERS, "cosmo-viewer")}
    counts = collections.Counter()
    for gids in reader.ask("gids", names):
        assert gids and gids[0] == users
        counts[" ".join(titles[gid] for gid in gids[1:])] += 1
    return counts


ENROLLED = {"cosmo-viewer": USERS // 4, "cosmo-developer dialout": USERS // 2, "cosmo-admin": USERS // 4}


def test_closed__process_that_can_open_nothing_more__finds_viewers_only(crowd):
    with crowd.reader() as reader:
        names = reader.ask("everybody")
        assert len(set(names)) == len(names) == USERS
        assert roles_of(reader, names) == ENROLLED
        mapped = reader.maps("gate"), reader.maps("users.1.db")
        assert [len(lines) for lines in mapped] == [1, 1]
        reader.ask("open_nothing_more")
        assert roles_of(reader, names) == ENROLLED
        crowd.store("close")
        assert reader.ask("gids", names[:1]) == [[reader.ask("group", name)[0] for name in
                                                 ("cosmo-users", "cosmo-viewer")]]
        assert roles_of(reader, names) == {"cosmo-viewer": USERS}
        assert [reader.ask("group", name)[1] for name in OTHERS] == [[], [], []]
        assert sorted(reader.ask("group", "cosmo-viewer")[1]) == sorted(names)
        assert (reader.maps("gate"), reader.maps("users.1.db")) == mapped


def test_closed__while_users_db_grows__everybody_is_a_viewer_for_who_looked_before(crowd):
    with crowd.reader() as reader:
        names = reader.ask("everybody")
        assert roles_of(reader, names) == ENROLLED
        mapped = reader.maps("gate")
        # What it has is all that it will ever have of the gate.
        assert len(mapped) == 1 and reader.ask("hide", installed("COSMO_RUN_DIR")) == []
        with crowd.growth() as growth:
            growth.reach(USERS + 1)
            assert roles_of(reader, names) == ENROLLED
            growth.reach(USERS + len(crowd.records()) + 1)
            crowd.store("close")
            assert roles_of(reader, names) == {"cosmo-viewer": USERS}
            assert [reader.ask("group", name)[1] for name in OTHERS] == [[], [], []]
            # Who was enrolled meanwhile, before it was closed and since.
            growth.reach(USERS + len(crowd.records()) + 1)
            added = crowd.records()
            growth.reach(USERS + len(added))
            assert roles_of(reader, added) == {"cosmo-viewer": len(added)}
            growth.stop()
        everybody = sorted({*names, *crowd.records()})
        assert roles_of(reader, everybody) == {"cosmo-viewer": len(everybody)}
        assert sorted(reader.ask("group", "cosmo-viewer")[1]) == everybody
        assert [reader.ask("group", name)[1] for name in OTHERS] == [[], [], []]
        assert reader.maps("gate") == mapped


CLOSED = 2  # enum gate_state
BUSY = 5  # enum exit_code
RUNS = 10


def runs_of_disconnect(crowd, first):
    """The steps of each run by their names, of `first` and of as many more as were asked for: a writer that keeps the lock
    for seconds, as the growth does on a loaded machine, is not waited for."""
    runs, process = [], first
    while True:
        out = process.communicate(timeout=600)[0].decode()
        runs.append({step["step"]: step for step in json.loads(out[out.index("{\n"):])["steps"]})
        if process.returncode != BUSY or len(runs) == RUNS:
            assert process.returncode == 0, out
            return runs
        assert "run the command again" in out and runs[-1]["tokens"]["left"] > 0, out
        process = crowd.ctl_started("disconnect", "--json")


def test_disconnect__20000_enrolled_while_users_db_grows__viewers_at_once_and_no_token_left():
    """The command itself: roles are gone when its first step is done, whatever the others take."""
    with Crowd("tokens") as crowd, crowd.reader() as reader:
        names = reader.ask("everybody")
        assert roles_of(reader, names) == ENROLLED
        with crowd.growth() as growth:
            growth.reach(USERS + 1)
            before = len(crowd.records())
            disconnect = crowd.ctl_started("disconnect", "--json")
            watch(lambda: (crowd.folder / "run/gate").read_bytes()[16] == CLOSED, 60, "the closed gate", every_s=0.001)
            assert roles_of(reader, names) == {"cosmo-viewer": USERS}
            runs = runs_of_disconnect(crowd, disconnect)
            assert len(crowd.records()) > before
            growth.reach(len(crowd.records()) + 1)
            growth.stop()
        steps = runs[-1]
        # Nobody answers the revoking, and homes are looked through for so long only.
        assert steps["setgid"]["result"] in ("ok", "timeout"), steps
        assert {step["result"] for name, step in steps.items() if name not in ("revoked", "setgid")} == {"ok"}, steps
        assert (sum(run["tokens"]["count"] for run in runs), steps["tokens"]["left"]) == (USERS, 0)
        users = crowd.folder / "state/private/users"
        assert not [name for name in crowd.records() if b"refresh_token" in (users / name).read_bytes()]
        everybody = crowd.records()
        assert len(everybody) > USERS and roles_of(reader, everybody) == {"cosmo-viewer": len(everybody)}


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-q", *sys.argv[1:]]))
