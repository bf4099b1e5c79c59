#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Disconnecting a host: the built command, helper, judge and fetch, a scripted IdP, real processes.

Needs root and COSMO_BUILD_DIR."""

import datetime
import pathlib
import re
import socket
import sys
import zoneinfo

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import messages  # noqa: E402
from support.ctl_rig import CtlRig  # noqa: E402
from support.fake_idp import Answer, FakeIdp  # noqa: E402
from support.helper_site import HelperSite  # noqa: E402
from support.pam_rig import installed  # noqa: E402
from support.program import built  # noqa: E402
from support.reports import is_sanitized  # noqa: E402
from support.session_rig import SessionRig  # noqa: E402

OPEN, CLOSED = 3, 2  # enum gate_state
STEPS = ["gate", "state", "sessions", "flows", "tokens", "caches", "finish"]


@pytest.fixture(scope="module")
def shared_idp():
    with FakeIdp() as idp:
        yield idp


@pytest.fixture
def site(shared_idp):
    shared_idp.requests.clear()
    shared_idp._scripts.clear()
    with CtlRig() as rig:
        site = HelperSite(rig, shared_idp)
        rig.store(f"issuer={shared_idp.issuer}", "user=ada,admin,token-of-ada", "user=bob,developer,token-of-bob")
        rig.log()
        shared_idp.requests.clear()
        yield site


def durable(rig):
    return (rig.folder / "state/private/integration").read_text()


def gate(rig):
    return (rig.folder / "run/gate").read_bytes()[16]


def steps(done):
    return {step["step"]: step for step in done.json["steps"]}


def revoked(idp):
    return sorted(request.form["token"] for request in idp.requests if request.path == "/revoke")


def test_all_of_it_is_done_and_told(site):
    done = site.rig.ctl("disconnect", "--reason", "moved to another IdP")
    assert done.code == 0, done.said
    assert done.out.startswith("The gate is closed: everybody of single sign-on is a viewer from now on.\n")
    assert "This host is disconnected, also after it is started again.\n" in done.out
    assert "Refresh tokens wiped: 2\n" in done.out and "Refresh tokens revoked at the IdP: 2\n" in done.out
    assert revoked(site.idp) == ["of-ada", "of-bob"]
    text = durable(site.rig)
    assert 'connected = no' in text and "moved to another IdP" in text and "unfinished" not in text
    assert gate(site.rig) == CLOSED
    assert not list((site.rig.folder / "cache").iterdir())
    assert all("refresh_token" not in site.record_of(name) for name in ("ada", "bob"))
    events = site.rig.events()
    assert [event.get("step", event["event"]) for event in events] == [*STEPS[:2], "disconnect", *STEPS[2:]]
    assert all(event["reason"] == "ok" and event["by"].startswith("root") for event in events)
    assert events[2]["detail"] == "moved to another IdP"


def test_once_more_it_says_that_nothing_was_left(site):
    assert site.rig.ctl("disconnect", "--reason", "first").code == 0
    since = re.search(r"since = (\d+)", durable(site.rig)).group(1)
    done = site.rig.ctl("disconnect", "--json")
    found = steps(done)
    assert done.code == 0 and found["again"]["count"] == 1
    assert [found[name]["count"] for name in ("gate", "state", "sessions", "tokens", "caches")] == [0] * 5
    assert f"since = {since}\n" in durable(site.rig) and "first" in durable(site.rig)


def test_a_host_that_was_never_connected_is_not_said_to_have_been():
    with CtlRig() as rig:
        rig.configure("")
        done = rig.ctl("disconnect")
    assert done.code == 0 and "This host was disconnected already;" in done.out and "before" not in done.out


def test_a_rehearsal_changes_nothing(site):
    before = site.rig.snapshot()
    done = site.rig.ctl("disconnect", "--dry-run", "--json")
    assert done.code == 0 and done.json["dry_run"]
    assert steps(done)["tokens"]["count"] == 2 and steps(done)["gate"]["count"] == 1
    assert "would" in site.rig.ctl("disconnect", "--dry-run").out
    assert site.rig.snapshot() == before and revoked(site.idp) == [] and site.rig.events() == []


def test_without_an_idp_it_is_done_all_the_same(site):
    text = site.text().replace(site.idp.issuer, "https://localhost:9")
    site.rig.store("issuer=https://localhost:9", "user=ada,admin,token-of-ada", "user=bob,token-of-bob")
    site.rig.configure(text)
    done = site.rig.ctl("disconnect", "--json")
    found = steps(done)
    assert done.code == 0, done.said
    assert found["revoked"]["result"] == "idp_connect" and found["revoked"]["left"] == 2
    assert found["tokens"]["count"] == 2 and found["finish"]["result"] == "ok"


@pytest.mark.parametrize("text", ["nonsense", None], ids=["broken", "missing"])
def test_without_a_configuration_it_is_done_all_the_same(site, text):
    if text:
        site.rig.configure(text)
    else:
        (site.rig.folder / "conf/cosmo-sso.conf").unlink()
    done = site.rig.ctl("disconnect", "--json")
    assert done.code == 0 and steps(done)["tokens"]["count"] == 2 and revoked(site.idp) == []


def test_a_damaged_record_is_told_and_keeps_nothing_open(site):
    next((site.rig.folder / "state/private/users").glob("bob*")).write_text("nonsense")
    done = site.rig.ctl("disconnect")
    assert done.code == 0 and "Records that are damaged, and may hold a token: 1\n" in done.out
    assert "unfinished" not in durable(site.rig)


READ_ONLY = """
import ctypes
for flags in (4096, 1 | 32 | 4096):  # MS_BIND; then MS_RDONLY, MS_REMOUNT
    if ctypes.CDLL(None, use_errno=True).mount({path!r}.encode(), {path!r}.encode(), None, flags, None) != 0:
        raise OSError(ctypes.get_errno(), "mount")
