#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Programs that sign people in and are stopped, killed, limited or owned by somebody hostile: module, helper, judge and
fetch as built, against an IdP of the test's. Needs root and COSMO_BUILD_DIR."""

import contextlib
import fcntl
import os
import pathlib
import re
import signal
import subprocess
import sys
import termios

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support.fake_idp import Answer, FakeIdp  # noqa: E402
from support.helper_rig import end_of  # noqa: E402
from support.process import watch  # noqa: E402
from support.program import built  # noqa: E402
from support.reports import is_sanitized  # noqa: E402
from support.sign_in_rig import SignInRig  # noqa: E402

PENDING = Answer(400, {"error": "authorization_pending"})
NOBODY = 65534
CONV_ERR = 19


def sanitized():
    return is_sanitized(built("tests/integration/pam_caller"))


class PersonalIdp(FakeIdp):
    """Flows begun while it is `holding` wait for approve(); others are approved at once, by whom `claims` names."""

    def __init__(self):
        self.holding, self.waiting, self.codes = False, {}, 0
        super().__init__()

    def approve(self, *claims):
        """Each flow that waits by the next of these; by `claims` if there are none."""
        self.holding = False
        for number, code in enumerate(self.waiting):
            self.waiting[code] = self.waiting[code] or (claims[number % len(claims)] if claims else self.claims)

    def _proper_answer(self, request):
        if request.path == "/device":
            self.codes += 1
            code = f"code-{self.codes}"
            self.device_codes.add(code)
            if self.holding:
                self.waiting[code] = None
            return Answer(body=self.device_authorization() | {"device_code": code, "user_code": code})
        if request.path == "/token" and request.form["device_code"] in self.waiting:
            claims = self.waiting[request.form["device_code"]]
            return Answer(body=self.tokens(**claims)) if claims else PENDING
        return super()._proper_answer(request)


class Caller:
    """One running program; everything it started stands in its mount namespace."""

    def __init__(self, site, user, *words, report=None, wrapper=(), terminal=None):
        self.report_path = report or site.rig.folder / f"report-{len(site.callers)}"
        command = [*wrapper, site.rig.folder / "caller", self.report_path, site.rig.folder / "pam", "login", user, *words]
        self.process = subprocess.Popen(site.rig.command(*command), env=site.rig.caller_environment(),
                                        stdin=subprocess.DEVNULL if terminal is None else terminal,
                                        stdout=subprocess.PIPE, stderr=terminal)
        site.callers.append(self)

    @property
    def pid(self):
        return self.process.pid

    def report(self):
        return self.report_path.read_text() if self.report_path.exists() else ""

    def shown(self):
        """Until the code is on the screen."""
        watch(lambda: "\nmessage 4" in "\n" + self.report(), 60, "the code")
        return self

    def pids(self, name):
        """Of that program, of this caller's."""
        here, found = os.stat(f"/proc/{self.pid}/ns/mnt").st_ino, []
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                words = (entry / "cmdline").read_bytes().split(b"\0")
                if (entry / "ns/mnt").stat().st_ino == here and words[0].endswith(b"cosmo-sso-" + name.encode()):
                    found.append(int(entry.name))
        return found

    def family(self):
        return [pid for name in ("helper", "judge", "fetch") for pid in self.pids(name)]

    def send(self, number):
        self.process.send_signal(number)
        if number == signal.SIGSTOP:
            watch(lambda: pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(") ", 1)[1][0] == "T", 60, "the stop")

    def finish(self):
        """What its calls returned, and that it is what it was."""
        said = self.process.communicate(timeout=120)[0].decode()
        report = self.report() if self.report_path.name != "1" else said
        assert report.endswith("done\n"), report
        assert not re.search("^changed", report, re.M), report
        return [int(code) for code in re.findall(r"^(?:auth|account|open|close) (\d+)$", report, re.M)]


