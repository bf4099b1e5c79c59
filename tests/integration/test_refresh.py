# SPDX-License-Identifier: MIT
"""The refresh of roles in the account phase: the built helper, judge and fetch, and a scripted IdP that replaces the
refresh token at each use.

Needs root and COSMO_BUILD_DIR."""

import collections
import contextlib
import fcntl
import glob
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support import messages  # noqa: E402
from support.ctl_rig import CtlRig  # noqa: E402
from support.fake_idp import Answer  # noqa: E402
from support.helper_rig import TESTS  # noqa: E402
from support.helper_site import RefreshSite  # noqa: E402
from support.pam_rig import installed  # noqa: E402
from support.process import PATIENCE_S, watch  # noqa: E402
from support.rotating_idp import RotatingIdp  # noqa: E402
from support.sign_in_rig import SignInRig  # noqa: E402
from support.wire import ERROR_NUMBERS  # noqa: E402

HOUR_S = 3600


class Site(RefreshSite):
    def begin(self, service="sshd", name="ada"):
        """An account phase that is under way."""
        return self.rig.ask("ACCOUNT", USER=name, SERVICE=service)

    def forget_back_off(self, name="ada"):
        (self.rig.folder / "run/private/refresh" / name).unlink()

    def line(self, event="account_ok"):
        (line,) = [line for line in self.rig.events() if line["event"] == event]
        return line


@pytest.fixture
def idp():
    with RotatingIdp() as idp:
        yield idp


# Long enough for a busy host; tests of what is too slow have their own.
PATIENT = "[roles]\nrefresh_timeout = 30s"


@pytest.fixture
def site(idp, request):
    """ada, an admin, has signed in an hour ago. A test may have further lines of configuration."""
    with CtlRig() as rig:
        site = Site(rig, idp)
        site.connect(getattr(request, "param", PATIENT))
        assert site.sign_in() == "OK"
        site.age()
        rig.log()
        idp.requests.clear()
        yield site


def configured(*lines):
    return pytest.mark.parametrize("site", ["\n".join(lines)], indirect=True, ids=[""])


# case: refresh: a group taken away at the IdP is gone at the next entry, without a sign-in
def test_refresh__roles_confirmed_long_ago__are_what_the_idp_says_now(site, idp):
    before, token = site.user(), site.stored("refresh_token")
    idp.claims["groups"] = ["devs"]
    assert site.account("sudo") == "E_SERVICE"
    line = site.line("account_refused")
    assert (line["refresh"], line["roles"]) == ("done", "developer") and "refresh_reason" not in line
    after = site.user()
    assert after["roles"] == after["effective_roles"] == ["developer"]
    assert time.time() - 60 < after["confirmed"] and after["signed_in"] == before["signed_in"]
    assert site.stored("refresh_token") not in (None, token) and site.stored("refresh_asked") is None
    (request,) = idp.refreshes
    assert request.form["refresh_token"] == token and "scope" not in request.form
    assert site.account() == "OK" and len(idp.refreshes) == 1


def test_refresh__roles_confirmed_lately__asks_nobody(site, idp):
    site.age(60)
    assert site.account() == "OK" and idp.requests == [] and "refresh" not in site.line()


# case: refresh: who is disabled at the IdP has no role at once, and is refused everywhere until the next sign-in
def test_refresh__disabled_at_the_idp__is_refused_everywhere_and_has_no_role(site, idp):
    idp.disabled.add("1000")
    assert site.account() == "E_INVALID_GRANT"
    line = site.line("account_refused")
    assert (line["refresh"], line["reason"]) == ("refused", "invalid_grant")
    user = site.user()
    assert (user["roles"], user["effective_roles"], user["reason"]) == ([], ["viewer"], "invalid_grant")
    assert site.stored("refresh_token") is None
    assert [site.account(service) for service in ("sshd", "sudo", "cron")] == ["E_INVALID_GRANT"] * 3
    assert len(idp.refreshes) == 1
    assert site.sign_in() == "OK" and site.account("sudo") == "OK"


def test_refresh__idp_down__the_lease_decides(site, idp):
    idp.close()
    assert site.account("sudo") == "OK"
    line = site.line()
    assert (line["refresh"], line["refresh_reason"]) == ("outage", "idp_connect")
    assert site.stored("refresh_asked") is None
    site.age(25 * HOUR_S)
    assert site.account("sudo") == "E_LEASE_OVER" and site.account("sshd") == "OK"