"""
# A disk of its own with the same in it, and no room left.
FULL = """
import ctypes, shutil, subprocess
copy = "/tmp/cosmo-sso-full"
shutil.rmtree(copy, True)
shutil.copytree({path!r}, copy, copy_function=shutil.copy2)
libc = ctypes.CDLL(None, use_errno=True)
if libc.mount(b"none", {path!r}.encode(), b"tmpfs", 0, b"size=2m,mode=755") != 0:
    raise OSError(ctypes.get_errno(), "tmpfs")
shutil.copytree(copy, {path!r}, copy_function=shutil.copy2, dirs_exist_ok=True)
shutil.rmtree(copy)
try:
    with open({path!r} + "/filler", "wb", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))
except OSError:
    pass
"""


def ask(rig, hostile):
    exchange = rig.start("ctl", hostile=hostile)
    exchange.peer.send("CTL_DISCONNECT", REASON="told to")
    found = [exchange.recv()]
    while found[-1].type != "RESULT":
        found.append(exchange.recv())
    exchange.all_gone()
    return {item.STEP_ID: item for item in found if item.type == "STEP_ITEM"}, found[-1]


@pytest.mark.parametrize("trouble, word", [(READ_ONLY, "read-only"), (FULL, "full")], ids=["read_only", "full"])
def test_what_cannot_be_written_is_told_and_done_by_the_next_run(site, trouble, word):
    items, result = ask(site.rig, trouble.format(path=installed("COSMO_STATE_DIR")))
    assert result.error == "E_IO"
    assert "private/integration could not be written: the file system is " + word in result.DETAIL
    assert "until it is started again" in result.DETAIL
    assert items["gate"].ERR == 0 and items["sessions"].ERR == 0 and items["state"].ERR != 0
    assert gate(site.rig) == CLOSED and "connected = yes" in durable(site.rig)
    assert site.rig.sign_in().recv().error == "E_DISCONNECTED"
    done = site.rig.ctl("disconnect")
    assert done.code == 0 and gate(site.rig) == CLOSED and "connected = no" in durable(site.rig)


NEXT = "Next `cosmo-ssoctl connect`; roles come back with each user's own sign-in\n"


def status(rig):
    """As JSON, and as a person reads it; both say by the exit code that the host is not connected."""
    told, text = rig.ctl("status", "--json"), rig.ctl("status")
    assert told.code == text.code == 1
    return told.json, re.sub(" +", " ", text.out)


def test_status__disconnected__says_since_when_why_and_by_whom(site):
    began = int(datetime.datetime.now().timestamp())
    assert site.rig.ctl("disconnect", "--reason", "the audit").code == 0
    told, text = status(site.rig)
    assert told["since"] >= began and told["reason"] == "the audit" and not told["unfinished"] and told["problem"] is None
    assert told["by"].startswith("root") and told["integration"] is None
    assert "Single sign-on disconnected since " in text and "Reason the audit\n" in text and f"By {told['by']}\n" in text
    assert "Unfinished" not in text and NEXT in text
    site.rig.store("connect")
    assert NEXT not in re.sub(" +", " ", site.rig.ctl("status").out)


def test_status__steps_left__says_so_and_what_to_do(site):
    ask(site.rig, READ_ONLY.format(path=installed("COSMO_STATE_DIR") + "/private/users"))
    told, text = status(site.rig)
    assert told["unfinished"] and told["since"] > 0 and "Unfinished steps of the disconnect are left: run `cosmo-ssoctl disconnect`" in text
    assert NEXT not in text


def test_status__closed_but_connected_on_the_disk__is_not_told_as_lasting(site):
    ask(site.rig, READ_ONLY.format(path=installed("COSMO_STATE_DIR")))
    told, text = status(site.rig)
    assert told["unfinished"] and told["since"] == 0 and told["reason"] is None
    assert "Single sign-on disconnected until this host is started again\n" in text and "run `cosmo-ssoctl disconnect`" in text


def test_what_the_log_has_not_taken_is_told(site):
    with site.rig.without_log():
        done = site.rig.ctl("disconnect")
    assert done.code == 0 and "8 line(s) about this are missing in the log" in done.out
    done = site.rig.ctl("disconnect")
    assert done.code == 0 and "missing in the log" not in done.said and len(site.rig.events()) == 8


def test_a_store_that_cannot_be_used_keeps_the_gate_from_nothing(site):
    (site.rig.folder / "state/private").chmod(0o777)
    done = site.rig.ctl("disconnect")
    assert done.code == 6 and "the gate is closed until this host is started again" in done.err
    assert gate(site.rig) == CLOSED


@pytest.mark.parametrize("words", [("boot",), ("check", "--timer"), ("disconnect",)], ids=lambda words: words[0])
@pytest.mark.parametrize("reboots", [False, True], ids=["as_it_is", "rebooted"])
def test_what_is_left_is_finished_and_the_gate_stays_closed(site, words, reboots):
    """Records that could not be written to: state and gate are as they should be, tokens are left."""
    items, result = ask(site.rig, READ_ONLY.format(path=installed("COSMO_STATE_DIR") + "/private/users"))
    assert result.error == "E_IO" and items["tokens"].LEFT == 2 and items["state"].ERR == 0
    assert "unfinished = yes" in durable(site.rig) and "refresh_token" in site.record_of("ada")
    if reboots:
        (site.rig.folder / "run/gate").unlink()
    assert site.rig.ctl(*words).code == 0
    assert "unfinished" not in durable(site.rig) and "connected = no" in durable(site.rig)
    assert "told to" in durable(site.rig) and "refresh_token" not in site.record_of("ada")
    assert site.rig.ctl("boot").code == 0 and gate(site.rig) == CLOSED


def test_a_sign_in_that_waits_is_refused_and_one_that_begins_asks_nobody(site):
    site.idp.script("/token", *[Answer(400, {"error": "authorization_pending"})] * 50)
    exchange = site.rig.sign_in()
    assert exchange.recv().type == "SHOW"
    done = site.rig.ctl("disconnect", "--json")
    assert done.code == 0 and steps(done)["flows"]["count"] == 1
    assert exchange.recv().error == "E_DISCONNECTED"
    site.idp.requests.clear()
    assert site.rig.sign_in().recv().error == "E_DISCONNECTED"
    assert site.idp.requests == []


ELSEWHERE = "Asia/Kathmandu"  # five hours and three quarters from where the tests run
ZONE = f"""
import ctypes
if ctypes.CDLL(None).mount(b"/usr/share/zoneinfo/{ELSEWHERE}", b"/etc/localtime", None, 4096, None) != 0:  # MS_BIND
    raise OSError("mount")
