# SPDX-License-Identifier: MIT
"""What a refresh of everybody costs: `cosmo-ssoctl refresh --all` as built, for users that the product's own writer has
put there, against a scripted IdP on loopback that replaces each refresh token.

With the most that refresh_per_minute can be, which is no limit here, and with its default. Beside it what that IdP
answers to one program that only asks.
"""
import json
import re
import sys

import sign_in
import table

USERS = 10_000
DEFAULT_S = 45  # of the run with the default, which is to take as long as it does
LIMITS = {"off": 6000, "on": 120}  # refresh_per_minute
GROUPS = {"admin": "admins", "developer": "devs"}
NAMES = {"cosmo-sso-helper": "helper", "cosmo-sso-judge": "judge, at any time", "cosmo-sso-fetch": "fetch, at any time"}


def set_limit(rig, per_minute):
    """As an administrator edits it."""
    path = rig.folder / "conf/cosmo-sso.conf"
    text = re.sub(r"^refresh_per_minute = .*\n", "", path.read_text(), flags=re.MULTILINE)
    rig.configure(text.replace("[limits]\n", f"[limits]\nrefresh_per_minute = {per_minute}\n"))


def write_people(rig):
    """What the IdP is to say of each, which is what he has: {name: group}."""
    people = {}
    for path in (rig.folder / "state/private/users").glob("[a-z]*"):
        role = re.search(r"^role = (.*)$", path.read_text(), re.MULTILINE).group(1)
        people[path.name] = GROUPS.get(role, "others")
    path = rig.folder / "people.json"
    path.write_text(json.dumps(people))
    return path


def measure(users=USERS, seconds=0):
    """`seconds`: when to interrupt either run; 0: the one without limit not at all."""
    from support.program import built  # COSMO_BUILD_DIR is known by now

    found = {}
    with sign_in.site("file", "bench/crowded_idp.py") as (rig, words, fds):
        rig.inside(built("tests/bench/fill_store"), users, "joined")
        people = write_people(rig)
        for limit, per_minute in LIMITS.items():
            set_limit(rig, per_minute)
            until_s = seconds or (DEFAULT_S if limit == "on" else 0)
            said = rig.inside(sys.executable, sign_in.HERE / "refresh_all_worker.py", built("ctl/cosmo-ssoctl"), until_s,
                              people, *words, pass_fds=fds)
            found[limit] = {"users": users, "per_minute": per_minute, **summary(**json.loads(said))}
    return found


def summary(seconds, cpu_s, requests, most_kib, first_kib, said, **rest):
    count = requests["/token"]
    return {"asked": count, "seconds": round(seconds, 1), "per_s": round(count / seconds, 1), "requests": requests,
            "cpu_ms_each": round(1000 * cpu_s / count, 1), "most_kib": most_kib, "helper_at_first_kib": first_kib,
            "told": json.loads(said) if said.strip() else None, "handshakes": rest["handshakes"],
            "was_stopped": rest["was_stopped"], "idp_alone_per_s": round(rest["idp_alone_per_s"], 1)}


def render_one(limit, one):
    rows = [(name, one["most_kib"][part]["Private_Dirty"], one["most_kib"][part]["Pss"]) for part, name in NAMES.items()]
    whole_s = one["users"] / one["per_s"]
    return [
        f"{one['users']:,} users, refresh_per_minute = {one['per_minute']}: {one['asked']:,} asked about in "
        f"{one['seconds']} s{', then interrupted' if one['was_stopped'] else ''}; {one['per_s']} per second "
        f"(all of them: {whole_s:.0f} s), {one['handshakes']} TLS handshakes, {one['cpu_ms_each']} ms of CPU each. The IdP "
        f"alone: {one['idp_alone_per_s']} per second.", "",
        table.render(("the most", "private dirty KiB", "PSS KiB"), rows), "",
        f"The helper at first: {one['helper_at_first_kib']['Private_Dirty']} KiB private dirty.", "",
    ]


def render(found):
    return "\n".join(line for limit, one in found.items() for line in render_one(limit, one)).rstrip()
