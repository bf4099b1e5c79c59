# SPDX-License-Identifier: MIT
"""tools/demo: what a new user runs first, and what it leaves behind, which is nothing."""

import pathlib
import signal
import subprocess

import pexpect

from support.process import watch
from support.product import SOURCE

DEMO = SOURCE / "tools/demo"


def left_behind():
    """Whatever a host, an IdP, a browser or a terminal of the rig leaves if it is not taken down."""
    folders = [str(path) for path in pathlib.Path("/tmp").glob("cosmo-sso-*")]
    groups = [str(path) for path in pathlib.Path("/sys/fs/cgroup").glob("*/cosmo-sso-test-*")]
    mounts = [line for line in pathlib.Path("/proc/mounts").read_text().splitlines() if "cosmo-sso-host" in line]
    tree = subprocess.run(["git", "status", "--porcelain"], cwd=SOURCE, capture_output=True, text=True).stdout
    return {*folders, *groups, *mounts, *tree.splitlines()}


def test_demo__automatic__three_roles_and_nothing_left():
    before = left_behind()
    done = subprocess.run([DEMO, "--auto"], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    for shown in ("(cosmo-admin)", "(cosmo-developer)", "(cosmo-viewer)", "A camera reads this from the screen: https://"):
        assert shown in done.stdout
    assert left_behind() <= before


def test_demo__ctrl_c__everything_down():
    before = left_behind()
    demo = pexpect.spawn(str(DEMO), timeout=300, encoding="utf-8")
    demo.expect("Ctrl-C takes everything down")
    assert "ada@127.0.0.1" in demo.before
    demo.kill(signal.SIGINT)
    demo.expect("everything is down again")
    demo.expect(pexpect.EOF)
    demo.close()
    watch(lambda: left_behind() <= before, 30, "nothing left behind")
