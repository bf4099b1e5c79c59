# SPDX-License-Identifier: MIT
"""Cgroups of their own for a container, where no systemd of the machine hands them out."""

import contextlib
import os
import pathlib
import signal

from .process import watch

PREFIX = "cosmo-sso-test-"
LEAVE_S = 20
BASE = pathlib.Path("/sys/fs/cgroup")


def _hierarchies():
    """The mounted ones that a systemd inside looks at: cgroup2, and v1's named one."""
    if pathlib.Path("/run/systemd/system").is_dir():
        return []  # nspawn asks the machine's systemd for a scope
    if (BASE / "cgroup.procs").exists():
        return [BASE]
    return [place for place in (BASE / "systemd", BASE / "unified") if (place / "cgroup.procs").exists()]


def _remove_tree(folder):
    """End what still runs in it; whether it is gone."""
    for path, _, _ in os.walk(folder, topdown=False):
        with contextlib.suppress(OSError):  # a process, or the folder, is just leaving
            for pid in map(int, (pathlib.Path(path) / "cgroup.procs").read_text().split()):
                if pid:  # 0 stands for those that we cannot see, and that are not ours
                    os.kill(pid, signal.SIGKILL)
            os.rmdir(path)
    return not folder.exists()


def _sweep():
    """What runs that were killed have left."""
    for place in _hierarchies():
        for folder in place.glob(PREFIX + "*"):
            if not pathlib.Path(f"/proc/{folder.name.removeprefix(PREFIX).split('-')[0]}").is_dir():
                _remove_tree(folder)


class Cgroup:
    def __init__(self, name):
        _sweep()
        self._folders = [place / f"{PREFIX}{os.getpid()}-{name}" for place in _hierarchies()]
        for folder in self._folders:
            folder.mkdir(exist_ok=True)

    @property
    def procs(self):
        """The files a process writes its id into to join."""
        return [str(folder / "cgroup.procs") for folder in self._folders]

    def remove(self):
        for folder in self._folders:
            watch(lambda folder=folder: _remove_tree(folder), LEAVE_S, f"the end of {folder}")
