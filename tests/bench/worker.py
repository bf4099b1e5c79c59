# SPDX-License-Identifier: MIT
"""Processes that ask (look_ups.c), and cells measured by turns, so that what else the machine does meets them all."""
import json
import pathlib
import re
import statistics

CALLS, MS, ROUNDS = 4_000_000, 1000, 5  # of a cell, whichever ends first, in so many rounds; and one that does not count
UNLIMITED = 1 << 60


class Worker:
    """`process`: look_ups serve, with pipes. with Worker(process) as worker: worker.ask(...)"""

    def __init__(self, process):
        self.process = process

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def send(self, what, whose, threads=1, calls=CALLS // ROUNDS, ms=MS / ROUNDS):
        self.process.stdin.write(f"{what} {whose} {threads} {calls} {ms}\n")
        self.process.stdin.flush()

    def receive(self):
        """A round's figures; None if this asker has no such call."""
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"a process that was to ask has ended: {self.process.wait()}")
        found = json.loads(line)
        if found.get("wrong"):
            raise RuntimeError(f"{found['wrong']} of {found['calls']} answers are wrong")
        return found if found["calls"] else None

    def ask(self, *words, **options):
        self.send(*words, **options)
        return self.receive()


    def resident_bytes(self, name):
        """Of what this process has mapped of files of that name."""
        text = pathlib.Path(f"/proc/{self.process.pid}/smaps").read_text()
        found = re.findall(rf"/{re.escape(name)}\n(?:.*\n)*?Rss:\s*(\d+) kB", text)
        return sum(map(int, found)) * 1024


def line(text):
    """What a program printed that prints one line of JSON."""
    return json.loads(text)


def rates_by_turns(ways, what, whose, ms, rounds=ROUNDS, best=False):
    """`ways`: {name: (workers, threads of each)}, all at once. {name: the median, or the best, of calls a second}"""
    found = {name: [] for name in ways}
    for turn in range(-1, rounds):
        for name, (workers, threads) in ways.items():
            for one in workers:
                one.send(what, whose, threads, UNLIMITED, ms)
            ones = [one.receive() for one in workers]
            if turn >= 0:
                found[name].append(sum(one["calls"] / one["wall_ns"] for one in ones) * 1e9)
    return {name: max(rates) if best else statistics.median(rates) for name, rates in found.items()}


def figures(rounds):
    """Of the wall clock, and the processor time of who asks alone: another process may do the work."""
    wall = [one["wall_ns"] / one["calls"] for one in rounds]
    return {"ns": round(statistics.median(wall), 1), "least_ns": round(min(wall), 1), "most_ns": round(max(wall), 1),
            "cpu_ns": round(statistics.median(one["cpu_ns"] / one["calls"] for one in rounds), 1),
            "calls": sum(one["calls"] for one in rounds)}


def by_turns(cells, rounds=ROUNDS, ms=MS / ROUNDS):
    """`cells`: {key: (worker, what, whose)}. {key: figures}, without those that an asker does not have."""
    found = {key: [] for key in cells}
    for turn in range(-1, rounds):
        for key, (worker, *words) in cells.items():
            one = worker.ask(*words, ms=ms) if found[key] is not None else None
            if one is None:
                found[key] = None
            elif turn >= 0:
                found[key].append(one)
    return {key: figures(rounds) for key, rounds in found.items() if rounds}
