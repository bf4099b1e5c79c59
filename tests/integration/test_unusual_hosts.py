#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The built module inside programs of every kind of carelessness, with the test in the helper's place: it works or
refuses, and leaves its host as it was. Needs root and COSMO_BUILD_DIR."""

import pathlib
import shutil
import socket
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import wire  # noqa: E402
from support.pam_rig import ECHO_ON, ERROR, IGNORED, INFO, PamRig, terminal  # noqa: E402
from support.played_helper import SHOWN, granting, nobody  # noqa: E402
from support.program import built  # noqa: E402
from support.reports import is_sanitized  # noqa: E402
from support.screen import code_of, url_of  # noqa: E402

ASKS_NAME = ("login:", "login: ")  # libpam's own words
ALL = ["auth", "account", "setcred", "open", "close"]
CROWD = [f"crowd{number}" for number in range(8)]
REFUSED = CROWD[::2]


@pytest.fixture(scope="module")
def rig():
    with PamRig() as rig:
        rig.store("connect", "user=ada,admin", *(f"user={name}" for name in CROWD))
        yield rig


@pytest.fixture
def tty():
    with terminal() as word:
        yield word


def hung_up_on(peer):
    peer.recv()
    peer.send("SHOW", **SHOWN)
    with pytest.raises(EOFError):
        peer.recv()


def granting_and_listening(peer):
    """Grants everything; nothing but the question may come, and least of all what the program writes anywhere."""
    granting(peer)
    assert peer.socket.recv(1) == b""


HOSTS = {
    "SIGCHLD ignored": ["ignore-sigchld"],
    "children never become zombies": ["no-cldwait"],
    "all signals blocked": ["block-signals"],
    "a handler that reaps every child": ["reaper"],
    "descriptors 0 to 2 closed": ["close-std"],
    "descriptors 1 and 2 closed": ["close-out"],
    "descriptors closed and SIGCHLD ignored": ["close-std", "ignore-sigchld"],
    "1,000 open descriptors": ["open-fds=1000"],
    "umask 0": ["umask=0"],
    "umask 0777": ["umask=0777"],
    "a deleted working folder": ["cwd-gone"],
    "a locale of its own": ["locale=C.UTF-8"],
    "everything at once": ["close-std", "no-cldwait", "block-signals", "open-fds=1000", "umask=0777", "cwd-gone"],
}


# case: caller: SIGCHLD ignored, SA_NOCLDWAIT, blocked signals, a handler that reaps every child: all goes on and stays
# case: caller: with descriptors 0 to 2 closed, or 1,000 open, nothing of ours takes their place or stays
# case: caller: umask 0 or 0777 and a deleted working folder change nothing and stay what they are
@pytest.mark.parametrize("settings", HOSTS.values(), ids=HOSTS.keys())
@pytest.mark.parametrize("service", ["sshd", "gdm-password"])
def test_host__unusual__works_and_stays_as_it_was(rig, service, settings):
    seen = rig.run(service, "ada", *settings, *ALL, helper=granting_and_listening)
    assert seen.codes == ["SUCCESS"] * 5
    assert seen.changed == []


@pytest.fixture
def helper_ends_at_once(rig):
    """Before anything is asked of it: the module waits for the end of what it started, and only then asks."""
    place = rig.folder / "helper"
    kept = place.rename(rig.folder / "helper.kept")
    shutil.copy("/bin/false", place)
    yield
    kept.rename(place)


# case: caller: with SIGPIPE as it is by default, or blocked, a helper whose end is gone kills no caller and leaves no signal
@pytest.mark.parametrize("signals", [["default-sigpipe"], ["default-sigpipe", "block-signals"]], ids=["default", "blocked"])
def test_host__helper_is_gone__no_signal(rig, tty, helper_ends_at_once, signals):
    seen = rig.run("login", "ada", *signals, tty, *ALL, helper=nobody)
    assert seen.codes == ["SYSTEM_ERR", "SYSTEM_ERR", "SUCCESS", "SESSION_ERR", "SUCCESS"]
    assert (rig.started, seen.changed) == (0, [])


class Crowd:
    """A helper for PamRig that lets everybody of CROWD wait until all are there, shows each a code of his own and then
    answers, the last one first: whoever is in REFUSED with a denial."""

    def __init__(self):
        self.waiting = []

    def __call__(self, peer):
        request = peer.recv()
        if request.type != "SIGN_IN":
            peer.send("RESULT", ERR=0)
            return
        kept, peer.socket = wire.Peer(peer.socket), socket.socket()  # the rig closes what it gave us
        kept.send("SHOW", **SHOWN | {"USER_CODE": code_for(request.USER)})
        self.waiting.append((request.USER, kept))
        if len(self.waiting) == len(CROWD):
            self._answer()

    def _answer(self):
        while self.waiting:
            user, peer = self.waiting.pop()
            denied = next(number for number, symbol in wire.ERRORS.items() if symbol == "E_DENIED")
            peer.send("RESULT", ERR=denied if user in REFUSED else 0)
            peer.close()


def code_for(user):
    return f"CROWD-{user[-1]}"


# case: caller: eight threads sign in at once, each with a handle, a code and a result of its own; nothing is left
@pytest.mark.parametrize(("service", "style", "refusal"), [("sshd", ECHO_ON, "MAXTRIES"), ("login", INFO, "AUTH_ERR")])
def test_host__threads__each_has_its_own_result(rig, tty, service, style, refusal):
    seen = rig.run(service, ",".join(CROWD), "threads", "again=3", tty, "auth", "setcred", helper=Crowd())
    assert seen.changed == []
    rounds = 4  # the first one is for what libraries set up once
    for user in CROWD:
        calls = [code for word, code in seen.calls if word == f"{user}:auth"]
        assert calls == [refusal if user in REFUSED else "SUCCESS"] * rounds
    shown = sorted((text for text in seen.texts(style) if url_of(text)), key=code_of)
    assert [code_of(text) for text in shown] == sorted(code_for(user) for user in CROWD for _ in range(rounds))


# case: caller: loaded and unloaded 1,000 times, the module and the plugin leave no mapping, descriptor or thread key
def test_host__loads_and_unloads__nothing_grows(rig):
    program = pathlib.Path(shutil.copy(built("tests/integration/load_again"), rig.folder))
    plugin = shutil.copy(rig.folder / "lib/libnss_cosmo.so.2", rig.folder / "lib/plugin.so")  # libc keeps the first
    words = [program, rig.folder / "lib/pam_cosmo_sso.so", plugin, rig.folder / "pam", "ada", 1000]
    held = dict(line.split(" ", 1) for line in rig.inside(*words).splitlines())
    assert held["after"] == held["before"]


OUTSIDE = """
import ctypes, os, sys
root, libc = sys.argv[1], ctypes.CDLL(None, use_errno=True)
if libc.mount(b"/", os.fsencode(root), None, 0x1000 | 0x4000, None):
    raise OSError(ctypes.get_errno(), "mount")
