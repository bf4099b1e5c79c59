#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""How many sign-ins may ask the IdP, and what a flood leaves to the others: the built helper, judge and fetch.

Needs root and COSMO_BUILD_DIR."""

import json
import os
import pathlib
import signal
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import wire  # noqa: E402
from support.fake_idp import FOREVER, FakeIdp  # noqa: E402
from support.helper_rig import TESTS, HelperRig  # noqa: E402
from support.helper_site import HelperSite, config  # noqa: E402
from support.pam_rig import installed  # noqa: E402

HOME, OFFICE, HOTEL, ELSEWHERE = "192.0.2.1", "192.0.2.2", "192.0.2.3", "198.51.100.9"

# One after the other in one namespace, from beginning to end; what each heard.
MANY = """
import json, os, socket, subprocess, sys
sys.path.insert(0, sys.argv[1])
from support import wire
heard = []
for user, rhost in json.load(sys.stdin):
    ours, theirs = socket.socketpair()
    helper = subprocess.Popen([sys.argv[2], "pam"], pass_fds=[3], preexec_fn=lambda: os.dup2(theirs.fileno(), 3))
    theirs.close()
    peer = wire.Peer(ours)
    peer.send("SIGN_IN", SERVICE="sshd", USER=user, RHOST=rhost, RUID=0, INTERACTIVE=1)
    message = peer.recv()
    while message.type == "SHOW":
        message = peer.recv()
    heard.append(["OK" if message.ERR == 0 else message.error, message.TEXT])
    peer.close()
    helper.wait()
