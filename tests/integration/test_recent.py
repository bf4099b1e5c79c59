# SPDX-License-Identifier: MIT
"""`auth = recent`: sshd, terminals and sudo played by real processes in a pid namespace, judged by the built helper.

sshd is three processes as the real one: one signs in and ends, its parent opens the session and starts one of the user's,
which starts what leads each terminal. sudo is a setuid program. Needs root and COSMO_BUILD_DIR."""

import pathlib
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))
from support.pam_rig import installed  # noqa: E402
from support.session_rig import SessionRig  # noqa: E402
from support.slices import slices  # noqa: E402, F401

CONFIG = """
[integration]
issuer = https://idp.example.org
client_id = host
[rules]
admin = admins
developer = devs
[access]
sudo = admin, developer
[service sudo]
auth = recent:15m
"""

# What a program that runs as root does for PAM: [was a code shown, the answer].
ASK = """
import json, os, socket, sys
sys.path.insert(0, {tests!r})
from support import wire
def ask(message, **fields):
    ours, theirs = socket.socketpair()
    os.set_inheritable(theirs.fileno(), True)
    child = os.fork()
    if not child:
        os.dup2(theirs.fileno(), 3)
        os.execv({helper!r}, [{helper!r}, "pam"])
    theirs.close()
    peer = wire.Peer(ours)
    common = {{"SERVICE": "sshd", "USER": "ada", "RUID": 0}} | ({{"INTERACTIVE": 1}} if message == "SIGN_IN" else {{}})
    peer.send(message, **(common | fields))
    answers = [peer.recv()]
    if answers[0].type == "SHOW":
        answers.append(peer.recv())
    os.waitpid(child, 0)
    peer.close()
    return [len(answers) == 2, answers[-1].error]
"""

PLAY = """
import fcntl, shutil, termios
exec(ASK)
shutil.copy("/usr/bin/python3", "/home/setuid")
os.chmod("/home/setuid", 0o4755)
CODE, SILENT = [True, "OK"], [False, "OK"]
terminals = []

def begin(do):
    ready, told = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(ready)
        os.write(told, json.dumps(do()).encode())
        os._exit(0)
    os.close(told)
    return pid, ready

def finish(begun):
    pid, ready = begun
    data = b""
    while part := os.read(ready, 65536):
        data += part
    os.close(ready)
    os.waitpid(pid, 0)
    return json.loads(data)

def in_child(do):
    return finish(begin(do))

def as_root(code, environment={}):
    done = subprocess.run(["/home/setuid", "-c", ASK + "os.setresuid(0, 0, 0)" + chr(10) + code], capture_output=True,
                          input="", text=True, env={"PYTHONHOME": sys.prefix} | environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout else None

def sudo(environment={}, **fields):
    return as_root(f"print(json.dumps(ask('SIGN_IN', **{ {'SERVICE': 'sudo'} | fields })))", environment)

def ctl(*words):
    as_root(f"import subprocess; subprocess.run({[CTL, *words]}, check=True, stdout=2)")

def store(*words):
    as_root(f"import subprocess; subprocess.run({[STORE, *words]}, check=True, stdout=2)")

def at_terminal(do):
    "Begin what `do` says as the leader of a session at a terminal of its own."
    ours, theirs = terminals.pop()
    def lead():
        os.setsid()
        fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)
        return do()
    return begin(lead)

def terminal(do):
    return finish(at_terminal(do))

def connection(do, scope="session-7", key=False, user="ada"):
    "What `do` says in the process that sshd has for the user."
    terminals[:0] = [os.openpty() for _ in range(4)]  # as root: the user may not open any here
    def monitor():
        uid = world.uid(user)
        join(f"user.slice/user-{uid}.slice/{scope}.scope")
        os.setsid()
        said = [*([] if key else [in_child(lambda: ask("SIGN_IN", USER=user))]), ask("OPEN_SESSION", USER=user)]
        assert said[-1:] == [SILENT] and said[:-1] in ([], [CODE]), said
        def be():
            os.setgroups([])
            os.setresuid(uid, uid, uid)
            return do()
        return in_child(be)
    return in_child(monitor)
world.store("connect")
assert ask("SIGN_IN") == CODE
"""


@pytest.fixture
def play(slices):  # noqa: F811
    with SessionRig() as rig:
        rig.configure(CONFIG)
        rig.false_judge("show()\nidentity(SUB=\"ada\", AUTH_TIME_S=int(time.time()))")
        ask = ASK.format(tests=str(TESTS), helper=installed("COSMO_HELPER_PATH"))

        def run(body):
            return rig.inside(f"ASK = {ask!r}\n{slices}\n{PLAY}\n{body}")

        run.rig = rig
        yield run


# case: recent: who has signed in with the code to this terminal's session is not asked again, nor is one who did so in sudo
def test_recent__terminal_of_the_sign_in__no_code(play):
    found = play("""
result["ssh"] = connection(lambda: terminal(lambda: [sudo(), sudo(), sudo()]))
result["key"] = connection(lambda: terminal(lambda: [sudo(), sudo()]), key=True, scope="session-8")
""")
    assert found == {"ssh": [[False, "OK"]] * 3, "key": [[True, "OK"], [False, "OK"]]}
    events = [event["event"] for event in play.rig.events() if event.get("service") == "sudo"]
    assert events == ["sign_in_recent"] * 3 + ["sign_in_ok", "sign_in_recent"]


