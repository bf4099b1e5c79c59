# SPDX-License-Identifier: MIT
"""The built pam_cosmo_sso.so through the real libpam, with the test in the helper's place. Needs root and
COSMO_BUILD_DIR."""

import os
import pathlib
import re
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import wire  # noqa: E402
from support.pam_rig import ECHO_ON, ERROR, IGNORED, INFO, PamRig, terminal  # noqa: E402
from support.played_helper import COMPLETE, SHOWN, URI, granting, nobody  # noqa: E402
from support.process import watch  # noqa: E402
from support.screen import Picture, code_of, url_of  # noqa: E402

FAILURES = [symbol for symbol in wire.ERROR_NUMBERS if symbol != "OK"]
CLASSES = {
    symbol: kind
    for symbol, kind in re.findall(r"X\((\w+), \"\w+\", (\w+)\)", (wire.COMMON / "base/err.h").read_text())
}
PHASES = ("auth", "setcred", "account", "open", "close", "chauthtok")


@pytest.fixture(scope="module")
def rig():
    with PamRig() as rig:
        rig.store("connect", "user=ada,admin", "user=lea,admin,locked", "user=old,admin,lapsed", "user=gone,removed",
                  "user=kit,admin,uid-5001")  # fmt: skip
        yield rig


@pytest.fixture
def tty():
    with terminal() as word:
        yield word


def answer(symbol="OK", shown=None, requests=None, **fields):
    """A helper that shows, or does not, and gives its result."""

    def helper(peer):
        request = peer.recv()
        if requests is not None:
            requests.append(request)
        show = b"" if shown is None else wire.encode("SHOW", **(SHOWN | shown))
        peer.socket.sendall(show + wire.encode("RESULT", ERR=wire.ERROR_NUMBERS[symbol], **fields))

    return helper


def hung_up_on(peer):
    with pytest.raises(EOFError):
        peer.recv()


def raw(*frames):
    """A helper that says what it must not."""

    def helper(peer):
        peer.recv()
        peer.socket.sendall(b"".join(frames))

    return helper


# sshd.


# case: conversation: one question tells host, user, source, address, code, time left and the warning, and hides no typing
def test_sshd__approved__one_prompt_that_tells_all(rig):
    requests = []
    seen = rig.run("sshd", "ada", "rhost=192.0.2.7", "tty=ssh", "auth", helper=answer(shown={}, requests=requests))
    assert seen.calls == [("auth", "SUCCESS")]
    assert [style for style, _ in seen.messages] == [ECHO_ON]
    text = seen.messages[0][1]
    lines = text.split("\n")
    assert lines[0] == ""
    assert lines[1] == "Sign in to web1 as ada from 192.0.2.7. Approve on this page:"
    assert lines[2] == URI
    assert re.fullmatch(r"Code: WDJB-MJHT   Valid for 9:5[789]", lines[3])
    assert lines[4] == "Do not approve a sign-in you did not start."
    assert lines[-1] == f"Press Enter after approving WDJB-MJHT at {URI}: "
    assert not re.search(r"[^\n -~█▀▄]", text)
    (request,) = requests
    assert (request.type, request.SERVICE, request.USER) == ("SIGN_IN", "sshd", "ada")
    assert (request.RHOST, request.TTY, request.RUID, request.INTERACTIVE) == ("192.0.2.7", "ssh", 0, 1)
    assert request.FROZEN_UID is None and request.FROZEN_HOME is None
    assert not seen.changed and not seen.said and not seen.log


@pytest.mark.parametrize("mode, cols, rows", [(0, 80, 24), (0, 120, 40), (1, 120, 40), (2, 80, 24), (3, 120, 40)])
def test_sshd__screen__qr_decodes(rig, mode, cols, rows):
    seen = rig.run("sshd", "ada", "auth", helper=answer(shown={"QR_MODE": mode}))
    screen = "(ada@web1) " + seen.texts(ECHO_ON)[0]
    assert len(screen.splitlines()) <= rows
    assert (url_of(screen), code_of(screen)) == (URI, "WDJB-MJHT")
    light_on_dark = mode in (0, 1)
    assert Picture(screen, cols, rows, light_on_dark).qr_codes() == [COMPLETE]
    assert Picture(screen, cols, rows, not light_on_dark).qr_codes() == []


def test_sshd__no_complete_uri__qr_holds_the_plain_one(rig):
    seen = rig.run("sshd", "ada", "auth", helper=answer(shown={"VERIFICATION_URI_COMPLETE": None}))
    assert Picture(seen.texts(ECHO_ON)[0], 80, 24).qr_codes() == [URI]


