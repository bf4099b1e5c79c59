# SPDX-License-Identifier: MIT
"""A host whose wall clock is wrong: what the product starts there, and what looks users up, sees another time than the
test and the IdP do. fetch alone has the right one, so that certificates stay good."""

import pathlib
import subprocess

from .ctl_rig import CtlRig
from .helper_rig import PROGRAMS
from .pam_rig import installed
from .program import built
from .reports import SANDBOXED, runtime_first

SCRIPT = """#!/bin/sh
read -r COSMO_WALL_AHEAD COSMO_BOOT_AHEAD <{ahead}
export COSMO_WALL_AHEAD COSMO_BOOT_AHEAD {moving} LD_PRELOAD={clock} {settings}:verify_asan_link_order=0
exec {program} "$@" 2>>{pipe}
"""


class ClockRig(CtlRig):
    """with ClockRig() as rig: rig.set_clock(3600)   # so many seconds ahead from now on"""

    MOVING = False  # else a helper that runs sees its clock go as well; the judge, in its sandbox, cannot

    def __enter__(self):
        super().__enter__()
        self.set_clock(0)
        for macro in ("COSMO_HELPER_PATH", "COSMO_JUDGE_PATH"):
            self._put_clock_before(pathlib.Path(installed(macro)).name, PROGRAMS[macro])
        self._file("nsswitch.conf", "passwd: files cosmo\ngroup: files [SUCCESS=merge] cosmo\nhosts: files\n")
        return self

    def _put_clock_before(self, name, part):
        program, place = self.folder / "real" / name, self.folder / "libexec" / name
        moving = f"COSMO_AHEAD_FILE={self.folder}/ahead" if self.MOVING and "helper" in name else ""
        program.write_bytes(built(f"pam_cosmo_sso/{part}/{name}").read_bytes())
        program.chmod(0o755)
        place.write_text(SCRIPT.format(ahead=self.folder / "ahead", clock=built("tests/integration/wall_clock.so"), program=program,
                                       settings=SANDBOXED, pipe=self.reports.pipe, moving=moving))
        place.chmod(0o755)

    def set_clock(self, ahead_s):
        self._ahead = int(ahead_s)
        self._file("ahead", f"{self._ahead} 0\n")

    def groups_of(self, user):
        """As every program of the host sees them now."""
        plugin = built("nss_cosmo/libnss_cosmo.so.2")
        environment = self._environment() | {"LD_LIBRARY_PATH": str(plugin.parent), "COSMO_WALL_AHEAD": str(self._ahead)}
        words = self.command(*runtime_first(plugin, built("tests/integration/wall_clock.so")), "id", "-Gn", user)
        return set(subprocess.run(words, env=environment, check=True, capture_output=True, text=True, timeout=60).stdout.split())
