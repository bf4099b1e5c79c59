# SPDX-License-Identifier: MIT
"""The module and the socket that systemd listens on for the helper: used where somebody answers there, and nothing is lost
where nobody does. The test plays systemd. Needs root and COSMO_BUILD_DIR."""

import contextlib
import fcntl
import os
import pathlib
import shutil
import socket
import sys
import threading

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import wire  # noqa: E402
from support.helper_rig import HelperRig  # noqa: E402
from support.helper_site import config  # noqa: E402
from support.pam_rig import ERROR, IGNORED, PamRig, terminal  # noqa: E402
from support.played_helper import granting, nobody  # noqa: E402
from support.process import PATIENCE_S, watch  # noqa: E402
from support.program import built  # noqa: E402

READY = bytes([wire.VERSION])
NOBODY = 65534


@pytest.fixture(scope="module")
def rig():
    with PamRig() as rig:
        rig.store("connect", "user=ada,admin")
        yield rig


@pytest.fixture
def tty():
    with terminal() as word:
        yield word


class Unit:
    """with Unit(rig, script): whoever connects is served by script(socket), one after the other."""

    def __init__(self, rig, script, backlog=16):
        self.path, self.script, self.served = rig.folder / "run/helper.sock", script, 0
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.path.chmod(0o600)
        self.listener.listen(backlog)
        self.thread = threading.Thread(target=self._serve)

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.served += 1
            with connection:
                self.script(connection)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()
        self.path.unlink()


def helping(helper):
    """What systemd starts: it says that it runs, then does what a helper does."""

    def script(connection):
        connection.sendall(READY)
        helper(wire.Peer(connection))

    return script


def gone_when_asked(peer):
    peer.recv()


# case: caller: where systemd listens for the helper no process of the caller's is started for a sign-in or a session
@pytest.mark.parametrize("words", [["auth"], ["open", "close"], ["close-std", "auth"], ["open-fds=40", "open"]])
def test_unit__answers__nothing_is_started(rig, tty, words):
    settings = [word for word in words if word.startswith(("close-std", "open-fds"))]
    calls = words[len(settings) :]
    with Unit(rig, helping(granting)) as unit:
        seen = rig.run("login", "ada", *settings, tty, *calls, helper=nobody)
    assert (seen.codes, seen.changed, rig.started) == (["SUCCESS"] * len(calls), [], 0)
    assert unit.served == len(calls)


def dropped(connection):
    """As systemd does over its limit."""


def of_another_version(connection):
    connection.sendall(bytes([wire.VERSION + 1]))
    connection.recv(1)


# case: caller: where nobody answers on the helper's socket, or not as a helper does, the module starts one by itself
@pytest.mark.parametrize("script", [dropped, of_another_version])
def test_unit__refuses__helper_is_started(rig, tty, script):
    with Unit(rig, script) as unit:
        seen = rig.run("login", "ada", tty, "auth", helper=granting)
    assert (seen.codes, seen.changed, rig.started, unit.served) == (["SUCCESS"], [], 1, 1)


def test_unit__stopped_and_left_behind__helper_is_started(rig, tty):
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(rig.folder / "run/helper.sock"))
        try:
            assert rig.run("login", "ada", tty, "auth", helper=granting).codes == ["SUCCESS"]
        finally:
            (rig.folder / "run/helper.sock").unlink()
    assert rig.started == 1


def test_unit__queue_is_full__helper_is_started(rig, tty):
    """Nobody takes connections, and there is room for no more: the module does not wait for it."""
    path = rig.folder / "run/helper.sock"
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as other:
        listener.bind(str(path))
        listener.listen(0)
        other.connect(str(path))
        try:
            assert rig.run("login", "ada", tty, "auth", helper=granting).codes == ["SUCCESS"]
        finally:
            path.unlink()
    assert rig.started == 1