def test_refresh__nothing_could_be_asked__leaves_no_doubt_of_the_token(site, idp):
    """A later no is then the IdP's own, not the outcome of a refresh that broke off."""
    certificates = site.rig.folder / "conf/ca.pem"
    certificates.chmod(0o666)
    assert site.account() == "OK" and idp.refreshes == []
    line = site.line()
    assert (line["refresh"], line["refresh_reason"]) == ("outage", "unsafe_file")
    assert site.stored("refresh_asked") is None
    certificates.chmod(0o644)
    site.forget_back_off()
    idp.disabled.add("1000")
    assert site.account() == "E_INVALID_GRANT"


# case: refresh: a new refresh token that cannot be stored is tried for again once the person has been answered
def test_refresh__new_token_cannot_be_stored_yet__is_stored_later(site, idp):
    """And what the IdP said besides could not be believed: so the token is all there is to be stored."""
    spent, in_the_way = site.stored("refresh_token"), site.path_of().with_name(".ada.new")
    idp.changes, idp.hold = {"aud": "somebody else"}, threading.Event()
    exchange = site.begin()
    watch(lambda: idp.refreshes, PATIENCE_S, "the question")
    in_the_way.mkdir()
    idp.hold.set()
    assert exchange.result() == "OK"
    assert site.stored("refresh_token") == spent and site.stored("refresh_asked")
    # who comes next does not show the spent one, but waits for his turn
    (site.rig.folder / "run/private/refresh/ada").write_bytes(b"")  # the back-off is over
    following = site.begin()
    watch(lambda: at_the_turn(site) == 2, PATIENCE_S, "who waits for the turn")
    assert len(idp.refreshes) == 1
    idp.changes, idp.hold = {}, None
    in_the_way.rmdir()
    assert following.result() == "OK"
    for one in (exchange, following):
        one.all_gone()
    (_, request) = idp.refreshes
    assert request.form["refresh_token"] != spent and idp.reused == 0
    assert site.stored("refresh_asked") is None


# What counts as the IdP's no.


@pytest.mark.parametrize("claims, error, roles", [
    ({"groups": None}, "role_claim_missing", []),
    ({"sub": "2000"}, "other_subject", []),
    ({"preferred_username": "ada.lovelace"}, "renamed", []),
])
def test_refresh__idp_says_no__roles_are_gone_and_a_sign_in_is_needed(site, idp, claims, error, roles):
    idp.claims = {name: value for name, value in (idp.claims | claims).items() if value is not None}
    assert site.account("sudo") == site.account("cron") != "OK"
    lines = [line for line in site.rig.events() if line["event"] == "account_refused"]
    assert [line["reason"] for line in lines] == [error] * 2 and lines[0]["refresh"] == "refused" and "refresh" not in lines[1]
    user = site.user()
    assert (user["roles"], user["effective_roles"], user["reason"]) == (roles, ["viewer"], error)


def test_refresh__claims_without_a_name__are_the_persons(site, idp):
    del idp.claims["preferred_username"]
    assert site.account("sudo") == "OK" and site.line()["refresh"] == "done"


def test_refresh__no_id_token__userinfo_says_it(site, idp):
    idp.with_id_token = False
    idp.claims["groups"] = ["devs"]
    assert site.account() == "OK" and site.line()["roles"] == "developer"
    assert [request.path for request in idp.requests if request.path != "/jwks"] == ["/token", "/userinfo"]
    site.age()
    del idp.claims["groups"]
    assert site.account() == "E_CLAIM_MISSING"


def test_refresh__same_token_goes_on__is_used_again(site, idp):
    idp.rotates, token = False, site.stored("refresh_token")
    for _ in range(2):
        assert site.account() == "OK" and site.line()["refresh"] == "done"
        site.age()
    assert site.stored("refresh_token") == token and site.stored("refresh_asked") is None
    assert [request.form["refresh_token"] for request in idp.refreshes] == [token] * 2


@configured("[service sudo]", "refresh_after = 1m")
def test_refresh__service_has_its_own_interval__is_asked_about_there(site, idp):
    site.age(120)
    assert site.account("sshd") == "OK" and idp.refreshes == []
    assert site.account("sudo") == "OK" and len(idp.refreshes) == 1


