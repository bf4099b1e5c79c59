# SPDX-License-Identifier: MIT
"""One person locked, unlocked, disconnected and removed: the built command, helper, judge and fetch, real processes, and
a scripted IdP.

Needs root and COSMO_BUILD_DIR."""

import os
import pathlib
import signal
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.fake_idp import Answer, FakeIdp  # noqa: E402
from support.helper_site import HelperSite  # noqa: E402
from support.session_rig import SessionRig  # noqa: E402

OK, DENIED, USAGE, INTERNAL = 0, 1, 2, 6
CONNECTED = 'world.store("connect", "user=ada,developer", "user=bob,developer")\n'
REMOVE = 4  # enum user_change


@pytest.fixture
def rig():
    with SessionRig() as running:
        yield running


class Site(HelperSite):
    def sign_in(self, name="ada", sub="1000", groups=("admins",)):
        self.idp.vouch_for(name, sub, *groups)
        return super().sign_in(name)

    def change(self, verb, *words, name="ada", code=OK):
        done = self.rig.ctl("user", verb, name, *words, "--yes", "--json")
        assert done.code == code, done
        return done.json

    def asked(self, path):
        return [request for request in self.idp.requests if request.path == path]


@pytest.fixture
def site(rig):
    with FakeIdp() as idp:
        site = Site(rig, idp)
        assert site.sign_in() == "OK"
        rig.log()
        idp.requests.clear()
        yield site


def line_of(site, event):
    (line,) = [line for line in site.rig.events() if line["event"] == event]
    return line


# lock and unlock.


def test_lock__closes_every_door_and_unlock_gives_back_what_was(site):
    before = site.user()
    told = site.change("lock", "--reason", "lost laptop")
    assert told["changed"] and told["user"]["locked"] and not told["token_revoked"]
    line = line_of(site, "user_locked")
    assert (line["user"], line["reason"], line["detail"], line["uid"]) == ("ada", "ok", "lost laptop", str(before["uid"]))
    assert line["by"].startswith("root")
    locked = site.user()
    assert locked["effective_roles"] == ["viewer"] and locked["roles"] == ["admin"]
    assert (locked["reason"], locked["why"]) == ("locked", "lost laptop") and locked["since"] >= before["signed_in"]
    assert [site.account(service) for service in ("sshd", "sudo", "cron", "any")] == ["E_LOCKED"] * 4
    assert site.sign_in() == "E_LOCKED" and site.idp.requests == []
    site.rig.log()
    assert site.change("unlock")["changed"] and line_of(site, "user_unlocked")["user"] == "ada"
    assert site.user() == before
    assert [site.account(service) for service in ("sshd", "sudo")] == ["OK", "OK"] and site.sign_in() == "OK"


def test_lock__a_second_time__changes_the_words_alone(site):
    assert site.change("unlock")["changed"] is False
    site.change("lock", "--reason", "one")
    state = site.rig.state()
    assert site.change("lock")["changed"] is False and site.rig.state() == state
    assert site.change("lock", "--reason", "two")["changed"] and site.user()["why"] == "two"


def test_lock__ends_what_runs_and_nobody_elses(rig):
    found = rig.inside(CONNECTED + """
ada, bob = world.session("ada"), world.session("bob")
left = world.start(uid=world.uid("ada"))
result["dry"] = world.json("user", "lock", "ada", "--dry-run")
result["still"] = [world.runs(pid) for pid in [*ada, left]]
result["kept"] = world.json("user", "lock", "ada", "--keep-sessions")
result["still"] += [world.runs(pid) for pid in [*ada, left]]
result["lock"] = world.json("user", "lock", "ada")
result["ada"], result["bob"] = [world.runs(pid) for pid in [*ada, left]], [world.runs(pid) for pid in bob]
""")
    assert all(found["still"]) and all(found["bob"]) and not any(found["ada"])
    assert found["dry"] == found["dry"] | {"dry_run": True, "changed": True, "sessions": 1, "processes": 4}
    assert found["dry"]["user"]["locked"] is False and found["kept"]["user"]["locked"] is True
    assert found["lock"] == found["lock"] | {"changed": False, "sessions": 1, "processes": 4, "left": 0, "own_session": False}


def test_lock__of_the_caller__lets_him_read_the_answer(rig):
    found = rig.inside(CONNECTED + """
asks = "pid = os.fork()" + chr(10) + "if not pid:" + chr(10) + \\
       "    os.dup2(os.open('/home/answer', os.O_WRONLY | os.O_CREAT), 1)" + chr(10) + \\
       f"    os.execv({CTL!r}, [{CTL!r}, 'user', 'lock', 'ada', '--json'])"
ada = world.session("ada", also=asks)
for pid in ada:
    select.select([world.watched[pid]], [], [], 60)
result["answer"] = json.loads(pathlib.Path("/home/answer").read_text())
result["runs"] = [world.runs(pid) for pid in ada]
""")
    assert found["answer"]["own_session"] and found["answer"]["user"]["locked"] and not any(found["runs"])


