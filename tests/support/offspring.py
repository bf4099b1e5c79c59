# SPDX-License-Identifier: MIT
"""Processes that somebody we started has left behind: whoever loses his parent becomes our child, and is seen."""

import ctypes
import os
import pathlib

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_CHILD_SUBREAPER = 36


def _children():
    tasks = pathlib.Path("/proc/self/task").glob("*/children")
    return {int(pid) for task in tasks for pid in task.read_text().split()}


def _is_dead(pid):
    """Dead ones are put to rest."""
    state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    if state == "Z":
        os.waitpid(pid, 0)
    return state == "Z"


class Offspring:
    """with Offspring() as offspring: ...; offspring.left()   Command lines of children that were none before."""

    def __enter__(self):
        if _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1):
            raise OSError(ctypes.get_errno(), "prctl")
        self._before = _children()
        return self

    def __exit__(self, *_):
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 0)

    def left(self):
        alive = [pid for pid in _children() - self._before if not _is_dead(pid)]
        return [pathlib.Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ") for pid in alive]