def test_refresh__service_closed__asks_nobody(site, idp):
    site.connect("[access]\ncron = deny")
    assert site.sign_in() == "OK"
    site.age()
    idp.requests.clear()
    assert site.account("cron") == "E_SERVICE" and idp.refreshes == []


def test_refresh__role_given_at_the_idp__opens_the_door_at_once(site, idp):
    idp.claims["groups"] = ["devs"]
    assert site.account("sudo") == "E_SERVICE"
    site.age()
    idp.claims["groups"] = ["admins"]
    assert site.account("sudo") == "OK"


# What says nothing about the person.


def broken_token(idp, **changes):
    idp.changes = changes


OUTAGES = {
    "dropped": (lambda idp: idp.script("/token", Answer(drop=True)), "idp_dropped"),
    "cut": (lambda idp: idp.script("/token", Answer(body=b"{" + b" " * 100, cut=True)), "idp_dropped"),
    "no JSON": (lambda idp: idp.script("/token", Answer(body="<html>")), "idp_not_json"),
    "500": (lambda idp: idp.script("/token", Answer(500, "oops")), "idp_status"),
    "503": (lambda idp: idp.script("/token", Answer(503, {"error": "temporarily_unavailable"})), "idp_error"),
    "429": (lambda idp: idp.script("/token", Answer(429, {"error": "slow_down"})), "idp_rate_limit"),
    "client": (lambda idp: idp.script("/token", Answer(401, {"error": "invalid_client"})), "idp_client_refused"),
    "grant": (lambda idp: idp.script("/token", Answer(400, {"error": "unauthorized_client"})), "idp_grant_not_allowed"),
    "other word": (lambda idp: idp.script("/token", Answer(400, {"error": "interaction_required"})), "idp_error"),
    "denied": (lambda idp: idp.script("/token", Answer(400, {"error": "access_denied"})), "idp_error"),
    "redirect": (lambda idp: idp.script("/token", Answer(302, headers={"Location": "https://localhost/"})), "idp_redirect"),
    "expired": (lambda idp: broken_token(idp, exp=1), "token_expired"),
    "early": (lambda idp: broken_token(idp, iat=int(time.time()) + 4000), "token_not_yet_valid"),
    "audience": (lambda idp: broken_token(idp, aud="another"), "token_aud"),
    "party": (lambda idp: broken_token(idp, azp="another"), "token_azp"),
    "issuer": (lambda idp: broken_token(idp, iss="https://another"), "token_iss"),
    "overage": (lambda idp: broken_token(idp, groups=None, _claim_names={"groups": "x"}), "role_claim_overage"),
    "claim's type": (lambda idp: broken_token(idp, groups=7), "role_claim_type"),
}


# case: refresh: when the IdP cannot be asked, or says nothing about the person, the lease decides, and the log says why
def test_refresh__outage__the_lease_decides_and_the_log_says_why(site, idp):
    for name, (make, reason) in OUTAGES.items():
        print(name)
        site.age()
        confirmed = site.stored("confirmed")
        make(idp)
        assert site.account("sudo") == "OK"
        line = site.line()
        assert (line["refresh"], line["refresh_reason"], line["reason"], line["roles"]) == ("outage", reason, "ok", "admin")
        assert site.stored("confirmed") == confirmed
        # when it is over nothing was lost
        site.forget_back_off()
        idp.changes = {}
        assert site.account("sudo") == "OK" and site.line()["refresh"] == "done" and idp.reused == 0
    assert site.user()["effective_roles"] == ["admin"]


def test_refresh__neither_id_token_nor_userinfo__is_an_outage_of_its_own(idp):
    discovery = idp.discovery
    idp.discovery = lambda: {name: value for name, value in discovery().items() if name != "userinfo_endpoint"}
    with CtlRig() as rig:
        site = Site(rig, idp)
        assert site.sign_in() == "OK"
        site.age()
        rig.log()
        idp.with_id_token = False
        assert site.account("sudo") == "OK"
        line = site.line()
        assert (line["refresh"], line["refresh_reason"]) == ("outage", "refresh_no_claims")
        site.age(25 * HOUR_S)
        assert site.account("sudo") == "E_LEASE_OVER"


