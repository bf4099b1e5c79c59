#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The built helper against judges that lie, and with the built judge and fetch against a scripted IdP.

Needs root and COSMO_BUILD_DIR."""

import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
from resource import RLIM_INFINITY, RLIMIT_CPU, RLIMIT_FSIZE, getrlimit

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import wire  # noqa: E402
from support.fake_idp import FOREVER, Answer, FakeIdp  # noqa: E402
from support.helper_rig import HelperRig, end_of, fields_of  # noqa: E402
from support.helper_site import ISSUER, HelperSite, config  # noqa: E402
from support.process import PATIENCE_S  # noqa: E402

# With a judge that says whatever it likes.


@pytest.fixture
def rig():
    with HelperRig() as rig:
        rig.configure(config())
        rig.store("connect")
        rig.log()
        yield rig


def test_a_judge_that_keeps_to_the_protocol_is_believed(rig):
    rig.false_judge("show(); identity()")
    exchange = rig.sign_in(RHOST="192.0.2.7", TTY="ssh")
    show = exchange.recv()
    assert (show.type, show.USER_CODE, show.VERIFICATION_URI) == ("SHOW", "WDJB-MJHT", ISSUER + "/activate")
    assert (show.HOST, show.ISSUER) == (socket.gethostname(), "idp.example.org")
    assert 100 < show.EXPIRES_IN_S <= 110  # sshd's own deadline comes before the code's end
    assert exchange.result() == "OK"
    assert rig.records() == ["ada"]
    exchange.all_gone()
    (event,) = rig.events()
    uid = event.pop("uid")
    assert 0x70000400 <= int(uid) <= 0x7FFDFFFF
    assert event == {"event": "sign_in_ok", "user": "ada", "reason": "ok", "service": "sshd", "rhost": "192.0.2.7",
                     "tty": "ssh", "roles": "admin", "enrolled": "yes"}  # fmt: skip


HOSTILE = {
    "identity_before_show": ("identity()", "E_PROTOCOL"),
    "two_shows": ("show(); show()", "E_PROTOCOL"),
    "garbage": ("peer.socket.sendall(b'GET / HTTP/1.1\\r\\n\\r\\n')", "E_PROTOCOL"),
    "garbage_after_show": ("show(); peer.socket.sendall(b'\\xff' * 64)", "E_PROTOCOL"),
    "too_big": ("peer.socket.sendall(wire.HEADER.pack(1, wire.MESSAGES['JUDGE_SHOW'], 0, 2**31))", "E_TOO_BIG"),
    "probed": ("peer.send('JUDGE_DONE')", "E_PROTOCOL"),
    "a_result": ("peer.send('RESULT', ERR=0)", "E_PROTOCOL"),
    "failed_with_ok": ("peer.send('JUDGE_FAILED', ERR=0)", "E_PROTOCOL"),
    "failed_with_ok_after_show": ("show(); peer.send('JUDGE_FAILED', ERR=0)", "E_PROTOCOL"),
    "failed_with_not_ours": (
        "peer.send('JUDGE_FAILED', ERR={e: n for n, e in wire.ERRORS.items()}['E_NOT_OURS'])", "E_PROTOCOL"),
    "failed_with_no_such_error": ("peer.send('JUDGE_FAILED', ERR=2**40)", "E_PROTOCOL"),
    "denied": ("show(); peer.send('JUDGE_FAILED', ERR={e: n for n, e in wire.ERRORS.items()}['E_DENIED'])", "E_DENIED"),
    "end": ("sys.exit(0)", "E_PEER_GONE"),
    "end_after_show": ("show(); sys.exit(0)", "E_PEER_GONE"),
    "half_an_identity": ("show(); peer.socket.sendall(wire.encode('JUDGE_IDENTITY', SUB='1')[:-3]); sys.exit(0)",
                         "E_PEER_GONE"),
    "no_subject": ("show(); identity(SUB='')", "E_PROTOCOL"),
    "two_subjects": ("show(); identity(SUB=['1000', '2000'])", "E_PROTOCOL"),
    "no_username": ("show(); identity(USERNAME=None)", "E_PROTOCOL"),
    "wild_claim_state": ("show(); identity(CLAIM_STATE=7)", "E_PROTOCOL"),
    "roles_without_claim": ("show(); identity(CLAIM_STATE=2)", "E_PROTOCOL"),
    "too_many_roles": ("show(); identity(ROLE=['admin'] * 33)", "E_PROTOCOL"),
    "wild_time": ("show(); identity(IDP_TIME_S=2**63)", "E_PROTOCOL"),
    "other_issuer": ("show(); identity(ISSUER='https://evil.example')", "E_TOKEN_ISS"),
    "other_user": ("show(); identity(USERNAME='eve')", "E_OTHER_USER"),
    "keys_and_then_a_no": (
        "peer.send('JUDGE_CACHE', JWKS='{}', MAX_AGE_S=86400); show(); peer.send('JUDGE_CACHE', DISCOVERY='{}', MAX_AGE_S=1);"
        " identity(USERNAME='eve')", "E_OTHER_USER"),
    "keys_without_end": ("[peer.send('JUDGE_CACHE', JWKS='{}', MAX_AGE_S=1) for _ in range(9)]; show()", "E_PROTOCOL"),
    "undeclared_role": ("show(); identity(ROLE=['root'])", "E_RULE_ROLE"),
    "claim_missing": ("show(); identity(ROLE=None, CLAIM_STATE=2)", "E_CLAIM_MISSING"),
}  # fmt: skip


# case: token: keys and discovery document are kept only from a sign-in that succeeded
# case: grant: a sign-in that has only begun is no success
# case: claim: another person than the one who signs in is refused, and nothing is written
@pytest.mark.parametrize("body, expected", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_judge_that_does_not_is_refused_and_nothing_is_written(rig, body, expected):
    rig.false_judge(body)
    before = rig.state()
    exchange = rig.sign_in("ada")
    assert exchange.result() == expected
    assert rig.state() == before
    exchange.all_gone()
    assert list((rig.folder / "cache").iterdir()) == []  # nor anything kept for later sign-ins
    (event,) = rig.events()
    assert event["event"] == "sign_in_refused" and event["reason"] != "ok"


ERR_H = (pathlib.Path(__file__).resolve().parents[2] / "common/base/err.h").read_text()
WORDS = dict(re.findall(r'X\((E_\w+), "(\w+)", \w+\)', ERR_H))
REFUSALS = ("E_DNS", "E_TLS_TRUST", "E_IDP_RATE", "E_CODE_EXPIRED", "E_JWS_SIGNATURE", "E_TOKEN_AUD", "E_USERINFO",
            "E_NAME_FORM", "E_CLAIM_OVERAGE", "E_RULE_LIMIT")  # fmt: skip


# case: message: each failure has its own sentence, and its own word in the log
def test_refusals_of_the_judge_are_told_and_logged_as_themselves(rig):
    """One of each kind; that no two codes share a sentence or a word is shown of all in test_audit.c."""
    rig.configure(config(more="[limits]\nunknown_per_source_hour = 100\n"))
    rig.store("user=ada,admin")
    numbers, sentences = {name: number for number, name in wire.ERRORS.items()}, set()
    for name in REFUSALS:
        rig.false_judge(f"show(); peer.send('JUDGE_FAILED', ERR={numbers[name]}, DETAIL='of the judge')")
        rig.log()
        exchange = rig.sign_in()
        shown, result = exchange.recv(), exchange.recv()
        assert (shown.type, result.type, result.error) == ("SHOW", "RESULT", name)
        sentences.add(result.TEXT)
        exchange.all_gone()
        (event,) = rig.events()
        assert (event["event"], event["reason"], event["user"]) == ("sign_in_refused", WORDS[name], "ada")
        assert event["detail"] == "of the judge"
    assert len(sentences) == len(REFUSALS)


def test_an_unknown_typed_name_is_never_logged(rig):
    rig.false_judge("show(); identity(USERNAME='eve')")
    assert rig.sign_in("hunter2").result() == "E_OTHER_USER"
    assert rig.sign_in("../../etc/passwd").result() == "E_NOT_OURS"
    rig.configure("[nonsense]\n")
    assert rig.sign_in("hunter2").result() == "E_CONFIG"
    lines = rig.log()
    assert lines and not [line for line in lines if "hunter2" in line or "passwd" in line]
    hashes = [fields_of(line)["name_hash"] for line in lines]
    assert len(hashes) == 2 and hashes[0] == hashes[1]
    assert fields_of(lines[0])["approved_by"] == "eve"
    assert ".conf:1:" in fields_of(lines[1])["detail"]


def test_a_refresh_token_never_reaches_the_log(rig):
    rig.false_judge("show(); identity()")
    assert rig.sign_in().result() == "OK"
    assert "refresh-me" not in "".join(rig.log())
    assert b"refresh-me".hex().encode() in b"".join(rig.state().values()) or b"refresh-me" in b"".join(
        rig.state().values())


# By whom a helper that answers modules is started.
STARTED = pytest.mark.parametrize("channel", ["pam", "unit"])


def started(rig, channel, **options):
    """A helper that waits for its question; systemd's says first that it runs. One that is started to run when nobody else
    wants to may take its time."""
    exchange = rig.start(channel, **options)
    exchange.peer.socket.settimeout(PATIENCE_S)
    if channel == "unit":
        assert exchange.peer.socket.recv(1) == bytes([wire.VERSION])
    return exchange


@STARTED
def test_only_sockets_made_by_root_are_served(rig, channel):
    os.seteuid(65534)
    try:
        pair = socket.socketpair()
    finally:
        os.seteuid(0)
    exchange = started(rig, channel, pair=pair)
    with pytest.raises((EOFError, ConnectionResetError, BrokenPipeError)):
        exchange.send("ACCOUNT").recv()


def test_unit__is_stopped__answers_what_has_begun(rig):
    rig.store("user=ada")
    exchange = started(rig, "unit")
    for pid in exchange.pids("helper"):
        os.kill(pid, signal.SIGTERM)
    assert exchange.send("ACCOUNT").result() == "OK"
    exchange.all_gone()


def test_questions_out_of_order_end_the_exchange(rig):
    rig.false_judge("show(); identity()")
    for question in ("SHOW", "CTL_STATUS", "JUDGE_RULES"):
        exchange = rig.start()
        exchange.peer.send(question)
        with pytest.raises((EOFError, ConnectionResetError)):
            exchange.recv()
    assert rig.records() == []


@pytest.mark.parametrize("said", [b"\0", wire.encode("SIGN_IN", SERVICE="sshd", USER="dev", RUID=0, INTERACTIVE=1)])
def test_a_module_that_speaks_while_it_should_wait_ends_the_sign_in(rig, said):
    rig.false_judge("show()")
    exchange = rig.sign_in()
    assert exchange.recv().type == "SHOW"
    exchange.peer.socket.sendall(said)
    assert exchange.result() == "E_CANCELLED"
    exchange.all_gone()
    assert rig.records() == []


HOSTILE_START = """
import ctypes, subprocess
subprocess.run(["ionice", "--class=idle", "--pid", str(os.getpid())], check=True)
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
for number in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGHUP, signal.SIGTERM, signal.SIGXFSZ):
    signal.signal(number, signal.SIG_IGN)