# case: caller: a helper that systemd has not started within three seconds is not waited for any longer
def test_unit__takes_too_long__helper_is_started(rig, tty):
    clock, over = rig.clock(), threading.Event()
    with Unit(rig, lambda connection: over.wait(60)) as unit:
        process = rig.start("login", "ada", clock.word, tty, "auth", helper=granting)
        clock.wait_looked()
        assert rig.started == 0
        clock.set(3000)
        assert rig.finish(process).codes == ["SUCCESS"]
        over.set()
    assert (rig.started, unit.served) == (1, 1)


SERVICE = "/system.slice/ssh.service"
SESSION = "/user.slice/user-1000.slice/session-3.scope"
MANAGED = "/user.slice/user-1000.slice/user@1000.service"
BUSY_TEXT = "Single sign-on is busy on this host. Please try again in a moment."


# case: caller: where systemd is too busy to start a helper, none is started in a control group that the caller's user may freeze
@pytest.mark.parametrize("script", [dropped, of_another_version])
@pytest.mark.parametrize("phase, code", [("auth", "MAXTRIES"), ("open", "SESSION_ERR")])
def test_unit__refuses_in_a_user_s_group__busy_and_nothing_is_started(rig, tty, script, phase, code):
    with Unit(rig, script) as unit, rig.cgroup(MANAGED, NOBODY):
        seen = rig.run("su", "ada", tty, phase, helper=nobody)
    assert (seen.codes, seen.texts(ERROR), rig.started, unit.served) == ([code], [BUSY_TEXT], 0, 1)
    assert [line for line in seen.log if "event=module_refused user=ada" in line and "reason=busy" in line]


def test_unit__queue_is_full_in_a_user_s_group__busy(rig, tty):
    path = rig.folder / "run/helper.sock"
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as other, rig.cgroup(MANAGED, NOBODY):
        listener.bind(str(path))
        listener.listen(0)
        other.connect(str(path))
        try:
            assert rig.run("su", "ada", tty, "auth", helper=nobody).codes == ["MAXTRIES"]
        finally:
            path.unlink()


def test_unit__takes_too_long_in_a_user_s_group__busy(rig, tty):
    clock, over = rig.clock(), threading.Event()
    with Unit(rig, lambda connection: over.wait(60)), rig.cgroup(MANAGED, NOBODY):
        process = rig.start("su", "ada", clock.word, tty, "auth", helper=nobody)
        clock.wait_looked()
        clock.set(9999)
        clock.wait_looked()
        assert process.poll() is None
        clock.set(10000)
        assert rig.finish(process).codes == ["MAXTRIES"]
        over.set()


def test_unit__refuses_in_a_group_of_root_s__helper_is_started(rig, tty):
    with Unit(rig, dropped), rig.cgroup(SERVICE):
        assert rig.run("login", "ada", tty, "auth", helper=granting).codes == ["SUCCESS"]
    assert rig.started == 1


# case: caller: where systemd is too busy to start a helper, none is started in a session, whose owner may have logind stop it
def test_unit__refuses_in_a_session__busy_and_nothing_is_started(rig, tty):
    with Unit(rig, dropped), rig.cgroup(SESSION):
        assert rig.run("su", "ada", tty, "auth", helper=nobody).codes == ["MAXTRIES"]
    assert rig.started == 0


# case: caller: where systemd is too busy to start a helper, a door opens the session all the same, from within it
def test_unit__refuses_a_door_in_its_session__helper_is_started(rig, tty):
    with Unit(rig, dropped), rig.cgroup(SESSION):
        assert rig.run("login", "ada", tty, "open", "close", helper=granting).codes == ["SUCCESS"] * 2
    assert rig.started == 2


# case: caller: where the helper's unit is not installed or stopped the module starts one, whoever may freeze the caller's group
@pytest.mark.parametrize("left, group", [(False, (MANAGED, NOBODY)), (True, (MANAGED, NOBODY)), (True, (SESSION,))])
def test_unit__nobody_listens_in_a_user_s_group__helper_is_started(rig, tty, left, group):
    path = rig.folder / "run/helper.sock"
    with socket.socket(socket.AF_UNIX) as listener, rig.cgroup(*group):
        listener.bind(str(path))
        if not left:
            path.unlink()
        try:
            assert rig.run("su", "ada", tty, "auth", helper=granting).codes == ["SUCCESS"]
        finally:
            path.unlink(missing_ok=True)
    assert rig.started == 1