def test_refresh__userinfo_down__is_an_outage_and_the_token_is_kept(site, idp):
    idp.with_id_token = False
    idp.script("/userinfo", Answer(500, "oops"))
    token = site.stored("refresh_token")
    assert site.account("sudo") == "OK" and site.line()["refresh_reason"] == "userinfo"
    assert site.stored("refresh_token") != token
    site.forget_back_off()
    assert site.account("sudo") == "OK" and site.line()["refresh"] == "done" and idp.reused == 0


def test_refresh__lease_over__comes_back_with_the_idp(site, idp):
    site.age(60 * HOUR_S)
    assert site.account("sudo") == "OK" and site.user()["effective_roles"] == ["admin"]


# case: refresh: an answer that is lost on the way costs one sign-in, and the person is told so
@pytest.mark.parametrize("fate", [{"drop": True}, {"cut": True}])
def test_refresh__answer_lost__costs_a_sign_in_and_says_so(site, idp, fate):
    idp.fate = fate
    assert site.account("sudo") == "OK" and site.line()["refresh"] == "outage"
    idp.fate = {}
    site.forget_back_off()
    assert site.account("sudo") == "E_REFRESH_INTERRUPTED" and idp.reused == 1
    assert site.line("account_refused")["reason"] == "refresh_interrupted"
    assert site.user()["effective_roles"] == ["viewer"] and site.account("sshd") == "E_REFRESH_INTERRUPTED"
    assert site.sign_in() == "OK" and site.account("sudo") == "OK"


# What happens meanwhile.


# Helpers at once, from one process in their place: started one by one they would not be there together. What is
# between fork and exec is what the module does.
MANY = """
import os, socket, sys
tests, helper, service, count = sys.argv[1:]
sys.path.insert(0, tests)
from support import wire
peers = []
for _ in range(int(count)):
    ours, theirs = socket.socketpair()
    if not os.fork():
        os.dup2(theirs.fileno(), 3)
        os.execv(helper, [helper, "pam"])
    theirs.close()
    peers.append(wire.Peer(ours, 120))
    peers[-1].send("ACCOUNT", SERVICE=service, USER="ada", RUID=0)
for peer in peers:
    print(wire.ERRORS[peer.recv().ERR])
"""


def at_the_turn(site, name="ada"):
    """How many helpers have come to the turn of that user."""
    place, held = site.rig.folder / "run/private/refresh" / name, 0
    for entry in glob.iglob("/proc/[0-9]*/fd/*") if place.exists() else ():
        try:
            held += os.path.samestat(os.stat(entry), place.stat())
        except OSError:  # it has ended
            continue
    return held


def fifty_at_once(site, service):
    """What they are told, and what of that the log could hold. The turn is ours until all of them wait for it."""
    place = site.rig.folder / "run/private/refresh"
    place.mkdir(mode=0o700, exist_ok=True)
    with (place / "ada").open("wb") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        words = site.rig.command(sys.executable, "-c", MANY, TESTS, installed("COSMO_HELPER_PATH"), service, 50)
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        watch(lambda: at_the_turn(site) == 51, PATIENCE_S, "fifty helpers")
    told = process.communicate(timeout=PATIENCE_S)[0].split()
    return collections.Counter(told), [line for line in site.rig.events() if line["event"].startswith("account_")]


def counted_judge(site):
    """A file that gets a line for each judge that is started."""
    judge, starts = site.rig.folder / "libexec/cosmo-sso-judge", site.rig.folder / "starts"
    real = judge.rename(judge.with_name("judge"))
    judge.write_text(f"#!/bin/sh\necho >> {starts}\nexec {real}\n")
    judge.chmod(0o755)
    return starts


# case: refresh: fifty account phases of one user at once are one request, whose result all of them have
def test_refresh__fifty_at_once__are_one_request(site, idp):
    idp.claims["groups"] = ["devs"]
    starts = counted_judge(site)
    told, lines = fifty_at_once(site, "sshd")
    assert starts.read_text() == "\n"
    assert told == {"OK": 50} and len(idp.refreshes) == 1 and idp.reused == 0
    assert {(line["refresh"], line["roles"]) for line in lines} == {("done", "developer")}


