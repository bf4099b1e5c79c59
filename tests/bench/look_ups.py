# SPDX-License-Identifier: MIT
"""What a look-up costs, beside everybody else who answers look-ups and two floors, in one run each.

The floors are a module that answers one record always, and one dependent random touch of a mapped file as large as
users.1.db. Two tables: modules' entry points called directly, and all of it through the C library with the line that we
ship in nsswitch.conf ("files OURS", others in our place).
"""
import contextlib
import statistics
import subprocess

import chart
import peers
import table
import worker
from store_site import Store

USERS = (100, 1000, 20_000, 1_000_000)
CALLS = ("getpwnam", "getpwuid", "getgrnam", "getgrgid", "getgrouplist")
TABLES = ("entry", "libc")
WHOSE = ("hit", "miss")
FRESH_PROCESSES = 51
TOUCH, TOUCH_TITLE = "touch", "floor: one random touch"
KEY = ("table", "users", "peer", "what", "whose")


class Crowd:
    """with Crowd(place, users, who) as crowd: so many users with everybody (or those of these names) who answers for so
    many. crowd.left_out: why others do not."""

    def __init__(self, place, users, who=()):
        self.place, self.users, self.left_out, self.sites, self._workers = place, users, {}, {}, {}
        self._who = who

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.store = stack.enter_context(Store(self.place))
            self.store.run("fill_store", self.users, "index")
            tree, text = peers.ensure_tree(), peers.Users(self.place, self.users)
            for peer in peers.everybody(self.store):
                if self.users <= peer.most and (not self._who or peer.name in self._who):
                    self._admit(stack, peer, tree, text)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    def _admit(self, stack, peer, tree, text):
        with contextlib.ExitStack() as own:
            try:
                site = own.enter_context(peers.Site(tree, self.place))
                peer.prepare(site, text)
            except (OSError, RuntimeError, subprocess.CalledProcessError) as error:
                self.left_out[peer.name] = str(error)
                peers.skip(peer.title, error)
                return
            stack.push(own.pop_all())
        self.sites[peer] = site

    def worker(self, table, peer, number=0):
        """The `number`th process that asks it so; started when it is first needed, its caches filled by the first one."""
        key = table, peer.name, number
        if key not in self._workers:
            process = self.sites[peer].start(peers.BENCH / "look_ups", "serve", peer.how(table), self.users)
            self._workers[key] = self._stack.enter_context(worker.Worker(process))
        return self._workers[key]

    def touch(self):
        if TOUCH not in self._workers:
            process = self.store.start("look_ups", "serve", f"touch:{self.store.make_touched()}", self.users)
            self._workers[TOUCH] = self._stack.enter_context(worker.Worker(process))
        return self._workers[TOUCH]

    def peers(self, table):
        return [peer for peer in self.sites if table == "libc" or peer.entry]

    def fill(self, call):
        """Caches know everybody by then, and who is nobody if they can."""
        for peer in self.sites:
            for whose, wanted in (("each-hit", peer.caches), ("each-miss", peer.caches_misses)):
                if wanted:
                    self.worker("libc", peer).ask(call, whose, calls=2 * self.users, ms=peers.FILL_MS)


def row(table, users, peer, what, whose, **found):
    """What is found is rows of these."""
    return {"table": table, "users": users, "peer": peer, "what": what, "whose": whose, **found}


def measure_calls(crowd, table, call):
    """Each asker's hits and misses, and the floors', by turns."""
    crowd.fill(call)
    cells = {(TOUCH, "hit"): (crowd.touch(), "touch", "hit")} if table == "entry" else {}
    for peer in crowd.peers(table):
        for whose in WHOSE if peer.name != "constant" else ("hit",):
            cells[peer.name, whose] = (crowd.worker(table, peer), call, whose)
    return [row(table, crowd.users, name, call, whose, **found)
            for (name, whose), found in worker.by_turns(cells).items()]


