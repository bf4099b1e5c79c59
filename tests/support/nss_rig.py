# SPDX-License-Identifier: MIT
"""The built NSS plugin, asked through the C library as programs ask it; see helper_rig.py."""

import re
import shutil
import subprocess

from .helper_rig import HelperRig
from .program import built
from .reports import runtime_first

SHIPPED = "passwd: files cosmo\ngroup: files [SUCCESS=merge] cosmo\n"
LOCALS = ("local:x:1000:1000::/home/local:/bin/sh",)
GROUPS = ("dialout:x:20:local", "extra:x:3000:dev", "local:x:1000:")


class NssRig(HelperRig):
    def __enter__(self):
        super().__enter__()
        (self.folder / "lib").mkdir(mode=0o755)
        shutil.copy(built("nss_cosmo/libnss_cosmo.so.2"), self.folder / "lib")
        self.local(users=LOCALS, groups=GROUPS)
        self.switch(SHIPPED)
        return self

    def switch(self, text):
        self._file("nsswitch.conf", text)

    def run(self, *words):
        """What the command prints; None when it says that there is no such entry."""
        environment = self._environment() | {"LD_LIBRARY_PATH": str(self.folder / "lib"), "LC_ALL": "C"}
        command = self.command(*runtime_first(self.folder / "lib/libnss_cosmo.so.2"), *words)
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=60)
        assert done.returncode in (0, 1, 2), done.stderr
        return done.stdout.strip() if done.returncode == 0 else None

    def getent(self, *words):
        return self.run("getent", *words)

    def members(self, group):
        line = self.getent("group", group)
        return None if line is None else line.split(":")[3].split(",")

    def groups_of(self, user):
        line = self.run("id", user)
        return None if line is None else set(re.search(r"groups=(.*)", line).group(1).split(","))