os.chdir("/usr")
os.chroot(root)
os.execv(sys.argv[2], sys.argv[2:])
"""


# case: caller: a working folder outside of the process's root is no hindrance
def test_host__cwd_outside_of_its_root__works(rig, tmp_path):
    seen = rig.run("sshd", "ada", *ALL, helper=granting, wrapper=(sys.executable, "-c", OUTSIDE, tmp_path))
    assert (seen.codes, seen.changed) == (["SUCCESS"] * 5, [])


HOSTILE = {
    "LD_PRELOAD": "/nonexistent/evil.so",
    "LD_AUDIT": "/nonexistent/evil.so",
    "LD_BIND_NOW": "1",
    "LC_ALL": "xx_XX.nonsense",
    "LOCPATH": "/nonexistent",
    "NLSPATH": "/nonexistent/%s%s%n",
    "GCONV_PATH": "/nonexistent",
    "TMPDIR": "/nonexistent",
    "http_proxy": "http://127.0.0.1:1",
    "https_proxy": "http://127.0.0.1:1",
    "ALL_PROXY": "socks5://127.0.0.1:1",
    "SSL_CERT_FILE": "/nonexistent",
    "SSL_CERT_DIR": "/nonexistent",
    "OPENSSL_CONF": "/nonexistent",
    "RES_OPTIONS": "attempts:100",
    "LOCALDOMAIN": "evil.example",
    "MALLOC_CHECK_": "3",
    "MALLOC_PERTURB_": "165",
    "GLIBC_TUNABLES": "glibc.malloc.perturb=90",
    "COSMO_BUILD_DIR": "/nonexistent",
    "IFS": "x",
    "PATH": "",
}


# case: caller: a hostile environment (LD_*, LC_*, TMPDIR, proxies, CA files, GCONV_PATH, MALLOC_*) changes nothing
@pytest.mark.parametrize("service", ["sshd", "gdm-password"])
def test_host__hostile_environment__works_and_keeps_it(rig, service):
    words = [f"{name}={value}" for name, value in HOSTILE.items()]
    seen = rig.run(service, "ada", "locale=", *ALL, helper=granting, wrapper=("/usr/bin/env", *words))
    assert (seen.codes, seen.changed) == (["SUCCESS"] * 5, [])


# What a caller may leave out.


# case: caller: no tty, no rhost and no conversation at once: refused without a prompt, account and session go on
def test_caller__nothing_but_a_name__no_crash(rig):
    requests = []

    def helper(peer):
        requests.append(peer.recv())
        code = "E_NO_PROMPT" if requests[-1].type == "SIGN_IN" else "OK"
        peer.send("RESULT", ERR=next(number for number, symbol in wire.ERRORS.items() if symbol == code))

    seen = rig.run("login", "ada", "noconv", *ALL, helper=helper)
    assert seen.codes == ["CONV_ERR", "SUCCESS", "SUCCESS", "SUCCESS", "SUCCESS"]
    assert all((request.TTY, request.RHOST) == (None, None) for request in requests)
    assert (requests[0].INTERACTIVE, seen.messages, seen.changed) == (0, [], [])


# case: caller: an empty tty and rhost count as none
def test_caller__empty_tty_and_rhost__none(rig):
    requests = []

    def helper(peer):
        requests.append(peer.recv())
        peer.send("RESULT", ERR=0)

    assert rig.run("sshd", "ada", "tty=", "rhost=", "account", helper=helper).codes == ["SUCCESS"]
    assert (requests[0].TTY, requests[0].RHOST) == (None, None)


# case: caller: with PAM_SILENT nothing is said and no code is shown; account and session go on
def test_caller__silent__nothing_is_said(rig, tty):
    def helper(peer):
        request = peer.recv()
        if request.type == "SIGN_IN":
            assert request.INTERACTIVE == 0
            peer.socket.sendall(wire.encode("SHOW", **SHOWN) + wire.encode("RESULT", ERR=0))
        else:
            peer.send("RESULT", ERR=0)

    seen = rig.run("login", "ada", tty, "silent", *ALL, helper=helper)
    assert seen.codes == ["CONV_ERR", "SUCCESS", "SUCCESS", "SUCCESS", "SUCCESS"]
    assert (seen.messages, seen.changed) == ([], [])


# case: caller: without a user's name the caller is asked for one, and the module goes by the answer
def test_caller__no_name_yet__asked_for(rig, tty):
    seen = rig.run("login", "-", tty, "answers=say:ada,enter", "auth", "account", helper=granting,
                   invents=ASKS_NAME)
    assert seen.codes == ["SUCCESS", "SUCCESS"]
    assert [style for style, _ in seen.messages] == [ECHO_ON, INFO]


# case: caller: no user's name and no way to ask for it: not ours, and no helper is started
@pytest.mark.parametrize("words", [["noconv"], ["answers=error"], ["answers=end"], ["answers=nothing"], ["answers=say:"]])
def test_caller__no_name_to_be_had__not_ours(rig, tty, words):
    process = [word for word in words if word == "noconv"]
    rest = [word for word in words if word != "noconv"]
    seen = rig.run("login", "-", *process, tty, *rest, "auth", "account", "open", helper=nobody,
                   invents=ASKS_NAME)
    assert set(seen.codes) <= {IGNORED, "CONV_ERR", "SYSTEM_ERR", "ABORT"} and rig.started == 0
    assert seen.codes[0] == IGNORED


# Conversations that go wrong.

ENDS = ["error", "end", "nothing", "status:31", "status:-2", "status:99", "status:30"]


# case: caller: a conversation that fails, answers nothing or with an unknown code ends the sign-in
@pytest.mark.parametrize("what", ENDS)
def test_conversation__fails_at_the_prompt__denied(rig, what):
    seen = rig.run("sshd", "ada", f"answers={what}", f"informs={what}", "auth", helper=hung_up_on)
    assert seen.codes == ["MAXTRIES"]
    assert [style for style, _ in seen.messages] == [ECHO_ON, ERROR]
    assert seen.changed == []


# case: caller: text that cannot be shown ends a terminal's sign-in; nobody waits for what nobody could read
@pytest.mark.parametrize("what", ["error", "status:31", "status:-2", "status:99"])
def test_conversation__fails_at_the_notice__denied(rig, tty, what):
    seen = rig.run("login", "ada", tty, f"informs={what}", "auth", helper=hung_up_on)
    assert (seen.codes, seen.changed) == (["CONV_ERR"], [])
    assert url_of(seen.messages[0][1]) == SHOWN["VERIFICATION_URI"] and code_of(seen.messages[0][1]) == "WDJB-MJHT"


# case: caller: an answer of a megabyte, of bytes that are no UTF-8, or more responses than messages: Enter is Enter
@pytest.mark.parametrize("what", ["huge", "bytes", "more", "say:"])
def test_conversation__odd_answer__is_enter(rig, what):
    seen = rig.run("sshd", "ada", f"answers={what}", f"informs={what}", "auth", helper=granting)
    assert (seen.codes, seen.changed) == (["SUCCESS"], [])


# case: caller: a response to a text that asked for none is thrown away
@pytest.mark.parametrize("what", ["huge", "bytes", "nothing", "say:yes"])
def test_conversation__answers_a_text__thrown_away(rig, tty, what):
    seen = rig.run("login", "ada", tty, f"informs={what}", "auth", helper=granting)
    assert (seen.codes, seen.changed) == (["SUCCESS"], [])


# Limits of the host program.

SMALL = {
    "no file may grow": ["limit=FSIZE:0"],
    "one byte a file": ["limit=FSIZE:1"],
    "no core file": ["limit=CORE:0"],
    "any core file": ["limit=CORE:1073741824"],
    "a second of processor": ["limit=CPU:1"],
    "no more processes": ["limit=NPROC:0"],
    "a small stack": ["limit=STACK:65536"],
    "no locked memory": ["limit=MEMLOCK:0"],
}


# case: caller: a caller's limits on files, cores, processor, processes and stack do not hinder a sign-in, and stay
@pytest.mark.parametrize("settings", SMALL.values(), ids=SMALL.keys())
def test_limits__small__work_and_stay(rig, settings):
    seen = rig.run("sshd", "ada", *settings, *ALL, helper=granting, pipe=True)
    assert (seen.codes, seen.changed) == (["SUCCESS"] * 5, [])


# case: caller: at each number of descriptors the caller has left, the sign-in succeeds or is refused, and none is lost
def test_limits__few_descriptors__granted_or_refused(rig):
    if is_sanitized(built("tests/integration/pam_caller")):
        pytest.skip("the sanitizers need descriptors of their own")
    granted = []
    for left in range(16):
        seen = rig.run("sshd", "ada", f"limit=NOFILE:{left}", "auth", "account", helper=granting)
        assert seen.changed == []
        # libpam itself cannot open its files, or the module; then ours has its say, which is never "not ours".
        assert set(seen.codes) <= {"SUCCESS", "MAXTRIES", "SYSTEM_ERR", "ABORT", "MODULE_UNKNOWN"}
        granted.append(seen.codes == ["SUCCESS", "SUCCESS"])
    assert granted[-1] and not granted[0]
    assert granted == sorted(granted)


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-q", *sys.argv[1:]]))