def listen_as_nobody(listener, started, heard):
    """Greet who connects as the helper does; what was said then is in the file `heard`."""
    os.seteuid(NOBODY)  # whose word the kernel keeps is that of who calls listen()
    listener.listen(1)
    os.write(started, b".")
    connection, _ = listener.accept()
    try:
        connection.sendall(READY)
        said = connection.recv(1)
    except OSError:  # it has hung up with our byte unread
        said = b""
    os.seteuid(0)
    heard.write_bytes(said)


# case: peer: a helper's socket on which somebody else than root listens is asked nothing
def test_unit__not_root_s__asked_nothing(rig, tty):
    path, heard = rig.folder / "run/helper.sock", rig.folder / "desk/heard"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    start, started = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            listen_as_nobody(listener, started, heard)
        finally:
            os._exit(0)
    try:
        os.read(start, 1)
        assert rig.run("login", "ada", tty, "auth", helper=granting).codes == ["SUCCESS"]
    finally:
        os.waitpid(pid, 0)
        listener.close()
        path.unlink()
    assert (rig.started, heard.read_bytes()) == (1, b"")


# case: caller: a helper that has been asked is not asked again by another way, whatever becomes of it
@pytest.mark.parametrize("phase, code", [("auth", "SYSTEM_ERR"), ("open", "SESSION_ERR")])
def test_unit__ends_when_asked__denied_and_no_other_helper(rig, tty, phase, code):
    with Unit(rig, helping(gone_when_asked)) as unit:
        seen = rig.run("login", "ada", tty, phase, helper=nobody)
    assert (seen.codes, rig.started, unit.served) == ([code], 0, 1)


class Account:
    """Helpers for the account phase: each notes how it was asked, and answers so, or goes without (None)."""

    def __init__(self, **answers):
        self.answers, self.asked = answers, []

    def by(self, who):
        def helper(peer):
            request = peer.recv()
            only = "looks" if request.LOOKS_ONLY else "asks"
            self.asked.append(f"{who} {only}")
            answer = self.answers[f"{who}_{only}"]
            if answer:
                peer.send("RESULT", ERR=wire.ERROR_NUMBERS[answer])

        return helper

    def run(self, rig, script=None):
        with Unit(rig, script or helping(self.by("unit"))) as unit:
            seen = rig.run("sudo", "ada", "account", helper=self.by("own"))
        return seen.codes, unit.served


# case: caller: in the account phase a helper of the caller's own says what needs no lock; yes and no of it are the answer
@pytest.mark.parametrize("answer, code", [("OK", "SUCCESS"), ("E_SERVICE", "PERM_DENIED"), ("E_BUSY", "MAXTRIES")])
def test_account__answered_at_a_look__unit_is_not_asked(rig, answer, code):
    account = Account(own_looks=answer)
    assert account.run(rig) == ([code], 0)
    assert account.asked == ["own looks"]


# case: caller: what takes a lock or the IdP in the account phase is left to the helper that systemd starts
@pytest.mark.parametrize("answer, code", [("OK", "SUCCESS"), ("E_SERVICE", "PERM_DENIED"), (None, "SYSTEM_ERR")])
def test_account__left_open_at_a_look__unit_decides(rig, answer, code):
    account = Account(own_looks=None, unit_asks=answer)
    assert account.run(rig) == ([code], 1)
    assert account.asked == ["own looks", "unit asks"]


@pytest.mark.parametrize("answer, code", [("OK", "SUCCESS"), ("E_SERVICE", "PERM_DENIED"), (None, "SYSTEM_ERR")])
def test_account__left_open_and_unit_refuses__own_helper_decides(rig, answer, code):
    account = Account(own_looks=None, own_asks=answer)
    assert account.run(rig, dropped) == ([code], 1)
    assert account.asked == ["own looks", "own asks"]