def test_refresh__fifty_at_once_who_are_refused__are_one_request(site, idp):
    idp.disabled.add("1000")
    told, lines = fifty_at_once(site, "sudo")
    assert told == {"E_INVALID_GRANT": 50} and len(idp.refreshes) == 1
    assert {line["refresh"] for line in lines} <= {"done", "refused"} and {line["reason"] for line in lines} == {"invalid_grant"}


def test_refresh__fifty_at_once_while_it_is_down__are_one_request(site, idp):
    idp.fate = {"drop": True}
    told, lines = fifty_at_once(site, "sudo")
    assert told == {"OK": 50} and len(idp.refreshes) == 1
    assert {(line["refresh"], line["refresh_reason"]) for line in lines} == {("outage", "idp_dropped")}


def test_refresh__two_users__do_not_wait_for_each_other(site, idp):
    idp.vouch_for("bob", "2000", "devs")
    assert site.sign_in("bob") == "OK"
    site.age(name="bob")
    idp.hold = threading.Event()
    slow = site.begin()
    idp.wait_for(len(idp.requests) + 1)
    held, idp.hold = idp.hold, None
    assert site.account(name="bob") == "OK"
    held.set()
    assert slow.result() in ("OK", "E_OTHER_SUBJECT")


@pytest.mark.parametrize("verb, error", [("disconnect", "E_SIGNED_OUT"), ("lock", "E_LOCKED"), ("remove", "E_REMOVED")])
def test_refresh__signed_out_meanwhile__stores_nothing(site, idp, verb, error):
    idp.hold = threading.Event()
    exchange = site.begin("sudo")
    idp.wait_for(1)
    site.rig.ctl("user", verb, "ada", "--yes")
    idp.hold.set()
    assert exchange.result() == error
    exchange.all_gone()
    assert site.line("account_refused")["refresh"] == "dropped"
    assert "refresh-token-3" not in site.path_of().read_text()
    assert "refresh-token-3" in [request.form["token"] for request in idp.requests if request.path == "/revoke"]
    assert site.user()["effective_roles"] == ([] if verb == "remove" else ["viewer"])


def test_refresh__disconnected_meanwhile__stores_nothing(site, idp):
    idp.hold = threading.Event()
    exchange = site.begin("sudo")
    idp.wait_for(1)
    assert site.rig.ctl("disconnect").code == 0
    idp.hold.set()
    assert exchange.result() == "E_DISCONNECTED"
    exchange.all_gone()
    assert site.stored("refresh_token") is None and site.user()["effective_roles"] == ["viewer"]


# case: refresh: a caller that is gone loses nothing: the refresh is finished and stored
def test_refresh__caller_gone__is_finished_and_stored(site, idp):
    idp.hold = threading.Event()
    idp.claims["groups"] = ["devs"]
    exchange = site.begin()
    idp.wait_for(1)
    exchange.peer.close()
    idp.hold.set()
    exchange.all_gone()
    assert site.user()["roles"] == ["developer"] and site.line()["refresh"] == "done"
    assert site.account() == "OK" and len(idp.refreshes) == 1


# The program that called PAM, with the module, in a process group of its own.


@contextlib.contextmanager
def calling(rig):
    """`login` in its account phase for ada; the process, whose children are in its group."""
    words = rig.command(*rig.caller_words("login", "ada", "account"))
    process = subprocess.Popen(words, env=rig.caller_environment(), start_new_session=True)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


# case: refresh: a caller that is killed or stopped at any time, with all of its process group, loses nothing
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP, signal.SIGHUP, signal.SIGALRM])
def test_refresh__caller_signalled_with_its_group__is_finished_and_stored(idp, number):
    with SignInRig() as rig:
        site = Site(rig, idp)
        site.connect("[roles]\nrefresh_timeout = 30s")
        assert site.sign_in() == "OK"
        site.age()
        rig.log()
        idp.requests.clear()
        idp.hold = threading.Event()
        idp.claims["groups"] = ["devs"]
        with calling(rig) as process:
            idp.wait_for(1)
            os.killpg(process.pid, number)
            if number != signal.SIGSTOP:
                process.wait(PATIENCE_S)
            idp.hold.set()
            watch(lambda: site.stored("role") == "developer", PATIENCE_S, "the new role")
            if number == signal.SIGSTOP:
                os.killpg(process.pid, signal.SIGCONT)
                assert process.wait(PATIENCE_S) == 0 and "account 0\n" in rig.report.read_text()
        assert site.stored("refresh_token") == "refresh-token-3" and site.stored("refresh_asked") is None
        assert site.account() == "OK" and len(idp.refreshes) == 1 and idp.reused == 0