os.umask(0)
os.chdir("/tmp")
os.environ["LD_DEBUG"] = "nonsense"
os.environ["COSMO"] = "1"
for limit in (resource.RLIMIT_FSIZE, resource.RLIMIT_CPU, resource.RLIMIT_NOFILE):
    hard = 64 if MAY_RAISE else resource.getrlimit(limit)[1]
    resource.setrlimit(limit, (64, hard))
os.set_inheritable(os.dup2(os.open("/etc/passwd", os.O_RDWR), 50), True)
os.nice(10)
os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
assert ctypes.CDLL(None).prctl(29, ctypes.c_ulong(3600 * 10**9)) == 0  # PR_SET_TIMERSLACK: timers may be late by an hour
os.setgroups([4, 27])
os.setresgid(65534, 0, 0)
os.setresuid(65534, 0, 0)
"""


CAP_SYS_RESOURCE = 24


def status_of(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return {key: value.split() for key, value in (line.split(":", 1) for line in text.splitlines())}


def kernel_word(limit):
    """This process's hard limit as /proc writes it: a helper without CAP_SYS_RESOURCE gets no further."""
    hard = getrlimit(limit)[1]
    return "unlimited" if hard == RLIM_INFINITY else str(hard)


@STARTED
def test_nothing_of_its_caller_reaches_the_helper(rig, channel):
    rig.false_judge("show()")
    may_raise = bool(int(status_of("self")["CapEff"][0], 16) >> CAP_SYS_RESOURCE & 1)
    hard = {limit: "unlimited" if may_raise else kernel_word(limit) for limit in (RLIMIT_FSIZE, RLIMIT_CPU)}
    hostile = f"MAY_RAISE = {may_raise}\n" + HOSTILE_START
    exchange = started(rig, channel, hostile=hostile).send("SIGN_IN")
    assert exchange.recv().type == "SHOW"
    (pid,) = exchange.pids("helper")
    proc, status = pathlib.Path(f"/proc/{pid}"), status_of(pid)
    assert status["Uid"] == status["Gid"] == ["0"] * 4 and status["Groups"] == []
    blocked = {"pam": 0, "unit": 1 << signal.SIGTERM - 1}  # systemd's is told to stop, and sees to its end what has begun
    assert int(status["SigBlk"][0], 16) == blocked[channel] and int(status["SigIgn"][0], 16) == 0
    assert status["Umask"] == ["0077"]
    assert os.getsid(pid) == os.getpgid(pid) == pid
    assert os.readlink(proc / "cwd") == "/"
    assert os.getpriority(os.PRIO_PROCESS, pid) == 0 and os.sched_getscheduler(pid) == os.SCHED_OTHER
    assert os.sched_getaffinity(pid) == os.sched_getaffinity(0)
    assert "idle" not in subprocess.run(["ionice", "--pid", str(pid)], capture_output=True, text=True).stdout
    assert (proc / "timerslack_ns").read_text() == pathlib.Path("/proc/self/timerslack_ns").read_text()
    null = os.makedev(1, 3)
    assert [(proc / "fd" / str(fd)).stat().st_rdev for fd in range(3)] == [null] * 3
    links = {int(fd.name): os.readlink(fd) for fd in (proc / "fd").iterdir()}
    assert links[3].startswith("socket:")
    assert not [target for target in links.values() if "passwd" in target or "pipe" in target]
    limits = {line[:26].strip(): line[26:].split() for line in (proc / "limits").read_text().splitlines()[1:]}
    assert limits["Max file size"][:2] == [hard[RLIMIT_FSIZE]] * 2
    assert limits["Max cpu time"][:2] == [hard[RLIMIT_CPU]] * 2
    assert limits["Max open files"][0] == "1024"
    assert limits["Max core file size"][:2] == ["0", "0"]
    if channel == "pam":
        assert exchange.process.wait(60) == 0  # the direct child has ended and is the caller's to reap
    else:
        assert pid == exchange.process.pid  # systemd ends what its own child leaves behind