"""


def told(rig, message="SIGN_IN", service="sshd"):
    """What a person reads who is refused."""
    exchange = rig.start(hostile=ZONE).send(message, SERVICE=service)
    result = exchange.recv()
    assert (result.type, result.error) == ("RESULT", "E_DISCONNECTED")
    exchange.all_gone()
    return result.TEXT


# case: message: a disconnected host says which it is, and since when by its own clock; nobody is asked
def test_sign_in__disconnected__is_told_where_and_since_when(site):
    assert site.rig.ctl("disconnect").code == 0
    site.idp.requests.clear()
    since = datetime.datetime.fromtimestamp(int(re.search(r"^since = (\d+)", durable(site.rig), re.MULTILINE).group(1)),
                                            zoneinfo.ZoneInfo(ELSEWHERE))
    text = messages.line("disconnected_since", host=socket.gethostname(), since=f"{since:%Y-%m-%d %H:%M}")
    assert told(site.rig) == told(site.rig, "ACCOUNT", "sudo") == text
    assert site.idp.requests == []


def test_sign_in__gate_closed_but_connected_on_the_disk__is_told_no_time(site):
    _, result = ask(site.rig, READ_ONLY.format(path=installed("COSMO_STATE_DIR")))
    assert result.error == "E_IO" and "connected = yes" in durable(site.rig)
    assert told(site.rig) == messages.line("disconnected_on", host=socket.gethostname())


def test_sign_in__never_connected__is_told_no_time(site):
    (site.rig.folder / "state/private/integration").unlink()
    assert told(site.rig) == messages.line("disconnected_on", host=socket.gethostname())


@pytest.mark.parametrize("words", [("x",), ("--reason", ""), ("--reason", "x" * 256), ("--keep-sessions", "--strip-setgid")])
def test_a_wrong_command_line_is_said(site, words):
    assert site.rig.ctl("disconnect", *words).code == 2
    assert gate(site.rig) == OPEN


CONNECTED = 'world.store("connect", "user=ada,admin", "user=bob,developer", "user=eve,viewer")\n'


@pytest.fixture
def sessions():
    with SessionRig() as rig:
        yield rig


def test_everybodys_sessions_end_and_no_local_users(sessions):
    found = sessions.inside(CONNECTED + """
