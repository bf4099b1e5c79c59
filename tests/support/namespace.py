# SPDX-License-Identifier: MIT
"""A run's own mounts and, for tests, its own network: ports never clash, and every packet on `lo` is the run's."""

import ctypes
import os
import subprocess

_libc = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNS = 0x00020000
_CLONE_NEWNET = 0x40000000
_MS_REC = 0x4000
_MS_PRIVATE = 0x40000


def _check(result, what):
    if result:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}; this needs root")


def enter(network=True):
    """Move this process (before it has threads) and its children to come. There is no way back."""
    _check(_libc.unshare(_CLONE_NEWNS | (_CLONE_NEWNET if network else 0)), "unshare")
    _check(_libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None), "making mounts private")
    if network:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
