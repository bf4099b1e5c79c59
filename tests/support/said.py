# SPDX-License-Identifier: MIT
"""What cosmo-ssoctl said while tests ran, and which of its messages no test brings about.

Where COSMO_SSO_SAID names a file, everything is kept there that a test has it print."""

import json
import os
import pathlib
import re

WHERE = "COSMO_SSO_SAID"
# Longer are lists of people.
MAX_TEXT = 200_000
CTL = pathlib.Path(__file__).resolve().parents[2] / "ctl"
# What doctor, connect and login-test say.
FILES = ("doctor*.c", "connect*.c", "login_*.c", "cmd_doctor.c", "cmd_connect.c", "cmd_login_test.c")

# -- keeping it ---------------------------------------------------------------


def _texts(value):
    """All strings of a JSON value."""
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(item)


def _lines(text):
    """One line for each thing said, in whatever form it was printed; and all as one, for what was broken into lines."""
    try:
        return {" ".join(item.split()) for item in _texts(json.loads(text))}
    except ValueError:
        plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)
        return {" ".join(line.split()) for line in (*plain.splitlines(), plain)}


def note(words, *texts):
    """`words`: the command line; of others than cosmo-ssoctl nothing is kept."""
    place = os.environ.get(WHERE)
    if not place or not any("cosmo-ssoctl" in str(word) for word in words):
        return
    kept = "".join(f"{line}\n" for text in texts if len(text) < MAX_TEXT for line in sorted(_lines(text)))
    with open(place, "ab") as file:  # one write: others append as well
        file.write(kept.encode(errors="replace"))


# -- looking through it -------------------------------------------------------

_LITERAL = r'"(?:\\.|[^"\\])*"'
_MACRO = r"PRI[a-z]\d+"
_CONVERSION = re.compile(r"%%|%[-+ 0#]*(?:\d+|\*)?(?:\.(?:\d+|\*))?(?:hh|h|ll|l|z|j)?[a-zA-Z]")


def _sentences(path):
    """Each literal of a C file that is more than a word, in lines; conversions of printf() are left in it."""
    code = re.sub(r"/\*.*?\*/|^\s*#\s*include.*?$|strstr\([^()]*\)", "", path.read_text(), flags=re.DOTALL | re.MULTILINE)
    for run in re.findall(rf"(?:{_LITERAL}|{_MACRO})(?:\s*(?:{_LITERAL}|{_MACRO}))*", code):
        words = re.findall(rf"{_LITERAL}|{_MACRO}", run)
        text = "".join("u" if word.startswith("PRI") else word[1:-1] for word in words)
        for line in text.replace('\\"', '"').replace("\\\\", "\\").split("\\n"):
            line = " ".join(re.sub(r"\\[rt]", " ", line).split())
            if re.search(r"[a-z] [a-z]", line):
                yield line


def _form(sentence):
    """A pattern of what is printed, and the longest piece of it that stands there as it is."""
    pieces = [piece.strip() for piece in _CONVERSION.split(sentence)]
    pattern = r"\s*.*?\s*".join(map(re.escape, pieces)).replace(r"\ ", " ")
    return re.compile(pattern), max(pieces, key=len)


def unsaid(place):
    """The messages of FILES that are not in the file `place`, each as "FILE: TEXT", and how many there are in all."""
    lines = set(pathlib.Path(place).read_text(errors="replace").splitlines())
    found, count = [], 0
    for path in sorted(path for form in FILES for path in CTL.glob(form)):
        for sentence in sorted(set(_sentences(path))):
            pattern, piece = _form(sentence)
            count += 1
            if not any(piece in line and pattern.search(line) for line in lines):
                found.append(f"{path.name}: {sentence}")
    return found, count
