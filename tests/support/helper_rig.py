# SPDX-License-Identifier: MIT
"""The built helper as the PAM module starts it, with judge and fetch, or a script in the judge's place.

Everything stands where it is installed, in a mount namespace per exchange: configuration, store, programs, local
users. What the exchanges leave in the store stays in the rig's folder.
"""

import contextlib
import os
import pathlib
import re
import select
import shutil
import socket
import subprocess
import sys
import tempfile

from . import messages
from .pam_rig import graft, installed
from .program import USERS, built
from .reports import Reports, is_sanitized
from .system_log import SystemLog
from .wire import Peer

TESTS = pathlib.Path(__file__).resolve().parents[1]
PROGRAMS = {"COSMO_HELPER_PATH": "helper", "COSMO_JUDGE_PATH": "judge", "COSMO_FETCH_PATH": "fetch"}

# What held_helper.c does, and then what the test adds just before the exec.
START = """
import os, resource, signal, sys
print("ready", flush=True)
sys.stdin.readline()
peer, program, channel, hostile = sys.argv[1:]
os.dup2(int(peer), 3)
os.close(int(peer))
null = os.open("/dev/null", os.O_RDWR)
for fd in range(3):
    os.dup2(null, fd)
os.close(null)
exec(hostile)
os.execv(program, [program, channel])
"""

# A judge that says what the test wants: `body` sees peer, question, show() and identity().
FALSE_JUDGE = """#!/usr/bin/python3
import socket, sys, time
sys.path.insert(0, {tests!r})
from support import wire
peer = wire.Peer(socket.socket(fileno=3), 600)
question = peer.recv()

def show(**fields):
    peer.send("JUDGE_SHOW", **({{"VERIFICATION_URI": question.ISSUER + "/activate", "USER_CODE": "WDJB-MJHT",
                              "VERIFICATION_URI_COMPLETE": question.ISSUER + "/activate?user_code=WDJB-MJHT",
                              "EXPIRES_IN_S": 600, "INTERVAL_S": 5}} | fields))

def identity(**fields):
    peer.send("JUDGE_IDENTITY", **({{"ISSUER": question.ISSUER, "SUB": "1000", "USERNAME": "ada", "ROLE": ["admin"],
                                  "CLAIM_STATE": 0, "IDP_TIME_S": int(time.time()), "REFRESH_TOKEN": b"refresh-me"}}
                                 | fields))

{body}
peer.socket.recv(1)
"""


def fields_of(line):
    """The fields of a log line of ours."""
    found = re.findall(r'(\w+)=("[^"]*"|\S+)', line.split(": ", 1)[1])
    return {key: value.strip('"') for key, value in found}


def end_of(pid, timeout_s=60):
    """Wait until the process is gone, whoever reaps it."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if not select.select([fd], [], [], timeout_s)[0]:
            raise TimeoutError(f"process {pid} is still there")
    finally:
        os.close(fd)


class Exchange:
    """One helper: `peer` is the caller's end of its socket."""

    def __init__(self, process, peer):
        self.process, self.peer = process, peer
        assert process.stdout.readline() == b"ready\n"
        # Kept open: the number of a namespace that has ended is soon another one's.
        self._namespace_fd = os.open(f"/proc/{process.pid}/ns/mnt", os.O_RDONLY)
        self._namespace = os.fstat(self._namespace_fd).st_ino
        process.stdin.close()

    def pids(self, name=None):
        """The processes of this exchange that run now; with `name`, those of that program."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                here = os.stat(f"/proc/{pid}/ns/mnt").st_ino == self._namespace
                words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") if here else []
            except OSError:
                continue
            if here and (name is None or any(word.endswith(b"cosmo-sso-" + name.encode()) for word in words)):
                found.append(int(pid))
        return found

    def all_gone(self):
        for pid in self.pids():
            end_of(pid)
        assert self.pids() == []

    def send(self, message, **fields):
        common = {"SERVICE": "sshd", "USER": "ada", "RUID": 0}
        if message == "SIGN_IN":
            common["INTERACTIVE"] = 1
        self.peer.send(message, **(common | fields))
        return self

    def recv(self):
        return self.peer.recv()

    def result(self):
        """The RESULT's error; a SHOW before it is passed over."""
        message = self.recv()
        if message.type == "SHOW":
            message = self.recv()
        assert message.type == "RESULT", message
        if message.ERR and message.error == "E_DISCONNECTED":  # told with more than its own sentence
            messages.check(message.TEXT)
        else:
            assert message.TEXT == messages.failure(message.ERR), message
        return "OK" if message.ERR == 0 else message.error

    def close(self):
        self.peer.close()
        for pid in self.pids():
            end_of(pid)
        self.process.stdout.close()
        self.process.wait(60)
        os.close(self._namespace_fd)