# What a process of sudo's or of a session would pay for with each call.
def test_sshd__qr_code__its_library_is_loaded_for_it_alone(rig):
    def loaded(*words, helper):
        place = rig.folder / f"loaded-{words[0]}"
        wrapper = ["env", "LD_DEBUG=files", f"LD_DEBUG_OUTPUT={place}"]
        rig.run("sshd", "ada", *words, helper=helper, wrapper=wrapper)
        return "".join(path.read_text() for path in rig.folder.glob(f"{place.name}.*"))

    others = loaded("account", "setcred", "open", "close", helper=answer())
    assert "pam_cosmo_sso.so" in others
    assert "libqrencode" not in others and "libpthread" not in others
    shown = loaded("auth", "account", helper=answer(shown={}))
    assert re.search(r"libqrencode.so.4 \[0\];  destroying link map", shown)


# case: conversation: every failure in sshd is one sentence and the end of the client's tries
@pytest.mark.parametrize("symbol", FAILURES)
def test_sshd__each_failure__one_sentence_and_no_second_try(rig, symbol):
    seen = rig.run("sshd", "ada", "auth", helper=answer(symbol))
    if symbol == "E_NOT_OURS":
        assert (seen.codes, seen.messages) == ([IGNORED], [])
        return
    assert seen.codes == ["MAXTRIES"]
    assert [style for style, _ in seen.messages] == [ERROR]
    assert not seen.log and not seen.changed


# case: conversation: what the helper says is filtered before a terminal gets it
def test_sshd__denied_after_showing__text_of_the_helper_filtered(rig):
    shown = answer("E_DENIED", shown={}, TEXT="No.\x1b[2J\nPassword:\u202e")
    filtered = "No.?[2J?Password:?"
    seen = rig.run("sshd", "ada", "auth", helper=shown, invents=[filtered])
    assert seen.codes == ["MAXTRIES"]
    assert seen.texts(ERROR) == [filtered]


# case: conversation: approved before Enter is pressed, it needs one Enter and no question more
def test_sshd__result_before_enter__taken_at_once(rig):
    """Approved while the person looks elsewhere: no further question is asked."""
    marker = rig.folder / "result-is-sent"

    def helper(peer):
        answer(shown={})(peer)
        marker.touch()

    seen = rig.run("sshd", "ada", f"answers=after:{marker},error", "auth", helper=helper)
    assert (seen.codes, len(seen.messages)) == (["SUCCESS"], 1)


# case: conversation: Enter before the approval brings a line with the time left after exactly 20 s, and no new code
# case: conversation: the answer that comes while Enter is waited upon is taken without another key
# case: conversation: a helper that answers 40 s after Enter loses no approval; the person is told that it still waits
def test_sshd__enter_before_approval__asked_again(rig):
    clock = rig.clock()

    def helper(peer):
        peer.recv()
        peer.send("SHOW", **SHOWN)
        watch(lambda: "Press Enter" in rig.report(), 60, "the prompt")
        for wait in (1, 2):
            clock.wait_looked()
            clock.set(wait * 20000 - 1)
            clock.wait_looked()
            assert rig.report().count("Still waiting") == wait - 1
            clock.set(wait * 20000)
            watch(lambda: rig.report().count("Still waiting") == wait, 60, f"question {wait + 1}")
        peer.send("RESULT", ERR=0)

    seen = rig.run("sshd", "ada", clock.word, "auth", helper=helper)
    assert seen.codes == ["SUCCESS"]
    assert [style for style, _ in seen.messages] == [ECHO_ON] * 3
    assert [text for _, text in seen.messages[1:]] == [
        f"Still waiting, {left} left. Press Enter after approving. " for left in ("9:39", "9:19")
    ]


# case: conversation: keys pressed all the time bring one line in 20 s, and end with the time for the sign-in
def test_sshd__enter_again_and_again__bounded_by_the_deadline(rig):
    clock = rig.clock()

    def helper(peer):
        peer.recv()
        peer.send("SHOW", **(SHOWN | {"EXPIRES_IN_S": 90}))
        watch(lambda: "Press Enter" in rig.report(), 60, "the prompt")
        for wait in (1, 2, 3, 4):
            clock.wait_looked()
            clock.set(wait * 20000)
            watch(lambda: rig.report().count("Still waiting") == wait, 60, f"question {wait + 1}")
        clock.wait_looked()
        clock.set(94_999)
        clock.wait_looked()
        clock.set(95_000)
        with pytest.raises(EOFError):
            peer.recv()

    seen = rig.run("sshd", "ada", clock.word, "auth", helper=helper)
    assert seen.codes == ["MAXTRIES"]
    assert [style for style, _ in seen.messages] == [ECHO_ON] * 5 + [ERROR]
    assert seen.messages[4][1].startswith("Still waiting, 0:10 left.")
    assert "time for signing in ended" in seen.texts(ERROR)[0]


