# SPDX-License-Identifier: MIT
"""What the account phase adds to `sudo -n true` of a user of ours, on a booted host with everything as installed.

A round is one each: with the IdP to be asked anew, then by turns with nothing to refresh and in a stack without our
lines, either of them first in every other round; then systemd starting a helper that is asked nothing, and curl making
the same exchange. All that is compared is of one run.
"""
import json
import pathlib
import statistics
import subprocess
import sys

import table

HERE = pathlib.Path(__file__).resolve().parent
ROUNDS = 50
NAMES = {"without": "sudo -n true, without our lines", "fresh": "sudo -n true, nothing to refresh",
         "refresh": "sudo -n true, with a refresh", "unit": "systemd, one helper", "curl": "curl, one exchange"}


def measure(place, rounds=ROUNDS):
    """In a process of its own, for the network that it is measured on."""
    worker = [sys.executable, "-B", HERE / "account_worker.py", place, str(rounds)]
    found = json.loads(subprocess.run(worker, check=True, stdout=subprocess.PIPE, text=True).stdout)
    asked = {json.dumps(exchange, sort_keys=True) for exchange in found["asked"]}
    if len(asked) != 1:
        raise RuntimeError(f"the exchanges of a refresh differ between runs: {asked}")
    cells = {}
    for what, times_ns in found["ns"].items():
        times = sorted(ns / 1e6 for ns in times_ns)
        cells[what] = {"median_ms": round(statistics.median(times), 2), "least_ms": round(times[0], 2),
                       "most_ms": round(times[-1], 2), "runs": len(times)}
    middle = {what: cell["median_ms"] for what, cell in cells.items()}
    more = middle["refresh"] - middle["fresh"]
    return {"runs": cells, "asked": found["asked"][0], "adds_ms": round(middle["fresh"] - middle["without"], 2),
            "refresh_adds_ms": round(more, 2), "rest_ms": round(more - middle["unit"] - middle["curl"], 2)}


def render(found):
    rows = [(NAMES[what], f"{cell['median_ms']:.2f}", f"{cell['least_ms']:.2f}..{cell['most_ms']:.2f}", cell["runs"])
            for what, cell in found["runs"].items()]
    asked = ", ".join(f"{path} {count}" for path, count in found["asked"]["requests"].items())
    middle = {what: cell["median_ms"] for what, cell in found["runs"].items()}
    return "\n".join([
        table.render(("median", "ms", "least..most", "runs"), rows), "",
        f"The account phase adds {found['adds_ms']:.2f} ms (target: 3).",
        f"A refresh adds {found['refresh_adds_ms']:.2f} ms to that ({asked}, TLS handshakes {found['asked']['handshakes']}): "
        f"the exchange as curl makes it {middle['curl']:.2f}, systemd's start of the helper {middle['unit']:.2f}, "
        f"the rest {found['rest_ms']:.2f}.",
    ])
