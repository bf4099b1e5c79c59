# SPDX-License-Identifier: MIT
"""`cosmo-ssoctl refresh`: everybody's roles confirmed in one run, by the built helper, judge and fetch and a scripted IdP
that replaces the refresh token at each use and knows many people.

Needs root and COSMO_BUILD_DIR."""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.clock_rig import ClockRig  # noqa: E402
from support.crowd_idp import CrowdIdp  # noqa: E402
from support.ctl_rig import CtlRig  # noqa: E402
from support.fake_idp import Answer  # noqa: E402
from support.helper_rig import end_of  # noqa: E402
from support.helper_site import RefreshSite  # noqa: E402
from support.process import PATIENCE_S, watch  # noqa: E402
from support.session_rig import SessionRig  # noqa: E402

HOUR_S = 3600
OK, DENIED, USAGE, UNREACHABLE, MISCONFIGURED, BUSY = 0, 1, 2, 3, 4, 5
FAST = "[limits]\nrefresh_per_minute = 6000"
NAMES = [f"u{number}" for number in range(1, 8)]


class Site(RefreshSite):
    def enrol(self, *names, group="devs"):
        """Signed in an hour ago; the first of them is the one confirmed longest ago."""
        for name in names:
            self.idp.vouch_for(name, "sub-of-" + name, group)
            assert self.sign_in(name) == "OK"
        for at, name in enumerate(names):
            self.age(HOUR_S - at, name)
        self.show_ages()
        self.rig.log()
        self.idp.requests.clear()

    def refresh(self, *words):
        return self.rig.ctl("refresh", *words, "--json")

    def groups(self, name):
        return self.user(name)["effective_roles"]

    def asked(self):
        """Whom the IdP was asked about, in its order."""
        return self.idp.asked_about()

    def events(self, *names):
        return [event for event in self.rig.events() if event["event"] in names]

    @contextlib.contextmanager
    def running(self, *words):
        """The command, while it runs; ended in any case."""
        process = subprocess.Popen(self.rig._ctl_command(words, None), env=self.rig._environment(), stdout=subprocess.PIPE,
                                   stdin=subprocess.DEVNULL, text=True)
        try:
            yield process
        finally:
            if self.idp.hold:
                self.idp.hold.set()
            process.kill()
            process.wait()
            process.stdout.close()

    def helper_of(self, process):
        """The helper that works for a command: what it starts is in the command's mount namespace too."""
        namespace = os.stat(f"/proc/{process.pid}/ns/mnt").st_ino
        found = []
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                words = (entry / "cmdline").read_bytes().split(b"\0")
                if (entry / "ns/mnt").stat().st_ino == namespace and any(word.endswith(b"cosmo-sso-helper") for word in words):
                    found.append(int(entry.name))
        (pid,) = found
        return pid


@pytest.fixture
def idp():
    with CrowdIdp() as idp:
        yield idp


@pytest.fixture
def site(idp, request):
    with CtlRig() as rig:
        site = Site(rig, idp)
        site.connect(getattr(request, "param", FAST))
        yield site


def configured(*lines):
    return pytest.mark.parametrize("site", ["\n".join(lines)], indirect=True, ids=[""])


def numbers(done):
    told = done.json
    return [told[name] for name in ("users", "confirmed", "changed", "refused", "unanswered", "passed_over")]


# case: refresh: one run has everybody's roles confirmed, those first who were confirmed longest ago; changes hold at once
def test_refresh_all__many__are_as_the_idp_says_now(site, idp):
    site.enrol(*NAMES)
    idp.people["u3"]["groups"] = ["admins"]
    idp.disabled.add("sub-of-u5")
    before = {name: site.stored("refresh_token", name) for name in NAMES}
    done = site.refresh("--all")
    assert (done.code, done.err) == (OK, "") and numbers(done) == [7, 6, 1, 1, 0, 0]
    assert site.asked() == NAMES
    for name in NAMES:
        user = site.user(name)
        expected = {"u3": ["admin"], "u5": ["viewer"]}.get(name, ["developer"])
        assert user["effective_roles"] == expected, name
        if name == "u5":
            assert user["reason"] == "invalid_grant" and site.stored("refresh_token", name) is None
        else:
            assert user["confirmed"] > time.time() - 60 and user["signed_in"] < user["confirmed"] + 60
            assert site.stored("refresh_token", name) not in (None, before[name]) and site.stored("refresh_asked", name) is None
    *lines, run = site.events("refresh_changed", "refresh_refused", "refresh_run")
    changed, refused = sorted(lines, key=lambda line: line["event"])  # a no is known before the batch is stored
    assert [(line["event"], line.get("user"), line["reason"]) for line in (changed, refused, run)] == [
        ("refresh_changed", "u3", "ok"), ("refresh_refused", "u5", "invalid_grant"), ("refresh_run", None, "ok")]
    assert (changed["roles"], changed["detail"]) == ("admin", "was developer") and changed["by"]
    assert "of 7: 6 confirmed, 1 of them changed, 1 refused, 0 without an answer" in run["detail"]
    assert idp.reused == 0
    # the door says the same
    assert site.account("sshd", "u5") == "E_INVALID_GRANT" and site.account("sudo", "u3") == "OK"
    for name in NAMES:
        site.age(60, name)
    site.show_ages()
    again = site.refresh("--all")
    assert (again.code, numbers(again)[:4]) == (OK, [6, 6, 0, 0])


