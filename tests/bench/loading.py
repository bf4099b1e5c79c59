# SPDX-License-Identifier: MIT
"""What loading the two modules costs a process that has neither: beside modules that do nothing, and others of their kind.

Each process loads one module, all of them by turns. Libraries that a module brings along are counted in.
"""
import json
import pathlib
import re
import statistics
import subprocess

import table

ROUNDS = 101
HERE_ALREADY = {"libpam.so.0", "libc.so.6", "libaudit.so.1", "libcap-ng.so.0"}  # as in each program that uses PAM
OTHERS = {"pam_permit.so": "now", "pam_unix.so": "now", "libnss_systemd.so.2": "lazy"}


def modules(place):
    """{name: (path, how it is loaded)}: ours first of each kind, then the floor, then others that the machine has."""
    found = {"pam_cosmo_sso.so": (place / "pam_cosmo_sso/module/pam_cosmo_sso.so", "now"),
             "libnss_cosmo.so.2": (place / "nss_cosmo/libnss_cosmo.so.2", "lazy"),
             "a constant NSS module": (place / "tests/bench/constant_nss.so", "lazy")}
    for name, how in OTHERS.items():
        for path in [*pathlib.Path("/usr/lib").glob(f"*/security/{name}"), *pathlib.Path("/usr/lib").glob(f"*/{name}")]:
            found[name] = (path, how)
    return found


def said_by(*words):
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout


def brought(path):
    """The libraries that come with it, as the linker finds them."""
    pairs = re.findall(r"^\s*(\S+) => (/\S+)", said_by("ldd", path), re.MULTILINE)
    return {name: file for name, file in pairs if name not in HERE_ALREADY}


def relocations(path):
    """Those that are done whatever is called, and those of functions, which can wait for the first call."""
    kinds = re.findall(r"\bR_\w+", said_by("readelf", "-rW", path))
    later = sum("JUMP_SLOT" in kind or "JUMP_SLO" in kind for kind in kinds)
    return {"at_once": len(kinds) - later, "functions": later}


def measure(place, rounds=ROUNDS):
    wanted, runs = modules(place), {}
    for _ in range(rounds):
        for name, (path, how) in wanted.items():
            runs.setdefault(name, []).append(json.loads(said_by(place / "tests/bench/load_module", how, path)))
    found = {}
    for name, ones in runs.items():
        times, path = sorted(one["ns"] / 1000 for one in ones), wanted[name][0]
        found[name] = {
            "us": round(statistics.median(times), 1), "least_us": round(times[0], 1), "most_us": round(times[-1], 1),
            **{what: statistics.median(one[what] for one in ones) for what in ("faults", "private_dirty_kib")},
            "relocations": relocations(path), "brings": {lib: relocations(file) for lib, file in brought(path).items()},
        }
    return found


def render(found):
    rows = []
    for name, one in found.items():
        each = [one["relocations"], *one["brings"].values()]
        rows.append((name, f"{one['us']:.0f}", f"{one['least_us']:.0f}..{one['most_us']:.0f}", f"{one['faults']:.0f}",
                     f"{one['private_dirty_kib']:.0f}", sum(own["at_once"] for own in each),
                     sum(own["functions"] for own in each), ", ".join(one["brings"]) or "-"))
    return table.render(("loading, median", "us", "least..most", "pages touched", "private dirty KiB", "relocations",
                         "and functions", "brings"), rows)