ours = [pid for name in ("ada", "bob", "eve") for pid in world.session(name)]
local = [world.start(uid=1000), world.start()]
result["dry"] = world.json("disconnect", "--dry-run")
result["before"] = [world.runs(pid) for pid in ours]
result["done"] = world.json("disconnect")
result["ours"], result["local"] = [world.runs(pid) for pid in ours], [world.runs(pid) for pid in local]
result["list"] = world.json("session", "list")
""")
    assert all(found["before"]) and not any(found["ours"]) and all(found["local"]) and found["list"] == []
    counts = {step["step"]: step["count"] for step in found["done"]["steps"]}
    assert counts["sessions"] == 3 and counts["processes"] == 9
    assert {step["step"]: step["count"] for step in found["dry"]["steps"]}["sessions"] == 3


def test_sessions_that_are_kept_are_kept(sessions):
    found = sessions.inside(CONNECTED + """
ada = world.session("ada")
result["done"] = world.json("disconnect", "--keep-sessions")
result["runs"] = [world.runs(pid) for pid in ada]
""")
    assert all(found["runs"]) and found["done"]["error"] is None


def test_strip_setgid__a_home_not_wholly_looked_through__fails_and_is_done_again(sessions):
    found = sessions.inside(CONNECTED + """
ada = world.json("user", "show", "ada")[0]
tool = pathlib.Path(ada["home"], "tool")
os.makedirs(tool.parent / "/".join(["d"] * 130))
tool.touch(); os.chown(tool, ada["uid"], ROLE_GID); os.chmod(tool, 0o2755)
record = next(pathlib.Path("/var/lib").glob("cosmo-sso*/private/integration"))
result["json"] = world.json("disconnect", "--strip-setgid")
result["text"] = world.ctl("disconnect", "--strip-setgid")
result["mode"], result["record"] = oct(tool.stat().st_mode), record.read_text()
result["connect"] = world.ctl("connect", "--issuer", "https://idp.example.org", "--client-id", "x", "--rule", "admin=x", "--yes")
result["counted"] = world.ctl("disconnect")
result["finished"] = record.read_text()
""".replace("ROLE_GID", str(0x70000002)))
    steps = {step["step"]: step for step in found["json"]["steps"]}
    assert steps["sessions"]["result"] == steps["setgid"]["result"] == found["json"]["error"] == "too_big"
    assert steps["setgid"]["detail"] == "ada's home" and steps["setgid"]["count"] == 1 and found["mode"].endswith("0755")
    assert steps["sessions"]["detail"].endswith("1 set-gid files, 1 stripped, not wholly looked through: ada's home")
    assert "not everything could be looked at" in found["json"]["detail"] and "still runs" not in found["json"]["detail"]
    assert found["text"]["code"] == 6 and "Not wholly looked through for set-gid files: ada's home [too_big]" in found["text"]["out"]
    assert "unfinished" in found["record"] and found["connect"]["code"] == 5
    assert found["counted"]["code"] == 0 and "unfinished" not in found["finished"]


def test_the_callers_own_session_ends_last_and_the_disconnect_with_it(sessions):
    found = sessions.inside(CONNECTED + """