def test_refresh_all__text__tells_how_far_it_is(site):
    site.enrol(*NAMES[:3])
    said = site.rig.ctl("refresh", "--all").out
    assert "3 of 3\n" in said and "Of 3 users 3 are confirmed, 0 of them with other roles; 0 refused" in said
    assert "There is nobody to ask about." not in said


def test_refresh__one_user__however_lately_confirmed(site, idp):
    site.enrol("u1", "u2")
    assert site.refresh("u1").code == OK
    idp.requests.clear()
    idp.people["u1"]["groups"] = ["admins"]
    done = site.refresh("u1")
    assert done.code == OK and numbers(done) == [1, 1, 1, 0, 0, 0]
    assert (done.json["user"]["name"], done.json["user"]["effective_roles"]) == ("u1", ["admin"])
    assert site.asked() == ["u1"]
    idp.disabled.add("sub-of-u2")
    done = site.refresh("u2")
    assert (done.code, done.json["error"], done.json["user"]["reason"]) == (DENIED, "invalid_grant", "invalid_grant")
    assert (site.refresh("u2").code, site.refresh("u2").json["error"]) == (DENIED, "invalid_grant")
    assert site.asked() == ["u1", "u2"]
    assert (site.refresh("nobody").code, site.refresh("nobody").json["error"]) == (DENIED, "not_found")
    idp.close()
    site.age(60, "u1")
    done = site.refresh("u1")
    assert (done.code, done.json["error"], done.json["unanswered"]) == (UNREACHABLE, "idp_connect", 1)
    assert site.user("u1")["effective_roles"] == ["admin"]


def test_refresh__nothing_to_ask__says_why(site, idp):
    site.enrol("u1")
    text = "\n".join(line for line in site.record_of("u1").splitlines() if not line.startswith("refresh_token"))
    site.path_of("u1").write_text(text + "\n")
    site.change("u1")  # whole again
    done = site.refresh("u1")
    assert (done.code, done.json["error"]) == (DENIED, "no_refresh_token")
    assert numbers(site.refresh("--all")) == [1, 0, 0, 0, 0, 1]
    site.rig.ctl("user", "lock", "u1")
    assert site.refresh("u1").json["error"] == "locked"
    site.rig.store("disconnect")
    done = site.refresh("--all")
    assert (done.code, done.json["error"]) == (DENIED, "disconnected") and "status" in done.json["detail"]
    timer = site.rig.ctl("refresh", "--all", "--timer")
    assert (timer.code, timer.said) == (OK, "")


def test_refresh__command_line__is_checked(site):
    for words in ([], ["u1", "u2"], ["--all", "u1"], ["u1", "--timer"], ["U1"]):
        assert site.rig.ctl("refresh", *words).code == USAGE, words


# An IdP that is away, or says no to everybody.