# case: conversation: the end of input, or of the client, hangs up on the helper at once
@pytest.mark.parametrize("what", ["error", "end"])
def test_sshd__conversation_ends__helper_is_hung_up_on(rig, what):
    def helper(peer):
        peer.recv()
        peer.send("SHOW", **SHOWN)
        with pytest.raises(EOFError):
            peer.recv()

    seen = rig.run("sshd", "ada", f"answers={what}", "auth", helper=helper)
    assert seen.codes == ["MAXTRIES"]
    assert [style for style, _ in seen.messages] == [ECHO_ON, ERROR]


# case: conversation: sshd's method password shows nothing and asks nobody at the IdP
# case: conversation: in any other process of sshd a code is shown
@pytest.mark.parametrize("title, is_password", [
    ("sshd: ada [priv]", True), ("sshd-session: ada [priv]", True), ("sshd: ada [pam]", False), ("sshd: ada", False),
])  # fmt: skip
def test_sshd__method_password__helper_hears_that_nobody_can_be_asked(rig, title, is_password):
    requests = []
    named = ("bash", "-c", 'exec -a "$0" "$@"', title)
    shown = {} if not is_password else None
    helper = answer("E_NO_PROMPT" if is_password else "OK", shown=shown, requests=requests)
    seen = rig.run("sshd", "ada", "auth", helper=helper, wrapper=named)
    assert [request.INTERACTIVE for request in requests] == [0 if is_password else 1]
    assert seen.codes == (["MAXTRIES"] if is_password else ["SUCCESS"])
    assert [style for style, _ in seen.messages] == ([] if is_password else [ECHO_ON])


# case: conversation: a key's account phase, which runs in the same process as a password's, still says why it refuses
def test_sshd__account_phase_in_the_monitor__says_why(rig):
    named = ("bash", "-c", 'exec -a "$0" "$@"', "sshd: ada [priv]")
    seen = rig.run("sshd", "ada", "account", helper=answer("E_LOCKED"), wrapper=named)
    assert (seen.codes, len(seen.texts(ERROR))) == (["ACCT_EXPIRED"], 1)


# case: conversation: Enter pressed when the time is over does not sign in, though it was approved in time
@pytest.mark.parametrize("late_ms, code", [(94_999, "SUCCESS"), (95_000, "MAXTRIES")])
def test_sshd__enter_too_late__refused_though_approved(rig, late_ms, code):
    """The module leaves the helper five seconds more than it has."""
    clock, marker = rig.clock(), rig.folder / "too-late"
    marker.unlink(missing_ok=True)

    def helper(peer):
        answer(shown={"EXPIRES_IN_S": 90})(peer)
        watch(lambda: "Press Enter" in rig.report(), 60, "the prompt")
        clock.set(late_ms)
        marker.touch()

    seen = rig.run("sshd", "ada", clock.word, f"answers=after:{marker}", "auth", helper=helper)
    assert seen.codes == [code]


# Terminals, greeters, and callers that nobody sits at.


# case: console: at a terminal the result comes without a key press
def test_login__approved__no_key_press(rig, tty):
    seen = rig.run("login", "ada", tty, "auth", helper=answer(shown={}))
    assert seen.codes == ["SUCCESS"]
    assert [style for style, _ in seen.messages] == [INFO]
    assert (url_of(seen.messages[0][1]), code_of(seen.messages[0][1])) == (URI, "WDJB-MJHT")
    assert "Press Enter" not in seen.messages[0][1]
    assert Picture(seen.messages[0][1], 80, 24).qr_codes() == [COMPLETE]


def expected(symbol, phase):
    """By the class, for codes that have no word of their own in pam_result.c."""
    return {
        "DENIED": {"auth": "AUTH_ERR", "account": "PERM_DENIED"}[phase],
        "UNREACHABLE": "AUTHINFO_UNAVAIL",
        "MISCONFIGURED": "SERVICE_ERR",
        "BUSY": "MAXTRIES",
        "INTERNAL": "SYSTEM_ERR",
    }[CLASSES[symbol]]


PARTICULAR = {
    "E_NOMEM": ("BUF_ERR", "BUF_ERR"),
    "E_NOT_ROOT": ("CRED_INSUFFICIENT", "PERM_DENIED"),
    "E_NO_PROMPT": ("CONV_ERR", "PERM_DENIED"),
    "E_CANCELLED": ("CONV_ERR", "PERM_DENIED"),
    "E_LOCKED": ("PERM_DENIED", "ACCT_EXPIRED"),
    "E_REMOVED": ("USER_UNKNOWN", "ACCT_EXPIRED"),
    "E_NOT_ENROLLED": ("USER_UNKNOWN", "USER_UNKNOWN"),
    "E_NAME_RESERVED": ("USER_UNKNOWN", "USER_UNKNOWN"),
    "E_ENROLL_OFF": ("USER_UNKNOWN", "USER_UNKNOWN"),
    "E_INVALID_GRANT": ("AUTH_ERR", "AUTH_ERR"),
    "E_LEASE_OVER": ("AUTH_ERR", "AUTH_ERR"),
    "E_LOGIN_AGAIN": ("AUTH_ERR", "AUTH_ERR"),
    "E_SIGNED_OUT": ("AUTH_ERR", "AUTH_ERR"),
    "E_REFRESH_INTERRUPTED": ("AUTH_ERR", "AUTH_ERR"),
    "E_SERVICE": ("PERM_DENIED", "PERM_DENIED"),
    "E_SERVICE_OFF": ("PERM_DENIED", "PERM_DENIED"),
    "E_STEP_UP": ("PERM_DENIED", "PERM_DENIED"),
    "E_NOT_OURS": (IGNORED, "PERM_DENIED"),
}


