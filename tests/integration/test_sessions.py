# SPDX-License-Identifier: MIT
"""Sessions recorded, listed and ended, with real processes: the built helper and command in a pid namespace.

Needs root and COSMO_BUILD_DIR."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.session_rig import SessionRig  # noqa: E402
from support.slices import slices  # noqa: E402, F401

CONNECTED = 'world.store("connect", "user=ada,developer", "user=bob,developer")\n'


@pytest.fixture
def rig():
    with SessionRig() as running:
        yield running


def test_a_session_is_listed_and_ended_alone(rig):
    found = rig.inside(CONNECTED + """
ada, bob = world.session("ada"), world.session("bob")
result["list"] = world.json("session", "list")
mine = [item["id"] for item in result["list"] if item["user"] == "ada"]
result["dry"] = world.json("session", "end", mine[0], "--dry-run")
result["still"] = [world.runs(pid) for pid in ada]
result["end"] = world.json("session", "end", mine[0], "--yes")
result["ada"], result["bob"] = [world.runs(pid) for pid in ada], [world.runs(pid) for pid in bob]
result["after"] = [item["user"] for item in world.json("session", "list")]
""")
    assert sorted(item["user"] for item in found["list"]) == ["ada", "bob"]
    ours = found["list"][0]
    assert (ours["service"], ours["tty"], ours["from"], ours["problem"]) == ("sshd", "pts/7", "192.0.2.7", None)
    assert found["dry"]["processes"] == 3 and found["still"] == [True] * 3
    assert found["end"]["sessions"] == 1 and found["end"]["processes"] == 3 and found["end"]["left"] == 0
    assert found["ada"] == [False] * 3 and found["bob"] == [True] * 3 and found["after"] == ["bob"]


def test_a_user_is_ended_with_what_no_session_holds_and_nobody_else(rig):
    """Left behind with nohup, started by cron, a setuid program of the user's: by each of the three uids."""
    found = rig.inside(CONNECTED + """
ada, bob, uid = world.session("ada"), world.session("bob"), world.uid("ada")
mine = {"left": world.start(uid=uid), "setuid": world.start(uids=(uid, 0, 0), python="pass"),
        "saved": world.start(uids=(0, 0, uid), python="pass"), "acts": world.start(uids=(0, uid, 0), python="pass")}
others = {"next": world.start(uid=uid + 1), "before": world.start(uid=uid - 1), "root": world.start(),
          "bob": world.start(uid=world.uid("bob"))}
result["end"] = world.json("session", "end", "--user", "ada", "--yes")
result["ada"], result["bob"] = [world.runs(pid) for pid in ada], [world.runs(pid) for pid in bob]
result["mine"] = {name: world.runs(pid) for name, pid in mine.items()}
result["others"] = {name: world.runs(pid) for name, pid in others.items()}
""")
    assert not any(found["ada"]) and not any(found["mine"].values()), found
    assert all(found["bob"]) and all(found["others"].values()), found
    assert found["end"] == found["end"] | {"sessions": 1, "processes": 7, "left": 0, "own_session": False}


def test_a_uid_of_the_local_files_is_left_alone(rig):
    """Whatever our register says of it, and whatever the local user is called."""
    found = rig.inside(CONNECTED + """
uid = world.uid("ada")
local = world.start(uid=uid)
with open("/etc/passwd", "a") as file:
    file.write(f"adah:x:{uid}:{uid}::/home/adah:/bin/bash\\n")
result["end"] = world.json("session", "end", "--user", "ada", "--yes")
result["local"] = world.runs(local)
""".replace("\\\\n", "\\n"))
    assert found["local"] and found["end"]["processes"] == 0