# case: refresh: an IdP that is away ends a run after three questions, nobody loses a role, and the next run goes on with it
def test_refresh_all__idp_goes_away_in_the_middle__is_gone_on_with(site, idp):
    site.enrol(*NAMES)
    began = int(time.time())
    idp.after(3, Answer(500, "oops"))
    done = site.refresh("--all")
    assert (done.code, done.json["error"]) == (UNREACHABLE, "idp_status") and numbers(done) == [7, 3, 0, 0, 3, 0]
    assert site.asked() == NAMES[:6]
    assert all(site.groups(name) == ["developer"] for name in NAMES)
    (line,) = site.events("refresh_run")
    assert line["reason"] == "idp_status"
    status = site.rig.ctl("status", "--json").json
    assert (status["refresh_run_result"], status["refresh_run_unanswered"], status["refresh_outage"]) == ("idp_status", 3, "idp_status")
    assert began <= status["refresh_run"] <= time.time()
    assert status["oldest_confirmed"] == int(site.stored("confirmed", "u4"))
    idp.after(None)
    idp.requests.clear()
    done = site.refresh("--all")
    assert done.code == OK and done.json["resumed"] and numbers(done) == [7, 7, 0, 0, 0, 0]
    assert site.asked() == NAMES[3:]
    status = site.rig.ctl("status", "--json").json
    assert (status["refresh_run_result"], status["refresh_run_unanswered"], status["refresh_outage"]) == ("ok", 0, None)
    assert not site.refresh("--all").json["resumed"] and idp.reused == 0


def test_refresh_all__idp_asks_for_fewer__ends_at_once(site, idp):
    site.enrol(*NAMES[:3])
    idp.after(1, Answer(429, {"error": "slow_down"}))
    done = site.refresh("--all")
    assert done.json["error"] == "idp_rate_limit" and site.asked() == NAMES[:2]


# case: refresh: more than a third refused ends a run with an alarm; the others keep their roles and are refused at the door alone
def test_refresh_all__a_third_refused__ends_with_an_alarm(site, idp):
    names = [*NAMES, "u8", "u9"]  # of whom four are more than a third, and five more than half
    site.enrol(*names)
    idp.disabled.update("sub-of-" + name for name in names)
    done = site.refresh("--all")
    assert (done.code, done.json["error"]) == (MISCONFIGURED, "mass_refusal") and numbers(done) == [9, 0, 0, 4, 0, 0]
    assert site.asked() == names[:4]
    assert [site.groups(name) for name in names] == [["viewer"]] * 4 + [["developer"]] * 5
    lines = site.events("refresh_alarm", "refresh_run")
    assert [(line["event"], line["reason"]) for line in lines] == [("refresh_alarm", "mass_refusal")]
    assert site.rig.ctl("status", "--json").json["refresh_run_result"] == "mass_refusal"
    # the timer asks nobody until an administrator has looked, though the others are due
    for name in names[4:]:
        site.age(13 * HOUR_S, name)
    site.show_ages()
    timer = site.refresh("--all", "--timer")
    assert (timer.code, timer.json["error"]) == (MISCONFIGURED, "mass_refusal") and "earlier run" in timer.json["detail"]
    assert site.asked() == names[:4] and site.events("refresh_alarm", "refresh_run") == []
    # each is refused at the door
    assert site.account("sshd", "u7") == "E_INVALID_GRANT"
    idp.disabled.clear()
    done = site.refresh("--all")
    assert done.code == OK and numbers(done) == [4, 4, 0, 0, 0, 0] and not done.json["resumed"]
    site.age(13 * HOUR_S, "u5")
    site.show_ages()
    done = site.refresh("--all", "--timer")
    assert done.code == OK and numbers(done)[:2] == [1, 1]


# case: refresh: of a handful of users a team may leave at once; all of them refused is an alarm
@pytest.mark.parametrize("names, refused, error", [(5, 3, None), (5, 4, "mass_refusal"), (2, 1, None), (2, 2, "mass_refusal")])
def test_refresh_all__few_users__a_team_leaves_without_an_alarm(site, idp, names, refused, error):
    site.enrol(*NAMES[:names])
    idp.disabled.update("sub-of-" + name for name in NAMES[:refused])
    done = site.refresh("--all")
    assert (done.json["error"], done.json["refused"]) == (error, refused)
    assert done.json["confirmed"] == (0 if error else names - refused)


# case: refresh: who was confirmed in the very second in which a run of all begins is asked about
def test_refresh_all__confirmed_this_second__is_asked_about(site, idp):
    site.enrol("u1")
    for _ in range(20):
        second = int(time.time())
        site.change("u1", confirmed=second)
        site.show_ages()
        told = site.refresh("--all")
        if site.rig.ctl("status", "--json").json["refresh_run"] == second:
            break
    else:
        pytest.fail("no run has begun in the second of a confirmation")
    assert numbers(told) == [1, 1, 0, 0, 0, 0]


# What happens meanwhile.