@STARTED
def test_the_caller_may_die_while_the_decision_is_written(rig, channel):
    """The helper holds what it needs: with its caller gone after the identity, the commit is whole or absent."""
    rig.false_judge("show(); identity()")
    exchange = started(rig, channel).send("SIGN_IN")
    assert exchange.recv().type == "SHOW"
    exchange.peer.close()
    exchange.all_gone()
    assert rig.records() in ([], ["ada"])
    assert rig.sign_in().result() == "OK"


# Enrolment and services.


# case: claim: the name of a local user, a local group, a role group or a reserved name is refused
@pytest.mark.parametrize(
    "name, more, expected",
    [
        ("root", "", "E_NAME_RESERVED"),
        ("sudo", "", "E_NAME_RESERVED"),
        ("postgres", "", "E_NAME_RESERVED"),
        ("cosmo-admin", "", "E_NAME_RESERVED"),
        ("cosmo-users", "", "E_NAME_RESERVED"),
        ("lokal", "", "E_NAME_RESERVED"),
        ("gruppe", "", "E_NAME_RESERVED"),
        ("service1", "[enroll]\nreserved = service1\n", "E_NAME_RESERVED"),
        ("Ada", "", "E_NOT_OURS"),
        ("-ada", "", "E_NOT_OURS"),
        ("ada:x", "", "E_NOT_OURS"),
        ("ada\nroot", "", "E_NOT_OURS"),
        ("a" * 33, "", "E_NOT_OURS"),
        ("", "", "E_NOT_OURS"),
        ("ada", "[enroll]\nmode = off\n", "E_NOT_OURS"),
        ("ada", "[enroll]\nmode = listed\n", "E_NOT_OURS"),
        ("ada", "[service sshd]\nauth = skip\n", "E_NOT_OURS"),
        ("ada", "[service sshd]\nauth = deny\n", "E_SERVICE_OFF"),
    ],
)
def test_names_and_services_that_never_reach_the_judge(rig, name, more, expected):
    rig.false_judge("show(); identity(USERNAME=" + repr(name) + ")")
    rig.local(["lokal:x:1001:1001::/home/lokal:/bin/sh"], ["gruppe:x:1002:"])
    rig.configure(config(more=more))
    before = rig.state()
    exchange = rig.sign_in(name)
    assert exchange.recv().error == expected  # no SHOW before it
    assert rig.state() == before