class Site:
    def __init__(self, rig, idp):
        self.rig, self.idp, self.callers = rig, idp, []
        rig.connect(idp.issuer, idp.CLIENT_ID, idp.ca_pem)
        self.master, self.slave = os.openpty()
        self.tty = "tty=" + os.ttyname(self.slave)
        for name, sub in (("eve", "2000"), ("ada", "1000")):  # ada is whom the IdP names from now on
            self.idp.vouch_for(name, sub, "admins")
            assert self.start(name, "auth").finish() == [0]

    def start(self, user, *words, **options):
        process = [word for word in words if word.startswith(("limit=", "noconv", "threads", "ignore-", "catch-"))]
        rest = [word for word in words if word not in process]
        self.rig.log()  # a full socket would hold up libpam, which waits for it where it cannot load a module
        return Caller(self, user, *process, self.tty, *rest, **options)

    def record(self, name="ada"):
        return (self.rig.folder / "state/private/users" / name).read_text()

    def others_go_on(self):
        """Another user signs in, root is nobody of ours, accounts and names are answered."""
        was = self.idp.claims, self.idp.holding
        self.idp.vouch_for("eve", "2000", "admins")
        self.idp.holding = False
        assert self.start("eve", "auth", "account", "open", "close").finish() == [0, 0, 0, 0]
        self.idp.claims, self.idp.holding = was
        self.look_ups_go_on()

    def look_ups_go_on(self):
        assert self.start("root", "auth").finish() not in ([0], [])  # the stack's own word: nobody was asked
        assert self.start("eve", "account").finish() == [0]
        if sanitized():
            return  # getent is not built for our plugin's sanitizers
        found = subprocess.run(self.rig.command("getent", "passwd", "ada"), env=self.rig.caller_environment(),
                               stdout=subprocess.PIPE, check=True)
        assert found.stdout.startswith(b"ada:*:")

    def close(self):
        for caller in self.callers:
            with contextlib.suppress(ProcessLookupError):
                caller.process.kill()
            caller.process.wait(60)
            caller.process.stdout.close()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture(scope="module")
def shared():
    with SignInRig() as rig, PersonalIdp() as idp:
        site = Site(rig, idp)
        yield site
        site.close()


@pytest.fixture
def site(shared):
    shared.idp.vouch_for("ada", "1000", "admins")
    yield shared
    shared.idp.approve()
    shared.idp.waiting.clear()


# Told by a key of its terminal.


@pytest.fixture
def keyboard():
    """A terminal that nobody has yet: our end, its."""
    ours, theirs = os.openpty()
    yield ours, theirs
    os.close(ours)
    os.close(theirs)


# As a shell with job control runs it: who leads a session cannot be stopped by a key.
BY_A_SHELL = ("setsid", "-c", "bash", "-mc", '"$@"; exit $?', "bash")


def all_gone(family):
    watch(lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in family), 60, "the end of all it started")


def echoed(keyboard, text):
    """Until the terminal has done with what was typed."""
    seen = b""
    while text not in seen:
        seen += os.read(keyboard, 4096)


# case: console: Ctrl-C ends a sign-in also in a program that does not end of it, as login of Debian 13 and sudo
# case: console: for Ctrl-C to be noticed no signal of that program and no mode of the terminal is changed
@pytest.mark.parametrize("word", ["ignore-keys", "catch-sigint"])
def test_ctrl_c__program_outlives_it__sign_in_ends(site, keyboard, word):
    typed, terminal = keyboard
    modes, before = termios.tcgetattr(typed), site.record()
    site.idp.holding = True
    caller = site.start("ada", word, "auth", wrapper=BY_A_SHELL, terminal=terminal).shown()
    family = caller.family()
    assert len(family) == 4 and termios.tcgetattr(typed) == modes
    if word == "ignore-keys":  # the others mean nothing
        os.write(typed, b"\x1c\x1a")
        echoed(typed, b"^Z")
        assert caller.family() == family
    os.write(typed, b"\x03")
    assert caller.finish() == [CONV_ERR]
    assert "The sign-in was cancelled." in caller.report() and termios.tcgetattr(typed) == modes
    all_gone(family)
    assert site.record() == before