# case: refresh: a run that is killed while the IdP is asked costs one sign-in at most, and the next goes on with it
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_refresh_all__helper_is_killed__is_gone_on_with(site, idp, number):
    site.enrol(*NAMES[:4])
    idp.hold_about("u2")
    with site.running("refresh", "--all") as process:
        watch(lambda: site.asked() == NAMES[:2], PATIENCE_S, "the question about u2")
        helper = site.helper_of(process)
        os.kill(helper, number)
        idp.hold.set()
        process.wait(PATIENCE_S)
        end_of(helper)
    idp.hold = None
    done = site.refresh("--all")
    assert done.json["resumed"] and idp.reused == (1 if number == signal.SIGKILL else 0)
    roles = {name: site.groups(name) for name in NAMES[:4]}
    if number == signal.SIGKILL:
        users, confirmed, _, refused, *others = numbers(done)  # u1 has been stored by then, or not
        assert done.code == OK and users in (3, 4) and (confirmed, refused, others) == (users - 1, 1, [0, 0])
        assert roles.pop("u2") == ["viewer"] and site.user("u2")["reason"] == "refresh_interrupted"
    else:
        assert (done.code, numbers(done)) == (OK, [4, 4, 0, 0, 0, 0])
    assert set(map(tuple, roles.values())) == {("developer",)}


def test_refresh_all__caller_goes_away__finishes_the_question_and_ends(site, idp):
    site.enrol(*NAMES[:3])
    idp.hold_about("u1")
    with site.running("refresh", "--all") as process:
        watch(lambda: site.asked() == ["u1"], PATIENCE_S, "the question about u1")
        helper = site.helper_of(process)
        process.kill()
        process.wait(PATIENCE_S)
        idp.hold.set()
        end_of(helper)
    assert site.asked() == ["u1"] and int(site.stored("confirmed", "u1")) > time.time() - 60
    idp.hold = None
    assert site.refresh("--all").json["resumed"] and site.asked() == NAMES[:3] and idp.reused == 0


def test_refresh_all__one_run_at_a_time(site, idp):
    site.enrol("u1", "u2")
    idp.hold_about("u1")
    with site.running("refresh", "--all") as process:
        watch(lambda: site.asked() == ["u1"], PATIENCE_S, "the question about u1")
        done = site.refresh("--all", "--timer")
        assert (done.code, done.json["error"]) == (BUSY, "busy")
        # whoever comes in does not wait for the run: he has another turn
        assert site.account("sshd", "u2") == "OK"
        idp.hold.set()
        assert process.wait(PATIENCE_S) == OK
    assert idp.reused == 0


def test_refresh_all__slow_idp__others_do_not_wait_for_the_answer(site, idp):
    """What was said is stored, and who has not been asked about yet is free, while one answer does not come."""
    site.enrol("u1", "u2", "u3")
    idp.people["u1"]["groups"] = ["admins"]
    idp.hold_about("u2")
    with site.running("refresh", "--all") as process:
        watch(lambda: site.asked() == ["u1", "u2"], PATIENCE_S, "the question about u2")
        watch(lambda: site.groups("u1") == ["admin"], PATIENCE_S, "the role of u1")
        assert site.account("sshd", "u3") == "OK" and site.asked() == ["u1", "u2", "u3"]
        idp.hold.set()
        assert process.wait(PATIENCE_S) == OK
    assert {name: site.groups(name) for name in ("u2", "u3")} == {"u2": ["developer"], "u3": ["developer"]}
    assert idp.reused == 0 and sorted(site.asked())[:3] == ["u1", "u2", "u3"]


def test_refresh_timer__one_is_not_due_any_more__has_his_turn_meanwhile(site, idp):
    """The IdP has confirmed him since the run was begun; while another answer is waited for, his next refresh is nobody's."""
    site.enrol("u1", "u2")
    for name in ("u1", "u2"):
        site.age(13 * HOUR_S, name)
    site.show_ages()
    site.age(0, "u2")
    idp.hold_about("u1")
    with site.running("refresh", "--all", "--timer") as process:
        watch(lambda: site.asked() == ["u1"], PATIENCE_S, "the question about u1")
        site.age(HOUR_S, "u2")
        assert site.account("sshd", "u2") == "OK" and site.asked() == ["u1", "u2"]
        idp.hold.set()
        assert process.wait(PATIENCE_S) == OK
    assert idp.reused == 0