json.dump(heard, sys.stdout)
"""


def many(rig, *attempts):
    """What each attempt (user, source) heard: the error and the text."""
    command = rig.command(sys.executable, "-c", MANY, TESTS, installed("COSMO_HELPER_PATH"))
    done = subprocess.run(command, input=json.dumps(attempts), check=True, stdout=subprocess.PIPE, text=True, timeout=120)
    return json.loads(done.stdout)


def errors(rig, *attempts):
    return [error for error, _ in many(rig, *attempts)]


# What the IdP says is not the point here, so that a false judge may say it.
ADA = "show(); identity()"


@pytest.fixture
def rig():
    with HelperRig() as rig:
        rig.configure(config())
        rig.store("connect")
        rig.false_judge(ADA)
        rig.log()
        yield rig


def error_body(error):
    return f"peer.send('JUDGE_FAILED', ERR={wire.ERROR_NUMBERS[error]})"


@pytest.fixture
def site():
    with HelperRig() as rig, FakeIdp() as idp:
        site = HelperSite(rig, idp)
        site.idp.vouch_for("ada", "1000", "admins")
        rig.log()
        yield site


def limits(**values):
    return "[limits]\n" + "".join(f"{name} = {value}\n" for name, value in values.items())


def device_requests(site):
    return [request.path for request in site.idp.requests].count("/device")


def counted(rig):
    """The files of counts that hold anything."""
    return [path.name for path in (rig.folder / "run/private/rates").iterdir() if path.stat().st_size]


# case: budget: a hundred tries on made-up names ask the IdP no more often than configured, and others get in
def test_hundred_made_up_names_while_others_get_in(site):
    site.rig.configure(site.text(limits(unknown_per_source_hour=2, unknown_per_host_hour=5)))
    assert errors(site.rig, ("ada", HOME)) == ["OK"]
    listing = site.rig.start("ctl")
    listing.peer.send("CTL_USER_ADD", USER="eve")
    assert listing.recv().ERR == 0
    before = device_requests(site)
    tries = [(f"bot{n}", f"203.0.113.{n % 10}") for n in range(100)]
    heard = errors(site.rig, *tries)
    assert device_requests(site) - before == 5 == heard.count("E_OTHER_USER")
    assert heard.count("E_BUDGET") == 95
    assert errors(site.rig, ("ada", HOME), ("ada", ELSEWHERE), ("eve", "203.0.113.1")) == ["OK", "OK", "E_OTHER_USER"]
    site.idp.vouch_for("eve", "2000", "devs")
    assert errors(site.rig, ("eve", "203.0.113.1")) == ["OK"]


# case: budget: a source that used its budget up hears the same about enrolled and about made-up names
def test_used_up_source_learns_nothing(rig):
    assert errors(rig, ("ada", HOME)) == ["OK"]
    assert errors(rig, *[(f"bot{n}", ELSEWHERE) for n in range(6)]) == ["E_OTHER_USER"] * 6
    rig.false_judge("sys.exit(1)")  # nobody gets as far
    made_up, enrolled, made_up_again = many(rig, ("bot7", ELSEWHERE), ("ada", ELSEWHERE), ("bot8", ELSEWHERE))
    assert made_up == enrolled == made_up_again and made_up[0] == "E_BUDGET"
    rig.false_judge(ADA)
    assert errors(rig, ("ada", HOME)) == ["OK"]


# case: budget: a refusal tells the user when to try again, and the log which limit was reached
def test_refusal_says_when_to_try_again(rig):
    rig.configure(config(more=limits(unknown_per_source_hour=1)))
    (_, refused) = many(rig, ("bot1", ELSEWHERE), ("bot2", ELSEWHERE))
    assert refused == ["E_BUDGET", "There were too many sign-in attempts. Please try again in 60 minutes."]
    assert rig.events()[-1]["detail"] == "unknown_per_source_hour in [limits] is used up"
    rig.configure(config(more=limits(unknown_flows=1)))
    rig.false_judge("show()")
    assert rig.sign_in("bot3", RHOST=HOTEL).recv().type == "SHOW"
    (refused,) = many(rig, ("bot4", HOTEL))
    assert refused == ["E_BUDGET", "There were too many sign-in attempts. Please try again in 2 minutes."]
    rig.configure(config(more=limits(unknown_flows=0, unknown_per_source_hour=0)))
    (refused,) = many(rig, ("bot5", OFFICE))
    assert refused == ["E_BUDGET", "There were too many sign-in attempts. Please try again later."]


# case: budget: users behind one address who succeed never use its budget up
def test_success_gives_the_hour_back(rig):
    rig.configure(config(more=limits(unknown_per_source_hour=1, user_per_hour=1, user_flows=1)))
    assert errors(rig, *[("ada", HOME)] * 4, *[("ada", OFFICE)] * 2) == ["OK"] * 6
    assert counted(rig) == []


# case: budget: a sign-in that never reached the IdP is not counted, and one that may have is
@pytest.mark.parametrize("body, expected", [
    (error_body("E_CONNECT"), ["E_CONNECT"] * 3),
    (error_body("E_IDP_TIMEOUT"), ["E_IDP_TIMEOUT", "E_BUDGET", "E_BUDGET"]),
    ("show(); " + error_body("E_CONNECT"), ["E_CONNECT", "E_BUDGET", "E_BUDGET"]),
    ("show(); " + error_body("E_DENIED"), ["E_DENIED", "E_BUDGET", "E_BUDGET"]),
], ids=["unreachable", "timeout", "unreachable later", "denied"])  # fmt: skip
def test_what_never_reached_the_idp_is_not_counted(rig, body, expected):
    rig.configure(config(more=limits(unknown_per_source_hour=1)))
    rig.false_judge(body)
    assert errors(rig, *[("bot", HOME)] * 3) == expected


# case: budget: the places of the last sign-ins are kept in the record and outlive a reboot
def test_familiar_places_are_kept_in_the_record(rig):
    places = [HOME, OFFICE, HOTEL, "192.0.2.4", "192.0.2.5"]
    assert errors(rig, *[("ada", place) for place in places]) == ["OK"] * 5
    record = (rig.folder / "state/private/users/ada").read_text()
    assert record.count("\nseen_from = ") == 4 and not [place for place in places if place in record]
    for path in (rig.folder / "run/private").glob("rates/*"):
        path.unlink()
    (rig.folder / "run/private/salt").unlink()
    rig.configure(config(more=limits(elsewhere_per_host_hour=0)))
    assert errors(rig, *[("ada", place) for place in places]) == ["E_BUDGET"] + ["OK"] * 4


# case: budget: a refusal at the IdP or by a rule makes no place familiar
def test_refused_sign_in_makes_no_place_familiar(rig):
    assert errors(rig, ("ada", HOME)) == ["OK"]
    before = rig.state()
    rig.false_judge("show(); " + error_body("E_DENIED"))
    assert errors(rig, ("ada", OFFICE)) == ["E_DENIED"]
    assert rig.state() == before
    rig.false_judge("show(); identity(ROLE=None, CLAIM_STATE=2)")
    assert errors(rig, ("ada", OFFICE)) == ["E_CLAIM_MISSING"]
    assert (rig.folder / "state/private/users/ada").read_text().count("\nseen_from = ") == 1


# case: budget: a count or a salt that is damaged refuses and the log says what to do
def test_damaged_bookkeeping_refuses_and_says_what_to_do(rig):
    assert errors(rig, ("ada", HOME)) == ["OK"]
    run = rig.folder / "run/private"
    rig.log()
    (run / "salt").write_bytes(b"short")
    assert errors(rig, ("ada", HOME)) == ["E_BUDGET"]
    (run / "salt").unlink()
    (run / "places").unlink()
    (run / "places").mkdir()
    assert errors(rig, ("ada", HOME)) == ["E_IO"]
    (run / "places").rmdir()
    for path in (run / "flows").iterdir():
        path.unlink()
    (run / "flows").rmdir()
    (run / "flows").write_text("")
    assert errors(rig, ("ada", HOME)) == ["E_IO"]
    details = [event["detail"] for event in rig.events()]
    assert len(details) == 3 and all("remove it" in detail for detail in details)
    (run / "flows").unlink()
    assert errors(rig, ("ada", HOME)) == ["OK"]
    assert counted(rig) == []


# The newer sign-in replaces the older.


def waiting(site, user="ada", **fields):
    """A sign-in whose code is shown and pending."""
    site.idp.pending = FOREVER
    exchange = site.rig.sign_in(user, **{"RHOST": HOME, "TTY": "ssh"} | fields)
    assert exchange.recv().type == "SHOW"
    return exchange


# case: budget: a newer sign-in of the same name, source and service ends the older at once, and takes its place
@pytest.mark.parametrize("fields", [{}, {"RHOST": None, "SERVICE": "login", "TTY": "/dev/tty3"},
                                    {"RHOST": None, "SERVICE": "login", "TTY": "/dev/pts/3", "RUID": 1001}],
                         ids=["ssh", "console", "local user"])  # fmt: skip
def test_newer_replaces_older(site, fields):
    site.rig.configure(site.text(limits(unknown_flows=1)))
    older = waiting(site, **fields)
    newer = waiting(site, **fields)  # the one place there is
    message = older.recv()
    assert (message.type, message.error) == ("RESULT", "E_REPLACED")
    assert message.TEXT.startswith("This sign-in has ended because a newer one was begun from the same place.")
    older.all_gone()
    assert [event["event"] for event in site.rig.events()] == ["sign_in_replaced"]
    assert all(len(newer.pids(name)) == 1 for name in ("helper", "judge", "fetch"))
    site.idp.pending = 0
    assert newer.result() == "OK"
    newer.all_gone()
    (left,) = (site.rig.folder / "run/private/flows").iterdir()
    assert left.name.startswith("lock.")


# case: budget: nobody at another address, service, terminal or uid can end somebody's sign-in by beginning another
def test_nobody_elsewhere_replaces(rig):
    rig.configure(config(more=limits(unknown_flows=50, unknown_per_source_hour=50, unknown_per_host_hour=50)))
    rig.false_judge("show()")
    ssh, local = {"RHOST": HOME, "TTY": "ssh"}, {"SERVICE": "login", "TTY": "/dev/tty3"}
    flows = [ssh, ssh | {"RHOST": OFFICE}, ssh | {"USER": "bot"}, ssh | {"SERVICE": "login"}, ssh | {"RUID": 1001},
             ssh | {"RHOST": "2001:db8::1"}, ssh | {"RHOST": "2001:db8::2"}, local, local | {"TTY": "/dev/tty4"},
             local | {"RUID": 1001}, local | {"RUID": 1002}]  # fmt: skip
    exchanges = [rig.ask("SIGN_IN", **fields) for fields in flows]
    assert [exchange.recv().type for exchange in exchanges] == ["SHOW"] * len(flows)
    assert rig.events() == []
    assert all(len(exchange.pids("judge")) == 1 for exchange in exchanges)


# case: budget: a newer sign-in that the budget refuses leaves the older alone
def test_refused_newer_replaces_nobody(site):
    site.rig.configure(site.text(limits(unknown_per_source_hour=1)))
    older = waiting(site)
    assert site.rig.sign_in(RHOST=HOME, TTY="ssh").recv().error == "E_BUDGET"
    site.idp.pending = 0
    assert older.result() == "OK"


# case: budget: a sign-in whose processes were killed holds no place and is in no newer one's way
def test_killed_sign_in_leaves_nothing(site):
    site.rig.configure(site.text(limits(unknown_flows=1)))
    older = waiting(site)
    (pid,) = older.pids("helper")
    os.kill(pid, signal.SIGKILL)
    older.all_gone()
    newer = waiting(site)
    site.idp.pending = 0
    assert newer.result() == "OK"


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-q", *sys.argv[1:]]))
