# SPDX-License-Identifier: MIT
"""Measures what lies between an approval and the shell of an SSH sign-in, on a booted host; see approval.py.

usage: approval_worker.py BUILD ROUNDS      prints JSON
"""
import json
import pathlib
import sys
import time

import account_worker
import pexpect

INTERVAL_S = 1
NEVER = 10**9
PATIENCE_S = 60
PROMPT = "Press Enter after approving"


class Polls:
    """When the IdP last said that somebody is to wait, and when it gave the tokens."""

    def __init__(self, idp):
        self._idp, self._answer = idp, idp._token_answer
        self.asked_ns, self.given_ns = 0, 0
        idp._token_answer = self._look

    def _look(self, request):
        answer = self._answer(request)
        if answer.status == 200:
            self.given_ns = time.monotonic_ns()
        else:
            self.asked_ns = time.monotonic_ns()
        return answer

    def wait(self, what, since_ns):
        account_worker.watch(lambda: getattr(self, what) > since_ns, PATIENCE_S, "a poll", every_s=0.001)


def client(site, user):
    argv = [str(word) for word in site.host.ssh(user)]
    return pexpect.spawn(argv[0], argv[1:], timeout=PATIENCE_S, encoding="utf-8", env={"TERM": "dumb", "PATH": "/usr/bin"})


def shell(ssh, site, user):
    """Nanoseconds on the clock when it has a prompt."""
    ssh.expect_exact(f"{user}@{site.host.name}:")
    seen_ns = time.monotonic_ns()
    ssh.close()
    return seen_ns


def sign_in(site, polls, part, enter_first):
    """@part: of the interval, after a poll, when it is approved. Nanoseconds to the poll that learns of it, and from
    then, or from the Enter behind it, to the shell."""
    site.idp.pending = NEVER
    ssh = client(site, "ada")
    ssh.expect_exact(PROMPT)
    if enter_first:
        ssh.sendline("")
    polls.wait("asked_ns", time.monotonic_ns())
    time.sleep(part * INTERVAL_S)
    approved_ns = time.monotonic_ns()
    site.idp.pending = 0
    polls.wait("given_ns", approved_ns)
    from_ns = polls.given_ns
    if not enter_first:
        time.sleep(0.2)  # it has been decided by now; people are slower
        from_ns = time.monotonic_ns()
        ssh.sendline("")
    return {"polled": polls.given_ns - approved_ns, "shell": shell(ssh, site, "ada") - from_ns}


def password(site):
    """From a local user's password to the shell."""
    ssh = client(site, "tess")
    ssh.expect("(?i)password: ?")
    began_ns = time.monotonic_ns()
    ssh.sendline(site.host.passwords["tess"])
    return {"polled": 0, "shell": shell(ssh, site, "tess") - began_ns}


def main():
    build, rounds = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    found = {"waiting": [], "enter": [], "password": []}
    with account_worker.signed_in(build) as site:
        site.idp.interval_s, polls = INTERVAL_S, Polls(site.idp)
        for number in range(rounds):
            part = (number + 0.5) / rounds
            found["waiting"].append(sign_in(site, polls, part, enter_first=True))
            found["enter"].append(sign_in(site, polls, part, enter_first=False))
            found["password"].append(password(site))
    print(json.dumps({"interval_s": INTERVAL_S, "ns": found}))


if __name__ == "__main__":
    main()