@pytest.mark.parametrize("symbol", FAILURES)
def test_login__each_failure__its_own_codes(rig, tty, symbol):
    seen = rig.run("login", "ada", tty, "auth", "account", helper=answer(symbol))
    assert seen.codes == list(PARTICULAR.get(symbol) or (expected(symbol, "auth"), expected(symbol, "account")))


# case: message: where the time is over the person is told so, and how to go on
def test_login__time_is_over__said_so(rig, tty):
    def helper(peer):
        peer.recv()
        peer.send("SHOW", **(SHOWN | {"EXPIRES_IN_S": 0}))
        with pytest.raises(EOFError):
            peer.recv()

    seen = rig.run("login", "ada", tty, "auth", helper=helper)
    assert seen.codes == ["AUTH_ERR"]
    assert "time for signing in ended" in seen.texts(ERROR)[0]
    assert "reason=deadline" in seen.log[0]


@pytest.mark.parametrize("service, words", [("gdm-password", ["tty=/dev/tty2"]), ("lightdm", []), ("kde", ["tty=:0"]), ("greetd", [])])
def test_greeter__approved__short_text_without_blocks(rig, service, words):
    seen = rig.run(service, "ada", *words, "auth", helper=answer(shown={}))
    assert seen.codes == ["SUCCESS"]
    ((style, text),) = seen.messages
    assert style == INFO and len(text) < 900 and text.isascii() and "\n" not in text
    assert URI in text and "WDJB-MJHT" in text


def test_sudo__silent_by_habit__still_shown(rig, tty):
    requests = []
    seen = rig.run("sudo", "ada", tty, "silent", "auth", helper=answer(shown={}, requests=requests))
    assert (seen.codes, requests[0].INTERACTIVE) == (["SUCCESS"], 1)
    assert [style for style, _ in seen.messages] == [INFO]


# case: caller: a caller that can show nothing, or wants nothing said, is never shown a code, and the helper is told
@pytest.mark.parametrize(
    "service, words",
    [
        ("cron", ["tty=cron"]),
        ("login", []),
        ("login", ["tty=/etc/passwd"]),
        ("login", ["silent", "tty=/dev/null"]),
        ("sshd", ["silent"]),
        ("vsftpd", ["tty=ftp"]),
    ],
)
def test_mute__helper_is_told__code_is_never_shown(rig, service, words):
    requests = []
    seen = rig.run(service, "ada", *words, "auth", helper=answer(shown={}, requests=requests))
    assert seen.codes == ["MAXTRIES" if service == "sshd" else "CONV_ERR"]
    assert requests[0].INTERACTIVE == 0
    assert not [text for style, text in seen.messages if style != ERROR]
    assert "silent" not in words or not seen.messages


def test_mute__helper_needs_no_prompt__success(rig):
    """A marker of this session's own sign-in."""
    assert rig.run("login", "ada", "auth", helper=answer()).codes == ["SUCCESS"]


def test_no_conversation__fails_without_a_crash(rig):
    seen = rig.run("sshd", "ada", "noconv", "auth", "account", helper=answer("E_NO_PROMPT"))
    assert seen.codes == ["MAXTRIES", "PERM_DENIED"]


# P2: whose name it is.


UNREADABLE = ["empty", "garbage", "foreign", "folder", "other-machine"]


@pytest.fixture(params=[*UNREADABLE, "sound", "missing", "no-helper"])
def broken(request, rig):
    """Our files in each state that an accident leaves them in."""
    files = [rig.folder / "state/users.1.db", rig.folder / "helper", rig.folder / "machine-id"]
    kept = [(path, path.read_bytes()) for path in files]
    database = files[0]
    if request.param == "empty":
        database.write_bytes(b"")
    elif request.param == "garbage":
        database.write_bytes(os.urandom(database.stat().st_size))
    elif request.param == "foreign":
        os.chown(database, 65534, 65534)
    elif request.param == "folder":
        database.unlink()
        database.mkdir()
    elif request.param == "missing":
        database.unlink()
    elif request.param == "other-machine":
        files[2].write_text("f" * 32 + "\n")
    elif request.param == "no-helper":
        files[1].write_text("")
    yield request.param
    if database.is_dir():
        database.rmdir()
    for path, content in kept:
        path.write_bytes(content)
        os.chown(path, 0, 0)