# An IdP that is too slow for the caller.


# case: refresh: an answer that comes too late for the caller is stored all the same
@configured("[roles]", "refresh_timeout = 1s")
def test_refresh__answer_late__is_stored_all_the_same(site, idp):
    idp.hold = threading.Event()
    idp.claims["groups"] = ["devs"]
    exchange = site.begin("sudo")
    assert exchange.result() == "OK"
    line = site.line()
    assert (line["refresh"], line["refresh_reason"]) == ("late", "idp_timeout")
    idp.hold.set()
    exchange.all_gone()
    assert site.line("refresh_late")["refresh"] == "done"
    assert site.account("sudo") == "E_SERVICE" and len(idp.refreshes) == 1 and site.user()["roles"] == ["developer"]


@configured("[roles]", "refresh_timeout = 1s")
def test_refresh__no_comes_late__takes_the_roles(site, idp):
    idp.hold = threading.Event()
    idp.disabled.add("1000")
    exchange = site.begin("sudo")
    assert exchange.result() == "OK"
    idp.hold.set()
    exchange.all_gone()
    lines = site.rig.events()
    assert (lines[-1]["event"], lines[-1]["reason"], lines[-1]["refresh"]) == ("refresh_late", "invalid_grant", "refused")
    assert site.account("sudo") == "E_INVALID_GRANT"


# What the person is told.


def opened(site, service="sshd", name="ada"):
    """What the module is to show when a session begins; None: nothing."""
    exchange = site.rig.ask("OPEN_SESSION", USER=name, SERVICE=service, TTY="pts/7")
    result = exchange.recv()
    exchange.all_gone()
    assert result.ERR == 0
    return None if result.TEXT == messages.failure(0) else result.TEXT


def minutes_of(seconds):
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


# case: refresh: who comes in while the IdP is away is told since when, and until when the role counts
def test_refresh__outage__is_told_where_people_sign_in(site, idp):
    idp.vouch_for("bob", "2000", "devs")
    assert site.sign_in("bob") == "OK"
    assert opened(site) is None  # nobody has found it away
    began = time.time()
    idp.close()
    assert site.account() == "OK"
    until = int(site.stored("confirmed")) + 24 * HOUR_S
    expected = [messages.line("on_lease", since=minutes_of(began + late), until=minutes_of(until)) for late in (0, 60)]
    assert opened(site) == opened(site, "login") in expected
    assert opened(site, "cron") is None and opened(site, "sudo") is None
    assert opened(site, name="bob") is None  # confirmed a moment ago
    note = site.rig.folder / "run/refresh-outage"
    before = note.read_bytes()
    site.forget_back_off()
    assert site.account() == "OK" and note.read_bytes() == before  # the first one counts
    note.chmod(0o666)
    assert opened(site) is None
    note.chmod(0o644)
    note.write_bytes(bytes(16) + before[16:])  # of another integration
    assert opened(site) is None


def test_refresh__answered_again__nothing_is_told(site, idp):
    idp.script("/token", Answer(500, "oops"))
    assert site.account() == "OK" and opened(site)
    site.forget_back_off()
    assert site.account() == "OK" and opened(site) is None
    site.age()
    idp.vouch_for("bob", "2000", "devs")
    assert site.sign_in("bob") == "OK" and opened(site) is None
    assert not (site.rig.folder / "run/refresh-outage").exists()


# case: refresh: a demoted viewer who comes in is told since when, and what to do
def test_refresh__lease_over__is_told_where_people_sign_in(site, idp):
    idp.close()
    site.age(25 * HOUR_S)
    over = int(site.stored("confirmed")) + 24 * HOUR_S
    assert opened(site) == messages.line("lease_over_since", since=minutes_of(over))
    site.age(-HOUR_S)  # a clock was wrong: nobody knows since when
    assert opened(site) == messages.failure(ERROR_NUMBERS["E_LEASE_OVER"])