# disconnect.


def test_disconnect__drops_roles_and_token_until_the_next_sign_in(site):
    before = site.user()
    told = site.change("disconnect", "--reason", "moved")
    assert told["changed"] and told["token_revoked"] and told["token_problem"] is None
    (request,) = site.asked("/revoke")
    assert request.form["token"] and "refresh_token" not in site.record_of("ada")
    after = site.user()
    assert after["roles"] == [] and after["effective_roles"] == ["viewer"] and after["reason"] == "signed_out"
    assert (after["why"], after["uid"], after["locked"]) == ("moved", before["uid"], False)
    assert [site.account(service) for service in ("sshd", "sudo", "cron")] == ["OK", "E_SIGNED_OUT", "E_SIGNED_OUT"]
    assert line_of(site, "user_disconnected")["detail"] == "moved"
    assert site.sign_in() == "OK"
    again = site.user()
    assert (again["uid"], again["effective_roles"], again["since"]) == (before["uid"], ["admin"], None)


@pytest.mark.parametrize("answer, problem", [(Answer(503, "down"), "idp_status"), (Answer(drop=True), "idp_dropped")])
def test_disconnect__with_an_idp_that_does_not_answer__wipes_the_token(site, answer, problem):
    site.idp.script("/revoke", *[answer] * 9)
    told = site.change("disconnect")
    assert not told["token_revoked"] and told["token_problem"] == problem
    assert "refresh_token" not in site.record_of("ada")
    assert [line["step"] for line in site.rig.events() if "step" in line] == ["tokens"]
    text = site.rig.ctl("user", "disconnect", "ada")
    assert text.code == OK and "ada is signed out" in text.out


def test_changes__with_a_broken_configuration__are_made(site):
    site.rig.configure("nonsense\n")
    assert site.change("lock")["changed"] and site.change("unlock")["changed"]
    assert site.change("disconnect")["token_problem"] == "config" and site.asked("/revoke") == []
    assert "refresh_token" not in site.record_of("ada")
    assert site.change("remove")["changed"] and site.user()["reason"] == "removed"


def test_disconnect__of_one_whom_the_idp_refused__makes_no_viewer_of_him(site):
    site.rig.configure(site.text(more="[roles]\nno_match = deny\n"))
    assert site.sign_in(groups=["others"]) == "E_NO_ROLE"
    site.change("disconnect")
    assert site.account("sshd") == "E_NO_ROLE" and site.user()["reason"] == "no_role"


# remove.


def test_remove__asks_first(site):
    before = site.rig.state()
    done = site.rig.ctl("user", "remove", "ada")
    assert done.code == DENIED and "say --yes to go on" in done.err and "The uid is never given" in done.err
    done = site.rig.ctl("user", "remove", "ada", "--dry-run")
    assert done.code == OK and "nothing was changed" in done.out
    assert site.rig.state() == before and site.asked("/revoke") == []
    terminal = site.rig.ctl_in_terminal("user", "remove", "ada")
    terminal.expect("Go on")
    terminal.sendline("n")
    terminal.wait()
    assert terminal.exitstatus == DENIED and site.rig.state() == before


def test_remove__leaves_a_tombstone_that_nobody_comes_past(site):
    before = site.user()
    told = site.change("remove", "--reason", "left us")
    assert told["changed"] and told["token_revoked"] and len(site.asked("/revoke")) == 1
    assert line_of(site, "user_removed")["detail"] == "left us"
    record = site.record_of("ada")
    assert "refresh_token" not in record and "Ada" not in record and "role =" not in record
    assert [user["name"] for user in site.rig.ctl("user", "list", "--json").json] == []
    gone = site.user()
    assert "(removed)\n" in site.rig.ctl("user", "show", "ada").out
    assert (gone["reason"], gone["why"], gone["uid"], gone["effective_roles"]) == ("removed", "left us", before["uid"], [])
    assert gone["lease_until"] == 0 and "\nLease until  -\n" in site.rig.ctl("user", "show", "ada").out
    assert site.rig.ctl("whoami", user=before["uid"]).code == 7  # look-ups do not know the uid
    # The person, another one of that name, and the person under another name.
    site.idp.requests.clear()
    assert site.sign_in() == "E_REMOVED" and site.sign_in(sub="2000") == "E_REMOVED" and site.idp.requests == []
    assert site.sign_in(name="lovelace") == "E_SUBJECT_TAKEN"
    assert [site.account(service) for service in ("sshd", "cron")] == ["E_REMOVED", "E_REMOVED"]
    for verb in ("lock", "unlock", "disconnect"):
        site.rig.log()
        assert site.change(verb, code=DENIED)["error"] == "removed"
        line = line_of(site, "user_change_refused")
        assert (line["user"], line["reason"]) == ("ada", "removed")
    assert site.rig.ctl("user", "rebind", "ada", "--yes").code == DENIED
    assert site.change("remove")["changed"] is False


