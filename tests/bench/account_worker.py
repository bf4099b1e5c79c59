# SPDX-License-Identifier: MIT
"""Measures sudo's account phase on a booted host, against a scripted IdP over TLS; see account.py.

usage: account_worker.py BUILD ROUNDS      prints JSON
"""
import collections
import contextlib
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import namespace, record, root_tree  # noqa: E402
from support.host import TestHost  # noqa: E402
from support.process import PATIENCE_S, watch  # noqa: E402
from support.rotating_idp import RotatingIdp  # noqa: E402
from support.site import Site  # noqa: E402

HOUR_S = 3600
PLAIN = "/usr/local/bin/true-without"
# The same program by two names: one goes by a stack of Debian's own.
SUDOERS = f"ada ALL=(root) NOPASSWD: ALL\nDefaults!{PLAIN} pam_service=sudo-without\n"


def prepare(site, build):
    """ada has signed in; sudo without our lines is a service of its own."""
    host = site.host
    host.install(build)
    host.boot()
    host.run(f"cp /etc/pam.d/sudo /etc/pam.d/sudo-without; cp -L /usr/bin/true {PLAIN}")
    subprocess.run(["cp", build / "tests/bench/turns", host.root / "usr/local/bin"], check=True)
    host.put("/etc/sudoers.d/bench", SUDOERS, 0o440)
    site.connect()
    site.enable()
    with site.sign_in("ada") as login:
        login.prompt()  # who is asked approves at once
        login.enter()
        login.shell()


def seen(idp):
    return collections.Counter(request.path for request in idp.requests), idp.handshakes


def turns(host, *commands):
    """Nanoseconds that each took, one after the other."""
    words = [word for command in commands for word in ("--", *command)][1:]
    said = host.run(["turns", "1", *words], user="ada").stdout
    return [int(line.split()[1]) for line in said.splitlines()]


def has_helper(host):
    """Systemd is still busy with the end of one that it started, which is no part of what comes next."""
    return bool(host.run("systemctl list-units --no-legend --plain 'cosmo-sso-helper@*'").stdout.strip())


def sudo_by_turns(site, ours_first=True):
    """What each took, and what was asked of the IdP for it."""
    host = site.host
    record.change(host, "ada", confirmed=int(time.time()) - HOUR_S)
    before, cursor = seen(site.idp), host.journal_cursor()
    ours, without = ["/usr/bin/sudo", "-n", "/usr/bin/true"], ["/usr/bin/sudo", "-n", PLAIN]
    times = dict(zip(["refresh"], turns(host, ours)))
    watch(lambda: not has_helper(host), PATIENCE_S, "the end of the helper's unit")
    if ours_first:
        times |= zip(["fresh", "without"], turns(host, ours, without))
    else:
        times |= zip(["without", "fresh"], turns(host, without, ours))
    lines = host.journal(r"event=account_ok user=ada .*service=sudo", after=cursor)
    if len(lines) != 2 or "refresh=done" not in lines[0] or "refresh=" in lines[1]:
        raise RuntimeError(f"not what was to be measured: {lines}")
    after = seen(site.idp)
    return times, {"requests": after[0] - before[0], "handshakes": after[1] - before[1]}


def unit(host):
    """What systemd takes until the helper says that it runs. It is asked nothing."""
    with socket.socket(socket.AF_UNIX) as connection:
        began = time.monotonic_ns()
        connection.connect(f"/proc/{host.pid}/root/run/cosmo-sso/helper.sock")
        said = connection.recv(1)
        took = time.monotonic_ns() - began
    if not said:
        raise RuntimeError("systemd has started no helper")
    watch(lambda: not has_helper(host), PATIENCE_S, "the end of the helper's unit")
    return took


def curl(site):
    """A refresh token that nobody has is asked about in the same exchange."""
    form = "grant_type=refresh_token&refresh_token=nobody&client_id=cosmo-host"
    words = ["curl", "-sS", "--cacert", site.idp.ca_file, "-o", "/dev/null", "-d", form, f"{site.idp.issuer}/token"]
    began = time.monotonic_ns()
    subprocess.run(words, check=True)
    return time.monotonic_ns() - began


@contextlib.contextmanager
def signed_in(build):
    """A site whose IdP approves of ada at once, and where she has been."""
    root_tree.ensure()
    namespace.enter()
    with tempfile.TemporaryDirectory() as folder, RotatingIdp() as idp, TestHost() as host:
        idp.CLIENT_ID, idp.ca_file = "cosmo-host", pathlib.Path(folder, "ca.pem")
        idp.ca_file.write_bytes(idp.ca_pem)
        idp.claims = {"sub": "1000", "preferred_username": "ada", "name": "Ada", "ssoGroups": ["cosmo-admins"]}
        site = Site(idp, host)
        prepare(site, build)
        yield site


def main():
    build, rounds = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    with signed_in(build) as site:
        sudo_by_turns(site)  # with cold caches
        found = {what: [] for what in ("without", "fresh", "refresh", "unit", "curl")}
        asked = []
        for number in range(rounds):
            times, exchange = sudo_by_turns(site, ours_first=number % 2 == 0)
            for what, ns in times.items():
                found[what].append(ns)
            asked.append(exchange)
            found["unit"].append(unit(site.host))
            found["curl"].append(curl(site))
    print(json.dumps({"ns": found, "asked": asked}))


if __name__ == "__main__":
    main()
