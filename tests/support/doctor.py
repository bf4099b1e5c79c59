# SPDX-License-Identifier: MIT
"""cosmo-ssoctl doctor on a host: what it finds, and doing what it advises, to the letter."""

import json
import re

EDIT = re.compile(r"Edit (\S+)(?: \(visudo -f\))?, line (\d+): (.*?)\.?(?: Then: (.*))?")
PUT, WRITE, WITHOUT = (re.compile(form) for form in (
    r"put `(.*)` before it", r"write `(.*)` in its place", r"take `(.*)` out of it"))
# What is for a person's judgement: here nothing was changed by anybody but the test.
FIRST, LAST = re.compile(r"Look at what (?:it says|is in it|it leads to)\b.*?\. Then: "), re.compile(r"\. Afterwards: .*")


class Doctor:
    def __init__(self, host, checks=()):
        self.host = host
        self.options = [word for name in checks for word in ("--check", name)]

    def run(self, *options):
        return self.host.run(["cosmo-ssoctl", "doctor", *self.options, *options], check=False)

    def findings(self):
        """All that is not just well: [{check, state, what, mend}]."""
        done = self.run("--json")
        found = json.loads(done.stdout)
        assert done.returncode == (1 if any(finding["state"] == "wrong" for finding in found) else 0), done
        return [finding for finding in found if finding["state"] in ("wrong", "note")]

    def mend(self, advice):
        """What an administrator does who is given this advice."""
        advice = LAST.sub("", FIRST.sub("", advice, count=1))
        edit = EDIT.fullmatch(advice)
        if not edit:
            self.command(advice)
            return
        path, number, what, command = edit.groups()
        self._edit(path, int(number) - 1, what)
        if command:
            self.command(command)

    def command(self, command):
        """As root types it at a terminal, where questions are answered with yes."""
        done = self.host.run(["script", "-qec", command, "/dev/null"], check=False, input="y\n" * 4)
        assert done.returncode == 0, (command, done)

    def _edit(self, path, at, what):
        lines = self.host.read(path).splitlines()
        if PUT.fullmatch(what):
            lines.insert(at, PUT.fullmatch(what)[1])
        elif WRITE.fullmatch(what):
            lines[at] = WRITE.fullmatch(what)[1]
        elif WITHOUT.fullmatch(what):
            assert WITHOUT.fullmatch(what)[1] in lines[at], (what, lines[at])
            lines[at] = lines[at].replace(WITHOUT.fullmatch(what)[1], "")
        else:
            assert what.startswith("take it out"), what
            del lines[at]
        mode = int(self.host.run(["stat", "-c", "%a", path]).stdout, 8)
        self.host.put(path, "\n".join(lines) + "\n", mode)