asks = "pid = os.fork()" + chr(10) + "if not pid:" + chr(10) + \\
       "    os.dup2(os.open('/home/answer', os.O_WRONLY | os.O_CREAT), 1)" + chr(10) + \\
       f"    os.execv({CTL!r}, [{CTL!r}, 'disconnect', '--json'])"
bob = world.session("bob")
ada = world.session("ada", also=asks)
for pid in ada:
    select.select([world.watched[pid]], [], [], 60)
result["answer"] = json.loads(pathlib.Path("/home/answer").read_text())
result["runs"] = [world.runs(pid) for pid in [*ada, *bob]]
record = next(pathlib.Path("/var/lib").glob("cosmo-sso*/private/integration"))
deadline = time.monotonic() + 60
while "unfinished" in record.read_text() and time.monotonic() < deadline:
    pass
result["record"] = record.read_text()
""")
    counts = {step["step"]: step["count"] for step in found["answer"]["steps"]}
    assert counts["own"] == 1 and not any(found["runs"]) and "unfinished" not in found["record"]


LINGER = "/var/lib/systemd/linger"


def test_lingering_that_cannot_be_ended_is_told_as_that_and_done_by_the_next_run(sessions):
    """On a read-only /var everything ends all the same: nothing is told to run still."""
    found = sessions.inside(CONNECTED + f"linger = {LINGER!r}" + """
ada = world.session("ada")
for name in ("ada", "bob", "tess"):
    pathlib.Path(linger, name).touch()