def test_refresh__outage__is_told_by_status_and_whoami(site, idp):
    def status():
        return site.rig.ctl("status", "--json").json

    def whoami():
        return site.rig.ctl("whoami", "--json", user=site.user()["uid"]).json

    def age(seconds):
        site.age(seconds)
        assert site.rig.ctl("repair").code == 0  # look-ups are made of the records

    age(HOUR_S)
    told = status()
    assert told["oldest_confirmed"] == int(site.stored("confirmed")) and told["refresh_outage"] is None
    assert (told["unconfirmed"], told["lapsed"], told["refused"]) == (1, 0, 0)
    assert (whoami()["outage"], whoami()["outage_since"]) == (None, 0)
    began = int(time.time())
    idp.close()
    assert site.account() == "OK"
    told, mine = status(), whoami()
    assert told["refresh_outage"] == mine["outage"] == "idp_connect"
    assert began - 1 <= told["refresh_outage_since"] <= time.time() and began - 1 <= mine["outage_since"] <= time.time()
    assert mine["demoted_since"] == 0 and mine["effective_roles"] == ["admin"] and mine["lease_left"] > 22 * HOUR_S
    text = site.rig.ctl("status").out
    assert re.search(r"^On lease       1 users?, ", text, re.M) and "The sign-in server could not be reached." in text
    assert re.search(r"^IdP          no answer since .*: The sign-in server could not be reached\.", site.rig.ctl("whoami", user=mine["uid"]).out, re.M)
    age(25 * HOUR_S)
    told, mine = status(), whoami()
    assert (told["oldest_confirmed"], told["unconfirmed"], told["lapsed"]) == (0, 0, 1)
    assert mine["demoted_since"] == mine["lease_until"] == int(site.stored("confirmed")) + 24 * HOUR_S
    assert "(a viewer since then)" in site.rig.ctl("whoami", user=mine["uid"]).out
    age(-HOUR_S)
    assert whoami()["demoted_since"] == 0 and whoami()["outage"] is None  # confirmed after it began, or so it says


# Clocks (P7).


def test_refresh__confirmed_in_the_future__is_asked_about(site, idp):
    site.age(-2 * HOUR_S)
    assert site.account("sudo") == "OK" and abs(int(site.stored("confirmed")) - time.time()) < 60
    idp.close()
    site.age(-2 * HOUR_S)
    assert site.account("sudo") == "E_LEASE_OVER" and site.account("sshd") == "OK"


def test_refresh__clock_of_the_host_has_jumped_ahead__gives_no_more_lease_than_the_idp(site, idp):
    """Two days ahead, as the IdP's tokens show; without an ID token its Date does."""
    idp.changes = {"iat": int(time.time()) - 2 * 24 * HOUR_S, "exp": int(time.time()) + 100}
    site.age(2 * 24 * HOUR_S)
    assert site.account("sudo") == "E_LEASE_OVER"
    assert int(site.stored("confirmed")) <= time.time() - 2 * 24 * HOUR_S + 300
    idp.changes = {}
    assert site.sign_in() == "OK" and site.account("sudo") == "OK"


def test_refresh__clock_of_the_host_has_jumped_back__is_an_outage(site, idp):
    idp.changes = {"iat": int(time.time()) + 24 * HOUR_S, "exp": int(time.time()) + 25 * HOUR_S}
    site.age(-24 * HOUR_S)
    assert site.account("sudo") == "E_LEASE_OVER" and site.line("account_refused")["refresh_reason"] == "token_not_yet_valid"
    idp.changes = {}
    assert site.sign_in() == "OK" and site.account("sudo") == "OK"


# A token of a short life.


def test_refresh__token_of_a_short_life__is_used_in_time(idp):
    with CtlRig() as rig:
        site = Site(rig, idp)
        idp.refresh_expires_in = 600
        assert site.sign_in() == "OK"
        idp.requests.clear()
        now = int(time.time())
        site.change(confirmed=now - 310, refresh_expires=now + 290)
        assert site.account() == "OK" and len(idp.refreshes) == 1
        assert int(site.stored("refresh_expires")) >= now + 590
        site.change(confirmed=now - 700, refresh_expires=now - 100)
        assert site.account() == "OK" and len(idp.refreshes) == 1