def test_an_unlisted_service_and_a_mute_caller_never_reach_the_judge(rig):
    rig.false_judge("show(); identity()")
    assert rig.sign_in(SERVICE="cron").recv().error == "E_NOT_OURS"
    assert rig.sign_in(INTERACTIVE=0).recv().error == "E_NO_PROMPT"
    assert rig.records() == []


PUBLICKEY_FIRST = "[service sshd]\nrequire_first = publickey\n"


# case: conversation: where a key must come first, a sign-in without one is refused before anything is asked of the provider
@pytest.mark.parametrize("info", [None, "password\n", "publickey ssh-ed25519 AAAA", "keyboard-interactive/publickey\n"])
def test_require_first__method_has_not_succeeded__never_reaches_the_judge(rig, info):
    rig.configure(config(more=PUBLICKEY_FIRST))
    rig.false_judge("raise SystemExit(9)")
    exchange = rig.sign_in(SSH_AUTH_INFO=info)
    assert exchange.result() == "E_FIRST_METHOD"
    exchange.all_gone()
    (event,) = rig.events()
    assert (event["reason"], event["detail"]) == ("first_method", "publickey")
    assert rig.records() == []


# case: conversation: where a key must come first, a sign-in with one that sshd has accepted goes on to the code
def test_require_first__method_has_succeeded__signs_in(rig):
    rig.configure(config(more=PUBLICKEY_FIRST))
    rig.false_judge("show(); identity()")
    exchange = rig.sign_in(SSH_AUTH_INFO="publickey ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL\n")
    assert exchange.recv().type == "SHOW"
    assert exchange.result() == "OK"


def test_a_role_the_service_does_not_admit_is_stored_but_refused(rig):
    rig.false_judge("show(); identity(ROLE=['viewer'])")
    rig.configure(config(more="[access]\nsshd = admin\n"))
    assert rig.sign_in().result() == "E_SERVICE"
    assert rig.records() == ["ada"]


# case: claim: a missing claim is told apart from an empty one, whatever its form
@pytest.mark.parametrize("identity, more, refusal", [
    ("identity(ROLE=None, CLAIM_STATE=2)", "", "E_CLAIM_MISSING"),
    ("identity(ROLE=None, CLAIM_STATE=1)", "[roles]\nno_match = deny\n", "E_NO_ROLE"),
], ids=["claim_missing", "no_role"])  # fmt: skip
def test_roles_that_the_idp_no_longer_gives_are_gone_when_that_is_a_refusal(rig, identity, more, refusal):
    rig.configure(config(more=more))
    rig.false_judge("show(); identity()")
    assert rig.sign_in().result() == "OK"
    assert rig.ask("ACCOUNT", SERVICE="sudo").result() == "OK"
    rig.false_judge(f"show(); {identity}")
    assert rig.sign_in().result() == refusal
    assert rig.ask("ACCOUNT", SERVICE="sudo").result() == refusal
    assert rig.ask("ACCOUNT", SERVICE="sshd").result() == refusal
    rig.false_judge("show(); identity()")
    assert rig.sign_in().result() == "OK"
    assert rig.ask("ACCOUNT", SERVICE="sudo").result() == "OK"


