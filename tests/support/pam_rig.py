# SPDX-License-Identifier: MIT
"""The built PAM module in a program that uses PAM, with the test playing the helper's part.

Everything stands where it is installed, in a mount namespace of the rig's own: the store (made by the product's own
writer), nsswitch.conf with our NSS plugin, the helper's place.
"""

import contextlib
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading

from . import messages
from .process import watch
from .program import built
from .reports import Reports
from .system_log import SystemLog
from .wire import Peer

# What the program loads or runs. Copied into the rig, because it may be anybody: a build folder is root's own.
OBJECTS = {
    "caller": "tests/integration/pam_caller",
    "helper": "tests/integration/helper_stand_in",
    "lib/pam_cosmo_sso.so": "pam_cosmo_sso/module/pam_cosmo_sso.so",
    "lib/pam_marker.so": "tests/integration/pam_marker.so",
    "lib/libnss_cosmo.so.2": "nss_cosmo/libnss_cosmo.so.2",
}
# security/_pam_types.h
CODES = {
    name: number
    for number, name in enumerate(
        "SUCCESS OPEN_ERR SYMBOL_ERR SERVICE_ERR SYSTEM_ERR BUF_ERR PERM_DENIED AUTH_ERR CRED_INSUFFICIENT"
        " AUTHINFO_UNAVAIL USER_UNKNOWN MAXTRIES NEW_AUTHTOK_REQD ACCT_EXPIRED SESSION_ERR CRED_UNAVAIL CRED_EXPIRED"
        " CRED_ERR NO_MODULE_DATA CONV_ERR AUTHTOK_ERR AUTHTOK_RECOVERY_ERR AUTHTOK_LOCK_BUSY AUTHTOK_DISABLE_AGING"
        " TRY_AGAIN IGNORE ABORT AUTHTOK_EXPIRED MODULE_UNKNOWN".split()
    )
}
NAMES = {number: name for name, number in CODES.items()}
ECHO_OFF, ECHO_ON, ERROR, INFO = 1, 2, 3, 4
# What a stack of only our module answers when that says PAM_IGNORE, for each PAM function; see SERVICE.
IGNORED = "OPEN_ERR"
# Each answer of the module as it is; a module that ignores leaves the stack to pam_deny's stand-in below.
SERVICE = """
auth [default=done success=done ignore=ignore] {module} {args}
auth [default=done] {marker}
account [default=done success=done ignore=ignore] {module} {args}
account [default=done] {marker}
session [default=done success=done ignore=ignore] {module} {args}
session [default=done] {marker}
password [default=done success=done ignore=ignore] {module} {args}
password [default=done] {marker}
"""


def graft():
    """The program that puts files in their places, see graft.c."""
    return str(built("tests/integration/graft"))


def installed(name):
    """A place compiled into the build, by its macro in paths.h."""
    return re.search(rf'#define {name} "([^"]+)"', built("paths.h").read_text()).group(1)


class Outcome:
    """What the program saw: `calls` [(word, code's name)], `messages` [(style, text)], `changed`, `log` lines."""

    def __init__(self, report, log, said):
        self.calls, self.messages, self.changed, self.said, self.log = [], [], [], said, log
        lines = report.splitlines()
        assert lines and lines[-1] == "done", f"the program did not end well: {report}{said}"
        for line in lines[:-1]:
            word, _, rest = line.partition(" ")
            if word == "message":
                style, _, text = rest.partition(" ")
                self.messages.append((int(style), text.replace("\\n", "\n")))
            elif word in ("changed", "to"):
                self.changed.append(line)
            else:
                self.calls.append((word, NAMES[int(rest)]))

    @property
    def codes(self):
        return [code for _, code in self.calls]

    def texts(self, style):
        return [text for found, text in self.messages if found == style]


@contextlib.contextmanager
def terminal():
    """A terminal that nobody types on, as the caller is told of it."""
    ours, theirs = os.openpty()
    yield "tty=" + os.ttyname(theirs)
    os.close(ours)
    os.close(theirs)


