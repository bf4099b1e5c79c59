# SPDX-License-Identifier: MIT
"""What a look-up costs: the built plugin's entry points called directly, beside two floors of the same run.

The floors are a module that answers one record always, and one dependent random touch of a mapped file as large as
users.1.db. The store is made by the product's own writer: users.1.db as a rebuild makes it. Making the private
records and the uid register too takes 2 ms a user, nearly all of it waiting for the disk, and no look-up reads them.
"""
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile

import table

SOURCE = pathlib.Path(__file__).resolve().parents[2]
FRESH_PROCESSES = 101
KINDS = ("getpwnam", "getpwuid", "getgrgid", "initgroups")
CHUNK = 1 << 24


class Store:
    """An installed place for the store, in a mount namespace per command. On a disk, and the gate on a tmpfs, as they are
    where it is installed: /run's memory would be another."""

    def __init__(self, place):
        self.place, self.folder = place, pathlib.Path(tempfile.mkdtemp(prefix="cosmo-sso-bench-", dir="/var/tmp"))
        self.volatile = pathlib.Path(tempfile.mkdtemp(prefix="cosmo-sso-bench-", dir="/dev/shm"))

    def __enter__(self):
        self.folder.chmod(0o755)
        self.volatile.chmod(0o755)
        for name in ("state", "cache"):
            (self.folder / name).mkdir()
            (self.folder / name).chmod(0o700 if name == "cache" else 0o755)
        (self.folder / "machine-id").write_text("0123456789abcdef0123456789abcdef\n")
        (self.folder / "machine-id").chmod(0o644)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)
        shutil.rmtree(self.volatile)

    @property
    def users_db(self):
        return self.folder / "state/users.1.db"

    def _command(self, program, words):
        targets = {self.folder / "state": "/var/lib/cosmo-sso", self.volatile: "/run/cosmo-sso",
                   self.folder / "cache": "/var/cache/cosmo-sso", self.folder / "machine-id": "/etc/machine-id"}
        grafts = [f"{source}={target}" for source, target in targets.items()]
        scratch = tempfile.mkdtemp(dir=self.folder)
        command = [self.place / "tests/integration/graft", scratch, *grafts, "--",
                   self.place / "tests/bench" / program, *words]
        return [str(word) for word in command]

    def run(self, program, *words):
        """Lines of JSON that the program printed."""
        done = subprocess.run(self._command(program, words), check=True, stdout=subprocess.PIPE, text=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def start(self, program, *words):
        """The same for one that runs until its standard input ends."""
        return subprocess.Popen(self._command(program, words), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def make_touched(self):
        """A file as large as users.1.db, every block of it there."""
        path, left = self.folder / "touched", self.users_db.stat().st_size
        with path.open("wb") as file:
            while left:
                left -= file.write(os.urandom(min(left, CHUNK)))
        return path


def cell_of(line):
    rounds = line["rounds_ns"]
    return {"what": line["what"], "whose": line["whose"], "ns": round(statistics.median(rounds), 1),
            "least_ns": min(rounds), "most_ns": max(rounds)}


def measure_users(place, users):
    module = place / "nss_cosmo/libnss_cosmo.so.2"
    with Store(place) as store:
        (filled,) = store.run("fill_store", users, "index")
        touched = store.make_touched()
        lines = store.run("look_ups", "cells", module, place / "tests/bench/constant_nss.so", touched, users)
        firsts = [store.run("look_ups", "first", module, number % users)[0] for number in range(FRESH_PROCESSES)]
        size = store.users_db.stat().st_size
    cells = [cell_of(line) for line in lines]
    floor = next(cell["ns"] for cell in cells if cell["whose"] == "floor")
    for cell in cells:
        constant = next((other["ns"] for other in cells
                         if (other["what"], other["whose"]) == (cell["what"], "constant")), None)
        cell["touches"] = round(cell["ns"] / floor, 2)
        cell["constants"] = round(cell["ns"] / constant, 1) if constant else None
    return {
        "users": users, "file_bytes": size, "fill_s": filled["seconds"], "touch_ns": floor, "cells": cells,
        "first_us": round(statistics.median(first["first_ns"] for first in firsts) / 1000, 1),
        "load_us": round(statistics.median(first["load_ns"] for first in firsts) / 1000, 1),
    }


def render(results):
    rows = []
    for kind in KINDS:
        for whose in ("hit", "miss"):
            row = [f"{kind} {whose}"]
            for result in results:
                cell = next(cell for cell in result["cells"] if (cell["what"], cell["whose"]) == (kind, whose))
                constant = next(c for c in result["cells"] if (c["what"], c["whose"]) == (kind, "constant"))
                row += [f"{cell['ns']:.0f}", f"{cell['touches']:.2f}", f"{constant['ns']:.1f}"]
            rows.append(row)
    heads = ["ns per call"]
    for result in results:
        heads += [f"{result['users']:,} users", "touches", "constant"]
    lines = [table.render(heads, rows), ""]
    for result in results:
        lines.append(
            f"{result['users']:,} users: users.1.db {result['file_bytes'] / 2**20:.1f} MiB; one random touch of such a "
            f"file {result['touch_ns']:.0f} ns; first look-up of a process {result['first_us']} us after "
            f"{result['load_us']} us of loading; filled in {result['fill_s']:.1f} s")
    return "\n".join(lines)


def measure(place, users=(1000, 1_000_000)):
    return [measure_users(place, count) for count in users]
