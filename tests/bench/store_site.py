# SPDX-License-Identifier: MIT
"""A store as it is installed, filled by the product's own writer.

users.1.db as a rebuild makes it: making the private records and the uid register too takes 2 ms a user, nearly all of it
waiting for the disk, and no look-up reads them.
"""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

CHUNK = 1 << 24
TARGETS = ("/var/lib/cosmo-sso", "/run/cosmo-sso", "/var/cache/cosmo-sso", "/etc/machine-id")


class Store:
    """An installed place for the store, in a mount namespace per command. On a disk, and the gate on a tmpfs, as they are
    where it is installed: /run's memory would be another."""

    def __init__(self, place):
        self.place, self.folder = place, pathlib.Path(tempfile.mkdtemp(prefix="cosmo-sso-bench-", dir="/var/tmp"))
        self.volatile = pathlib.Path(tempfile.mkdtemp(prefix="cosmo-sso-bench-", dir="/dev/shm"))

    def __enter__(self):
        self.folder.chmod(0o755)
        self.volatile.chmod(0o755)
        for name in ("state", "cache"):
            (self.folder / name).mkdir()
            (self.folder / name).chmod(0o700 if name == "cache" else 0o755)
        (self.folder / "machine-id").write_text("0123456789abcdef0123456789abcdef\n")
        (self.folder / "machine-id").chmod(0o644)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)
        shutil.rmtree(self.volatile)

    @property
    def sources(self):
        """What stands at TARGETS."""
        return self.folder / "state", self.volatile, self.folder / "cache", self.folder / "machine-id"

    @property
    def users_db(self):
        return self.folder / "state/users.1.db"

    def _command(self, program, words):
        grafts = [f"{source}={target}" for source, target in zip(self.sources, TARGETS)]
        scratch = tempfile.mkdtemp(dir=self.folder)
        command = [self.place / "tests/integration/graft", scratch, *grafts, "--",
                   self.place / "tests/bench" / program, *words]
        return [str(word) for word in command]

    def run(self, program, *words):
        """Lines of JSON that the program printed."""
        done = subprocess.run(self._command(program, words), check=True, stdout=subprocess.PIPE, text=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def start(self, program, *words):
        """The same for one that runs until its standard input ends."""
        return subprocess.Popen(self._command(program, words), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def make_touched(self):
        """A file as large as users.1.db, every block of it there."""
        path, left = self.folder / "touched", self.users_db.stat().st_size
        with path.open("wb") as file:
            while left:
                left -= file.write(os.urandom(min(left, CHUNK)))
        return path
