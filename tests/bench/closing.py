# SPDX-License-Identifier: MIT
"""What closing the gate costs and how soon a process that runs sees it, whatever the number of users, while users.1.db
stands still and while it is put anew again and again.

The floor of the same run is a process that spins on the gate's word and looks nothing up. A look-up of all members of a
group takes as long as there are users, and one under way answers for its beginning. Stores are made by the product's
own writer, as for look_ups.py.
"""
import json
import statistics

from store_site import Store
import table

HOWS = {"word": 2000, "initgroups": 2000}  # and rounds
USERS = (1000, 20_000, 1_000_000)
MEMBERS = ("getgrnam", 20)
TITLES = {"word": "gate's word alone", "initgroups": "initgroups", "getgrnam": "getgrnam cosmo-admin"}


class Growth:
    """with Growth(store, users) as growth: users.1.db is put anew all the time. Then growth.files, .users"""

    def __init__(self, store, users):
        self.process = store.start("grow_store", users)

    def _next(self):
        self.last = json.loads(self.process.stdout.readline())

    def __enter__(self):
        self._next()
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        for line in self.process.stdout:
            self.last = json.loads(line)
        self.process.stdout.close()
        if self.process.wait():
            raise RuntimeError("grow_store failed")
        self.files, self.users = self.last["files"], self.last["users"]


def figures(nanoseconds):
    found = sorted(nanoseconds)
    if not found:
        return {"p50_us": "-", "p99_us": "-", "max_us": "-"}
    ranks = {"p50_us": statistics.median(found), "p99_us": found[len(found) * 99 // 100], "max_us": found[-1]}
    return {name: round(ns / 1000, 2) for name, ns in ranks.items()}


def measure_how(store, place, users, how, rounds):
    (line,) = store.run("closing", "seen", place / "nss_cosmo/libnss_cosmo.so.2", users, rounds, how)
    quiet = [one for one in line["rounds"] if one[2]]
    return {"how": how, "rounds": rounds, "undisturbed": len(quiet), "late": line["late"], "asked": line["asked"],
            "doubts": line["doubts"],
            "close": figures(one[0] for one in quiet), "seen": figures(one[1] for one in quiet),
            "seen_by_all": figures(one[1] for one in line["rounds"])}


def measure_users(place, users):
    hows = (*HOWS.items(), MEMBERS)
    with Store(place) as store:
        store.run("fill_store", users, "index")
        idle = [measure_how(store, place, users, how, rounds) for how, rounds in hows]
        (counted,) = store.run("closing", "calls")
        growing, files = [], []
        for how, rounds in hows:
            with Growth(store, users) as growth:
                growing.append(measure_how(store, place, users, how, rounds))
            users = growth.users
            files.append(growth.files)
    return {"users": users, "calls": counted["calls"], "idle": idle,
            "growing": [cell | {"files": count} for cell, count in zip(growing, files)]}


def ratio(one, other):
    return "-" if "-" in (one, other) else f"{one / other:.2f}"


def render(results):
    rows = []
    first = results[0]["idle"][0]
    for result in results:
        for state in ("idle", "growing"):
            for cell in result[state]:
                close, seen = cell["close"], cell["seen"]
                rows.append([
                    f"{result['users']:,} {state}: {TITLES[cell['how']]}", f"{cell['undisturbed']}/{cell['rounds']}",
                    cell.get("files", 0),
                    close["p50_us"], close["max_us"], ratio(close["p50_us"], first["close"]["p50_us"]),
                    seen["p50_us"], seen["p99_us"], seen["max_us"], ratio(seen["p50_us"], first["seen"]["p50_us"]),
                    cell["seen_by_all"]["max_us"], cell["late"]])
    heads = ["us", "rounds", "new files", "close p50", "max", "of first", "seen p50", "p99", "max", "of first",
             "disturbed max", "late"]
    calls = ", ".join(f"{result['calls']} at {result['users']:,} users" for result in results)
    return "\n".join([table.render(heads, rows), "",
                      f"system calls of closing: {calls}; rounds: those in which neither process had to give its "
                      "processor to another one, of all"])


def measure(place, users=USERS):
    return [measure_users(place, count) for count in users]