@pytest.mark.parametrize("service", ["sshd", "login", "sudo"])
@pytest.mark.parametrize("user", ["root", "daemon"])
def test_local_user__whatever_our_files_are__ignored_in_each_phase(rig, broken, service, user, tty):
    seen = rig.run(service, user, tty, *PHASES, helper=nobody)
    assert seen.codes == [IGNORED] * len(PHASES)
    assert (rig.started, seen.messages, seen.log, seen.changed) == (0, [], [], [])


@pytest.mark.parametrize("user", ["Ada", "ADA", "ada ", "", "-ada", "ada:", "a" * 33, "ada\n", "äda", "postgres"])
def test_not_canonical_or_reserved__ignored(rig, user, tty):
    seen = rig.run("login", user, tty, "auth", "account", helper=nobody)
    assert (seen.codes, rig.started, seen.log) == ([IGNORED] * 2, 0, [])


def test_no_name_of_ours__whatever_our_files_are__ignored(rig, broken, tty):
    seen = rig.run("login", "Ada", tty, *PHASES, helper=nobody)
    assert (seen.codes, rig.started, seen.log) == ([IGNORED] * len(PHASES), 0, [])


@pytest.mark.parametrize("broken", UNREADABLE, indirect=True)
def test_enrolled__store_broken__refused_never_ignored(rig, broken, tty):
    seen = rig.run("login", "ada", tty, *PHASES, helper=nobody)
    assert IGNORED not in seen.codes and seen.codes[:3] != ["SUCCESS"] * 3
    assert "SUCCESS" not in [code for word, code in seen.calls if word != "close"]
    assert "user=" not in "".join(seen.log)


@pytest.fixture
def other_source(rig):
    """Entries that a cache, an older map or another source of names answers."""
    yield lambda name, uid: rig.local_passwd(f"{name}:*:{uid}:{uid}::/home/{name}:/bin/bash")
    rig.local_passwd()


# case: account: an entry of ours out of a cache is refused while users.db is unreadable or missing, in whatever range its uid lies
# case: account: an entry of another source is not ours, whatever its form and uid, while users.db cannot be read
@pytest.mark.parametrize("broken", [*UNREADABLE, "missing"], indirect=True)
def test_entry_from_a_cache__store_broken__refused_only_if_it_is_ours(rig, broken, other_source, tty):
    other_source("kit", 5001)
    for service in ("login", "sshd"):
        seen = rig.run(service, "kit", tty, "auth", "account", helper=nobody)
        assert not {IGNORED, "SUCCESS"} & set(seen.codes), (service, seen.codes)
    for name, uid in (("kit", 5002), ("mia", 5001), ("mia", 0x70000500)):
        other_source(name, uid)
        seen = rig.run("login", name, tty, "auth", "account", helper=nobody)
        assert (seen.codes, rig.started) == ([IGNORED] * 2, 0), (name, uid)


def test_enrolled_and_local__local_wins(rig, tty):
    rig.local_passwd("ada:x:1000:1000::/home/ada:/bin/bash")
    try:
        seen = rig.run("login", "ada", tty, *PHASES, helper=nobody)
    finally:
        rig.local_passwd()
    assert (seen.codes, rig.started) == ([IGNORED] * len(PHASES), 0)


def test_unknown_name__may_enrol_at_login__helper_is_asked(rig, tty):
    requests = []
    seen = rig.run("login", "newbie", tty, "auth", "account", helper=answer("E_DENIED", requests=requests))
    assert seen.codes == ["AUTH_ERR", "USER_UNKNOWN"]
    assert (rig.started, requests[0].USER, requests[0].FROZEN_UID) == (1, "newbie", None)
    assert "newbie" not in "".join(seen.log)


def test_unknown_name__in_sshd__ignored(rig):
    seen = rig.run("sshd", "newbie", "auth", "account", helper=nobody)
    assert (seen.codes, rig.started) == ([IGNORED] * 2, 0)


def test_unknown_name__what_is_no_sign_in__ignored(rig, tty):
    seen = rig.run("login", "newbie", tty, "setcred", "open", "close", "chauthtok", helper=nobody)
    assert (seen.codes, rig.started) == ([IGNORED] * 4, 0)


def test_removed_user__still_ours(rig, tty):
    requests = []
    seen = rig.run("login", "gone", tty, "auth", "account", helper=answer("E_REMOVED", requests=requests))
    assert seen.codes == ["USER_UNKNOWN", "ACCT_EXPIRED"]
    assert [request.type for request in requests] == ["SIGN_IN", "ACCOUNT"]


