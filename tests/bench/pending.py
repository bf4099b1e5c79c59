# SPDX-License-Identifier: MIT
"""What many sign-ins cost that are begun at once and stay pending, beside as many curls started at once.

The IdP, scripted, is one process on the same machine; its time is in all that is measured here.
"""
import json
import statistics
import sys

import sign_in
import table

SIGN_INS = 100
SECONDS = 10


def measure_with(trust, count, seconds):
    from support.program import built  # COSMO_BUILD_DIR is known by now

    with sign_in.site(trust) as (rig, words, fds):
        rig.inside(built("tests/bench/fill_store"), count, "joined")
        return json.loads(rig.inside(sys.executable, sign_in.HERE / "pending_worker.py", rig.folder, seconds, *words,
                                     pass_fds=fds))


def summary(sign_ins, to_code_ms, cpu_ms, memory_kb, waited_s, polls, waiting_cpu_ms, kernel_kb, **rest):
    """Everything for one sign-in, but what is said of all of them."""
    times = sorted(to_code_ms)
    parts = {part: {what: round(kib / sign_ins) for what, kib in memory.items()} for part, memory in memory_kb.items()}
    for part, own in parts.items():
        own["cpu_ms"] = round(cpu_ms[part] / sign_ins, 1)
        own["waiting_cpu_ms_per_s"] = round(waiting_cpu_ms[part] / sign_ins / waited_s, 3)
    return {"sign_ins": sign_ins, "to_code_ms": round(statistics.median(times), 1), "last_to_code_ms": round(times[-1], 1),
            **{what: round(ms, 1) for what, ms in rest.items() if what.endswith("_ms")}, "handshakes": rest["handshakes"],
            "polls": polls, "waited_s": round(waited_s, 1), "parts": parts, "kernel_kib": round(kernel_kb / sign_ins),
            "memory_kib": sum(own["Private_Dirty"] for own in parts.values()), "memory_bound_kib": sign_in.MEMORY_KIB}


def measure(count=SIGN_INS, seconds=SECONDS):
    return {trust: summary(**measure_with(trust, count, seconds)) for trust in sign_in.TRUSTS}


def render_one(trust, found):
    rows = [(name, *(found["parts"][part][what] for what in ("cpu_ms", "waiting_cpu_ms_per_s", "Private_Dirty", "Pss")))
            for part, name in sign_in.PARTS.items()]
    memory, count = found["memory_kib"], found["sign_ins"]
    return [
        f"By {sign_in.TRUSTS[trust]}: {count} at once", "",
        table.render(("for one, pending", "CPU ms to the code", "then CPU ms per s", "private dirty KiB", "PSS KiB"), rows),
        "",
        f"All codes after {found['all_codes_ms']:.0f} ms ({count} curls: {found['curl_all_ms']:.0f} ms); then, in "
        f"{found['waited_s']} s, {sum(found['polls'].values())} polls and {found['handshakes']} TLS handshakes.",
        f"{memory:,} KiB private dirty for each, target {sign_in.MEMORY_KIB:,}: "
        f"{sign_in.verdict(memory, sign_in.MEMORY_KIB)}; {memory * count / 1024:.0f} MiB in all; the kernel's, by its "
        f"figures for the whole machine, {found['kernel_kib']:,} KiB for each.", "",
    ]


def render(found):
    return "\n".join(line for trust, one in found.items() for line in render_one(trust, one)).rstrip()