# case: claim: roles that the IdP no longer gives are gone although the host's groups have made the configuration wrong
def test_roles_that_the_idp_no_longer_gives_are_gone_whatever_the_groups(rig):
    rig.configure(config(more="[roles]\nno_match = deny\n[role developer]\nlocal_groups = tools\n"))
    rig.local([], ["tools:x:998:"])
    rig.false_judge("show(); identity()")
    assert rig.sign_in().result() == "OK"
    rig.local([], ["tools:x:998:", "docker:x:998:"])
    assert rig.sign_in().result() == "E_CONFIG"
    rig.false_judge("show(); identity(ROLE=None, CLAIM_STATE=1)")
    assert rig.sign_in().result() == "E_NO_ROLE"
    assert rig.ask("ACCOUNT", SERVICE="sudo").result() == "E_NO_ROLE"


# case: account: a first sign-in that gives another uid, gid, home or shell than sshd froze ends with "log in again"
def test_other_ids_than_sshd_froze_ask_for_another_login(rig):
    rig.false_judge("show(); identity()")
    frozen = {"FROZEN_UID": 1879049000, "FROZEN_GID": 1879049000, "FROZEN_HOME": "/home/ada",
              "FROZEN_SHELL": "/bin/bash"}  # fmt: skip
    assert rig.sign_in(**frozen).result() == "E_LOGIN_AGAIN"
    uid = int(rig.events()[-1]["uid"])
    frozen |= {"FROZEN_UID": uid, "FROZEN_GID": uid}
    assert rig.sign_in(**frozen).result() == "OK"
    assert rig.sign_in(**frozen | {"FROZEN_HOME": "/root"}).result() == "E_LOGIN_AGAIN"
    assert rig.sign_in(**frozen | {"FROZEN_SHELL": "/bin/sh"}).result() == "E_LOGIN_AGAIN"
    assert rig.sign_in(**frozen | {"FROZEN_GID": 27}).result() == "E_LOGIN_AGAIN"


# case: account: a name whose home exists with another owner, or is a link, is not enrolled
def test_a_home_of_somebody_else_is_not_taken_over(rig, tmp_path):
    (tmp_path / "ada").mkdir()
    rig.false_judge("show(); identity()")
    rig.configure(config(more=f"[enroll]\nhome = {tmp_path}/%u\n"))
    before = rig.state()
    assert rig.sign_in().result() == "E_HOME_FOREIGN"
    assert rig.state() == before
    (tmp_path / "ada").rmdir()
    (tmp_path / "ada").symlink_to("/root")
    assert rig.sign_in().result() == "E_HOME_FOREIGN"
    (tmp_path / "ada").unlink()
    assert rig.sign_in().result() == "OK"


# case: account: a uid that is out of the range, or of a local user or group, is given to nobody
@pytest.mark.parametrize("uid", [0, 1001, 1002, 1999, 50001, 2**32 - 1])
def test_a_uid_from_a_claim_is_nobody_elses(rig, uid):
    rig.false_judge(f"show(); identity(UID={uid})")
    rig.local(["lokal:x:1001:1001::/home/lokal:/bin/sh", "zero:x:01002:7::/:/bin/sh"], ["gruppe:x:1999:"])
    rig.configure(config(more="[enroll]\nuid_claim = uidNumber\nuid_min = 1000\nuid_max = 50000\n"))
    before = rig.state()
    assert rig.sign_in().result() == "E_UID"
    assert rig.state() == before


# Account and sessions.


def test_account_answers_by_role_lock_and_gate(rig):
    more = "[access]\nvault = admin\n"
    rig.configure(config(more=more))
    rig.store("user=ada,admin", "user=vic,viewer", "user=gone,admin,removed", "user=jail,admin,locked",
              "user=old,admin,lapsed")  # fmt: skip

    def account(user, service):
        return rig.ask("ACCOUNT", USER=user, SERVICE=service).result()

    assert [account(user, "vault") for user in ("ada", "vic", "gone", "jail", "old", "nobody1")] == [
        "OK", "E_SERVICE", "E_REMOVED", "E_LOCKED", "E_LEASE_OVER", "E_NOT_ENROLLED"]  # fmt: skip
    assert [account(user, "sshd") for user in ("ada", "vic", "gone", "jail", "old")] == [
        "OK", "OK", "E_REMOVED", "E_LOCKED", "OK"]  # fmt: skip
    assert account("ada", "sudo") == "OK" and account("vic", "sudo") == "E_SERVICE"
    assert account("Ada", "sshd") == "E_NOT_OURS"
    rig.store("disconnect")
    assert [account("ada", service) for service in ("vault", "sudo", "sshd")] == [
        "E_DISCONNECTED", "E_DISCONNECTED", "OK"]  # fmt: skip
    rig.configure("nonsense\n")
    assert account("ada", "sshd") == "E_CONFIG"