@pytest.fixture
def sshd_rig():
    """A host where `enable sshd` was run, for the program that stands for sshd here."""
    with PamRig() as rig:
        rig.store(f"sshd={rig.folder}/caller", "connect")
        yield rig


def test_provisional__in_sshd__helper_gets_what_was_frozen(sshd_rig):
    requests = []
    seen = sshd_rig.run("sshd", "newbie", "auth", helper=answer("E_LOGIN_AGAIN", shown={}, requests=requests))
    assert seen.codes == ["MAXTRIES"]
    assert seen.texts(ERROR) == ["Your account was created or changed just now. Please log in again."]
    (request,) = requests
    assert request.FROZEN_UID == request.FROZEN_GID >= 0x70000400
    assert (request.FROZEN_HOME, request.FROZEN_SHELL) == ("/home/newbie", "/bin/bash")


def test_provisional__account_and_session__refused_without_asking(sshd_rig):
    seen = sshd_rig.run("sshd", "newbie", "account", "open", helper=nobody)
    assert seen.codes == ["USER_UNKNOWN", "SESSION_ERR"]
    assert sshd_rig.started == 0
    assert seen.log and "newbie" not in "".join(seen.log)


# The helper, sound or not.

FOREIGN = {
    "nothing": [],
    "half a header": [b"\x01"],
    "another version": [b"\x02" + wire.encode("RESULT", ERR=0)[1:]],
    "another message": [wire.encode("SIGN_IN", SERVICE="a", USER="b", RUID=0, INTERACTIVE=1)],
    "over size": [wire.HEADER.pack(wire.VERSION, wire.MESSAGES["RESULT"], 0, 1 << 30)],
    "no result in it": [wire.encode("RESULT")],
    "two results in one": [wire.encode("RESULT", ERR=[0, 0])],
    "a code outside the list": [wire.encode("RESULT", ERR=1 << 40)],
    "half a result": [wire.encode("RESULT", ERR=0)[:-1]],
    "shown twice": [wire.encode("SHOW", **SHOWN)] * 2 + [wire.encode("RESULT", ERR=0)],
    "shown, then gone": [wire.encode("SHOW", **SHOWN)],
    "shown, then not ours": [wire.encode("SHOW", **SHOWN), wire.encode("RESULT", ERR=wire.ERROR_NUMBERS["E_NOT_OURS"])],
}


@pytest.mark.parametrize("what", FOREIGN)
def test_helper__out_of_order__denied(rig, tty, what):
    seen = rig.run("login", "ada", tty, "auth", helper=raw(*FOREIGN[what]))
    assert seen.codes == ["SYSTEM_ERR"]
    assert not seen.changed


@pytest.mark.parametrize("phase", ["account", "open"])
@pytest.mark.parametrize("what", [name for name in FOREIGN if name != "shown, then not ours"])
def test_helper__out_of_order_elsewhere__denied(rig, what, phase):
    seen = rig.run("sshd", "ada", phase, helper=raw(*FOREIGN[what]))
    assert seen.codes == [{"account": "SYSTEM_ERR", "open": "SESSION_ERR"}[phase]]


def test_helper__first_result_counts(rig, tty):
    denied, granted = wire.encode("RESULT", ERR=wire.ERROR_NUMBERS["E_DENIED"]), wire.encode("RESULT", ERR=0)
    assert rig.run("login", "ada", tty, "auth", helper=raw(denied, granted)).codes == ["AUTH_ERR"]


@pytest.mark.parametrize("service, code", [("sshd", "MAXTRIES"), ("login", "SYSTEM_ERR")])
def test_helper__cannot_start__denied_and_logged(rig, tty, service, code):
    os.chmod(rig.folder / "helper", 0o644)
    try:
        seen = rig.run(service, "ada", tty, "rhost=192.0.2.7", "auth", "account", "open", "close", helper=nobody)
    finally:
        os.chmod(rig.folder / "helper", 0o755)
    assert seen.codes == [code, "SYSTEM_ERR", "SESSION_ERR", "SUCCESS"]
    assert len(seen.log) == 4
    assert re.search(
        rf"^<84>pam_cosmo_sso\[\d+\]: event=module_refused user=ada service={service} phase=authenticate"
        r" rhost=192.0.2.7 reason=spawn$",
        seen.log[0],
    )


def test_helper__stays_our_child__ended(rig):
    """The helper leaves its caller's family at once; what does not is no helper."""
    kept = (rig.folder / "helper").read_bytes()
    (rig.folder / "helper").write_text("#!/bin/sh\nexec sleep 1000\n")
    try:
        seen = rig.run("sshd", "ada", "account", helper=nobody)
    finally:
        (rig.folder / "helper").write_bytes(kept)
    assert (seen.codes, seen.changed) == (["SYSTEM_ERR"], [])


