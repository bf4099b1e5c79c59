# SPDX-License-Identifier: MIT
"""Measures many sign-ins that are begun at once and stay pending, from inside the rig's namespace; see pending.py.

usage: pending_worker.py FOLDER SECONDS ORDERS ANSWERS ISSUER CLIENT_ID [CA_FILE]

Everybody who is enrolled signs in. SECONDS: how long they are watched then. Prints JSON.
"""
import ctypes
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import sign_in_worker as alone
from support import consumption

NO_END = 10**9
INTERVAL_S = 5  # RFC 8628 has it where the IdP says nothing


def kernel_kb():
    """What the kernel holds for all processes of the machine, page cache left out."""
    held = dict(re.findall(r"^(\w+):\s+(\d+) kB", pathlib.Path("/proc/meminfo").read_text(), re.MULTILINE))
    return sum(int(held[what]) for what in ("Slab", "KernelStack", "PageTables", "Percpu"))


class Caller:
    """One sign-in, begun."""

    def __init__(self, rig, name, tty):
        self._report = rig.folder / f"report-of-{name}"
        words = [rig.folder / "caller", self._report, rig.folder / "pam", "login", name, f"tty={tty}", "clock", "auth"]
        self.process = subprocess.Popen(words, env=rig.caller_environment(), stdin=subprocess.DEVNULL)

    def clocks(self):
        report = self._report.read_text() if self._report.exists() else ""
        if "\nauth " in report:
            raise RuntimeError(f"a sign-in ended: {report}")
        return consumption.clocks(report)


def begun(rig, names, tty):
    """All of them with their codes; milliseconds to the code for each, and to the last of all."""
    callers = [Caller(rig, name, tty) for name in names]
    alone.watch(lambda: all("message" in caller.clocks() for caller in callers), 60, "all codes", every_s=0.1)
    clocks = [caller.clocks() for caller in callers]
    first = min(told["auth"] for told in clocks)
    each = [(told["message"] - told["auth"]) / 1e6 for told in clocks]
    return callers, each, (max(told["message"] for told in clocks) - first) / 1e6


def cpu_ms(pids):
    return {part: sum(consumption.cpu_ns(pid) for pid in found) / 1e6 for part, found in pids.items()}


def memory(pids):
    """KiB of each program's processes together."""
    of_all = {}
    for part, found in pids.items():
        each = [consumption.memory_kb(pid) for pid in found]
        of_all[part] = {what: sum(one[what] for one in each) for what in ("Private_Dirty", "Pss")}
    return of_all


def curls(idp, count):
    """As many programs making the same requests: milliseconds until the last has ended."""
    began = time.monotonic()
    processes = [subprocess.Popen(alone.curl_words(idp, warm=True)) for _ in range(count)]
    for process in processes:
        if process.wait(60):
            raise RuntimeError("curl failed")
    return (time.monotonic() - began) * 1000


def end_all(callers):
    for caller in callers:
        caller.process.send_signal(signal.SIGKILL)
    alone.reap()


def measure(rig, idp, tty, seconds):
    names = sorted(path.name for path in (rig.folder / "state/private/users").glob("[a-z]*"))
    curl_ms = curls(idp, len(names))
    idp.order(pending=NO_END, interval_s=INTERVAL_S)
    kernel_before = kernel_kb()
    callers, to_code_ms, all_codes_ms = begun(rig, names, tty)
    pids, before, began = consumption.parts_beside(os.getpid()), idp.order(), time.monotonic()
    counts = {part: len(found) for part, found in pids.items()}
    if set(counts.values()) != {len(names)}:
        raise RuntimeError(f"not one process each of {len(names)} sign-ins: {counts}")
    used, kernel = cpu_ms(pids), kernel_kb() - kernel_before
    time.sleep(seconds)  # what is measured is how little they do
    waited_s, after = time.monotonic() - began, cpu_ms(pids)
    polls = idp.difference(before)
    found = {
        "sign_ins": len(names), "to_code_ms": to_code_ms, "all_codes_ms": all_codes_ms, "curl_all_ms": curl_ms,
        "cpu_ms": used, "memory_kb": memory(pids), "waited_s": waited_s, "polls": polls["requests"],
        "handshakes": polls["handshakes"],
        "waiting_cpu_ms": {part: after[part] - used[part] for part in pids},
        "kernel_kb": kernel,
    }
    end_all(callers)
    return found


def main():
    folder, seconds, *whom = sys.argv[1:]
    ctypes.CDLL(None).prctl(alone.PR_SET_CHILD_SUBREAPER, 1)
    rig, idp = alone.Inside(folder), alone.Idp(*whom)
    master, slave = os.openpty()
    print(alone.json.dumps(measure(rig, idp, os.ttyname(slave), float(seconds))))
    os.close(master)
    os.close(slave)


if __name__ == "__main__":
    main()