@pytest.mark.parametrize("verb, error", [("disconnect", "signed_out"), ("lock", "locked")])
def test_refresh_all__signed_out_meanwhile__stores_nothing(site, idp, verb, error):
    site.enrol("u1", "u2")
    idp.hold_about("u1")
    with site.running("refresh", "--all") as process:
        watch(lambda: site.asked() == ["u1"], PATIENCE_S, "the question about u1")
        site.rig.ctl("user", verb, "u1", "--yes")
        idp.hold.set()
        assert process.wait(PATIENCE_S) == OK
    assert site.user("u1")["reason"] == error and site.groups("u1") == ["viewer"]
    assert site.groups("u2") == ["developer"]
    assert [request.path for request in idp.requests].count("/revoke") >= 1


# The timer.


# case: refresh: the timer asks about who has a session open after refresh_after, about the others at half of the lease
def test_refresh_timer__asks_about_who_is_due(site, idp):
    site.enrol("u1", "u2", "u3")
    exchange = site.rig.ask("OPEN_SESSION", USER="u2", SERVICE="sshd", TTY="pts/7")
    assert exchange.recv().ERR == 0
    site.age(13 * HOUR_S, "u3")
    site.show_ages()
    done = site.refresh("--all", "--timer")
    assert (done.code, numbers(done)) == (OK, [2, 2, 0, 0, 0, 0]) and site.asked() == ["u3", "u2"]
    again = site.rig.ctl("refresh", "--all", "--timer")
    assert (again.code, again.said) == (OK, "") and site.asked() == ["u3", "u2"]


@configured("[limits]", "refresh_per_minute = 1")
def test_refresh_all__pace__is_kept(site):
    site.enrol("u1", "u2", "u3")
    with site.running("refresh", "--all") as process:
        assert process.stdout.readline() == "1 of 3\n"
        assert site.refresh("u3").code == OK  # which waits for nobody
        assert site.asked() == ["u1", "u3"]
        helper = site.helper_of(process)
        process.kill()
        end_of(helper)
    assert site.asked() == ["u1", "u3"]


# Sessions of who loses a role.


SESSIONS = """
uid = {name: world.uid(name) for name in ("u1", "u2", "u3")}
pids = {name: world.session(name) for name in uid}
left = {name: world.start(uid=uid[name]) for name in uid}
"""
RUNS = 'result["runs"] = {name: [world.runs(pid) for pid in [*pids[name], left[name]]] for name in uid}\n'


@pytest.fixture
def session_site(idp, request):
    with SessionRig() as rig:
        site = Site(rig, idp)
        site.connect("\n".join(request.param))
        site.enrol("u1", "u2", "u3", group="admins")
        idp.people["u1"]["groups"] = ["devs"]
        idp.disabled.add("sub-of-u2")
        yield site


def with_sessions(*lines):
    return pytest.mark.parametrize("session_site", [[FAST, *lines]], indirect=True, ids=[""])


# case: refresh: who loses a role in a run has his sessions ended, with all that runs as him, where on_downgrade says so
@with_sessions("[roles]", "on_downgrade = end_sessions")
def test_refresh_all__on_downgrade__ends_sessions(session_site):
    found = session_site.rig.inside(SESSIONS + 'result["told"] = world.json("refresh", "--all")\n' + RUNS)
    assert found["runs"] == {"u1": [False] * 4, "u2": [False] * 4, "u3": [True] * 4}
    assert found["told"]["sessions"] == 2 and found["told"]["error"] is None
    lines = session_site.events("session_ended")
    assert sorted(line["user"] for line in lines) == ["u1", "u2"] and all(line["by"] for line in lines)


@with_sessions()
def test_refresh_all__on_downgrade_keep__ends_none(session_site):
    found = session_site.rig.inside(SESSIONS + 'result["told"] = world.json("refresh", "--all")\n' + RUNS)
    assert found["runs"] == {name: [True] * 4 for name in ("u1", "u2", "u3")} and found["told"]["sessions"] == 0


ENDING = ["[roles]", "on_downgrade = end_sessions"]


# case: refresh: when the IdP refuses more than a third, nobody's sessions are ended for that, not even of who is first
@pytest.mark.parametrize("session_site", [[FAST, *ENDING], ["[limits]\nrefresh_per_minute = 100", *ENDING]], indirect=True,
                         ids=["together", "one_by_one"])
def test_refresh_all__alarm__ends_no_sessions(session_site, idp):
    idp.disabled.update({"sub-of-u1", "sub-of-u3"})
    found = session_site.rig.inside(SESSIONS + 'result["told"] = world.json("refresh", "--all")\n' + RUNS)
    assert (found["told"]["error"], found["told"]["sessions"]) == ("mass_refusal", 0)
    assert found["runs"] == {name: [True] * 4 for name in ("u1", "u2", "u3")}