def measure_enumeration(crowd, _table, _call):
    found = worker.by_turns({(peer.name, name): (crowd.worker(name, peer), "enumerate", "hit")
                             for name in TABLES for peer in crowd.peers(name) if peer.enumerates})
    return [row(name, crowd.users, peer, "enumerate", "hit", **one) for (peer, name), one in found.items()]


def measure_first(crowd, _table, _call):
    """The first look-up of fresh processes, by turns: loading a module and calling it, and getpwnam() as a program does."""
    crowd.fill("getpwnam")
    found = {}
    for number in range(FRESH_PROCESSES):
        for name in TABLES:
            for peer in crowd.peers(name):
                words = (peers.BENCH / "look_ups", "first", peer.how(name), number % crowd.users)
                found.setdefault((name, peer.name), []).append(worker.line(crowd.sites[peer].run(*words)))
    return [row(name, crowd.users, peer, "first", "hit", **{
        f"{what}_us": round(statistics.median(one[f"{what}_ns"] for one in ones) / 1000, 1) for what in ("load", "first")})
        for (name, peer), ones in found.items()]


def measure_scale(crowd, table, _call):
    """How many look-ups a second two threads and two processes make of one's."""
    crowd.fill("getpwnam")
    rows = []
    for peer in crowd.peers(table):
        ones = [crowd.worker(table, peer, number) for number in range(2)]
        ways = {"one": (ones[:1], 1), "threads": (ones[:1], 2), "processes": (ones, 1)}
        rates = worker.rates_by_turns(ways, "getpwnam", "hit", peer.scale_ms)
        rows.append(row(table, crowd.users, peer.name, "scale", "hit", one_per_s=round(rates["one"]), **{
            way: round(rates[way] / rates["one"], 2) for way in ("threads", "processes")}))
    return rows


def measure_size(crowd, _table, _call):
    """Bytes per user: on the disk, and in the memory of a process that has looked for everybody."""
    rows = []
    for peer, site in crowd.sites.items():
        on_disk = site.disk_bytes()
        found = {"disk_bytes": round(on_disk / crowd.users, 1)} if on_disk else {}
        if peer.name == "cosmo":
            one = crowd.worker("entry", peer)
            one.ask("getpwnam", "each-hit", calls=2 * crowd.users, ms=peers.FILL_MS)
            one.ask("getpwuid", "each-hit", calls=2 * crowd.users, ms=peers.FILL_MS)
            found["resident_bytes"] = round(one.resident_bytes("users.1.db") / crowd.users, 1)
        if found:
            rows.append(row("libc", crowd.users, peer.name, "size", "hit", **found))
    return rows


PARTS = {"first": measure_first, "enumerate": measure_enumeration, "size": measure_size}


def parts(tables, what):
    """What is measured at each number of users: (table, call, function)."""
    for name in tables:
        yield from ((name, call, measure_calls) for call in CALLS if call in what)
        if "scale" in what:
            yield name, "scale", measure_scale
    yield from (("both", name, function) for name, function in PARTS.items() if name in what)


WHAT = (*CALLS, "scale", *PARTS)


def measure(place, kept, is_over, users=USERS, tables=TABLES, what=WHAT, who=()):
    """`kept`: earlier rows; what is among them is not measured again. Begins nothing more once is_over()."""
    rows = list(kept["rows"]) if kept else []
    done = {tuple(part) for part in kept["parts"]} if kept else set()
    left_out = dict(kept["left_out"]) if kept else {}
    for count in users:
        todo = [part for part in parts(tables, what) if (count, *part[:2]) not in done]
        if not todo or is_over():
            continue
        with Crowd(place, count, who) as crowd:
            for name, call, function in todo:
                if is_over():
                    break
                rows += function(crowd, name, call)
                done.add((count, name, call))
            left_out |= {f"{name} at {count:,} users": why for name, why in crowd.left_out.items()}
    return {"rows": rows, "parts": sorted(map(list, done)), "left_out": left_out, "versions": peers.versions()}


