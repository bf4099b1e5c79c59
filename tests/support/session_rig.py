# SPDX-License-Identifier: MIT
"""Sessions of real processes, in a pid namespace of a test's own: nothing that is signalled in there is anybody else's."""

import json
import subprocess
import sys

from .ctl_rig import CtlRig
from .helper_rig import TESTS
from .pam_rig import installed
from .program import built

# What a test's own lines find inside. PID 1 reaps, as on every host; it is what runs them.
INSIDE = """
import json, os, pathlib, select, signal, socket, subprocess, sys, time
sys.path.insert(0, {tests!r})
from support import wire

HELPER, CTL, STORE = {helper!r}, {ctl!r}, {store!r}
SLEEP = ["sleep", "100000"]

class World:
    def __init__(self):
        self.watched = {{}}

    def watch(self, pid):
        self.watched[pid] = os.pidfd_open(pid)
        return pid

    def runs(self, pid):
        return not select.select([self.watched[pid]], [], [], 0)[0]

    def store(self, *words):
        subprocess.run([STORE, *words], check=True, stdout=subprocess.DEVNULL)

    def ctl(self, *words):
        done = subprocess.run([CTL, *words], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        return {{"code": done.returncode, "out": done.stdout, "err": done.stderr}}

    def json(self, *words):
        done = self.ctl(*words, "--json")
        return json.loads(done["out"])

    def uid(self, name):
        return self.json("user", "show", name)[0]["uid"]

    def start(self, command=SLEEP, uid=0, python=None, uids=None):
        '''A process of its own; `python`: what it does instead of a command, once it is that user.'''
        (ready, told), (watched, watching) = os.pipe(), os.pipe()
        pid = os.fork()
        if not pid:
            os.close(ready)
            os.read(watched, 1)  # who ends at once must be watched before
            os.setgroups([])
            os.setresuid(*(uids or (uid, uid, uid)))
            if python:
                exec(python, {{"os": os, "signal": signal, "told": told, "world": self, "subprocess": subprocess, "uid": uid}})
                os.write(told, b"x")
                while True:
                    signal.pause()
            os.set_inheritable(told, False)
            os.execvp(command[0], command)
        self.watch(pid)
        os.write(watching, b"x")
        os.close(told)
        os.read(ready, 1)
        for descriptor in (ready, watched, watching):
            os.close(descriptor)
        return pid

    def say(self, message, user, **fields):
        '''As the module does: the calling process is the one that opens the session.'''
        ours, theirs = socket.socketpair()
        os.set_inheritable(theirs.fileno(), True)
        child = os.fork()
        if not child:
            os.dup2(theirs.fileno(), 3)
            os.execv(HELPER, [HELPER, "pam"])
        theirs.close()
        peer = wire.Peer(ours)
        peer.send(message, SERVICE="sshd", USER=user, RUID=0, TTY="pts/7", RHOST="192.0.2.7", **fields)
        answer = peer.recv()
        os.waitpid(child, 0)
        peer.close()
        return answer.error

    def session(self, user, also=""):
        '''A leader of root's, as sshd's is, which has opened a session and has a child of the user and one of root.
        The pids of leader, child and grandchild.'''
        uid, (ready, told) = self.uid(user), os.pipe()
        leader = os.fork()
        if not leader:
            os.setsid()
            assert self.say("OPEN_SESSION", user) == "OK"
            child = self.start(uid=uid)
            root = self.start()
            exec(also, {{"world": self, "uid": uid, "os": os, "signal": signal}})
            os.write(told, json.dumps([child, root]).encode())
            os.close(told)
            while True:
                os.waitpid(-1, 0)
        os.close(told)
        answer = os.read(ready, 1000)
        os.close(ready)
        return [self.watch(pid) for pid in [leader, *json.loads(answer)]]

    def service(self, *users, local=True, cgroup=None, also=None):
        '''One process of root's that opens the sessions of several of ours and serves local users too. For each of ours
        it has started what runs as him, and below that something as root; one for a local user, one as root.'''
        (ready, told), uids = os.pipe(), [self.uid(user) for user in users]
        leader = os.fork()
        if not leader:
            os.setsid()
            if cgroup:
                cgroup()
            for user in users:
                assert self.say("OPEN_SESSION", user) == "OK"
            pids = {{user: self.tree(uid) for user, uid in zip(users, uids)}} | {{"root": [self.start()]}}
            pids |= {{"local": [self.start(uid=4711)]}} if local else {{}}
            pids |= {{"also": also()}} if also else {{}}
            os.write(told, json.dumps(pids).encode())
            os.close(told)
            while True:
                os.waitpid(-1, 0)
        os.close(told)
        pids = {{"leader": [leader]}} | json.loads(os.read(ready, 1000))
        os.close(ready)
        return {{whose: [self.watch(pid) for pid in group] for whose, group in pids.items()}}

    def tree(self, uid):
        '''A process of this user, a session of its own, and one of root below it, as by sudo, that heeds no signal.'''
        ready, told = os.pipe()
        pid = os.fork()
        if not pid:
            os.setsid()
            child = self.start(python="[signal.signal(number, signal.SIG_IGN) for number in (signal.SIGHUP, signal.SIGTERM)]")
            os.setgroups([])
            os.setresuid(uid, uid, uid)
            os.write(told, str(child).encode())
            while True:
                signal.pause()
        return [pid, int(os.read(ready, 20))]

world = World()
signal.signal(signal.SIGCHLD, signal.SIG_DFL)
result = {{}}
"""


class SessionRig(CtlRig):
    """with SessionRig() as rig: rig.inside("result['x'] = world.session('ada')")["x"]"""

    def __enter__(self):
        super().__enter__()
        (self.folder / "desk/ts").mkdir(mode=0o700)
        for name in ("home", "linger"):
            (self.folder / "desk" / name).mkdir(mode=0o755)
        return self

    def _grafts(self):
        return [*super()._grafts(), f"{self.folder}/desk/ts=/run/sudo/ts", f"{self.folder}/desk/home=/home",
                f"{self.folder}/desk/linger=/var/lib/systemd/linger", *self._shared_folders()]

    def _shared_folders(self):
        """Where everybody may write: the helper looks through all of it."""
        return [f":{self.folder}:{self.reports.folder}:{TESTS.parent}={place}" for place in ("/tmp", "/var/tmp", "/dev/shm")]

    def inside(self, body, timeout_s=120):
        """What `body` has put into `result`."""
        prelude = INSIDE.format(tests=str(TESTS), helper=installed("COSMO_HELPER_PATH"),
                                ctl=str(built("ctl/cosmo-ssoctl")), store=str(built("tests/integration/store_maker")))
        code = prelude + body + "\nprint('RESULT ' + json.dumps(result), flush=True)\n"
        command = self.command("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", sys.executable, "-c", code)
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, env=self._environment())
        assert done.returncode == 0, done.stderr + done.stdout
        return json.loads(done.stdout.rsplit("RESULT ", 1)[1])