# case: recent: another terminal, session or user has no part in it, whatever it says: nor one on a shared connection
def test_recent__anywhere_else__a_code(play):
    found = play("""
def first():
    return {"here": sudo(), "within": terminal(sudo), "bob": sudo(USER="bob")}
def both():
    "A terminal, and while it lasts the next one of the connection, which says that it is the first."
    forged = {"SSH_TTY": name, "XDG_SESSION_ID": "7", "SUDO_TTY": name}
    (ready, told), (end, ended) = os.pipe(), os.pipe()
    def lead():
        os.write(told, b"x")
        os.read(end, 1)
        return sudo()
    first = at_terminal(lead)
    os.read(ready, 1)
    second = terminal(lambda: sudo(forged, TTY=name))
    os.write(ended, b"x")
    return {"second": second, "first": finish(first)}
result["first"] = connection(lambda: terminal(first))
result["unused"] = connection(lambda: terminal(lambda: [terminal(sudo), sudo()]))
terminals.append(os.openpty())
name = os.ttyname(terminals[-1][1])
result["shared"] = connection(both)
result["key"] = connection(lambda: terminal(sudo), scope="session-8", key=True)
""")
    assert found["first"] == {"here": [False, "OK"], "within": [True, "OK"], "bob": [True, "E_OTHER_USER"]}
    assert found["unused"] == [[True, "OK"], [False, "OK"]]
    assert found["shared"] == {"second": [True, "OK"], "first": [False, "OK"]}
    assert found["key"] == [True, "OK"]


# case: recent: what somebody else runs at the terminal has no part in it, nor what its owner's other session has taken in
def test_recent__begun_by_another_at_the_terminal__a_code(play):
    found = play("""
def taken_in():
    "sudo, whose parent is of another session by the time it asks."
    def parent():
        code = ASK + "os.setresuid(0, 0, 0); sys.stdin.read(); print(json.dumps(ask('SIGN_IN', SERVICE='sudo')))"
        child = subprocess.Popen(["/home/setuid", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                 env={"PYTHONHOME": sys.prefix})
        os.setsid()
        return json.loads(child.communicate()[0])
    return in_child(parent)
def lead():
    su = "os.setresuid(65534, 0, 0); print(json.dumps(ask('SIGN_IN', SERVICE='sudo')))"
    return {"su": as_root(su), "taken in": taken_in(), "sudo": sudo()}
result["ssh"] = connection(lambda: terminal(lead))
""")
    assert found["ssh"] == {"su": [True, "OK"], "taken in": [True, "OK"], "sudo": [False, "OK"]}


# case: recent: where nobody can be shown a code it is enough, and without it the refusal comes at once
def test_recent__not_interactive__enough_or_refused(play):
    found = play("""
result["ssh"] = connection(lambda: [terminal(lambda: sudo(INTERACTIVE=0)), sudo(INTERACTIVE=0)])
""")
    assert found["ssh"] == [[False, "OK"], [False, "E_NO_PROMPT"]]


CHANGES = {
    "lock": 'ctl("user", "lock", "ada", "--keep-sessions", "--yes"), ctl("user", "unlock", "ada")',
    "user-disconnect": 'ctl("user", "disconnect", "ada", "--keep-sessions", "--yes")',
    "roles": 'store("user=ada,developer"), store("user=ada,admin")',
    "moved": "as_root(f\"open('{SLICES}/elsewhere/cgroup.procs', 'w').write('{os.getpid()}')\")",
    "disconnect": 'ctl("disconnect", "--keep-sessions"), store("connect")',
}


# case: recent: after a lock, a disconnect of user or host, a change of roles, the sign-in of before counts no more
def test_recent__something_changed__a_code(play):
    """Also if it has been taken back since, and by whoever moves to another session."""
    body = "(SLICES / 'elsewhere').mkdir()\n"
    for name, change in CHANGES.items():
        body += f"result[{name!r}] = connection(lambda: terminal(lambda: [sudo(), {change}, sudo()]))\n"
    found = play(body)
    assert {name: (said[0], said[-1][0]) for name, said in found.items()} == dict.fromkeys(CHANGES, ([False, "OK"], True)), found


# case: recent: what the service demands of a sign-in holds for one of before as well
@pytest.mark.parametrize("demand, enough", [("max_age = 1h", True), ("acr = strong", True), ("amr = mfa", True), ("amr = otp", False)])
def test_recent__demands__of_the_sign_in_of_before(play, demand, enough):
    play.rig.configure(CONFIG + demand + "\n")
    play.rig.false_judge('show()\nidentity(AUTH_TIME_S=int(time.time()), ACR="strong", AMR=["mfa", "pwd"])')
    found = play("""result["ssh"] = connection(lambda: terminal(sudo))""")
    assert found["ssh"] == ([False, "OK"] if enough else [True, "E_STEP_UP"])


# case: recent: an old sign-in at the IdP is no fresh one because it was used just now
def test_recent__max_age_over__a_code(play):
    play.rig.configure(CONFIG + "max_age = 5m\n")
    play.rig.false_judge("show()\nidentity(AUTH_TIME_S=int(time.time()) - 3600)")
    found = play("""result["ssh"] = connection(lambda: terminal(sudo))""")
    assert found["ssh"] == [True, "E_STEP_UP"]


# case: recent: what a file in the folder says counts only undamaged, root's, and under its own name
def test_recent__file_changed__a_code(play):
    found = play("""
folder = installed_run + "/private/recent"
def lead():
    before = sudo()
    as_root(f"name, = [n for n in os.listdir({folder!r}) if n.startswith('bound')]; path = {folder!r} + '/' + name;"
            "text = open(path).read(); open(path, 'w').write(text.replace('sign_outs = 0', 'sign_outs = 1'))")
    return [before, sudo()]
result["ssh"] = connection(lambda: terminal(lead))
""".replace("installed_run", repr(installed("COSMO_RUN_DIR"))))
    assert found["ssh"] == [[False, "OK"], [True, "OK"]]