def test_local_files_that_cannot_be_read_keep_no_session_from_its_end(rig):
    """Our register says whose the uid is; who is in neither is left alone as ever."""
    found = rig.inside(CONNECTED + """
ada, other = world.session("ada"), world.start(uid=world.uid("ada") + 1)
mem = "/proc/1/mem"  # which nobody can read from its beginning
subprocess.run(["mount", "--bind", mem, "/etc/passwd"], check=True)
try:
    open("/etc/passwd", "rb").read(1)
except OSError:
    result["unreadable"] = True
result["end"] = world.json("session", "end", "--user", "ada", "--yes")
subprocess.run(["umount", "/etc/passwd"], check=True)
result["ada"], result["other"] = [world.runs(pid) for pid in ada], world.runs(other)
""")
    assert found["unreadable"] and found["ada"] == [False] * 3 and found["other"]
    assert (found["end"]["sessions"], found["end"]["left"]) == (1, 0)


def test_who_ignores_signals_or_is_stopped_is_killed(rig):
    found = rig.inside(CONNECTED + """
deaf = "[signal.signal(number, signal.SIG_IGN) for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)]"
uid = world.uid("ada")
pids = [world.start(uid=uid, python=deaf), world.start(uid=uid, python="os.write(told, b'x'); os.kill(os.getpid(), signal.SIGSTOP)")]
os.mkdir("/home/polite")
os.chown("/home/polite", uid, uid)
polite = world.start(uid=uid, python="signal.signal(signal.SIGTERM, lambda *_: (os.mkdir('/home/polite/done'), os._exit(0)))")
result["end"] = world.json("session", "end", "--user", "ada", "--yes")
result["runs"] = [world.runs(pid) for pid in pids]
result["polite"] = os.path.exists("/home/polite/done")
""")
    assert found["runs"] == [False, False] and found["end"]["left"] == 0 and found["polite"]


@pytest.mark.parametrize("last", ["signal.signal(signal.SIGTERM, signal.SIG_IGN)", "pass"], ids=["deaf", "fleeing"])
def test_who_forks_without_end_does_not_get_away(rig, last):
    """Each lives for a moment and leaves a child behind: no list of processes ever holds them all."""
    found = rig.inside(CONNECTED + f"""
uid = world.uid("ada")
flee = "signal.signal(signal.SIGHUP, signal.SIG_IGN); {last}; os.write(told, b'x')" + chr(10) + "while True:" + chr(10) + "    if os.fork(): os._exit(0)"
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
world.start(uid=uid, python=flee)
other = world.start(uid=world.uid("bob"))
signal.signal(signal.SIGCHLD, signal.SIG_DFL)
result["end"] = world.json("session", "end", "--user", "ada", "--yes")
def uids():
    for path in pathlib.Path("/proc").glob("[0-9]*/status"):
        try:
            text = path.read_text()
            if "\\nState:\\tZ" not in text: yield int(text.split("Uid:")[1].split()[0])
        except (FileNotFoundError, ProcessLookupError, IndexError): pass
result["left"] = [list(uids()).count(uid) for _ in range(20)]
result["other"] = world.runs(other)
""")
    assert found["end"]["left"] == 0 and found["left"] == [0] * 20 and found["other"]


def test_hundreds_of_processes_are_ended_at_once(rig):
    found = rig.inside(CONNECTED + """
uid = world.uid("ada")
pids = [world.start(uid=uid) for _ in range(600)]
result["end"] = world.json("session", "end", "--user", "ada", "--yes")
result["runs"] = sum(world.runs(pid) for pid in pids)
""")
    assert found["runs"] == 0 and found["end"]["processes"] == 600 and found["end"]["left"] == 0


def test_a_record_whose_leader_is_another_process_by_now_is_not_believed(rig):
    found = rig.inside(CONNECTED + """
ada = world.session("ada")
folder = next(pathlib.Path("/run").glob("cosmo-sso*/private/sessions"))
record = next(folder.glob("*.session"))
pid, start, uid, _ = record.name.split(".")
stranger = world.start()
its = int(pathlib.Path(f"/proc/{stranger}/stat").read_text().rsplit(")")[1].split()[19]) - 1
for name in (f"{pid}.{int(start) - 1}.{uid}", f"{stranger}.{its}.{uid}", f"{2 ** 22 - 1}.{start}.{uid}"):
    (folder / f"{name}.session").write_bytes(record.read_bytes())
    (folder / f"{name}.session").chmod(0o600)
record.unlink()
result["list"] = world.json("session", "list")
result["files"] = [path.name for path in folder.iterdir()]
result["end"] = world.ctl("session", "end", f"{stranger}.{its}.{uid}", "--yes")["code"]
result["runs"] = world.runs(stranger) and world.runs(ada[0])
""")
    assert found == {"list": [], "files": [], "end": 1, "runs": True}


