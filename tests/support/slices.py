# SPDX-License-Identifier: MIT
"""Sessions as systemd keeps them, in cgroups: for SessionRig.inside(), in front of a test's own lines."""

import pathlib

import pytest

from .cgroup import Cgroup


@pytest.fixture
def slices():
    """A folder of cgroups such as systemd makes them, for pid 1 and what it starts."""
    cgroup = Cgroup("slices")
    if not cgroup.procs:
        pytest.skip("the machine's systemd hands out the cgroups")
    yield CGROUPS.replace("BASE", repr(str(pathlib.Path(cgroup.procs[-1]).parent)))
    cgroup.remove()


CGROUPS = """
SLICES = pathlib.Path(BASE)
def join(where):
    folder = SLICES / where
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cgroup.procs").write_text("0")
def loose(where, uid=0, command=None):
    ready, told = os.pipe()
    pid = os.fork()
    if not pid:
        join(where)
        os.setsid()
        os.setresuid(uid, uid, uid)
        for number in (signal.SIGHUP, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        os.write(told, b"x")
        if command:
            os.execv(command[0], command)
        while True:
            signal.pause()
    os.read(ready, 1)
    return world.watch(pid)
join("init.scope")
"""