# case: refresh: who loses a role at an entry has the open sessions ended, and what else runs goes on until the timer
@with_sessions("[roles]", "on_downgrade = end_sessions")
def test_refresh__on_downgrade_at_an_entry__ends_open_sessions(session_site):
    found = session_site.rig.inside(SESSIONS + """
result["told"] = [world.say("ACCOUNT", name) for name in uid]
deadline = time.monotonic() + 60
while any(world.runs(pid) for name in ("u1", "u2") for pid in pids[name]) and time.monotonic() < deadline:
    time.sleep(0.05)
""" + RUNS)
    assert found["told"] == ["OK", "E_INVALID_GRANT", "OK"]
    assert found["runs"] == {"u1": [False] * 3 + [True], "u2": [False] * 3 + [True], "u3": [True] * 4}


# Sessions that have lasted too long.


class AgedRig(ClockRig, SessionRig):
    """Where the helper can be let live later than its sessions began."""


LATER = """
pids = world.session("u1")
for name, ahead in ("young", 3600), ("old", 7200):
    pathlib.Path({ahead!r}).write_text(f"0 {{ahead}}\\n")
    told = world.json("refresh", "--all", "--timer")
    result[name] = told["error"], told["sessions"], [world.runs(pid) for pid in pids]
# A process that began two hours ago, by now, opens one: on a console a getty does.
pids = world.session("u1")
result["new"] = world.json("refresh", "--all", "--timer")["sessions"], [world.runs(pid) for pid in pids]
"""


# case: refresh: the timer ends sessions older than session_max, whether the IdP can be asked or not
def test_refresh_timer__session_older_than_session_max__is_ended(idp):
    with AgedRig() as rig:
        site = Site(rig, idp)
        site.connect(FAST + "\nsession_max = 2h")
        site.enrol("u1")
        idp.close()
        found = rig.inside(LATER.format(ahead=str(rig.folder / "ahead")))
    assert found["young"] == ["idp_connect", 0, [True] * 3]
    assert found["old"] == [None, 1, [False] * 3]  # with no session open nobody is due
    assert found["new"] == [0, [True] * 3]


class MovingRig(AgedRig):
    MOVING = True


LONG_RUN = """
def set_clock(seconds):
    pathlib.Path(f"{folder}/new").write_text(f"{{seconds}} {{seconds + 7140}}\\n")
    os.rename(f"{folder}/new", f"{folder}/ahead")

def confirmed(name):
    lines = pathlib.Path(f"{folder}/state/private/users", name).read_text().splitlines()
    return next(int(line.split(" = ")[1]) for line in lines if line.startswith("confirmed = "))

pids = world.session("u4")
set_clock(0)
run = subprocess.Popen([CTL, "refresh", "--all", "--timer", "--json"], stdout=subprocess.PIPE, text=True)
for name, ahead in ("u1", 70), ("u2", 140):
    deadline = time.monotonic() + 60
    while confirmed(name) < time.time() - 3600 and time.monotonic() < deadline:
        time.sleep(0.05)
    result[name] = [world.runs(pid) for pid in pids]
    set_clock(ahead)
result["told"] = json.loads(run.communicate(timeout=60)[0])
result["runs"] = [world.runs(pid) for pid in pids]
"""


# case: refresh: during a long run of the timer, who becomes due is taken as well, and sessions older than session_max end
def test_refresh_timer__long_run__looks_again(idp):
    with MovingRig() as rig:
        site = Site(rig, idp)
        site.connect("[limits]\nrefresh_per_minute = 1\nsession_max = 2h")
        site.enrol("u1", "u2", "u3", "u4")
        for name, age_s in ("u1", 13 * HOUR_S + 1), ("u2", 13 * HOUR_S), ("u3", 12 * HOUR_S - 60), ("u4", 0):
            site.age(age_s, name)
        site.show_ages()
        found = rig.inside(LONG_RUN.format(folder=rig.folder))
        assert found["u1"] == [True] * 3  # one minute too young
        assert (found["told"]["error"], found["told"]["users"], found["told"]["confirmed"]) == (None, 3, 3)
        assert site.asked() == ["u1", "u2", "u3"]
        assert (found["told"]["sessions"], found["runs"]) == (1, [False] * 3)