def test_a_session_whose_record_is_damaged_is_listed_and_ended(rig):
    found = rig.inside(CONNECTED + """
ada = world.session("ada")
record = next(next(pathlib.Path("/run").glob("cosmo-sso*/private/sessions")).glob("*.session"))
record.write_text("user = ")
result["list"] = world.json("session", "list")
result["end"] = world.json("session", "end", result["list"][0]["id"], "--yes")
result["runs"] = [world.runs(pid) for pid in ada]
""")
    assert (found["list"][0]["user"], found["list"][0]["problem"]) == ("ada", "store_damaged")
    assert found["end"]["sessions"] == 1 and found["runs"] == [False] * 3


def test_sudo_and_lingering_are_forgotten_for_this_user_alone(rig):
    found = rig.inside(CONNECTED + """
ada, bob = world.uid("ada"), world.uid("bob")
stamps, linger = pathlib.Path("/run/sudo/ts"), pathlib.Path("/var/lib/systemd/linger")
for name in (ada, bob, "ada", "bob", "root", 0, "eve"):
    (stamps / str(name)).touch()
for name in ("ada", "bob", "eve"):
    (linger / name).touch()
world.json("session", "end", "--user", "ada", "--yes")
result["stamps"] = sorted(path.name for path in stamps.iterdir()) == sorted(map(str, (bob, "bob", "root", 0, "eve")))
result["linger"] = sorted(path.name for path in linger.iterdir())
""")
    assert found == {"stamps": True, "linger": ["bob", "eve"]}


def test_set_gid_files_of_a_roles_group_are_counted(rig):
    found = rig.inside(CONNECTED + """
user = world.json("user", "show", "ada")[0]
home = pathlib.Path(user["home"])
(home / "bin").mkdir(parents=True)
(pathlib.Path("/home") / "away").mkdir()
import struct
groups = pathlib.Path("/home/away/x")
groups.touch()
def put(path, uid, gid, mode):
    path.touch(); os.chown(path, uid, gid); os.chmod(path, mode)
gid = ROLE_GID
put(home / "bin/tool", user["uid"], gid, 0o2755)
put(home / "bin/plain", user["uid"], gid, 0o755)
put(home / "bin/own", user["uid"], user["uid"], 0o2755)
put(home / "bin/roots", 0, gid, 0o2755)
put(pathlib.Path("/home/away/tool"), user["uid"], gid, 0o2755)
(home / "link").symlink_to("/home/away")
result["end"] = world.json("session", "end", "--user", "ada", "--yes")
result["mode"] = oct((home / "bin/tool").stat().st_mode)
""".replace("ROLE_GID", str(0x70000002)))
    assert found["end"]["setgid_files"] == 1 and found["mode"].endswith("2755")


def test_set_gid_files_where_everybody_may_write_are_counted_by_their_owner(rig):
    """Left in /tmp and the like; another user's, whose sessions go on, and a mount are not looked at."""
    found = rig.inside(CONNECTED + """
ada, bob = world.uid("ada"), world.uid("bob")
def put(path, uid):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(); os.chown(path, uid, ROLE_GID); os.chmod(path, 0o2755)
for path in ("/tmp/tool", "/tmp/.x/deep/tool", "/var/tmp/tool", "/dev/shm/tool"):
    put(path, ada)
put("/tmp/bobs", bob)
put("/home/away", ada)
os.symlink("/home", "/tmp/link")
result["ada"] = world.json("session", "end", "--user", "ada", "--yes")
result["text"] = world.ctl("session", "end", "--user", "bob", "--yes")["out"]
""".replace("ROLE_GID", str(0x70000002)))
    assert (found["ada"]["setgid_files"], found["ada"]["setgid_unseen"]) == (4, None)
    assert "1 file(s) with the set-gid bit" in found["text"]


