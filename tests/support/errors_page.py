# SPDX-License-Identifier: MIT
"""The tables of the built cosmo-sso-errors(7)."""
import functools
import re

from .program import built


@functools.cache
def _table(heads):
    """The rows of the table with these heads, without scdoc's backslashes."""
    text = built("docs/man/cosmo-sso-errors.7.scd").read_text()
    lines = r"\n:. ".join(rf"\*{head}\*" for head in heads)
    rows = re.search(rf"^\|. {lines}\n((?:[|:]  .*\n)+)", text, re.MULTILINE)[1]
    cells = [line[3:].replace("\\", "") for line in rows.splitlines()]
    assert len(cells) % len(heads) == 0
    return [cells[at : at + len(heads)] for at in range(0, len(cells), len(heads))]


def account_answers():
    """Word -> ({kind of service that lets them in: as a viewer?}, PAM result elsewhere), of the account phase."""
    found = {}
    for word, kinds, pam in _table(("word", "let in by", "PAM")):
        kinds = [] if kinds == "-" else kinds.split(", ")
        found[word] = {kind.removesuffix(" as viewer"): kind.endswith(" as viewer") for kind in kinds}, pam
    return found


def account_words():
    """Word -> (event, text) where they are refused."""
    return {row[0]: tuple(row[1:]) for row in _table(("word", "event", "text"))}