class Found:
    """Rows by what they are about."""

    def __init__(self, results):
        self._rows = {tuple(one[name] for name in KEY): one for one in results["rows"]}
        self.users = sorted({one["users"] for one in results["rows"]})

    def get(self, table, users, peer, what, whose="hit"):
        return self._rows.get((table, users, peer, what, whose))

    def ns(self, table, users, peer, what, whose="hit"):
        """Of the wall clock through glibc, as another process may do the work; else processor time, which other work on
        the machine disturbs less."""
        found = self.get(table, users, peer, what, whose)
        return found and found["cpu_ns" if table == "entry" and peer != "sss" else "ns"]

    def touches(self, users, call, whose):
        one, floor = (self.ns("entry", users, "cosmo", call, whose), self.ns("entry", users, TOUCH, call))
        return one and floor and one / floor

    def names(self, table, users):
        present = {key[2] for key in self._rows if key[:2] == (table, users)}
        return [name for name in ("cosmo", "files", "extrausers", "db", "cache", "sss", "nscd", "constant", TOUCH)
                if name in present]


TITLES = {peer.name: peer.title for peer in peers.everybody(None)} | {TOUCH: TOUCH_TITLE}


def figure(ns):
    if ns is None:
        return "-"
    return f"{ns:.0f}" if ns >= 20 else f"{ns:.1f}"


def calls_table(found, name, users):
    names = found.names(name, users)
    rows = []
    for call in CALLS:
        for whose in WHOSE:
            figures = [found.ns(name, users, peer, call, whose) for peer in names]
            if any(figures):
                touches = found.touches(users, call, whose) if name == "entry" else None
                rows.append([f"{call} {whose}", *map(figure, figures), *([f"{touches:.2f}"] if touches else [])])
    heads = [f"{users:,} users, {'entry point' if name == 'entry' else 'through glibc'}: ns", *names,
             *(["cosmo in touches"] if TOUCH in names else [])]
    return (heads, rows) if rows else None


def first_table(found):
    rows = []
    for users in found.users:
        for name in found.names("libc", users):
            entry, libc = (found.get(table, users, name, "first") for table in TABLES)
            if libc:
                rows.append([f"{users:,}: {TITLES[name]}", *((entry["load_us"], entry["first_us"]) if entry else "--"),
                             libc["first_us"]])
    return (["first look-up of a process: us", "loading", "entry point", "through glibc"], rows) if rows else None


def scale_table(found, name):
    rows = []
    for users in found.users:
        for peer in found.names(name, users):
            one = found.get(name, users, peer, "scale")
            if one:
                rows.append([f"{users:,}: {TITLES[peer]}", f"{one['one_per_s'] / 1e6:.3f}", one["threads"],
                             one["processes"]])
    title = "entry point" if name == "entry" else "through glibc"
    return ([f"getpwnam hits, {title}", "million/s", "2 threads", "2 processes"], rows) if rows else None


def enumeration_table(found):
    rows = []
    for users in found.users:
        for peer in found.names("libc", users):
            figures = [found.get(name, users, peer, "enumerate") for name in TABLES]
            if any(figures):
                rows.append([f"{users:,}: {TITLES[peer]}", *(figure(one and one["ns"]) for one in figures)])
    return (["all users in turn: ns per user", "entry point", "through glibc"], rows) if rows else None


def size_table(found):
    rows = []
    for users in found.users:
        for peer in found.names("libc", users):
            one = found.get("libc", users, peer, "size")
            if one:
                rows.append([f"{users:,}: {TITLES[peer]}", one.get("disk_bytes", "-"), one.get("resident_bytes", "-")])
    return (["bytes per user", "on disk", "resident"], rows) if rows else None


def tables(results):
    found = Found(results)
    made = [calls_table(found, name, users) for name in TABLES for users in found.users]
    made += [scale_table(found, name) for name in TABLES]
    made += [first_table(found), enumeration_table(found), size_table(found)]
    return [one for one in made if one]


def render(results):
    texts = [table.render(*one) for one in tables(results)]
    texts += [f"LEFT OUT: {name}: {why}" for name, why in results["left_out"].items()]
    return "\n\n".join(texts)


