# SPDX-License-Identifier: MIT
"""What sanitizers and valgrind say about programs that have no environment, no terminal and may not write a file.

A sanitized program that a test starts is told by its environment to report into a folder. What the product itself
starts has an empty environment, so a script stands in its place; descriptor 2 is a pipe then, for which the sandbox's
limit on file sizes does not count.
"""

import fcntl
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile

ROOM_BYTES = 1 << 20  # nobody reads before the end, so a report has to fit
SCRIPT = "#!/bin/sh\nexport {settings}\nexec {command} \"$@\" 2>>{pipe}\n"
# Looking for leaks takes a clone of the process, which the sandbox denies: those of judge and fetch are valgrind's.
SANDBOXED = "UBSAN_OPTIONS=print_stacktrace=1 ASAN_OPTIONS=detect_leaks=0"


def is_sanitized(program):
    return b"__asan_init" in pathlib.Path(program).read_bytes()


def runtime_first(shared_object, *preloaded):
    """What to put in front of somebody else's program that loads `shared_object`, and what is to be `preloaded`: a
    sanitized one needs its runtime there from the start."""
    libraries = [str(path) for path in preloaded]
    if is_sanitized(shared_object):
        needed = subprocess.run(["ldd", shared_object], check=True, stdout=subprocess.PIPE, text=True).stdout
        libraries.insert(0, re.search(r"libasan\S* => (\S+)", needed).group(1))
    return ["env", "LD_PRELOAD=" + ":".join(libraries)] if libraries else []


class Reports:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cosmo-sso-reports-"))
        self.folder.chmod(0o1777)  # programs under test may be anybody
        self.pipe = self.folder / "pipe"
        os.mkfifo(self.pipe, 0o600)
        self._fd = os.open(self.pipe, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        fcntl.fcntl(self._fd, fcntl.F_SETPIPE_SZ, ROOM_BYTES)

    def environment(self):
        """For the programs that a test starts."""
        path = f"log_path={self.folder}/sanitizer"
        return {"ASAN_OPTIONS": path, "UBSAN_OPTIONS": f"{path}:print_stacktrace=1"}

    def put_in_place(self, place, *command):
        """A script at `place` that runs `command` with what it is given."""
        words = shlex.join(map(str, command))
        place.write_text(SCRIPT.format(settings=SANDBOXED, command=words, pipe=self.pipe))
        place.chmod(0o755)

    def take(self):
        """What was reported since the last time."""
        text = ""
        for path in self.folder.glob("sanitizer.*"):
            text += path.read_text(errors="replace")
            path.unlink()
        while True:
            try:
                text += os.read(self._fd, ROOM_BYTES).decode(errors="replace")
            except BlockingIOError:
                return text

    def check(self):
        text = self.take()
        assert not text, text

    def close(self):
        os.close(self._fd)
        shutil.rmtree(self.folder)