def test_missing_gate__is_disconnected_and_stays_missing_until_a_boot(rig):
    rig.store("user=ada,admin")
    rig.false_judge("show(); identity()")
    gate = rig.folder / "run/gate"
    gate.unlink()
    assert rig.ask("ACCOUNT", SERVICE="sudo").result() == "E_DISCONNECTED"
    assert rig.sign_in().result() == "E_DISCONNECTED"
    assert not gate.exists()
    boot = rig.start("ctl")
    boot.peer.send("CTL_BOOT")
    assert boot.recv().ERR == 0
    assert rig.ask("ACCOUNT", SERVICE="sudo").result() == "OK"


# case: account: a local user who has got the name of an enrolled one is never answered for
def test_a_local_user_of_the_same_name_is_never_answered_for(rig):
    rig.store("user=ada,admin")
    assert rig.ask("ACCOUNT").result() == "OK"
    rig.local(["ada:x:1000:1000::/home/ada:/bin/sh"])
    assert rig.ask("ACCOUNT").result() == "E_NAME_RESERVED"
    rig.false_judge("show(); identity()")
    assert rig.sign_in().result() == "E_NAME_RESERVED"


def test_session__whatever_else_is_wrong_by_now__does_not_open(rig):
    """A local user has got the name since the account phase: no reason to let in whoever holds it here."""
    rig.store("user=ada,admin")
    rig.local(["ada:x:1000:1000::/home/ada:/bin/sh"])
    assert rig.ask("OPEN_SESSION").result() == "E_NAME_RESERVED"
    assert not list((rig.folder / "run/private/sessions").glob("*"))


def test_session_records_name_the_leader_and_go_at_close(rig):
    rig.store("user=ada,admin")
    folder = rig.folder / "run/private/sessions"
    assert rig.ask("OPEN_SESSION", TTY="pts/7", RHOST="192.0.2.7\nuser = root").result() == "OK"
    (record,) = folder.iterdir()
    start = pathlib.Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()[19]
    pairs = dict(line.split(" = ", 1) for line in record.read_text().splitlines() if " = " in line)
    assert (pairs["user"], pairs["service"], pairs["tty"]) == ("ada", "sshd", "pts/7")
    assert (pairs["leader"], pairs["start"]) == (str(os.getpid()), start)
    assert pairs["rhost"] == "192.0.2.7?user = root"
    assert record.stat().st_mode & 0o777 == 0o600
    assert rig.ask("CLOSE_SESSION").result() == "OK"
    assert list(folder.iterdir()) == []
    assert rig.ask("CLOSE_SESSION").result() == "OK"
    assert rig.ask("OPEN_SESSION", USER="nobody1").result() == "E_NOT_ENROLLED"
    assert [event["event"] for event in rig.events()] == ["session_open", "session_close", "session_close",
                                                         "session_refused"]  # fmt: skip


# With the built judge and fetch.


@pytest.fixture
def site():
    with HelperRig() as rig, FakeIdp() as idp:
        site = HelperSite(rig, idp)
        rig.log()
        yield site


# case: account: the first sign-in enrols a person, and each later one keeps the uid
def test_first_sign_in_enrols_and_the_second_keeps_the_uid(site):
    site.idp.vouch_for("ada", "1000", "admins", "devs")
    assert site.rig.sign_in().result() == "OK"
    assert site.rig.sign_in().result() == "OK"
    first, second = site.rig.events()
    assert first.pop("enrolled") == "yes" and first == second
    assert first["roles"] == "developer,admin"


# case: rule: roles are replaced whole at each sign-in: what is no longer said is gone
def test_roles_are_replaced_whole(site):
    for groups, roles in ((["admins", "devs"], "developer,admin"), (["devs"], "developer"), ([], "viewer"),
                          (["admins"], "admin")):  # fmt: skip
        site.idp.vouch_for("ada", "1000", *groups)
        assert site.rig.sign_in().result() == "OK"
        assert site.rig.events()[-1]["roles"] == roles
        assert site.rig.ask("ACCOUNT", SERVICE="sudo").result() == ("OK" if "admins" in groups else "E_SERVICE")
        site.rig.log()


# case: claim: another person than the one who signs in is refused, and nothing is written
def test_approved_by_somebody_else(site):
    site.idp.vouch_for("eve", "6666", "admins")
    before = site.rig.state()
    assert site.rig.sign_in("ada").result() == "E_OTHER_USER"
    assert site.rig.state() == before


# case: claim: a recycled name with another sub is refused
def test_another_subject_under_the_same_name(site):
    site.idp.vouch_for("ada", "1000", "devs")
    assert site.rig.sign_in().result() == "OK"
    before = site.rig.state()
    site.idp.vouch_for("ada", "2000", "admins")
    assert site.rig.sign_in().result() == "E_OTHER_SUBJECT"
    assert site.rig.state() == before


