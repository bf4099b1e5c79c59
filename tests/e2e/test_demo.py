# SPDX-License-Identifier: MIT
"""tools/demo: what a new user runs first, and what it leaves behind, which is nothing."""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pexpect
import pytest

from support.offspring import Offspring
from support.process import PATIENCE_S, watch
from support.product import SOURCE

DEMO = str(SOURCE / "tools/demo")


def tree():
    return subprocess.run(["git", "status", "--porcelain"], cwd=SOURCE, capture_output=True, text=True).stdout


def mounts():
    return [line for line in pathlib.Path("/proc/mounts").read_text().splitlines() if "cosmo-sso" in line]


def cgroups(pids):
    """Those of these processes; of others some may go while they are looked through, which a glob would end at."""
    names = tuple(f"cosmo-sso-test-{pid}-" for pid in pids)
    return [name for _, inside, _ in os.walk("/sys/fs/cgroup") for name in inside if name.startswith(names)]


@contextlib.contextmanager
def nothing_left_behind():
    """Gives the environment to run a demo in. Afterwards its processes, mounts, cgroups and temporary files are gone."""
    folder = pathlib.Path(tempfile.mkdtemp())
    before = tree(), mounts()
    pids = []
    try:
        with Offspring() as offspring:
            yield {**os.environ, "TMPDIR": str(folder)}, pids
            watch(lambda: not offspring.left(), PATIENCE_S, "the end of all processes")
        assert list(folder.iterdir()) == []
        assert (tree(), mounts()) == before
        assert pids and not cgroups(pids)
    finally:
        shutil.rmtree(folder)


def test_demo__automatic__three_roles_and_nothing_left():
    with nothing_left_behind() as (environment, pids):
        demo = subprocess.Popen([DEMO, "--auto"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        pids.append(demo.pid)
        shown, _ = demo.communicate(timeout=600)
    assert demo.returncode == 0, shown
    for role in ("admin", "developer", "viewer"):
        assert re.search(rf"^\|uid=\d+\((ada|dev|vic)\) .*\(cosmo-users\),\d+\(cosmo-{role}\) *\|$", shown, re.M), shown
    assert len(re.findall(r"A camera reads this from the screen: https://localhost:9443/device\?user_code=[A-Z]{4}-[A-Z]{4}\n", shown)) == 3


@pytest.mark.parametrize("moment", ["starting the IdP", "Ctrl-C takes everything down"])
def test_demo__ctrl_c__everything_down(moment):
    with nothing_left_behind() as (environment, pids):
        demo = pexpect.spawn(DEMO, timeout=300, encoding="utf-8", env=environment)
        pids.append(demo.pid)
        demo.expect_exact(moment)
        if moment.startswith("Ctrl-C"):
            assert "ada@127.0.0.1" in demo.before
        demo.sendintr()
        demo.expect("everything is down again")
        assert demo.wait() == 0
        demo.close()