def test_the_callers_own_session_ends_last_and_the_rest_is_done(rig):
    """An administrator of ours, by sudo from a session of his own: he reads his answer first."""
    found = rig.inside(CONNECTED + """
asks = "pid = os.fork()" + chr(10) + "if not pid:" + chr(10) + \
       "    os.dup2(os.open('/home/answer', os.O_WRONLY | os.O_CREAT), 1)" + chr(10) + \
       f"    os.execv({CTL!r}, [{CTL!r}, 'session', 'end', '--user', 'ada', '--yes', '--json'])"
left = world.start(uid=world.uid("ada"))
ada = world.session("ada", also=asks)
bob = world.session("bob")
for pid in ada:
    select.select([world.watched[pid]], [], [], 60)
result["answer"] = json.loads(pathlib.Path("/home/answer").read_text())
result["runs"] = [world.runs(pid) for pid in [*ada, left]]
result["bob"] = [world.runs(pid) for pid in bob]
""")
    assert found["answer"]["own_session"] and not any(found["runs"]) and all(found["bob"])


@pytest.mark.parametrize("words", [("session",), ("session", "end"), ("session", "end", "x", "--user", "ada"),
                                   ("session", "end", "--user", "../x"), ("session", "list", "--yes"), ("session", "end", "a" * 96)])
def test_a_wrong_command_line_is_said(rig, words):
    assert rig.ctl(*words).code == 2


def test_nobody_and_nothing_of_that_name(rig):
    rig.store("connect", "user=ada,developer")
    assert rig.ctl("session", "end", "--user", "eve", "--yes").code == 1
    assert rig.ctl("session", "end", "1.1.1", "--yes").code == 1
    assert rig.ctl("session", "end", "--user", "ada").code == 1  # not confirmed
    assert rig.ctl("session", "list").out.endswith("(nobody is signed in)\n")


def test_what_root_runs_in_a_session_ends_with_it_even_if_it_will_not(rig):
    """sudo's child ignores what it is asked; by the time it is killed its session's leader is gone."""
    found = rig.inside(CONNECTED + """
deaf = "[signal.signal(number, signal.SIG_IGN) for number in (signal.SIGHUP, signal.SIGTERM)]"
ada = world.session("ada", also=f"root = world.start(python={deaf!r})")
result["end"] = world.json("session", "end", world.json("session", "list")[0]["id"], "--yes")
result["runs"] = [world.runs(pid) for pid in ada]
""")
    assert not any(found["runs"]) and found["end"] == found["end"] | {"sessions": 1, "processes": 4, "left": 0}


def test_the_caller_without_a_recorded_session_has_his_answer_too(rig):
    """The command's ancestors run as one of ours, and no session of theirs is known."""
    found = rig.inside(CONNECTED + """
uid = world.uid("ada")
asks = "import os" + chr(10) + "os.dup2(os.open('/home/answer', os.O_WRONLY | os.O_CREAT), 1)" + chr(10) + \\
       f"if not os.fork():" + chr(10) + f"    os.setresuid(0, 0, 0)" + chr(10) + \\
       f"    os.execv({CTL!r}, [{CTL!r}, 'session', 'end', '--user', 'ada', '--yes', '--json'])"
caller = world.start(uids=(uid, 0, 0), python=asks)
select.select([world.watched[caller]], [], [], 60)
result["answer"] = json.loads(pathlib.Path("/home/answer").read_text())
result["runs"] = world.runs(caller)
""")
    assert found["answer"]["own_session"] and found["answer"]["left"] == 0 and not found["runs"]