def test_remove__taken_back__is_the_same_persons_alone(site):
    before = site.user()
    site.change("remove")
    site.rig.log()
    assert site.rig.ctl("user", "add", "ada", "--json").json == {"name": "ada", "listed": False, "taken_back": True}
    assert line_of(site, "user_added")["user"] == "ada"
    back = site.user()
    assert (back["uid"], back["effective_roles"], back["reason"]) == (before["uid"], ["viewer"], "not_enrolled")
    assert site.account("sshd") == "E_NOT_ENROLLED"  # a key in the home opens nothing
    assert site.sign_in(sub="2000") == "E_OTHER_SUBJECT"
    assert site.sign_in() == "OK" and site.user()["uid"] == before["uid"]
    assert site.rig.ctl("user", "add", "ada").code == DENIED  # enrolled


def test_remove__of_a_listed_name__takes_it_off_the_list(site):
    assert site.rig.ctl("user", "add", "eve").code == OK
    site.rig.log()
    told = site.change("remove", name="eve")
    assert told["unlisted"] and told["user"] is None and not (site.rig.folder / "state/private/listed/eve").exists()
    assert line_of(site, "user_removed")["user"] == "eve"
    assert site.change("remove", name="eve", code=DENIED)["error"] == "not_found"
    assert site.change("lock", name="eve", code=DENIED)["error"] == "not_found"
    assert "user" not in line_of(site, "user_change_refused")  # a typed name may be anything
    assert site.rig.ctl("user", "add", "eve").code == OK


# A sign-in that had begun before.


@pytest.mark.parametrize("verbs, expected", [
    ("lock", "E_LOCKED"), ("lock unlock", "E_SIGNED_OUT"), ("disconnect", "E_SIGNED_OUT"), ("remove", "E_REMOVED"),
    ("unlock", "OK")])  # fmt: skip
def test_a_sign_in_under_way__dies_at_its_commit(site, verbs, expected):
    site.idp.pending = 10**6
    exchange = site.rig.sign_in("ada")
    assert exchange.recv().type == "SHOW"
    for verb in verbs.split():
        site.change(verb)
    site.idp.pending = 0
    assert exchange.result() == expected
    assert (site.user()["effective_roles"] == ["admin"]) == verbs.endswith("unlock")


def test_a_newcomers_sign_in_under_way__dies_with_his_place_on_the_list(site):
    site.rig.configure(site.text(more="[enroll]\nmode = listed\n"))
    assert site.rig.ctl("user", "add", "eve").code == OK
    site.idp.vouch_for("eve", "3000", "admins")
    site.idp.pending = 10**6
    exchange = site.rig.sign_in("eve")
    assert exchange.recv().type == "SHOW"
    site.change("remove", name="eve")
    site.idp.pending = 0
    assert exchange.result() == "E_ENROLL_OFF" and "eve" not in site.rig.records()


def test_a_session_between_account_and_opening__does_not_open(rig):
    """The process that opens it began before; one that begins later is let in as the viewer that he is."""
    found = rig.inside(CONNECTED + """
world.json("user", "disconnect", "ada")
result["before"] = world.say("OPEN_SESSION", "ada")
since = world.json("user", "show", "ada")[0]["since"]
while int(time.time()) <= since + 1:
    time.sleep(0.1)
ready, told = os.pipe()
if not os.fork():
    os.write(told, world.say("OPEN_SESSION", "ada").encode())
    os._exit(0)
result["later"] = os.read(ready, 100).decode()
world.json("user", "lock", "ada")
result["locked"] = world.say("OPEN_SESSION", "ada")
world.json("user", "remove", "ada", "--yes")
result["removed"] = world.say("OPEN_SESSION", "ada")
result["list"] = world.json("session", "list")
""")
    assert found == {"before": "E_SIGNED_OUT", "later": "OK", "locked": "E_LOCKED", "removed": "E_REMOVED", "list": []}


