# SPDX-License-Identifier: MIT
"""Programs under valgrind's memcheck, and what it must have said of each of them at its end.

The sandboxes of judge and fetch hold under it but for two things that valgrind itself sees to: it keeps their limit on
data apart from its own memory, and lets nobody lower the hard limit on descriptors, which is why with_descriptors()
starts it with the very number that they set.
"""

import re

_LEAKS = "definite,indirect,possible"
COMMAND = ["valgrind", "--vgdb=no", "--leak-check=full", f"--show-leak-kinds={_LEAKS}",
           f"--errors-for-leak-kinds={_LEAKS}", "--track-fds=yes", "--error-exitcode=77"]  # fmt: skip
_OWN_DESCRIPTORS = 12
_LINE = re.compile(r"^==(\d+)== ?(.*)$", re.M)
_OPEN = re.compile(r"^(Open .*)\n((?: .*\n)*)", re.M)


def with_descriptors(count):
    """COMMAND for a program that limits itself to `count` descriptors."""
    return ["prlimit", f"--nofile={count + _OWN_DESCRIPTORS}", *COMMAND]


def by_process(said):
    """What was said of each: {pid: text}."""
    texts = {}
    for pid, line in _LINE.findall(said):
        texts[pid] = texts.get(pid, "") + line + "\n"
    return texts


def _left_open(text):
    """Descriptors that the process did not get from its parent."""
    return [what for what, origin in _OPEN.findall(text) if "<inherited from parent>" not in origin]


def check(said, processes, may_keep="$^"):
    """Each of so many processes came to its end, without an error, a leak, or a descriptor but those whose line matches
    `may_keep`."""
    texts = by_process(said)
    assert len(texts) == processes, said
    for text in texts.values():
        assert "ERROR SUMMARY: 0 errors from 0 contexts" in text, text
        assert "FILE DESCRIPTORS: " in text, text
        assert not [what for what in _left_open(text) if not re.match(may_keep, what)], text