HOSTILE = [
    "https://idp.example.org/\x1b[2J", "https://idp.example.org/ Code: FAKE", "https://ïdp.example.org/",
    "https://idp.example.org/\u202e", "https://idp.example.org/\nCode: FAKE", "https://idp.example.org/\x7f", "",
]  # fmt: skip


# case: conversation: a URL or code with anything but printable ASCII is refused, and nothing of it reaches the terminal
@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("field", ["VERIFICATION_URI", "VERIFICATION_URI_COMPLETE", "USER_CODE"])
@pytest.mark.parametrize("service, code", [("login", "AUTHINFO_UNAVAIL"), ("sshd", "MAXTRIES")])
def test_helper__url_or_code_not_printable__refused_unseen(rig, tty, service, code, field, text):
    seen = rig.run(service, "ada", tty if service == "login" else "tty=ssh", "auth", helper=answer(shown={field: text}))
    assert seen.codes == [code]
    assert [style for style, _ in seen.messages] == [ERROR]
    assert not re.search(r"[^ -~]", seen.messages[0][1]) and "FAKE" not in seen.messages[0][1]


# case: conversation: URL, code and host's name at their longest are shown whole and in printable characters
@pytest.mark.parametrize("service, style", [("login", INFO), ("sshd", ECHO_ON)])
def test_helper__texts_at_their_longest__shown_whole(rig, tty, service, style):
    uri, code, host = "https://" + "u" * 503, "C" * 63, "h\x1b]0;" + "h" * 250
    shown = {"VERIFICATION_URI": uri, "VERIFICATION_URI_COMPLETE": "https://" + "c" * 1015, "USER_CODE": code, "HOST": host}
    seen = rig.run(service, "ada", tty if service == "login" else "tty=ssh", "auth", helper=answer(shown=shown))
    assert seen.codes == ["SUCCESS"]
    ((found, text),) = seen.messages
    assert found == style and not re.search(r"[^\n -~█▀▄]", text)
    assert (url_of(text), code_of(text)) == (uri, code)


# Account, session, password.


def test_account__granted__nothing_said(rig):
    requests = []
    words = ["rhost=192.0.2.7", "tty=ssh", "env=SSH_AUTH_INFO_0=publickey ssh-ed25519 AAAA", "account"]
    seen = rig.run("sshd", "ada", *words, helper=answer(requests=requests))
    assert (seen.codes, seen.messages, seen.log) == (["SUCCESS"], [], [])
    (request,) = requests
    assert (request.type, request.SERVICE, request.USER, request.RUID) == ("ACCOUNT", "sshd", "ada", 0)
    assert (request.RHOST, request.TTY) == ("192.0.2.7", "ssh")
    assert request.SSH_AUTH_INFO == "publickey ssh-ed25519 AAAA"


def test_account__longer_than_a_field__cut(rig):
    requests = []
    words = ["rhost=" + "h" * 600, "tty=" + "t" * 600, "env=SSH_AUTH_INFO_0=" + "publickey " * 1000, "account"]
    assert rig.run("sshd", "ada", *words, helper=answer(requests=requests)).codes == ["SUCCESS"]
    lengths = [len(value) for value in (requests[0].RHOST, requests[0].TTY, requests[0].SSH_AUTH_INFO)]
    assert lengths == [255, 127, 4095]


def test_account__overlong_service__denied(rig):
    """Cut, its name could be that of another service."""
    assert rig.run("s" * 64, "ada", "account", helper=hung_up_on).codes == ["SYSTEM_ERR"]


@pytest.mark.parametrize(
    "user, code", [("ada", "SUCCESS"), ("lea", "ACCT_EXPIRED"), ("old", "AUTH_ERR"), ("gone", "ACCT_EXPIRED")]
)
def test_account__without_root__by_users_db_alone(rig, user, code):
    seen = rig.run("xscreensaver", user, "uid=65534", "account", helper=nobody)
    assert (seen.codes, rig.started, seen.changed) == ([code], 0, [])


def test_account__without_root_and_disconnected__refused():
    with PamRig() as rig:
        rig.store("connect", "user=ada,admin")
        rig.store("disconnect")
        assert rig.run("xscreensaver", "ada", "uid=65534", "account", helper=nobody).codes == ["PERM_DENIED"]


# case: message: what the module refuses by itself is told in the sentence of the failure, once
def test_auth__without_root__refused_with_a_reason(rig):
    seen = rig.run("xscreensaver", "ada", "uid=65534", "auth", helper=nobody)
    assert (seen.codes, rig.started) == (["CRED_INSUFFICIENT"], 0)
    assert len(seen.texts(ERROR)) == 1 and "reason=not_root" in seen.log[0]