class HelperRig:
    """with HelperRig() as rig: rig.store("connect"); rig.sign_in("ada").result()

    `helper_under`: a command that runs the helper, such as valgrind; what it says is in `reports`."""

    def __init__(self, helper_under=()):
        self.helper_under = helper_under
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cosmo-sso-helper-"))
        self.folder.chmod(0o755)
        self.exchanges, self.reports = [], Reports()

    def __enter__(self):
        for name in ("state", "cache", "run", "conf", "libexec", "real", "desk"):
            (self.folder / name).mkdir(mode=0o755)
        (self.folder / "cache").chmod(0o700)
        self._file("machine-id", "0123456789abcdef0123456789abcdef\n")
        self._file("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n")
        self.local()
        for macro, part in PROGRAMS.items():
            self._install(part, pathlib.Path(installed(macro)).name)
        self._logger = SystemLog(self.folder / "desk/log")
        return self

    def __exit__(self, *_):
        for exchange in self.exchanges:
            exchange.close()
        print(*self.log(), sep="\n")  # shown with a test that fails
        self._logger.close()
        shutil.rmtree(self.folder)
        try:
            self.reports.check()
        finally:
            self.reports.close()

    def _install(self, part, name):
        """The helper is started with an environment that tells it where to report to; what it starts is not."""
        source, place = built(f"pam_cosmo_sso/{part}/{name}"), self.folder / "libexec" / name
        under = self.helper_under if part == "helper" else ()
        if under or (part != "helper" and is_sanitized(source)):
            shutil.copy(source, self.folder / "real" / name)
            self.reports.put_in_place(place, *under, self.folder / "real" / name)
        else:
            shutil.copy(source, place)

    def _file(self, name, text):
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o644)

    def local(self, users=(), groups=()):
        """The local files: root, our system users, and these further lines."""
        passwd = ["root:x:0:0:root:/root:/bin/bash", *users]
        group = ["root:x:0:", *groups]
        for name, number in USERS.items():
            passwd.append(f"{name}:x:{number}:{number}::/nonexistent:/usr/sbin/nologin")
            group.append(f"{name}:x:{number}:")
        self._file("passwd", "\n".join(passwd) + "\n")
        self._file("group", "\n".join(group) + "\n")

    def configure(self, text):
        self._file("conf/cosmo-sso.conf", text)

    def false_judge(self, body):
        path = self.folder / "libexec" / pathlib.Path(installed("COSMO_JUDGE_PATH")).name
        path.unlink()
        path.write_text(FALSE_JUDGE.format(tests=str(TESTS), body=body))
        path.chmod(0o755)

    def _grafts(self):
        pairs = {
            "passwd": "/etc/passwd",
            "group": "/etc/group",
            "machine-id": "/etc/machine-id",
            "nsswitch.conf": "/etc/nsswitch.conf",
            "state": installed("COSMO_STATE_DIR"),
            "cache": installed("COSMO_CACHE_DIR"),
            "run": installed("COSMO_RUN_DIR"),
            "conf": installed("COSMO_CONF_DIR"),
            "libexec": str(pathlib.Path(installed("COSMO_HELPER_PATH")).parent),
            "desk/log": "/dev/log",
        }
        return [f"{self.folder / source}={target}" for source, target in pairs.items()]

    def command(self, *words):
        """These words, to be run where everything stands in its place."""
        scratch = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        scratch.chmod(0o755)  # what it leads to keeps its own modes
        return [graft(), str(scratch), *self._grafts(), "--", *map(str, words)]

    def _environment(self):
        return {"PATH": os.environ["PATH"]} | self.reports.environment()

    def store(self, *words):
        """Have the store made or changed by the product's own writer; see store_maker.c."""
        command = self.command(built("tests/integration/store_maker"), *words)
        subprocess.run(command, check=True, env=self._environment(), timeout=60)

    def start(self, channel="pam", hostile="", pair=None, **options):
        """A helper that waits for its question. `hostile`: Python that runs just before its exec."""
        ours, theirs = pair or socket.socketpair()
        program = installed("COSMO_HELPER_PATH")
        held = [sys.executable, "-IS", "-c", START] if hostile else [built("tests/integration/held_helper")]
        command = self.command(*held, theirs.fileno(), program, channel, *([hostile] if hostile else []))
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=None,
                                   env=self._environment(), pass_fds=(theirs.fileno(),), **options)
        theirs.close()
        self.exchanges.append(Exchange(process, Peer(ours)))
        return self.exchanges[-1]

    def ask(self, message, channel="pam", **fields):
        return self.start(channel).send(message, **fields)

    def sign_in(self, user="ada", **fields):
        return self.ask("SIGN_IN", USER=user, **fields)

    def connect_with(self, config):
        """As cosmo-ssoctl connects a host, with the text of a configuration; one that is connected is disconnected first."""
        if (self.folder / "state/private/integration").exists():
            self.store("disconnect")
        exchange = self.start("ctl")
        exchange.peer.send("CTL_CONNECT", CONFIG=config)
        while (message := exchange.recv()).type == "PROGRESS":
            pass
        assert message.type == "RESULT" and message.ERR == 0, message
        exchange.all_gone()

    def state(self):
        """Everything durable, for comparing."""
        root = self.folder / "state"
        return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}

    def records(self):
        """Names that have a private record."""
        return sorted(path.name for path in (self.folder / "state/private/users").glob("[a-z]*"))

    def events(self):
        """The fields of all that was logged since the last time."""
        return [fields_of(line) for line in self.log()]

    @contextlib.contextmanager
    def without_log(self):
        """Nobody listens at /dev/log."""
        self._logger.close()
        try:
            yield
        finally:
            (self.folder / "desk/log").unlink()
            self._logger = SystemLog(self.folder / "desk/log")

    def log(self):
        """What was logged since the last time."""
        return self._logger.take()
