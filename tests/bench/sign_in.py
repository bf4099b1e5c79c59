# SPDX-License-Identifier: MIT
"""What a sign-in costs: module, helper, judge and fetch as built against a scripted IdP over TLS on loopback.

A round is a sign-in with an empty cache, curl making the same requests up to the code, a sign-in with a warm cache,
curl again. Memory is that of the time the code is on screen and everything fetched; CPU time is that of all processes
together from beginning to end, and of each up to that moment.
"""
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

import table

HERE = pathlib.Path(__file__).resolve().parent
ROUNDS = 20
PARTS = {"caller": "module, in its caller", "cosmo-sso-helper": "helper", "cosmo-sso-judge": "judge",
         "cosmo-sso-fetch": "fetch"}


class Idp:
    """fake_idp.py in a process of its own."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory()
        self._ca_file = pathlib.Path(self._folder.name, "ca.pem")
        command = [sys.executable, HERE.parent / "support/fake_idp.py", self._ca_file]
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


def measure(rounds=ROUNDS):
    from support.sign_in_rig import SignInRig  # COSMO_BUILD_DIR is known by now

    with Idp() as idp, SignInRig() as rig:
        rig.connect(idp.issuer, idp.client_id, idp.ca_pem)
        fds = (idp.process.stdin.fileno(), idp.process.stdout.fileno())
        said = rig.inside(sys.executable, HERE / "sign_in_worker.py", rig.folder, rounds, *fds, idp.issuer,
                          idp.client_id, pass_fds=fds)
    return [summary(**cell) for cell in json.loads(said)]


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


def render(cells):
    rows = [(f"{'sign-in' if cell['who'] == 'cosmo' else 'curl'}, {cell['cache']} cache",
             f"{cell['to_code_ms']:.1f}", f"{cell['least_ms']:.1f}..{cell['most_ms']:.1f}", f"{cell['cpu_ms']:.1f}",
             sum(cell["requests"].values()), cell["handshakes"]) for cell in cells]
    lines = [table.render(("median", "ms to the code", "least..most", "CPU ms", "requests", "handshakes"), rows), ""]
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
    lines.append(table.render(heads, rows))
    lines.append("")
    for cell in cells:
        asked = ", ".join(f"{path} {count}" for path, count in cell["requests"].items())
        lines.append(f"{cell['who']}, {cell['cache']}: {asked} ({cell['runs']} runs)")
    return "\n".join(lines)
