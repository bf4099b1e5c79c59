# SPDX-License-Identifier: MIT
"""What a look-up costs: the built plugin's entry points called directly, beside two floors of the same run.

The floors are a module that answers one record always, and one dependent random touch of a mapped file as large as
users.1.db. The store is made by the product's own writer: users.1.db as a rebuild makes it. Making the private
records and the uid register too takes 2 ms a user, nearly all of it waiting for the disk, and no look-up reads them.
"""
import contextlib
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile

import table
import worker

SOURCE = pathlib.Path(__file__).resolve().parents[2]
FRESH_PROCESSES = 101
USERS = (1000, 1_000_000)
KINDS = ("getpwnam", "getpwuid", "getgrnam", "getgrgid", "getgrouplist")
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


def in_entry(prefix, path):
    return f"entry:{prefix}:{path}"


def measure_first(store, hows, users):
    """Of fresh processes by turns: what loading and the first look-up took."""
    found = {name: [] for name in hows}
    for number in range(FRESH_PROCESSES):
        for name, how in hows.items():
            found[name] += store.run("look_ups", "first", how, number % users)
    return {name: {what: round(statistics.median(one[f"{what}_ns"] for one in ones) / 1000, 1)
                   for what in ("load", "first")} for name, ones in found.items()}


def cells_of(cosmo, constant, touch, kinds):
    cells = {("touch", "floor"): (touch, "touch", "hit")}
    for kind in kinds:
        cells |= {(kind, "constant"): (constant, kind, "hit"), (kind, "hit"): (cosmo, kind, "hit"),
                  (kind, "miss"): (cosmo, kind, "miss")}
    return cells


def measure_users(place, users, kinds):
    hows = {"cosmo": in_entry("cosmo", place / "nss_cosmo/libnss_cosmo.so.2"),
            "constant": in_entry("constant", place / "tests/bench/constant_nss.so")}
    with Store(place) as store:
        (filled,) = store.run("fill_store", users, "index")
        touch = f"touch:{store.make_touched()}"
        with contextlib.ExitStack() as stack:
            workers = [stack.enter_context(worker.Worker(store.start("look_ups", "serve", how, users)))
                       for how in (*hows.values(), touch)]
            measured = worker.by_turns(cells_of(*workers, kinds))
        firsts = measure_first(store, hows, users)
        size = store.users_db.stat().st_size
    # Nobody waits for anybody here; processor time says the same on a machine that has other work.
    floor = measured["touch", "floor"]["cpu_ns"]
    cells = [{"what": what, "whose": whose, **found, "touches": round(found["cpu_ns"] / floor, 2)}
             for (what, whose), found in measured.items()]
    return {"users": users, "file_bytes": size, "fill_s": filled["seconds"], "touch_ns": floor, "cells": cells,
            "first": firsts}


def render(results):
    rows = []
    for kind in KINDS:
        for whose in ("hit", "miss"):
            row = [f"{kind} {whose}"]
            for result in results:
                cells = {(cell["what"], cell["whose"]): cell for cell in result["cells"]}
                if (kind, whose) not in cells:
                    break
                cell, constant = cells[kind, whose], cells[kind, "constant"]
                row += [f"{cell['cpu_ns']:.0f}", f"{cell['touches']:.2f}", f"{constant['cpu_ns']:.1f}"]
            else:
                rows.append(row)
    heads = ["ns per call"]
    for result in results:
        heads += [f"{result['users']:,} users", "touches", "constant"]
    lines = [table.render(heads, rows), ""]
    for result in results:
        first = result["first"]
        lines.append(
            f"{result['users']:,} users: users.1.db {result['file_bytes'] / 2**20:.1f} MiB; one random touch of such a "
            f"file {result['touch_ns']:.0f} ns; first look-up of a process {first['cosmo']['first']} us after "
            f"{first['cosmo']['load']} us of loading, the constant module's {first['constant']['first']} after "
            f"{first['constant']['load']}; filled in {result['fill_s']:.1f} s")
    return "\n".join(lines)


def measure(place, users=USERS, kinds=KINDS):
    return [measure_users(place, count, kinds) for count in users]