# case: console: a program that ignores Ctrl-C signs in as any other, and nothing stays beside it
def test_ctrl_c__never_pressed__signed_in_and_all_gone(site, keyboard):
    site.idp.holding = True
    caller = site.start("ada", "ignore-keys", "auth", wrapper=("setsid", "-c"), terminal=keyboard[1]).shown()
    family = caller.family()
    assert len(family) == 4
    site.idp.approve()
    assert caller.finish() == [0]
    all_gone(family)


# case: console: killed, a program that ignores Ctrl-C leaves nothing behind
def test_ctrl_c__program_killed__all_gone(site, keyboard):
    site.idp.holding = True
    caller = site.start("ada", "ignore-keys", "auth", wrapper=("setsid", "-c"), terminal=keyboard[1]).shown()
    family = caller.family()
    assert len(family) == 4
    caller.send(signal.SIGKILL)
    all_gone(family)


# Stopped.


# case: caller: a caller that is stopped while it waits keeps nobody else from signing in, logging in or being looked up
# case: caller: what was approved while the caller was stopped is stored, and the caller hears of it when it goes on
def test_stopped_while_waiting__others_go_on_and_so_does_it(site):
    site.idp.holding = True
    stopped = site.start("ada", "auth").shown()
    stopped.send(signal.SIGSTOP)
    site.others_go_on()
    before = site.record()
    site.idp.approve()
    watch(lambda: site.record() != before, 60, "the record of the sign-in")
    stopped.send(signal.SIGCONT)
    assert stopped.finish() == [0]