class RigClock:
    """A time that stands still for the caller until it is moved; `word` is what the caller is told of it."""

    def __init__(self, folder):
        self._file, self._looks = folder / "clock", folder / "clock.looks"
        self.word = f"time={self._file}"
        self._looks.unlink(missing_ok=True)
        self.set(0)

    def set(self, ms):
        """So many milliseconds since the start."""
        part = self._file.with_suffix(".part")
        part.write_text(str(ms))
        part.rename(self._file)

    def _count(self):
        return int(self._looks.read_text() or 0) if self._looks.exists() else 0

    def wait_looked(self):
        """Until the caller has looked at the time as it is now, and waits on."""
        one_under_way = self._count() + 1
        watch(lambda: self._count() > one_under_way, 60, "a look at the clock", 0.005)


class PamRig:
    """with PamRig() as rig: rig.store("connect", ...); rig.run("sshd", "ada", "auth", helper=script)

    A `helper` is a function of a Peer; it is called once per helper started, in a thread of its own, and what it
    asserts fails the test at the end of run(). So does a text shown that docs/messages.md does not have, unless the
    test's helper `invents` it."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cosmo-sso-pam-"))
        self.folder.chmod(0o755)
        self.started, self._problems, self._helper, self.reports = 0, [], None, Reports()
        self.machine_id = "0123456789abcdef0123456789abcdef\n"
        self._cgroup = {}

    def __enter__(self):
        for name in ("state", "cache", "run", "desk", "pam", "lib"):
            (self.folder / name).mkdir()
            (self.folder / name).chmod(0o700 if name == "cache" else 0o755)
        (self.folder / "nsswitch.conf").write_text("passwd: files cosmo\ngroup: files cosmo\nshadow: files\n")
        (self.folder / "machine-id").write_text(self.machine_id)
        for name in ("nsswitch.conf", "machine-id"):
            (self.folder / name).chmod(0o644)
        for name, source in OBJECTS.items():
            shutil.copyfile(built(source), self.folder / name)
            (self.folder / name).chmod(0o755)
        (self.folder / "pam/other").write_text("auth required pam_deny.so\n")
        self.local_passwd()
        self._show_cgroup("/system.slice/ssh.service")  # whatever group the tests run in
        self._listen()
        return self

    def local_passwd(self, *lines):
        """The machine's own /etc/passwd, with these lines in front."""
        text = "".join(line + "\n" for line in lines) + pathlib.Path("/etc/passwd").read_text()
        (self.folder / "passwd").write_text(text)
        (self.folder / "passwd").chmod(0o644)

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        self._logger.close()
        shutil.rmtree(self.folder)
        self.reports.close()

    def _listen(self):
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.folder / "desk/helper"))
        self._listener.listen(64)
        self._logger = SystemLog(self.folder / "desk/log")
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self):
        """One visitor after the other: a stand-in with the helper's socket, or finish() with nothing."""
        while True:
            try:
                desk, _ = self._listener.accept()
            except OSError:
                return
            with desk:
                state, fds, _, _ = socket.recv_fds(desk, 1, 1)
                if fds:
                    self._play(state, Peer(socket.socket(fileno=fds[0])))
                else:
                    desk.sendall(b"!")

    def _play(self, state, peer):
        self.started += 1
        try:
            assert state == b"y", f"the helper inherited too much: {state}"
            assert self._helper, "no helper was to be started"
            self._helper(peer)
        except Exception as error:  # told at the end of run()
            self._problems.append(error)
        finally:
            peer.close()

    def _all_served(self):
        """Who visited before us has been dealt with once we have."""
        with socket.socket(socket.AF_UNIX) as desk:
            desk.connect(str(self.folder / "desk/helper"))
            desk.sendall(b"?")
            desk.recv(1)

    def _show_cgroup(self, path, owner=0):
        place = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        place.chmod(0o755)
        (place / "self").write_text(f"0::{path}\n")
        folder = place / ("groups" + path)
        folder.mkdir(parents=True)
        os.chown(folder, owner, owner)
        self._cgroup = {place / "self": "/proc/self/cgroup", place / "groups": "/sys/fs/cgroup"}

    @contextlib.contextmanager
    def cgroup(self, path, owner=0):
        """What the program sees of its control group: this path in the unified hierarchy, whose last folder is
        `owner`'s."""
        before = self._cgroup
        self._show_cgroup(path, owner)
        try:
            yield
        finally:
            self._cgroup = before

    def _grafts(self):
        pairs = {
            "state": installed("COSMO_STATE_DIR"),
            "cache": installed("COSMO_CACHE_DIR"),
            "run": installed("COSMO_RUN_DIR"),
            "helper": installed("COSMO_HELPER_PATH"),
            "desk": "/run/cosmo-sso-desk",
            "desk/log": "/dev/log",
            "nsswitch.conf": "/etc/nsswitch.conf",
            "machine-id": "/etc/machine-id",
            "passwd": "/etc/passwd",
        }
        return [f"{self.folder / source}={target}" for source, target in (pairs | self._cgroup).items()]

    def _command(self, *words):
        scratch = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        scratch.chmod(0o755)  # what it leads to keeps its own modes
        return [graft(), str(scratch), *self._grafts(), "--", *map(str, words)]

    def _environment(self):
        paths = {"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": str(self.folder / "lib")}
        return paths | self.reports.environment()

    def store(self, *words):
        """Have the store made or changed by the product's own writer; see store_maker.c."""
        command = self._command(built("tests/integration/store_maker"), *words)
        subprocess.run(command, check=True, env=self._environment(), timeout=60)
        self.reports.check()

    def inside(self, *words):
        """Run a program where everything stands in its place; what it prints."""
        done = subprocess.run(self._command(*words), env=self._environment(), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=120)
        assert done.returncode == 0, done.stdout
        self.reports.check()
        return done.stdout

    def _service(self, name, args, stack):
        """`stack`: lines that stand in the place of SERVICE, as /etc/pam.d would have them."""
        module = self.folder / "lib/pam_cosmo_sso.so"
        text = SERVICE.format(module=module, marker=self.folder / "lib/pam_marker.so", args=args)
        if stack:
            text = stack.replace("pam_cosmo_sso.so", str(module))
        (self.folder / "pam" / name).write_text(text)

    def start(self, service, user, *words, helper=None, args="", wrapper=(), stdin=subprocess.DEVNULL, invents=(),
              stack=None, pipe=False, **options):
        """Like run(), without waiting; finish() gives the outcome. `pipe`: the report comes over the program's output,
        which no limit of file sizes touches."""
        self._service(service, args, stack)
        self._invented = invents
        self._helper, self._problems, self.started = helper, [], 0
        self._logger.take()
        self._report = pathlib.Path(tempfile.mktemp(dir=self.folder))
        report, self._pipe = "/proc/self/fd/1" if pipe else self._report, pipe
        command = [*wrapper, self.folder / "caller", report, self.folder / "pam", service, user, *words]
        return subprocess.Popen(self._command(*command), stdin=stdin, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, env=self._environment(), **options)

    def clock(self):
        return RigClock(self.folder)

    def report(self):
        return self._report.read_text() if self._report.exists() else ""

    def finish(self, process, timeout_s=120):
        said = process.communicate(timeout=timeout_s)[0].decode()
        self._all_served()
        if self._problems:
            raise self._problems[0]
        self.reports.check()
        report, said = (said, "") if self._pipe else (self.report(), said)
        outcome = Outcome(report, self._logger.take(), said)
        for _, text in outcome.messages:
            if text not in self._invented:
                messages.check(text)
        return outcome

    def run(self, service, user, *words, timeout_s=120, **options):
        return self.finish(self.start(service, user, *words, **options), timeout_s)