def test_who_has_taken_another_uid_in_a_namespace_of_his_own_is_ended(rig):
    """With uids of subuid(5), which are nobody's here, and the groups of his roles still on him."""
    found = rig.inside(CONNECTED + """
import ctypes
CLONE_NEWUSER = 0x10000000
def shut_up(owner, inside, outside):
    (ready, told), (mapped, done) = os.pipe(), os.pipe()
    pid = os.fork()
    if not pid:
        os.setgroups([])
        os.setresuid(owner, owner, owner)
        assert ctypes.CDLL(None).unshare(CLONE_NEWUSER) == 0
        os.write(told, b"x")
        os.read(mapped, 1)
        os.setresuid(inside, inside, inside)
        os.write(told, b"x")
        while True:
            signal.pause()
    os.close(told)
    os.read(ready, 1)
    pathlib.Path(f"/proc/{pid}/uid_map").write_text(f"0 {owner} 1" + chr(10) + f"1 {outside} 1" + chr(10))
    os.write(done, b"x")
    os.read(ready, 1)
    return world.watch(pid)
ada, bob = world.uid("ada"), world.uid("bob")
his, others = shut_up(ada, 1, 100000), [shut_up(bob, 1, 100000), shut_up(4711, 1, 100001)]
result["before"] = pathlib.Path(f"/proc/{his}/status").read_text().split("Uid:")[1].split()[:3]
result["end"] = world.json("session", "end", "--user", "ada", "--yes")
result["his"], result["others"] = world.runs(his), [world.runs(pid) for pid in others]
""")
    assert found["before"] == ["100000"] * 3
    assert not found["his"] and found["others"] == [True, True] and found["end"]["processes"] == 1


def test_who_has_taken_another_uid_by_a_set_uid_program_and_kept_his_groups_is_ended(rig):
    """The uid is a local user's, or one of his own by subuid(5). What root does with his groups, and whom root gave the group, is
    another matter."""
    found = rig.inside(CONNECTED + """
def start(uid, groups):
    ready, told = os.pipe()
    pid = os.fork()
    if not pid:
        os.setgroups(groups)
        os.setresuid(uid, uid, uid)
        os.write(told, b"x")
        while True:
            signal.pause()
    os.read(ready, 1)
    return world.watch(pid)
ada, bob = world.uid("ada"), world.uid("bob")
his = [start(uid, [1879048192, ada]) for uid in (4711, 100000)]
others = [start(4711, [1879048192, bob]), start(4711, [1879048192]), start(0, [ada])]
result["end"] = world.json("session", "end", "--user", "ada", "--yes")
result["runs"] = [world.runs(pid) for pid in his], [world.runs(pid) for pid in others]
with open("/etc/group", "a") as file:
    print(f"adas:x:{ada}:tess", file=file)
given = start(4711, [ada])
world.json("session", "end", "--user", "ada", "--yes")
result["given"] = world.runs(given)
""")
    assert found["runs"] == [[False] * 2, [True] * 3] and found["end"]["processes"] == 2 and found["given"]


def test_what_root_runs_below_a_process_that_outlived_its_session_ends_with_it(rig):
    """sudo in a tmux that was left running: its session is long closed, and root's child hears no signal."""
    found = rig.inside(CONNECTED + """
deaf = "[signal.signal(number, signal.SIG_IGN) for number in (signal.SIGHUP, signal.SIGTERM)]"
def tmux(uid):
    ready, told = os.pipe()
    pid = os.fork()
    if not pid:
        child = world.start(python=deaf)
        os.setresuid(uid, uid, uid)
        os.write(told, str(child).encode())
        while True:
            signal.pause()
    return [world.watch(pid), world.watch(int(os.read(ready, 20)))]
ada, bob, local = tmux(world.uid("ada")), tmux(world.uid("bob")), tmux(4711)
result["end"] = world.json("session", "end", "--user", "ada", "--yes")
result["ada"] = [world.runs(pid) for pid in ada]
result["others"] = [world.runs(pid) for pid in [*bob, *local]]
""")
    assert not any(found["ada"]) and all(found["others"]) and found["end"]["left"] == 0, found