class Verdicts:
    """Against the targets: (what, found, wanted, met)."""

    def __init__(self, results):
        self._found, self.rows = Found(results), []
        for call in CALLS:
            for whose in WHOSE:
                self._entry_at_1000(call, whose)
                self._entry_in_touches(call, whose)
        for users in self._found.users:
            for call in CALLS:
                self._against(users, call, "sss", 1)
                if users == 1000:
                    self._against(users, call, "files", 3)
            self._threads(users)
            self._first(users)

    def _add(self, what, found, wanted, met):
        self.rows.append((what, found, wanted, "yes" if met else "**no**"))

    def _entry_at_1000(self, call, whose):
        ns = self._found.ns("entry", 1000, "cosmo", call, whose)
        if ns:
            self._add(f"{call} {whose}, entry point, 1,000 users", f"{ns:.0f} ns", "<= 150 ns", ns <= 150)

    def _entry_in_touches(self, call, whose):
        touches, most = self._found.touches(1_000_000, call, whose), 2
        if call in ("getpwuid", "getgrgid") and whose == "hit":
            most = 3
        if touches:
            self._add(f"{call} {whose}, entry point, 1,000,000 users", f"{touches:.2f} touches", f"<= {most}",
                      touches <= most)

    def _against(self, users, call, peer, times):
        """Hits: the others' misses are a question to another process, or none."""
        own, other = (self._found.ns("libc", users, name, call) for name in ("cosmo", peer))
        if own and other:
            self._add(f"{call} hit through glibc, {users:,} users, against {TITLES[peer]}", f"{other / own:.2f} times as fast",
                      f">= {times}", other / own >= times)

    def _threads(self, users):
        one = self._found.get("entry", users, "cosmo", "scale")
        if one:
            self._add(f"two threads, entry point, {users:,} users", f"{one['threads']:.2f} times one", ">= 1.8",
                      one["threads"] >= 1.8)

    def _first(self, users):
        own, floor = (self._found.get("entry", users, name, "first") for name in ("cosmo", "constant"))
        if own and floor:
            over = own["load_us"] + own["first_us"] - floor["load_us"] - floor["first_us"]
            self._add(f"first look-up of a process, loading included, {users:,} users, over the constant module's",
                      f"{over:.1f} us", "<= 20 us", over <= 20)


def plot(results, path):
    found = Found(results)
    panels = {}
    for name, title in (("libc", "getpwnam hits through glibc"), ("entry", "getpwnam hits, entry points")):
        curves = {}
        for users in found.users:
            for peer in found.names(name, users):
                ns = found.ns(name, users, peer, "getpwnam")
                if ns:
                    curves.setdefault(TITLES[peer], {})[users] = ns
        if curves:
            panels[title] = curves
    if panels:
        chart.draw(path, panels)


def section(results, name):
    missed = [f"- {one} is left out: {why}" for one, why in results["left_out"].items()]
    versions = ", ".join(f"{one} {version}" for one, version in sorted(results["versions"].items()))
    return "\n\n".join([
        "## Look-ups", "\n\n".join(" ".join(part.split()) for part in __doc__.split("\n\n")),
        f"Keys are drawn at random from all users. A cell is {worker.CALLS:,} calls or {worker.MS / 1000:.0f} s, whichever ends "
        f"first, in {worker.ROUNDS} rounds of which the median counts. Linear peers are measured up to {peers.LINEAR:,} users. "
        f"SSSD has {peers.Sss.MEMORY_MB} MB for each of its memory caches, so that all of {peers.LINEAR:,} users are in it, and "
        "nothing in it expires during the run; its process is asked each time that somebody is nobody. nscd's caches hold "
        "hits and misses alike.", f"Versions: {versions}.", *missed,
        f"![cost against users]({name}.svg)", "### Targets",
        table.markdown(["target", "found", "wanted", "met"], Verdicts(results).rows), "### All of it",
        *(table.markdown(*one) for one in tables(results))])