# case: claim: one sub under a second name is refused
def test_the_same_subject_under_another_name(site):
    site.idp.vouch_for("ada", "1000", "devs")
    assert site.rig.sign_in().result() == "OK"
    before = site.rig.state()
    site.idp.vouch_for("lovelace", "1000", "admins")
    assert site.rig.sign_in("lovelace").result() == "E_SUBJECT_TAKEN"
    assert site.rig.state() == before


# case: claim: two people whose names differ by a stripped domain alone stay two: the second is refused
def test_stripping_domains_merges_nobody(site):
    strip = site.text().replace("[rules]", "strip_domain = a.example b.example\n[rules]")
    site.rig.configure(strip)
    site.idp.vouch_for("ada@a.example", "1000", "devs")
    assert site.rig.sign_in("ada").result() == "OK"
    before = site.rig.state()
    site.idp.vouch_for("ada@b.example", "2000", "admins")
    assert site.rig.sign_in("ada").result() == "E_OTHER_SUBJECT"
    assert site.rig.state() == before


# case: rule: a rule that is taken out takes its role from everybody at their next sign-in
def test_a_rule_that_is_gone_gives_nothing_any_more(site):
    site.idp.vouch_for("ada", "1000", "admins")
    assert site.rig.sign_in().result() == "OK"
    assert site.rig.ask("ACCOUNT", SERVICE="sudo").result() == "OK"
    site.rig.configure(site.text().replace("admin = admins\n", ""))
    assert site.rig.sign_in().result() == "OK"
    assert site.rig.events()[-1]["roles"] == "viewer"
    assert site.rig.ask("ACCOUNT", SERVICE="sudo").result() == "E_SERVICE"


# case: grant: a denial changes nothing of what is stored
def test_a_refusal_at_the_idp_changes_nothing_in_the_record(site):
    site.idp.vouch_for("ada", "1000", "devs")
    assert site.rig.sign_in().result() == "OK"
    before = site.rig.state()
    site.idp.script("/token", Answer(400, {"error": "access_denied"}))
    assert site.rig.sign_in().result() == "E_DENIED"
    assert site.rig.state() == before


def test_disconnected_asks_nobody(site):
    site.rig.store("disconnect")
    asked = len(site.idp.requests)
    assert site.rig.sign_in().recv().error == "E_DISCONNECTED"
    assert len(site.idp.requests) == asked


@pytest.mark.parametrize("change, expected", [("disconnect", "E_DISCONNECTED"), ("connect", "E_INTEGRATION_CHANGED")])
def test_the_integration_changes_while_the_code_waits(site, change, expected):
    site.idp.vouch_for("ada", "1000", "admins")
    site.idp.pending = FOREVER
    exchange = site.rig.sign_in()
    assert exchange.recv().type == "SHOW"
    site.connect() if change == "connect" else site.rig.store("disconnect")
    site.idp.pending = 0
    assert exchange.result() == expected
    assert site.rig.records() == []


def test_the_module_goes_while_the_code_waits(site):
    site.idp.pending = FOREVER
    before = site.rig.state()
    exchange = site.rig.sign_in()
    assert exchange.recv().type == "SHOW"
    assert all(len(exchange.pids(name)) == 1 for name in ("helper", "judge", "fetch"))
    exchange.peer.close()
    exchange.all_gone()
    assert site.rig.state() == before
    assert [event["event"] for event in site.rig.events()] == ["sign_in_cancelled"]


@pytest.mark.parametrize("victim", ["judge", "fetch"])
def test_a_part_is_killed_while_the_code_waits(site, victim):
    site.idp.pending = FOREVER
    before = site.rig.state()
    exchange = site.rig.sign_in()
    assert exchange.recv().type == "SHOW"
    (pid,) = exchange.pids(victim)
    os.kill(pid, signal.SIGKILL)
    assert exchange.result() == "E_PEER_GONE"
    exchange.all_gone()
    assert site.rig.state() == before


def test_the_helper_is_killed_while_the_code_waits(site):
    site.idp.pending = FOREVER
    exchange = site.rig.sign_in()
    assert exchange.recv().type == "SHOW"
    (pid,) = exchange.pids("helper")
    os.kill(pid, signal.SIGKILL)
    end_of(pid)
    exchange.all_gone()
    with pytest.raises((EOFError, ConnectionResetError)):
        exchange.recv()
    assert site.rig.records() == []


def cached(site):
    return sorted(path.name for path in (site.rig.folder / "cache").iterdir())


def paths_since(site, count):
    return [request.path for request in site.idp.requests[count:]]


def forget(site):
    for path in (site.rig.folder / "cache").iterdir():
        path.unlink()


# case: token: connecting drops what was cached and keeps what it asked for live
def test_connect_keeps_what_it_asked_for_and_nothing_from_before(site):
    assert cached(site) == ["discovery", "jwks"]
    for path in (site.rig.folder / "cache").iterdir():
        path.write_text("what stood there before")
    site.idp.keys.rotate()
    site.connect()
    asked = len(site.idp.requests)
    site.idp.vouch_for("ada", "1000", "admins")
    assert site.rig.sign_in().result() == "OK"
    assert paths_since(site, asked) == ["/device", "/token"]
    site.idp.keys.generation -= 1


