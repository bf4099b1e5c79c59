# SPDX-License-Identifier: MIT
"""Child processes that end with us, however we end, and waiting that watches instead of sleeping."""

import ctypes
import signal
import time

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1
# How long tests wait for what has to come, however busy the machine: only what never comes is waited for so long.
PATIENCE_S = 180


def die_with_parent():
    """For Popen's preexec_fn: SIGKILL when the starting process is gone."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def end(process, with_signal=signal.SIGTERM, patience_s=20):
    """End a Popen, by force if it does not go."""
    if process is None or process.poll() is not None:
        return
    process.send_signal(with_signal)
    try:
        process.wait(patience_s)
    except Exception:  # a second Ctrl-C included: the process must not be left behind
        process.kill()
        process.wait()


def watch(look, timeout_s, what, every_s=0.05):
    """Call `look` until it gives something true, and return that; TimeoutError says what never came."""
    deadline = time.monotonic() + timeout_s
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not seen within {timeout_s} s")
        time.sleep(every_s)