def test_account__left_open_and_unit_refuses_in_a_user_s_group__nobody_decides(rig):
    account = Account(own_looks=None)
    with rig.cgroup(MANAGED, NOBODY):
        assert account.run(rig, dropped) == (["MAXTRIES"], 1)
    assert account.asked == ["own looks"]


def test_account__no_unit__asked_once(rig):
    account = Account(own_asks="OK")
    assert rig.run("sudo", "ada", "account", helper=account.by("own")).codes == ["SUCCESS"]
    assert account.asked == ["own asks"]


# The built helper, asked to look only.


@pytest.fixture
def helper():
    with HelperRig() as rig:
        rig.configure(config())
        rig.false_judge("raise SystemExit(9)")
        rig.store("connect", "user=vic,admin,token-secret", "user=ada,admin,token-secret,lapsed")
        yield rig


@contextlib.contextmanager
def locked(rig):
    """The store has a writer who takes his time."""
    with (rig.folder / "state/private/lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def look(rig, user, message="ACCOUNT", **fields):
    exchange = rig.ask(message, channel="look", SERVICE="sudo", USER=user, **fields or {"LOOKS_ONLY": 1})
    try:
        return exchange.result()
    except EOFError:
        return None
    finally:
        exchange.all_gone()


# case: caller: a helper that is started to look only answers nothing else
@pytest.mark.parametrize("message", ["ACCOUNT", "SIGN_IN", "OPEN_SESSION"])
def test_look__another_question__is_not_heard(helper, message):
    before = helper.state()
    assert look(helper, "vic", message, RUID=0) is None
    assert (helper.state(), helper.events()) == (before, [])


def test_look__nothing_to_ask__answered_and_logged(helper):
    with locked(helper):
        assert look(helper, "vic") == "OK"
    assert [event["event"] for event in helper.events()] == ["account_ok"]


# case: caller: asked to look only, the helper touches nothing where more is needed: no lock, no mark, no line in the log
def test_look__refresh_is_due__left_open_and_nothing_done(helper):
    before = helper.state()
    with locked(helper):
        assert look(helper, "ada") is None
    assert (helper.state(), helper.events()) == (before, [])


def test_look__answered__is_a_child_of_the_caller_in_a_session_of_its_own(helper):
    exchange = helper.start("look")
    pid = exchange.process.pid
    watch(lambda: os.getsid(pid) == pid, PATIENCE_S, "a session of the helper's own")
    assert exchange.send("ACCOUNT", SERVICE="sudo", USER="vic", LOOKS_ONLY=1).result() == "OK"
    assert exchange.process.wait(PATIENCE_S) == 0


def test_look__gate_as_made_at_boot__left_open(helper):
    fresh = built("pam_cosmo_sso/helper/gate.fresh").read_bytes()
    (helper.folder / "run/gate").write_bytes(fresh)
    assert look(helper, "vic") is None
    assert ((helper.folder / "run/gate").read_bytes(), helper.events()) == (fresh, [])
    assert helper.ask("ACCOUNT", SERVICE="sudo", USER="vic").result() == "OK"


def test_look__part_of_the_store_is_missing__left_open_and_nothing_made(helper):
    place = helper.folder / "run/private"
    shutil.rmtree(place)
    assert look(helper, "vic") is None
    assert (place.exists(), helper.events()) == (False, [])
    assert helper.ask("ACCOUNT", SERVICE="sudo", USER="vic").result() == "OK"
    assert place.exists()


def test_unit__local_users_and_callers_without_root__nobody_connects(rig, tty):
    with Unit(rig, helping(granting)) as unit, rig.cgroup(MANAGED, NOBODY):
        assert rig.run("login", "root", tty, "auth", "account", helper=nobody).codes == [IGNORED] * 2
        assert rig.run("xscreensaver", "ada", "uid=65534", "account", helper=nobody).codes == ["SUCCESS"]
    assert unit.served == 0
