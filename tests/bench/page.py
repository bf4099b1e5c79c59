# SPDX-License-Identifier: MIT
"""docs/performance.md and its plot, out of what was measured. What the figures do not say themselves, such as why a target is
missed and where the time goes, is remarks/BENCH.md."""
import pathlib

import machine

HERE = pathlib.Path(__file__).resolve().parent
DOCS = HERE.parents[1] / "docs"
NAME = "performance"
INTRODUCTION = """# Performance

Written by `tools/bench --write` out of one series of measurements, and what is in `tests/bench/remarks`. Each table compares what was measured by
turns in one run; figures of different machines, or of different runs, say nothing about each other. `tools/bench --help`
says how to measure again, `--json` prints the same figures for machines.
"""


def section(bench, results):
    """As markdown: bench.section(results, the plot's name) if there is one, else what its docstring says, and the text that
    people are shown."""
    if hasattr(bench, "section"):
        return bench.section(results, NAME).strip() + "\n"
    title = bench.__name__.replace("_", " ").capitalize()
    said = "\n\n".join(" ".join(part.split()) for part in bench.__doc__.split("\n\n"))
    return f"## {title}\n\n{said}\n\n```\n{bench.render(results)}\n```\n"


def remarks(name):
    path = HERE / "remarks" / f"{name}.md"
    return path.read_text().strip() + "\n" if path.exists() else ""


def write(found, benches):
    """`found`: {name: {"machine", "results"}}; `benches`: {name: module}, in the order of the page."""
    parts = [INTRODUCTION]
    if found:
        parts.append(f"{machine.hardware(next(iter(found.values()))['machine'])}\n")
        parts.append("\n".join(f"- {name}: commit {one['machine']['commit']}, load {one['machine']['load']} when it began"
                               for name, one in found.items()) + "\n")
    for name, bench in benches.items():
        if name in found:
            parts += filter(None, (section(bench, found[name]["results"]), remarks(name)))
            if hasattr(bench, "plot"):
                bench.plot(found[name]["results"], DOCS / f"{NAME}.svg")
    (DOCS / f"{NAME}.md").write_text("\n".join(parts))