@contextlib.contextmanager
def locked(site):
    """The writers' lock, held by somebody who does not let go."""
    with open(site.rig.folder / "state/private/lock", "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
        fcntl.flock(file, fcntl.LOCK_UN)


# case: caller: a caller that is stopped while its sign-in is decided does not stop the decision
def test_stopped_while_deciding__decided_all_the_same(site):
    site.idp.holding = True
    stopped = site.start("ada", "auth").shown()
    before = site.record()
    with locked(site):
        site.idp.approve()
        (helper,) = stopped.pids("helper")
        watch(lambda: not stopped.pids("judge") or "lock" in opened(helper), 60, "the decision")
        stopped.send(signal.SIGSTOP)
    watch(lambda: site.record() != before, 60, "the record of the sign-in")
    site.others_go_on()
    stopped.send(signal.SIGCONT)
    assert stopped.finish() == [0]


def opened(pid):
    """Names of the files that a process has open."""
    names = set()
    with contextlib.suppress(OSError):
        for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                names.add(os.path.basename(os.readlink(link)))
    return names


# case: caller: while the store's lock is held for good a sign-in ends as busy; accounts, look-ups and root go on
def test_lock_is_held__sign_in_is_busy_and_the_rest_goes_on(site):
    before = site.record()
    site.rig.log()
    with locked(site):
        busy = site.start("ada", "auth")
        assert busy.finish() not in ([0], [])
        refused = site.rig.log()
        site.look_ups_go_on()
    assert [line for line in refused if "user=ada" in line and "reason=busy" in line]
    assert site.record() == before
    site.others_go_on()


# Killed.

MOMENTS = {
    "before the code is there": "/device",
    "while the code waits": None,
    "while the token is asked for": "/token",
}


# case: caller: killed at any phase of a sign-in, all it started ends, nothing is stored, and the user can sign in again
@pytest.mark.parametrize("path", MOMENTS.values(), ids=MOMENTS.keys())
def test_killed__all_of_it_is_gone_and_nothing_stored(site, path):
    before, asked = site.record(), len(site.idp.requests)
    site.idp.holding = True
    if path:
        site.idp.script(path, Answer(body={}, drop=True, delay_s=20))
    killed = site.start("ada", "auth")
    if path:
        watch(lambda: path in [request.path for request in site.idp.requests[asked:]], 60, f"the request for {path}")
    else:
        killed.shown()
    family = killed.family()
    assert len(family) == 3
    killed.process.kill()
    for pid in family:
        end_of(pid)
    assert site.record() == before
    site.idp.approve()
    assert site.start("ada", "auth").finish() == [0]


# case: caller: killed while the decision is written, the record is whole: as before or as decided
def test_killed_while_deciding__the_record_is_whole(site):
    site.idp.holding = True
    site.idp.claims["name"] = "Ada the Second"
    killed = site.start("ada", "auth").shown()
    before = site.record()
    with locked(site):
        (helper,) = killed.pids("helper")
        site.idp.approve()
        watch(lambda: "lock" in opened(helper), 60, "the decision")
        killed.process.kill()
        killed.process.wait(60)
    end_of(helper)
    assert site.record() == before or "Ada the Second" in site.record()
    site.others_go_on()
    assert site.start("ada", "auth").finish() == [0]


# case: caller: killed in the account phase or while a session is opened or closed, nobody else is hindered
@pytest.mark.parametrize("phase", ["account", "open", "close"])
def test_killed_in_other_phases__others_go_on(site, phase):
    killed = site.start("ada", *[phase] * 200)
    watch(lambda: f"\n{phase} 0" in "\n" + killed.report(), 60, "the first of the calls")
    killed.process.kill()
    killed.process.wait(60)
    site.look_ups_go_on()
    assert site.start("ada", "auth", "account", "open", "close").finish() == [0] * 4


# Limited.

# With less than a megabyte of new memory libpam cannot load the module at all.
HARD = {
    "no file may grow": "limit=FSIZE:0:0",
    "one byte a file": "limit=FSIZE:1:1",
    "a kilobyte a file": "limit=FSIZE:1024:1024",
    "1 MB more memory": "limit=AS:1048576:0",
    "16 MB more memory": "limit=AS:16777216:0",
    "4 descriptors": "limit=NOFILE:4:4",
    "8 descriptors": "limit=NOFILE:8:8",
    "16 descriptors": "limit=NOFILE:16:16",
    "a second of processor": "limit=CPU:1:1",
    "no more processes": "limit=NPROC:0:0",
    "a small stack": "limit=STACK:65536:65536",
    "no core file": "limit=CORE:0:0",
}


# case: caller: under any limit of the caller's a sign-in succeeds or is refused, and the store is never half-written
@pytest.mark.parametrize("limit", HARD.values(), ids=HARD.keys())
def test_limited__granted_or_refused_and_the_store_whole(site, limit):
    if "AS" in limit and sanitized():
        pytest.skip("the sanitizers need address space of their own")
    before = site.record()
    limited = site.start("ada", limit, "auth", report=pathlib.Path("/proc/self/fd/1"))
    said = limited.process.communicate(timeout=120)[0].decode()
    if "auth 0\n" in said:
        assert site.record() != before
    else:
        assert site.record() == before
    assert "changed" not in said
    assert not list((site.rig.folder / "state/private/users").glob(".*"))
    assert site.start("ada", "auth", "account").finish() == [0, 0]


# Owned by its user.

AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")


@pytest.fixture
def setuid(site):
    if sanitized():
        pytest.skip("the sanitizers look at the environment, which a setuid program must not trust")
    os.chown(site.rig.folder / "caller", 0, 0)
    (site.rig.folder / "caller").chmod(0o4755)
    yield site
    (site.rig.folder / "caller").chmod(0o755)


def by_nobody(*words):
    return subprocess.run([*AS_NOBODY, *map(str, words)], stderr=subprocess.DEVNULL).returncode == 0


# case: caller: the user of a setuid program can stop it, but not helper, judge or fetch, and nobody else waits
def test_setuid__its_user_stops_it_alone(setuid):
    setuid.idp.holding = True
    stopped = setuid.start("ada", "auth", wrapper=AS_NOBODY).shown()
    status = pathlib.Path(f"/proc/{stopped.pid}/status").read_text()
    assert re.search(rf"^Uid:\s{NOBODY}\s0\s0\s0$", status, re.M)
    family = stopped.family()
    assert len(family) == 3
    for pid in family:
        assert not by_nobody("kill", "-STOP", pid)
        assert not by_nobody("prlimit", "--pid", pid, "--fsize=0")
        assert not by_nobody("cat", f"/proc/{pid}/mem") and not by_nobody("ls", f"/proc/{pid}/fd")
    assert by_nobody("kill", "-STOP", stopped.pid)
    before = setuid.record()
    setuid.others_go_on()
    setuid.idp.approve()
    watch(lambda: setuid.record() != before, 60, "the record of the sign-in")
    assert by_nobody("kill", "-CONT", stopped.pid)
    assert stopped.finish() == [0]


# case: caller: limits and priorities that its user gave a setuid program refuse the sign-in cleanly or not at all
@pytest.mark.parametrize("limits", [["--fsize=0"], ["--nofile=16"], ["--cpu=1"], ["--nproc=0"], ["--core=0"]])
def test_setuid__limited_by_its_user__granted_or_refused(setuid, limits):
    before = setuid.record()
    limited = setuid.start("ada", "auth", wrapper=(*AS_NOBODY, "prlimit", *limits, "nice", "-n", "19"),
                           report=pathlib.Path("/proc/self/fd/1"))
    said = limited.process.communicate(timeout=120)[0].decode()
    assert "changed" not in said
    assert ("auth 0\n" in said) == (setuid.record() != before)
    assert setuid.start("ada", "auth").finish() == [0]


# Two at once.


# case: caller: two sign-ins of one user at once: each ends, and the record is that of one of them, whole
def test_two_at_once__the_record_is_of_one_of_them(site):
    site.idp.holding = True
    first = site.start("ada", "auth").shown()
    second = site.start("ada", "auth").shown()
    site.idp.approve(*[site.idp.claims | {"name": name, "groups": groups}
                       for name, groups in (("First", ["admins"]), ("Second", ["strangers"]))])  # fmt: skip
    codes = [first.finish(), second.finish()]
    assert [0] in codes
    record = site.record()
    (name,) = re.findall(r"^display_name\W+(\w+)", record, re.M)
    (role,) = re.findall(r"^role\W+(\w+)", record, re.M)
    assert (name, role) in (("First", "admin"), ("Second", "viewer")), record


def code_shown_to(report, user):
    (code,) = re.findall(rf"^message 4 .* as {user}\W.*Code: (code-\d+)", report, re.M)
    return code


def claims_of(site, person):
    number = {"ada": "1000", "eve": "2000", "fay": "3000", "ivo": "4000"}[person]
    return site.idp.claims | {"preferred_username": person, "sub": number}


# case: caller: four threads of one process sign in at once, each by a helper of its own, and each by its own person alone
def test_threads__each_by_its_own_code(site):
    """Two known, two new; the last one's code is approved by somebody else."""
    users, approved_by = ["ada", "eve", "fay", "gus"], ["ada", "eve", "fay", "ivo"]
    site.idp.holding = True
    crowd = site.start(",".join(users), "threads", "auth", "account")
    watch(lambda: crowd.report().count("message 4 ") == len(users), 60, "everybody's code")
    family = crowd.family()
    assert len(family) == 3 * len(users)
    people = {code_shown_to(crowd.report(), user): person for user, person in zip(users, approved_by, strict=True)}
    site.idp.approve(*[claims_of(site, people[code]) for code in site.idp.waiting])
    crowd.finish()
    codes = dict(re.findall(r"^(\w+:\w+) (\d+)$", crowd.report(), re.M))
    for user in users[:3]:
        assert (codes[f"{user}:auth"], codes[f"{user}:account"]) == ("0", "0")
        assert user in site.rig.records()
    assert codes["gus:auth"] != "0" and codes["gus:account"] != "0" and "gus" not in site.rig.records()
    for pid in family:
        end_of(pid)


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-q", *sys.argv[1:]]))