def test_session__recorded_at_both_ends(rig):
    requests = []
    seen = rig.run("sshd", "ada", "tty=pts/1", "open", "close", helper=answer(requests=requests))
    assert (seen.codes, seen.messages) == (["SUCCESS"] * 2, [])
    assert [(request.type, request.TTY) for request in requests] == [
        ("OPEN_SESSION", "pts/1"),
        ("CLOSE_SESSION", "pts/1"),
    ]


LEASE = "The sign-in server has not confirmed your role since 2026-01-31 09:05. It counts until 2026-02-01 09:05 all the same."


# case: message: what somebody who gets in is to know is shown where a person reads it, filtered, and nowhere else
def test_session__opened_with_a_text__shown_to_people_alone(rig, tty):
    told = answer(TEXT=LEASE + "\x1b[2J")
    shown = rig.run("sshd", "ada", "tty=ssh", "open", "close", helper=told, invents=[LEASE + "?[2J"])
    assert (shown.codes, shown.messages) == (["SUCCESS"] * 2, [(INFO, LEASE + "?[2J")])
    for words in (["tty=ssh", "silent"], [tty], ["tty=cron"], []):  # its output is no terminal
        service = "sshd" if "silent" in words else "login"
        seen = rig.run(service, "ada", *words, "open", "close", helper=told)
        assert (seen.codes, seen.messages) == (["SUCCESS"] * 2, []), words
    assert rig.run("sshd", "ada", "tty=ssh", "informs=error", "open", helper=told, invents=[LEASE + "?[2J"]).codes == ["SUCCESS"]


def test_session__opened_with_a_text_in_a_terminal__shown(rig, tty):
    ours, theirs = os.openpty()
    try:
        process = rig.start("login", "ada", tty, "open", helper=answer(TEXT=LEASE), wrapper=["sh", "-c", '"$@" >"$0"', os.ttyname(theirs)])
        assert rig.finish(process).messages == [(INFO, LEASE)]
    finally:
        os.close(ours)
        os.close(theirs)


def test_session__not_recorded__no_session_but_an_end(rig):
    seen = rig.run("sshd", "ada", "open", "close", helper=answer("E_IO"))
    assert seen.codes == ["SESSION_ERR", "SUCCESS"]
    assert len(seen.texts(ERROR)) == 1


def test_session__without_root__not_in_the_way(rig):
    assert rig.run("screen", "ada", "uid=65534", "open", "close", helper=nobody).codes == ["SUCCESS"] * 2


# case: message: who wants to change a password is told where it is managed
def test_setcred_and_chauthtok__no_helper(rig):
    seen = rig.run("login", "ada", "setcred", "chauthtok", helper=nobody)
    assert (seen.codes, rig.started) == (["SUCCESS", "PERM_DENIED"], 0)
    assert seen.texts(ERROR) == ["Your password is managed at your organization's sign-in server. Please change it there."]


# What the module leaves behind in its host: nothing.


# case: message: a mistake in the PAM line is told to our users as a fault of the configuration, and to no others
def test_arguments__unknown__refused_for_ours_only(rig, tty):
    seen = rig.run("login", "ada", tty, "auth", "account", "open", args="permissive", helper=nobody)
    assert seen.codes == ["SERVICE_ERR", "SERVICE_ERR", "SESSION_ERR"]
    assert "reason=config detail=permissive" in seen.log[0]
    assert rig.run("login", "root", tty, "auth", args="permissive", helper=nobody).codes == [IGNORED]


@pytest.mark.parametrize("settings", [["close-std"], ["ignore-sigchld"], ["close-std", "ignore-sigchld"]])
@pytest.mark.parametrize("service", ["sshd", "gdm-password"])
def test_host__unusual__works_and_stays_as_it_was(rig, service, settings):
    words = [*settings, "auth", "account", "setcred", "open", "close"]
    seen = rig.run(service, "ada", *words, helper=granting)
    assert seen.codes == ["SUCCESS"] * 5
    assert seen.changed == []


def test_host__killed_by_ctrl_c__flow_ends(rig, tty):
    """As with any program at a terminal, and the helper sees the end."""
    ended = []

    def helper(peer):
        peer.recv()
        peer.send("SHOW", **SHOWN)
        watch(lambda: "Waiting for" in rig.report(), 60, "the notice")
        caller.send_signal(2)
        with pytest.raises(EOFError):
            peer.recv()
        ended.append(True)

    caller = rig.start("login", "ada", tty, "auth", helper=helper)
    assert caller.wait(60) == -2
    watch(lambda: ended, 60, "the helper's end")


def test_host__20_transactions__no_descriptor_or_child_left(rig, tty):
    seen = rig.run("login", "ada", "again=20", tty, "auth", "account", "open", "close", helper=granting)
    assert seen.codes == ["SUCCESS"] * 84
    assert seen.changed == []
