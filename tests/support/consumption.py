# SPDX-License-Identifier: MIT
"""What the processes of sign-ins consume, and when they did what."""

import os
import pathlib
import re

# By the names of their programs; the module is in its caller's.
PARTS = ("caller", "cosmo-sso-helper", "cosmo-sso-judge", "cosmo-sso-fetch")


def cpu_ns(pid):
    return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0])


def memory_kb(pid):
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return {name: int(re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE).group(1))
            for name in ("Private_Dirty", "Pss")}


def parts_beside(pid):
    """The processes of all sign-ins that are going on in the mount namespace of `pid`, by program: {name: [pid, ...]}."""
    here, found = os.stat(f"/proc/{pid}/ns/mnt").st_ino, {name: [] for name in PARTS}
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "ns/mnt").stat().st_ino == here:
                name = pathlib.Path((entry / "cmdline").read_bytes().split(b"\0")[0].decode()).name
                found.get(name, []).append(int(entry.name))
        except OSError:
            continue
    return found


def clocks(report):
    """Of a report of pam_caller's with `clock`: nanoseconds by what happened then."""
    return {what: int(ns) for what, ns in re.findall(r"^clock (\w+) (\d+)$", report, re.MULTILINE)}


def to_code_ms(report):
    """None: no code is there yet."""
    told = clocks(report)
    return (told["message"] - told["auth"]) / 1e6 if "message" in told else None
