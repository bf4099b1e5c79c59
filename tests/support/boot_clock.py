# SPDX-License-Identifier: MIT
"""The boot clock of one exchange, ahead of the host's: a time namespace of its own.

    rig.start("ctl", hostile=boot_clock.ahead(600))
"""

AHEAD = """
import ctypes
if ctypes.CDLL(None, use_errno=True).unshare(0x80) != 0:  # CLONE_NEWTIME
    raise OSError(ctypes.get_errno(), "no time namespace")
open("/proc/self/timens_offsets", "w").write("boottime {seconds} 0")
child = os.fork()  # it holds for children alone
if child:
    os.closerange(3, 64)
    os.waitpid(child, 0)
    os._exit(0)
"""


def ahead(seconds):
    """Code for HelperRig.start() that has the helper, and what it starts, live so many seconds later."""
    return AHEAD.format(seconds=seconds)