def test_what_root_runs_cut_loose_in_a_slice_of_the_users_ends_with_him(rig, slices):
    """setsid, forked twice, its session closed: its cgroup alone tells whose it is."""
    found = rig.inside(CONNECTED + slices + """
ada, bob = world.uid("ada"), world.uid("bob")
his = f"user.slice/user-{ada}.slice"
ended = {"scope": loose(f"{his}/session-7.scope"), "manager": loose(f"{his}/user@{ada}.service/app.slice/x.service")}
subprocess.run(["cp", "/bin/sleep", "/home/sshd"], check=True)
stays = {"runtime": loose(f"{his}/user-runtime-dir@{ada}.service"), "bobs": loose(f"user.slice/user-{bob}.slice/session-8.scope"),
         "locals": loose("user.slice/user-4711.slice/session-9.scope"), "local": loose(f"{his}/session-7.scope", uid=4711),
         "container": loose(f"machine.slice/m/{his}/session-7.scope"), "system": loose("system.slice/cron.service"),
         "sshd": loose(f"{his}/session-7.scope", command=["/home/sshd", "100000"])}
result["dry"] = world.json("session", "end", "--user", "ada", "--dry-run")["processes"]
result["end"] = world.json("session", "end", "--user", "ada", "--yes")
result["ended"] = {name: world.runs(pid) for name, pid in ended.items()}
result["stays"] = {name: world.runs(pid) for name, pid in stays.items()}
""")
    assert found["dry"] == 2 and not any(found["ended"].values()) and all(found["stays"].values()), found
    assert found["end"] == found["end"] | {"processes": 2, "left": 0, "own_session": False}


def test_the_caller_in_a_slice_of_a_users_has_his_answer_first(rig, slices):
    """Root, of whose ancestors none is the user any more; what is in his session with him is left for the end."""
    found = rig.inside(CONNECTED + slices + """
scope = f"user.slice/user-{world.uid('ada')}.slice/session-7.scope"
other, answer = loose(scope), "/home/answer"
caller = loose(scope, command=["/bin/sh", "-c", f"{CTL} session end --user ada --yes --json >{answer}; exec sleep 100000"])
select.select([world.watched[caller]], [], [], 60)
select.select([world.watched[other]], [], [], 60)
result["answer"] = json.loads(pathlib.Path(answer).read_text())
result["runs"] = [world.runs(caller), world.runs(other)]
""")
    assert found["answer"]["own_session"] and found["runs"] == [False, False]


@pytest.mark.parametrize("door", ["", "sshd = developer, admin"])
def test_who_was_held_up_before_his_session_does_not_come_in_behind_a_disconnect(rig, door):
    """With the groups that he had before on him; who begins later comes in as a viewer where viewers may, a locked user nowhere."""
    rig.configure(f"[access]\n{door}\n")
    found = rig.inside("""
def later(user):
    ready, told = os.pipe()
    if not os.fork():
        os.write(told, world.say("OPEN_SESSION", user).encode())
        os._exit(0)
    return os.read(ready, 100).decode()
def next_second():
    now = int(time.time())
    while int(time.time()) == now:
        time.sleep(0.01)
world.store("connect", "user=ada,developer", "user=eve,developer,locked")
result["before"] = [world.say("OPEN_SESSION", user) for user in ("ada", "eve")]
next_second()
world.store("disconnect")
result["after"] = [world.say("OPEN_SESSION", user) for user in ("ada", "eve")]
result["later"] = [later(user) for user in ("ada", "eve")]
next_second()
world.store("connect")
result["reconnected"] = [world.say("OPEN_SESSION", "ada"), later("ada")]
result["left"] = [item["leader"] == os.getpid() for item in world.json("session", "list")]
""")
    refused = "E_DISCONNECTED", "E_INTEGRATION_CHANGED"
    assert found == {"before": ["OK", "E_LOCKED"], "after": [refused[0], "E_LOCKED"],
                     "later": [refused[0] if door else "OK", "E_LOCKED"],
                     "reconnected": [refused[1], refused[1] if door else "OK"], "left": []}


