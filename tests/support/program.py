# SPDX-License-Identifier: MIT
"""Starts one of the built processes as the helper does, but under hostile conditions and in a mount namespace of its
own, where our system users exist and chosen files stand over the machine's."""

import fcntl
import os
import pathlib
import socket
import subprocess
import tempfile

from .process import end
from .wire import Peer

BUILD_DIR = os.environ.get("COSMO_BUILD_DIR")
# In the sandbox nothing can be cloned, which LeakSanitizer would have to.
SETTINGS = {"ASAN_OPTIONS": "detect_leaks=0", "UBSAN_OPTIONS": "print_stacktrace=1"}
USERS = {"cosmo-sso-judge": 64101, "cosmo-sso-fetch": 64102}

# $1: descriptor of the socket, $2: that of a second one or nothing, $3: what to start the program with, $4: program,
# then pairs of source and target to be mounted.
START = """
peer=$1 second=$2 wrapper=$3 program=$4
shift 4
while [ $# -gt 0 ]; do
    mount --bind "$1" "$2" || exit 99
    shift 2
done
eval "exec 3<&$peer $peer<&-"
[ -z "$second" ] || eval "exec 4<&$second $second<&-"
exec $wrapper "$program"
"""


def built(path):
    """A file of the build under test."""
    if not BUILD_DIR:
        raise RuntimeError("COSMO_BUILD_DIR has to name the build folder")
    return pathlib.Path(BUILD_DIR, path).resolve(strict=True)


def _with_users(source, line):
    """The machine's `source` with a line for each of our users in place of its own."""
    kept = [old for old in pathlib.Path(source).read_text().splitlines() if old.split(":")[0] not in USERS]
    return "\n".join(kept + [line.format(name=name, number=number) for name, number in USERS.items()]) + "\n"


class Program:
    """A running process: `peer` is our end of its descriptor 3, `pid` its own."""

    def __init__(self, path, mounts=(), files=None, env=None, pass_fds=(), wrapper="", second=None):
        """`mounts`: pairs of source and target; `files`: target: text, for files that exist; `wrapper`: a command that
        execs the program; `second`: a socket that becomes its descriptor 4, and is closed here."""
        self._folder = tempfile.TemporaryDirectory()
        texts = {
            "/etc/passwd": _with_users("/etc/passwd", "{name}:x:{number}:{number}::/nonexistent:/usr/sbin/nologin"),
            "/etc/group": _with_users("/etc/group", "{name}:x:{number}:"),
        }
        pairs = [part for mount in mounts for part in mount]
        for number, (target, text) in enumerate((texts | (files or {})).items()):
            copy = pathlib.Path(self._folder.name, str(number))
            copy.write_text(text)
            copy.chmod(0o644)
            pairs += [copy, target]
        ours, theirs = socket.socketpair()
        command = ["unshare", "-m", "--propagation", "private", "bash", "-c", START, "bash"]
        passed = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (theirs, second) if end]
        command += [*passed, *[""] * (2 - len(passed)), wrapper, path]
        self.process = subprocess.Popen(
            [str(part) for part in command + pairs],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={"PATH": os.environ["PATH"]} | SETTINGS | (env or {}),
            pass_fds=(*passed, *pass_fds),
        )
        theirs.close()
        if second:
            second.close()
        for fd in passed:
            os.close(fd)
        self.peer, self.pid = Peer(ours), self.process.pid

    def proc(self, name):
        return pathlib.Path(f"/proc/{self.pid}/{name}")

    def status(self):
        return dict(line.split(":", 1) for line in self.proc("status").read_text().splitlines())

    def wait(self, timeout_s=60):
        """Until it has ended by itself: exit status and whatever it said, which should be nothing."""
        said, _ = self.process.communicate(timeout=timeout_s)
        return self.process.returncode, said

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.peer.close()
        end(self.process)
        said = b"" if self.process.stdout.closed else self.process.stdout.read()
        self.process.stdout.close()
        self._folder.cleanup()
        assert not said, said.decode(errors="replace")
