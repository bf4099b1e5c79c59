# SPDX-License-Identifier: MIT
"""Measures sign-ins from inside the rig's namespace, beside curl making the same requests; see sign_in.py.

usage: sign_in_worker.py FOLDER ROUNDS ORDERS ANSWERS ISSUER CLIENT_ID [CA_FILE]

ORDERS, ANSWERS: descriptors, see fake_idp.py. CA_FILE: curl's; none: what the system trusts. Prints JSON.
"""
import ctypes
import json
import os
import pathlib
import resource
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support.consumption import cpu_ns, memory_kb, parts_beside, to_code_ms  # noqa: E402
from support.process import watch  # noqa: E402
from support.sign_in_rig import Inside  # noqa: E402

PR_SET_CHILD_SUBREAPER = 36
NEVER = 10**9


class Idp:
    """The other end of fake_idp.py's control lines. `trust`: what makes curl trust it."""

    def __init__(self, orders, answers, issuer, client_id, *ca_file):
        self._orders, self._answers = os.fdopen(int(orders), "w"), os.fdopen(int(answers))
        self.issuer, self.client_id = issuer, client_id
        self.trust = ["--cacert", *ca_file] if ca_file else []

    def order(self, **order):
        self._orders.write(json.dumps(order) + "\n")
        self._orders.flush()
        return json.loads(self._answers.readline())

    def difference(self, before):
        now = self.order()
        requests = {path: count - before["requests"].get(path, 0) for path, count in now["requests"].items()}
        return {"requests": {path: count for path, count in requests.items() if count},
                "handshakes": now["handshakes"] - before["handshakes"]}


def reap():
    """Everything the sign-in left to us: its CPU time is then among our children's."""
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def children_cpu_s():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def sign_in(rig, idp, tty, warm):
    if not warm:
        rig.forget()
    before, cpu_before = idp.order(pending=NEVER), children_cpu_s()
    words = rig.caller_words("login", "ada", f"tty={tty}", "clock", "auth")
    process = subprocess.Popen(words, env=rig.caller_environment(), stdin=subprocess.DEVNULL)
    watch(lambda: rig.report.exists() and to_code_ms(rig.report.read_text()), 60, "the code", every_s=0.02)
    if not warm:
        watch(lambda: "/jwks" in idp.difference(before)["requests"], 60, "the keys", every_s=0.02)
    parts = {name: {"cpu_ms": cpu_ns(pid) / 1e6, **memory_kb(pid)} for name, (pid,) in parts_beside(os.getpid()).items()}
    idp.order(pending=0)
    process.wait(60)
    report = rig.report.read_text()
    if "\nauth 0\n" not in report:
        raise RuntimeError(f"the sign-in failed: {report}")
    reap()
    return {"to_code_ms": to_code_ms(report), "parts": parts,
            "cpu_ms": (children_cpu_s() - cpu_before) * 1000, **idp.difference(before)}


def curl_words(idp, warm):
    """The requests up to the code, in one process over one connection."""
    device = ["-d", f"client_id={idp.client_id}&scope=openid%20profile%20offline_access", f"{idp.issuer}/device"]
    common = ["-sS", *idp.trust, "-o", "/dev/null"]
    discovery = [*common, f"{idp.issuer}/.well-known/openid-configuration", "--next"]
    return ["curl", *([] if warm else discovery), *common, *device]


def curl(idp, warm):
    words = curl_words(idp, warm)
    before, cpu_before, began = idp.order(), children_cpu_s(), time.monotonic()
    subprocess.run(words, check=True)
    took = time.monotonic() - began
    return {"to_code_ms": took * 1000, "cpu_ms": (children_cpu_s() - cpu_before) * 1000, **idp.difference(before)}


def main():
    folder, rounds, *whom = sys.argv[1:]
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    rig, idp = Inside(folder), Idp(*whom)
    master, slave = os.openpty()
    tty = os.ttyname(slave)
    runs = {(who, warm): [] for who in ("cosmo", "curl") for warm in (False, True)}
    for _ in range(int(rounds)):
        for warm in (False, True):
            runs["cosmo", warm].append(sign_in(rig, idp, tty, warm))
            runs["curl", warm].append(curl(idp, warm))
    os.close(master)
    os.close(slave)
    print(json.dumps([{"who": who, "warm": warm, "runs": list_} for (who, warm), list_ in runs.items()]))


if __name__ == "__main__":
    main()