def test_who_acts_for_a_user_now_and_then_is_not_killed_with_him(rig):
    """A service of root's, which opens files as whoever asks, while one of his own must be killed."""
    found = rig.inside(CONNECTED + """
uid = world.uid("ada")
deaf = "[signal.signal(number, signal.SIG_IGN) for number in (signal.SIGHUP, signal.SIGTERM)]"
acts = f"os.write(told, b'x')" + chr(10) + "while True:" + chr(10) + f"    os.setresuid(0, {uid}, 0); os.setresuid(0, 0, 0)"
service = [world.start(python=acts) for _ in range(3)]
his = world.start(uid=uid, python=deaf)
world.json("session", "end", "--user", "ada", "--yes")
result["his"], result["service"] = world.runs(his), [world.runs(pid) for pid in service]
""")
    assert found == {"his": False, "service": [True] * 3}


def test_who_is_started_with_privileges_that_stay_ends_nobody_else(rig):
    """securebits are inherited; what is sent as the user himself would reach everybody by the capability."""
    found = rig.inside(CONNECTED + """
ada, bob, root = world.session("ada"), world.session("bob"), world.start()
done = subprocess.run(["setpriv", "--securebits", "+no_setuid_fixup", CTL, "session", "end", "--user", "ada", "--yes"],
                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
result["code"] = done.returncode
result["ada"], result["others"] = [world.runs(pid) for pid in ada], [world.runs(pid) for pid in [*bob, root]]
""")
    assert found["code"] == 0 and not any(found["ada"]) and all(found["others"]), found


RUNNING = """
def running(service):
    return sorted(whose for whose, pids in service.items() if all(world.runs(pid) for pid in pids))
def ended(service):
    return sorted(whose for whose, pids in service.items() if not any(world.runs(pid) for pid in pids))
"""


@pytest.mark.parametrize(("users", "words"), [
    (("ada",), ("session", "end", "--user", "ada", "--yes")),
    (("ada", "bob"), ("session", "end", "ID", "--yes")),
    (("ada", "bob"), ("disconnect",)),
], ids=["user", "session", "everybody"])
def test_one_process_that_opens_the_sessions_of_many_outlives_each(rig, users, words):
    """And what it has started for a local user, or another of ours; the second time nothing tells of the local user any more."""
    found = rig.inside(CONNECTED + RUNNING + f"users, words = {users!r}, {words!r}" + """
service = world.service(*users)
alone = world.session("ada")
(mine,) = [item["id"] for item in world.json("session", "list") if item["leader"] == service["leader"][0] and item["user"] == "ada"]
words = [mine if word == "ID" else word for word in words]
result["done"] = world.json(*words)
result["runs"], result["ended"] = running(service), ended(service)
result["alone"] = [world.runs(pid) for pid in alone]
for pid in service.pop("local"):
    os.kill(pid, signal.SIGKILL)
    select.select([world.watched[pid]], [], [], 60)
result["again"] = world.json(*words)
result["still"] = running(service)
result["list"] = sorted(item["user"] for item in world.json("session", "list"))
""")
    one, everybody = "ID" in words, words == ("disconnect",)
    ours = ["ada", "bob"] if everybody else ["ada"]
    assert found["ended"] == ours and found["runs"] == sorted({"leader", "local", "root", *users} - {*ours}), found
    assert found["alone"] == [one] * 3 and {*found["still"]} == {*found["runs"]} - {"local"}
    assert found["list"] == sorted([*users, *(["ada"] if one else [])])
    assert counts(found["done"]) == ((3, 7, 0) if everybody else (1, 2, 0) if one else (2, 5, 0))
    assert counts(found["again"]) == (0, 0, 0)


def counts(told):
    """Sessions and processes that ended, and what is left, as either command tells them."""
    if "steps" not in told:
        return told["sessions"], told["processes"], told["left"]
    steps = {step["step"]: step for step in told["steps"]}
    return steps["sessions"]["count"], steps["processes"]["count"], steps["processes"]["left"]