subprocess.run(["mount", "-o", "bind", linger, linger], check=True)
subprocess.run(["mount", "-o", "remount,bind,ro", linger], check=True)
result["user"] = world.ctl("session", "end", "--user", "bob", "--yes")
result["lock"] = world.ctl("user", "lock", "bob", "--yes")
result["json"] = world.json("disconnect")
result["runs"] = [world.runs(pid) for pid in ada]
result["text"] = world.ctl("disconnect")
subprocess.run(["umount", linger], check=True)
result["again"] = world.json("disconnect")
result["left"] = os.listdir(linger)
""")
    place = f"lingering, in {LINGER}"
    steps = {step["step"]: step for step in found["json"]["steps"]}
    assert not any(found["runs"]) and (steps["sessions"]["count"], steps["processes"]["left"]) == (1, 0)
    assert steps["sessions"]["result"] == "io_error" and steps["sessions"]["detail"].endswith(f"; could not be removed: {place}")
    for name in ("user", "lock", "text"):
        assert found[name]["code"] == 6 and place in found[name]["err"] and "still runs" not in found[name]["err"], found[name]
    assert "nothing runs as its users" in found["text"]["err"] and f"{place} [io_error]\n" in found["text"]["out"]
    assert found["again"]["error"] is None and found["left"] == ["tess"]


def test_a_register_entry_that_cannot_be_read_keeps_nobody_elses_session(sessions):
    found = sessions.inside(CONNECTED + """
ada, bob = world.session("ada"), world.session("bob")
result["uid"] = world.uid("ada")
entry = next(pathlib.Path("/var/lib").glob(f"cosmo-sso*/private/uids/{result['uid']:08x}"))
os.mknod("/home/socket", 0o140600)  # which nobody can open
subprocess.run(["mount", "--bind", "/home/socket", entry], check=True)
result["user"] = world.ctl("session", "end", "--user", "ada", "--yes")
result["json"] = world.json("disconnect")
result["text"] = world.ctl("disconnect")
result["ada"], result["bob"] = [world.runs(pid) for pid in ada], [world.runs(pid) for pid in bob]
subprocess.run(["umount", entry], check=True)
result["again"] = world.json("disconnect")
result["after"] = [world.runs(pid) for pid in ada]
""")
    steps = {step["step"]: step for step in found["json"]["steps"]}
    assert all(found["ada"]) and not any(found["bob"])
    assert (steps["sessions"]["result"], steps["sessions"]["count"]) == ("io_error", 1)
    assert steps["sessions"]["detail"].endswith(f"; not ended, for whose they are cannot be read: uids {found['uid']}")
    for name in ("user", "text"):
        assert found[name]["code"] == 6 and str(found["uid"]) in found[name]["err"] and "cannot be read" in found[name]["err"], found[name]
    assert found["again"]["error"] is None and not any(found["after"])


HIDDEN = {"all": ["-t", "tmpfs", "none", "/proc"], "one": ["-o", "bind", "/dev/full", "/proc/PID/stat"]}


@pytest.mark.parametrize("words", HIDDEN.values(), ids=HIDDEN)
def test_processes_that_cannot_be_seen_are_not_taken_for_gone(sessions, words):
    if words[-1] == "/proc" and is_sanitized(built("ctl/cosmo-ssoctl")):
        pytest.skip("the sanitizers need a /proc of their own")
    found = sessions.inside(CONNECTED + f"linger, words = {LINGER!r}, {words!r}" + """
ada = world.session("ada")
words = [word.replace("PID", str(ada[0])) for word in words]
pathlib.Path(linger, "ada").touch()
subprocess.run(["mount", "-o", "bind", linger, linger], check=True)
subprocess.run(["mount", "-o", "remount,bind,ro", linger], check=True)
subprocess.run(["mount", *words], check=True)
result["text"] = world.ctl("disconnect")
result["session"] = world.ctl("session", "end", "--user", "ada", "--yes")
result["ran"] = world.runs(ada[0])
import ctypes
result["shown"] = ctypes.CDLL(None).umount2(words[-1].encode(), 2)
subprocess.run(["umount", linger], check=True)
result["again"] = world.json("disconnect")
result["runs"] = [world.runs(pid) for pid in ada]
""")
    assert found["ran"] and found["shown"] == 0
    assert found["text"]["code"] == found["session"]["code"] == 6
    for said in (found["text"]["out"] + found["text"]["err"], found["session"]["out"] + found["session"]["err"]):
        assert "1 of 1 sessions" not in said and "nothing runs" not in said
    assert "not everything could be looked at" in found["text"]["err"]
    steps = {step["step"]: step for step in found["again"]["steps"]}
    assert found["again"]["error"] is None and steps["sessions"]["count"] == 1 and not any(found["runs"])
