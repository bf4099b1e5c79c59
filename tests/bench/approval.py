# SPDX-License-Identifier: MIT
"""From an approval to the shell, by real sshd and ssh on a booted host with everything as installed.

People press Enter before they approve, and then the sign-in goes on by itself once a poll has learnt of it; or behind,
and then it is over when they do. Approvals are spread over the poll interval, which is what is waited for in the first
place: how long that is, the IdP says. A local user's password, from typed to shell, beside: sshd, PAM session, shell.
"""
import json
import pathlib
import statistics
import subprocess
import sys

import table

HERE = pathlib.Path(__file__).resolve().parent
ROUNDS = 10
NAMES = {"waiting": "from the poll that learns of it, Enter pressed before", "enter": "from Enter, pressed behind it",
         "password": "a local user, from the password"}


def measure(place, rounds=ROUNDS):
    """In a process of its own, for the network that it is measured on."""
    worker = [sys.executable, "-B", HERE / "approval_worker.py", place, str(rounds)]
    said = json.loads(subprocess.run(worker, check=True, stdout=subprocess.PIPE, text=True).stdout)
    found = {}
    for what, runs in said["ns"].items():
        times = sorted(run["shell"] / 1e6 for run in runs)
        polled = [run["polled"] / 1e6 for run in runs]
        found[what] = {"median_ms": round(statistics.median(times), 1), "least_ms": round(times[0], 1),
                       "most_ms": round(times[-1], 1), "runs": len(times),
                       "polled_median_ms": round(statistics.median(polled), 1), "polled_most_ms": round(max(polled), 1)}
    return {"interval_s": said["interval_s"], "runs": found}


def render(found):
    rows = [(NAMES[what], f"{one['median_ms']:.1f}", f"{one['least_ms']:.1f}..{one['most_ms']:.1f}", one["runs"])
            for what, one in found["runs"].items()]
    polled = found["runs"]["waiting"]
    return "\n".join([
        table.render(("to the shell, median", "ms", "least..most", "runs"), rows), "",
        f"Before it, from the approval to that poll: {polled['polled_median_ms']:.0f} ms, {polled['polled_most_ms']:.0f} at "
        f"most; the IdP has a poll interval of {found['interval_s']} s.",
    ])