def test_a_process_that_has_opened_two_sessions_is_of_neither(rig):
    """Nothing runs in the one just now, and no local user is served."""
    found = rig.inside(CONNECTED + RUNNING + """
service = world.service("ada", "bob", local=False)
for pid in reversed(service.pop("bob")):
    os.kill(pid, signal.SIGKILL)
    select.select([world.watched[pid]], [], [], 60)
result["done"] = world.json("session", "end", "--user", "ada", "--yes")
result["runs"], result["ended"] = running(service), ended(service)
""")
    assert (found["runs"], found["ended"]) == (["leader", "root"], ["ada"]) and found["done"]["left"] == 0


CHANGED = """
ready, told = os.pipe()
if not os.fork():
    os.setgroups([uid])
    os.setresuid(4711, 4711, 4711)
    os.write(told, b"x")
    while True:
        signal.pause()
os.read(ready, 1)
"""


def test_a_leader_whose_user_has_changed_his_uid_is_his_alone(rig):
    """In a console's login the user's shell is the child; by a set-uid program of somebody else's it kept his groups."""
    found = rig.inside(CONNECTED + """
changed = """ + repr(CHANGED) + """
ada = world.session("ada", also=changed)
result["end"] = world.json("session", "end", "--user", "ada", "--yes")
result["runs"] = [world.runs(pid) for pid in ada]
""")
    assert not any(found["runs"]) and found["end"] == found["end"] | {"sessions": 1, "processes": 4, "left": 0}


def test_the_caller_below_a_process_that_serves_many_spares_his_own_alone(rig):
    """In a terminal of such a service: what is another's there is not the caller's session."""
    found = rig.inside(CONNECTED + RUNNING + """
def asking(uid, words):
    gone, go = os.pipe()
    pid = os.fork()
    if not pid:
        if not os.fork():
            os.read(gone, 1)
            os.dup2(os.open("/home/answer", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
            os.execv(CTL, [CTL, *words, "--yes", "--json"])
        os.setgroups([])
        os.setresuid(uid, uid, uid)
        os.write(go, b"x")
        while True:
            signal.pause()
    return [pid]
def ask(*words):
    pathlib.Path("/home/answer").unlink(missing_ok=True)
    service = world.service("ada", "bob", also=lambda: asking(world.uid("ada"), words))
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            return service, json.loads(pathlib.Path("/home/answer").read_text())
        except (FileNotFoundError, ValueError):
            time.sleep(0.01)
service, result["bobs"] = ask("session", "end", "--user", "bob")
result["first"] = running(service), ended(service)
service, result["own"] = ask("session", "end", "--user", "ada")
for pid in (*service["ada"], *service["also"]):
    select.select([world.watched[pid]], [], [], 60)
result["second"] = running(service), ended(service)
""")
    assert found["bobs"] == found["bobs"] | {"sessions": 1, "own_session": False}, found
    assert found["first"] == [["ada", "also", "leader", "local", "root"], ["bob"]]
    assert found["own"]["own_session"] and found["second"] == [["bob", "leader", "local", "root"], ["ada", "also"]]


def test_a_process_that_serves_many_in_a_slice_of_one_of_ours_is_no_more_his_for_that(rig, slices):
    """There pam_systemd puts it with the first session that it opens; what the user left in there himself ends."""
    found = rig.inside(CONNECTED + RUNNING + slices + """
scope = f"user.slice/user-{world.uid('ada')}.slice/session-7.scope"
left = loose(scope)
service = world.service("ada", cgroup=lambda: join(scope))
result["end"] = world.json("session", "end", "--user", "ada", "--yes")
result["runs"], result["ended"], result["left"] = running(service), ended(service), world.runs(left)
""")
    assert (found["runs"], found["ended"], found["left"]) == (["leader", "local", "root"], ["ada"], False), found
    assert counts(found["end"]) == (1, 3, 0)
