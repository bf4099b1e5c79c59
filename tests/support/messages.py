# SPDX-License-Identifier: MIT
"""What a person may be told, as docs/messages.md says, for comparing with what tests see."""
import functools
import pathlib
import re

_PLACE = pathlib.Path(__file__).resolve().parents[2] / "docs/messages.md"  # lint holds it against the built one
_QR = re.compile("[ #\N{FULL BLOCK}\N{UPPER HALF BLOCK}\N{LOWER HALF BLOCK}]*")
_ADDRESS = re.compile(r"https?://[!-~]+")


def rows(text, title):
    """The table below a title: [(id, text)] in its order."""
    section = re.search(rf"^## {title}$\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL).group(1)
    return re.findall(r"^\| `(\w+)` \| `?(.*?)`? \|", section, re.MULTILINE)


@functools.cache
def _known():
    """(regular expression of a line around the code, the failures in the order of their numbers)"""
    text = _PLACE.read_text()
    lines = [re.sub(r"\\\{\w+\\\}", r"[^\\n]+", re.escape(line)) for _, line in rows(text, "Around the code")]
    failures = [sentence for _, sentence in rows(text, "Failures")]
    assert lines and failures
    return re.compile("|".join(lines)), failures


def failure(number):
    """The sentence for the failure with this number on the wire."""
    return _known()[1][number]


@functools.cache
def line(name, **values):
    """A line around the code, filled."""
    return dict(rows(_PLACE.read_text(), "Around the code"))[name].format(**values)


def check(text):
    """Each line of a message is one that docs/messages.md has, an address, or drawn."""
    lines, failures = _known()
    for line in text.split("\n"):
        assert (line in failures or lines.fullmatch(line) or _ADDRESS.fullmatch(line) or _QR.fullmatch(line)), \
            f"docs/messages.md has no such text: {line!r}"
