# SPDX-License-Identifier: MIT
"""What a sign-in costs: module, helper, judge and fetch as built against a scripted IdP over TLS on loopback.

A round is a sign-in with an empty cache, curl making the same requests up to the code, a sign-in with a warm cache,
curl again. Memory is that of the time the code is on screen and everything fetched, the whole of the caller counted in;
CPU time is that of all processes together from beginning to end, and of each up to that moment. All of it twice: the
IdP's certificate is by an authority that the system trusts, among all the others, or by one in a file of its own.
"""
import contextlib
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import table

HERE = pathlib.Path(__file__).resolve().parent
ROUNDS = 20
TRUSTS = {"system": "the system's authorities", "file": "a ca_file of its own"}
UNLIMITED = "host_flows = 1000\nunknown_flows = 1000\nunknown_per_source_hour = 1000\nelsewhere_per_host_hour = 4000"
# The targets: no more than so much of curl's time and so much beside, and so much memory.
TIMES_CURL, BESIDE_MS, MEMORY_KIB = 1.5, 15, 6 * 1024
PARTS = {"caller": "module, in its caller", "cosmo-sso-helper": "helper", "cosmo-sso-judge": "judge",
         "cosmo-sso-fetch": "fetch"}


class Idp:
    """fake_idp.py, or what takes after it, in a process of its own."""

    def __init__(self, program):
        self._folder = tempfile.TemporaryDirectory()
        self._ca_file = pathlib.Path(self._folder.name, "ca.pem")
        command = [sys.executable, HERE.parent / program, self._ca_file]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        first = json.loads(self.process.stdout.readline())
        self.issuer, self.client_id, self.ca_pem = first["issuer"], first["client_id"], self._ca_file.read_bytes()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()
        self._folder.cleanup()


def write_back(folder):
    """What was just copied is dirty memory of whoever maps it until it is on the disk; of what is installed nothing is."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file)


@contextlib.contextmanager
def site(trust, program="support/fake_idp.py"):
    """The rig, connected, with /run in memory as it is everywhere; the words that lead a worker to the IdP, and the
    descriptors that it needs."""
    from support.sign_in_rig import SignInRig  # COSMO_BUILD_DIR is known by now

    with Idp(program) as idp, SignInRig() as rig, tempfile.TemporaryDirectory(dir="/dev/shm") as run:
        os.chmod(run, 0o755)
        (rig.folder / "run").rmdir()
        (rig.folder / "run").symlink_to(run)
        write_back(rig.folder)
        if trust == "system":
            rig.trust_as_system(idp.ca_pem)
        rig.connect(idp.issuer, idp.client_id, idp.ca_pem if trust == "file" else None, UNLIMITED)
        fds = (idp.process.stdin.fileno(), idp.process.stdout.fileno())
        ca_file = [rig.folder / "conf/ca.pem"] if trust == "file" else []
        yield rig, [*fds, idp.issuer, idp.client_id, *ca_file], fds


def measure_with(trust, rounds):
    with site(trust) as (rig, words, fds):
        said = rig.inside(sys.executable, HERE / "sign_in_worker.py", rig.folder, rounds, *words, pass_fds=fds)
    cells = [summary(**cell) for cell in json.loads(said)]
    return {"cells": cells, "targets": [against_targets(*pair) for pair in pairs(cells)]}


def measure(rounds=ROUNDS):
    return {trust: measure_with(trust, rounds) for trust in TRUSTS}


def pairs(cells):
    """A sign-in, and curl beside it."""
    return [[next(cell for cell in cells if (cell["who"], cell["cache"]) == (who, cache)) for who in ("cosmo", "curl")]
            for cache in ("cold", "warm")]


def against_targets(ours, curls):
    bound_ms = TIMES_CURL * curls["to_code_ms"] + BESIDE_MS
    return {"cache": ours["cache"], "to_code_ms": ours["to_code_ms"], "to_code_bound_ms": round(bound_ms, 1),
            "memory_kib": round(sum(part["Private_Dirty"] for part in ours["parts"].values())),
            "memory_bound_kib": MEMORY_KIB}


def median(values):
    return round(statistics.median(values), 1)


def summary(who, warm, runs):
    """Medians; requests and handshakes must not differ between runs, and are an error if they do."""
    counts = {json.dumps([run["requests"], run["handshakes"]], sort_keys=True) for run in runs}
    if len(counts) != 1:
        raise RuntimeError(f"the number of requests differs between runs: {counts}")
    cell = {"who": who, "cache": "warm" if warm else "cold", "runs": len(runs),
            "requests": runs[0]["requests"], "handshakes": runs[0]["handshakes"]}
    times = sorted(run["to_code_ms"] for run in runs)
    cell |= {"to_code_ms": median(times), "least_ms": round(times[0], 1), "most_ms": round(times[-1], 1),
             "cpu_ms": median(run["cpu_ms"] for run in runs)}
    for part in PARTS if who == "cosmo" else ():
        cell.setdefault("parts", {})[part] = {
            what: median(run["parts"][part][what] for run in runs) for what in ("cpu_ms", "Private_Dirty", "Pss")}
    return cell


def verdict(value, bound):
    """In words, with how far it is off."""
    return "holds" if value <= bound else f"missed by {100 * (value / bound - 1):.0f} %"


def render_times(cells):
    rows = [(f"{'sign-in' if cell['who'] == 'cosmo' else 'curl'}, {cell['cache']} cache",
             f"{cell['to_code_ms']:.1f}", f"{cell['least_ms']:.1f}..{cell['most_ms']:.1f}", f"{cell['cpu_ms']:.1f}",
             sum(cell["requests"].values()), cell["handshakes"]) for cell in cells]
    return table.render(("median", "ms to the code", "least..most", "CPU ms", "requests", "handshakes"), rows)


def render_parts(cells):
    rows = []
    for part, name in PARTS.items():
        row = [name]
        for cell in cells:
            if "parts" in cell:
                own = cell["parts"][part]
                row += [f"{own['cpu_ms']:.1f}", f"{own['Private_Dirty']:.0f}", f"{own['Pss']:.0f}"]
        rows.append(row)
    heads = ["while the code is shown"]
    for cache in ("cold", "warm"):
        heads += [f"CPU ms, {cache}", "private dirty KiB", "PSS KiB"]
    return table.render(heads, rows)


def render_target(target):
    time_, memory = target["to_code_ms"], target["memory_kib"]
    return (f"{target['cache']} cache: {time_} ms to the code, target {TIMES_CURL} times curl's and {BESIDE_MS} ms: "
            f"{target['to_code_bound_ms']} ms, {verdict(time_, target['to_code_bound_ms'])}; {memory:,} KiB private dirty "
            f"in all, target {MEMORY_KIB:,}: {verdict(memory, MEMORY_KIB)}")


def render(found):
    lines = []
    for trust, result in found.items():
        lines += [f"By {TRUSTS[trust]}", "", render_times(result["cells"]), "", render_parts(result["cells"]), ""]
        lines += [render_target(target) for target in result["targets"]] + [""]
    for cell in found["file"]["cells"]:
        asked = ", ".join(f"{path} {count}" for path, count in cell["requests"].items())
        lines.append(f"{cell['who']}, {cell['cache']}: {asked} ({cell['runs']} runs)")
    return "\n".join(lines)