UNVERIFIED = {
    "denied": lambda idp: idp.script("/token", Answer(400, {"error": "access_denied"})),
    "bad_token": lambda idp: idp.script("/token", Answer(body=idp.tokens(aud="other"))),
    "another_person": lambda idp: idp.script("/token", Answer(body=idp.tokens(preferred_username="eve", sub="6"))),
}


# case: token: keys and discovery document are kept only from a sign-in that succeeded
@pytest.mark.parametrize("prepare", UNVERIFIED.values(), ids=UNVERIFIED.keys())
def test_what_a_failed_sign_in_fetched_is_not_kept(site, prepare):
    site.idp.vouch_for("ada", "1000", "admins")
    forget(site)
    prepare(site.idp)
    assert site.rig.sign_in().result() != "OK"
    assert "/jwks" in paths_since(site, 0) and cached(site) == []


def test_what_a_sign_in_that_succeeded_fetched_is_kept(site):
    site.idp.vouch_for("ada", "1000", "admins")
    forget(site)
    assert site.rig.sign_in().result() == "OK"
    assert cached(site) == ["discovery", "jwks"]


def unknown_kid(idp):
    return Answer(body={"id_token": idp.keys.token(idp.id_token_claims(), kid="nobody-knows"), "access_token": "a",
                        "token_type": "Bearer"})  # fmt: skip


# case: token: an unknown kid is looked for in keys fetched again, once in a sign-in
# case: token: an IdP that stays broken is asked for its keys again by two sign-ins in five minutes, not by each
def test_keys_are_not_asked_for_again_by_each_sign_in(site):
    site.idp.vouch_for("ada", "1000", "admins")
    site.rig.configure(site.text("[limits]\nunknown_per_source_hour = 30\n"))
    asked = len(site.idp.requests)
    site.idp.script("/token", *[unknown_kid(site.idp) for _ in range(4)])
    for _ in range(4):
        assert site.rig.sign_in().result() == "E_JWS_KEY"
    assert paths_since(site, asked).count("/jwks") == 2  # the first looked again, the second asked for all anew
    assert paths_since(site, asked).count("/.well-known/openid-configuration") == 1
    assert [event["reason"] for event in site.rig.events()] == ["token_key_unknown"] * 4
    assert site.rig.sign_in().result() == "OK"
    assert cached(site) == ["discovery", "jwks"]  # and no doubt any more


# case: token: after a rotation the new key is fetched, and kept for the sign-ins that follow
def test_keys_rotated_by_the_idp(site):
    site.idp.vouch_for("ada", "1000", "admins")
    site.idp.keys.rotate()
    for wanted in (["/device", "/token", "/jwks"], ["/device", "/token"]):
        asked = len(site.idp.requests)
        assert site.rig.sign_in().result() == "OK"
        assert paths_since(site, asked) == wanted
    site.idp.keys.generation -= 1


# case: token: after a token that no key verifies all is asked for anew, until that has not helped
def test_an_address_that_moved_is_found_after_one_refusal(site):
    """The cached document names keys that no longer verify anything: the next sign-in reads the document anew."""
    site.idp.vouch_for("ada", "1000", "admins")
    path = site.rig.folder / "cache/discovery"
    path.write_bytes(path.read_bytes().replace(b"/jwks", b"/old1"))
    jwks = site.rig.folder / "cache/jwks"
    jwks.write_bytes(jwks.read_bytes().replace(b"RS256-1", b"RS256-0"))
    site.idp.script("/old1", Answer(body=site.idp.keys.jwks() | {"keys": [{**site.idp.keys.jwk("RS256"), "kid": "old"}]}))
    assert site.rig.sign_in().result() == "E_JWS_KEY"
    assert site.rig.sign_in().result() == "OK"


# case: token: keys and documents cached for another issuer, or damaged, are fetched anew
def test_keys_of_another_issuer_are_not_taken_from_the_cache(site):
    site.idp.vouch_for("ada", "1000", "admins")
    assert site.rig.sign_in().result() == "OK"
    for path in (site.rig.folder / "cache").iterdir():
        lines = path.read_bytes().split(b"\n", 1)
        path.write_bytes(b"https://other.example\n" + lines[1])
    asked = len(site.idp.requests)
    assert site.rig.sign_in().result() == "OK"
    assert "/jwks" in [request.path for request in site.idp.requests[asked:]]


def test_the_complete_uri_can_be_kept_to_the_console(site):
    site.idp.pending = FOREVER
    site.rig.configure(site.text("[prompt]\ncomplete_uri = local\n"))
    assert site.rig.sign_in(RHOST="192.0.2.7", TTY="ssh").recv().VERIFICATION_URI_COMPLETE is None
    assert site.rig.sign_in(SERVICE="login", TTY="/dev/tty1").recv().VERIFICATION_URI_COMPLETE is not None


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-q", *sys.argv[1:]]))
