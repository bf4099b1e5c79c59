# SPDX-License-Identifier: MIT
"""Measures `cosmo-ssoctl refresh --all` from inside the rig's namespace; see refresh_all.py.

usage: refresh_all_worker.py CTL SECONDS PEOPLE ORDERS ANSWERS ISSUER CLIENT_ID CA_FILE

SECONDS: when to interrupt it, 0 for never. PEOPLE: a file for the IdP, see crowded_idp.py. Prints JSON.
"""
import ctypes
import os
import signal
import subprocess
import sys
import time

import sign_in_worker as one
from support import consumption

LOOK_S = 0.1
CURLS = 300
PARTS = ("cosmo-sso-helper", "cosmo-sso-judge", "cosmo-sso-fetch")


class Peaks:
    """The most memory that any process of each program was seen with, KiB, and the helper's at first."""

    def __init__(self):
        self.most, self.first = {part: {"Private_Dirty": 0, "Pss": 0} for part in PARTS}, None

    def look(self):
        for part, pids in consumption.parts_beside(os.getpid()).items():
            for pid in pids if part in PARTS else ():
                try:
                    now = consumption.memory_kb(pid)
                except (OSError, AttributeError):  # it has just ended
                    continue
                self.most[part] = {what: max(kib, self.most[part][what]) for what, kib in now.items()}
                if part == PARTS[0] and not self.first:
                    self.first = now


def alone(idp):
    """Requests per second that the IdP answers to one program that does nothing else, each over a connection anew."""
    urls = f"{idp.issuer}/token?[1-{CURLS}]"
    form = f"grant_type=refresh_token&refresh_token=anybody&client_id={idp.client_id}"
    before, began = idp.order(), time.monotonic()
    subprocess.run(["curl", "-sS", *idp.trust, "-o", "/dev/null", "-d", form, urls], check=True)
    took_s, asked = time.monotonic() - began, idp.difference(before)
    if (asked["requests"], asked["handshakes"]) != ({"/token": CURLS}, CURLS):
        raise RuntimeError(f"curl asked otherwise: {asked}")
    return CURLS / took_s


def run(idp, ctl, seconds):
    before, cpu_before, began = idp.order(), one.children_cpu_s(), time.monotonic()
    process = subprocess.Popen([ctl, "refresh", "--all", "--json"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    peaks, was_stopped = Peaks(), False
    while process.poll() is None:
        peaks.look()
        if seconds and not was_stopped and time.monotonic() > began + seconds:
            process.send_signal(signal.SIGINT)
            was_stopped = True
        time.sleep(LOOK_S)
    took_s, (out, err) = time.monotonic() - began, process.communicate()
    one.reap()
    if process.returncode and not was_stopped:
        raise RuntimeError(f"refresh --all ended with {process.returncode}: {out}{err}")
    return {"seconds": took_s, "was_stopped": was_stopped, "cpu_s": one.children_cpu_s() - cpu_before, "said": out,
            "most_kib": peaks.most, "first_kib": peaks.first, **idp.difference(before)}


def main():
    ctl, seconds, people, *whom = sys.argv[1:]
    ctypes.CDLL(None).prctl(one.PR_SET_CHILD_SUBREAPER, 1)
    idp = one.Idp(*whom)
    idp.order(people=people)
    print(one.json.dumps({"idp_alone_per_s": alone(idp), **run(idp, ctl, float(seconds))}))


if __name__ == "__main__":
    main()
