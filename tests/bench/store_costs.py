# SPDX-License-Identifier: MIT
"""What a commit, a growth of users.1.db and a disconnect cost, whatever the number of users; waiting for the disk apart.

The store has everything a host of so many users has, four private files each, on a file system of its own: an image that is
dropped as a whole afterwards. A growth copies everybody, and comes once in as many enrolments as there are users.
"""
import statistics
import subprocess

import store_site
import table

USERS = (100, 1000, 20_000, 1_000_000)
ROUNDS = 300
STEPS = {"enrol": "commit of a new user", "commit": "commit of a known user", "disconnect": "disconnect",
         "grow": "growth of users.1.db"}
USER_BYTES, ROOM_BYTES, USER_FILES, ROOM_FILES = 24 << 10, 1 << 28, 5, 4096
MOUNT = 'mount -o loop,noatime "$1" "$2" && shift 2 && exec "$@"'


class ImageStore(store_site.Store):
    """The same with its durable state on a file system for `users`, which only the commands see."""

    def __init__(self, place, users):
        super().__init__(place)
        self.users = users

    def __enter__(self):
        super().__enter__()
        self.image = self.folder / "image"
        with self.image.open("wb") as file:
            file.truncate(self.users * USER_BYTES + ROOM_BYTES)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0",
                        "-N", str(self.users * USER_FILES + ROOM_FILES), self.image], check=True)
        return self

    def _command(self, program, words):
        mount = ["unshare", "--mount", "--propagation", "private", "sh", "-c", MOUNT, "sh", self.image, self.sources[0]]
        return [str(word) for word in (*mount, *super()._command(program, words))]


def measure_users(place, users):
    with ImageStore(place, users) as store:
        lines = store.run("store_cost", users, ROUNDS)
    found = {"users": users}
    for step in STEPS:
        ones = [one for one in lines if one["what"] == step]
        found[step] = {
            f"{clock}_us": round(statistics.median(one[f"{clock}_ns"] - one[f"synced_{clock}_ns"] for one in ones) / 1000, 1)
            for clock in ("wall", "cpu")}
        found[step]["synced_us"] = round(statistics.median(one["synced_wall_ns"] for one in ones) / 1000, 1)
    return found


def measure(place, kept, is_over, users=USERS):
    found = {one["users"]: one for one in kept or ()}
    for count in users:
        if count not in found and not is_over():
            found[count] = measure_users(place, count)
    return [found[count] for count in sorted(found)]


def tables(results):
    rows = []
    for result in results:
        for step, title in STEPS.items():
            one, first = result[step], results[0][step]
            each = f"{1000 * one['cpu_us'] / result['users']:.0f}" if step == "grow" else "-"
            rows.append([f"{result['users']:,} users: {title}", one["cpu_us"], f"{one['cpu_us'] / first['cpu_us']:.2f}",
                         each, one["wall_us"], f"{one['wall_us'] / first['wall_us']:.2f}", one["synced_us"]])
    first = f"of that at {results[0]['users']:,}"
    return [(["us", "processor time", first, "ns per user", "time", first, "syncs, not counted"], rows)]


def render(results):
    return "\n\n".join(table.render(*one) for one in tables(results)) if results else ""


def verdicts(results):
    """Against the targets, of the largest number of users."""
    last, first = results[-1], results[0]
    for step in ("commit", "enrol", "disconnect"):
        ratio = last[step]["cpu_us"] / first[step]["cpu_us"]
        yield (f"{STEPS[step]} at {last['users']:,} users, of that at {first['users']:,}, apart from the disk", f"{ratio:.2f}",
               "<= 1.5", ratio <= 1.5)


def section(results, _name):
    heads = ["target", "found", "wanted", "met"]
    rows = [(*words, "yes" if met else "**no**") for *words, met in verdicts(results)]
    return "\n\n".join(["## Writing", " ".join(__doc__.split("\n\n")[1].split()), table.markdown(heads, rows),
                        *(table.markdown(*one) for one in tables(results))])