def test_lock__of_ones_own_session__ends_it_last_and_logs_by_whom(rig):
    found = rig.inside(CONNECTED + """
asks = "if not os.fork():" + chr(10) + f"    os.execv({CTL!r}, [{CTL!r}, 'user', 'lock', 'ada'])"
for pid in world.session("ada", also=asks):
    select.select([world.watched[pid]], [], [], 60)
records = next(pathlib.Path("/run").glob("cosmo-sso*/private/sessions"))
deadline = time.monotonic() + 60
while any(records.iterdir()) and time.monotonic() < deadline:
    pass  # it is logged before its record goes
result["left"] = len(list(records.iterdir()))
""")
    assert found["left"] == 0
    locked, ended = [line for line in rig.events() if line["event"] in ("user_locked", "session_ended")]
    assert (locked["event"], ended["event"]) == ("user_locked", "session_ended")
    assert locked["by"] == ended["by"] and locked["by"].startswith("root")


# Killed on the way.


def test_a_removal__killed_while_the_idp_is_asked__is_finished_by_the_next(site):
    site.idp.script("/revoke", Answer(hold=True))
    exchange = site.rig.start("ctl")
    exchange.peer.send("CTL_USER_CHANGE", USER="ada", CHANGE=REMOVE)
    while not site.asked("/revoke"):
        site.idp.wait_for(len(site.idp.requests) + 1)
    (helper,) = exchange.pids("helper")
    os.kill(helper, signal.SIGKILL)
    exchange.all_gone()
    assert site.sign_in() == "E_REMOVED" and "refresh_token" in site.record_of("ada")
    site.idp.release()
    told = site.change("remove")
    assert (told["changed"], told["token_revoked"]) == (False, True)
    assert "refresh_token" not in site.record_of("ada")


# What may have become of the entry of the register: the error that is told, and whether `repair` mends it.
REGISTER = {
    "empty": (lambda path: path.write_text(""), "store_damaged", False),
    "of_nobody": (lambda path: path.write_text("zz\n"), "store_damaged", False),
    "writable": (lambda path: path.chmod(0o666), "unsafe_file", False),
    "gone": (lambda path: path.unlink(), "store_damaged", True),
}


@pytest.mark.parametrize("entry", ["names", "uids"])
@pytest.mark.parametrize("break_it, error, is_mended", REGISTER.values(), ids=REGISTER.keys())
def test_lock__entry_of_the_register_damaged__says_so(site, entry, break_it, error, is_mended):
    """Nothing is changed then, and what is the matter is told with what mends it."""
    (path,) = (site.rig.folder / "state/private" / entry).iterdir()
    break_it(path)
    done = site.rig.ctl("user", "lock", "ada")
    assert done.code not in (OK, USAGE) and f"[{error}]" in done.err, done
    assert error == "unsafe_file" or "cosmo-ssoctl repair" in done.err, done
    assert site.rig.ctl("user", "show", "ada", "--json").json[0]["locked"] is False
    assert site.rig.ctl("repair").code == (OK if is_mended else INTERNAL)
    assert (site.rig.ctl("user", "lock", "ada").code == OK) == is_mended


@pytest.mark.parametrize("fields", [{"USER": "../ada", "CHANGE": 1}, {"USER": "ada", "CHANGE": 0}, {"USER": "ada", "CHANGE": 5}])
def test_a_change_that_is_none__is_refused(site, fields):
    before = site.rig.state()
    exchange = site.rig.start("ctl")
    exchange.peer.send("CTL_USER_CHANGE", **fields)
    answer = exchange.recv()
    assert (answer.type, answer.error) == ("RESULT", "E_INVALID")
    assert site.rig.state() == before


@pytest.mark.parametrize("words, says", [
    (("lock",), "say list, show NAME"), (("lock", "../x"), "not the form of a login name"),
    (("unlock", "ada", "--reason", "x"), "unlock takes neither"), (("unlock", "ada", "--keep-sessions"), "unlock takes neither"),
    (("lock", "ada", "--reason", ""), "1 to 255 bytes"), (("lock", "ada", "--reason", "x" * 256), "1 to 255 bytes"),
    (("lock", "ada", "--for", "1h"), "belong to rebind"), (("show", "ada", "--reason", "x"), "belong to lock, disconnect"),
    (("add", "ada", "--yes"), "belong to rebind, lock"), (("remove", "ada", "bob"), "say list, show NAME")])  # fmt: skip
def test_a_wrong_command_line__is_said(rig, words, says):
    done = rig.ctl("user", *words)
    assert (done.code, done.out) == (USAGE, "") and says in done.err, done


def test_nobody_of_that_name__and_not_root(rig):
    rig.store("connect", "user=ada,developer")
    for verb in ("lock", "unlock", "disconnect", "remove"):
        assert rig.ctl("user", verb, "eve", "--yes").code == DENIED
        assert "Only root" in rig.ctl("user", verb, "ada", "--yes", user=65534).err
