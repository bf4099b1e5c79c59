#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the documents show, tried: configurations are checked, claims are judged, hosts are connected as far as that goes
without a network.

Needs root and COSMO_BUILD_DIR."""

import pathlib
import re
import shlex
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support.ctl_rig import CtlRig  # noqa: E402

SOURCE = pathlib.Path(__file__).resolve().parents[2]
SECTION = re.compile(r"^\[(integration|enroll|roles|role \S+|rules|access|service \S+|prompt|limits)\]$", re.MULTILINE)


def documents():
    listed = subprocess.run(["git", "-C", SOURCE, "ls-files", "--cached", "--others", "--exclude-standard", "*.md",
                             "*.scd"], check=True, capture_output=True, text=True).stdout  # fmt: skip
    return [SOURCE / name for name in listed.split()]


def blocks():
    """(where, text) of everything between ``` and ```, as its reader sees it."""
    found = []
    for path in documents():
        text = path.read_text()
        if path.suffix == ".scd":
            text = text.replace("\\\\", "\\")
        for number, block in enumerate(re.findall(r"^ *```\w*\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)):
            found.append((f"{path.relative_to(SOURCE)}-{number}", block))
    return found


def commands(start):
    """Command lines in those blocks that begin so, as one line each."""
    return [pytest.param(line, id=where) for where, block in blocks()
            for line in block.replace("\\\n", " ").splitlines() if line.startswith(start)]


@pytest.fixture(scope="module")
def rig():
    with CtlRig() as rig:
        rig.configure("")
        yield rig


CONFIGURATIONS = [pytest.param(block, id=where) for where, block in blocks() if SECTION.search(block)]


@pytest.mark.parametrize("text", CONFIGURATIONS)
def test_configuration_shown_is_valid(rig, text):
    """And nothing in it that `roles lint` would have to tell of."""
    done = rig.ctl("check-config", "--json", "-", stdin=text)
    assert done.code == 0 and done.json["findings"] == 0, done.said


def test_examples_of_all_options_are_valid_together(rig):
    page = (SOURCE / "docs/man/cosmo-sso.conf.5.scd").read_text()
    text = ""
    for title, body in re.findall(r"^# \[(.*?)\]$\n(.*?)(?=^# |\Z)", page, re.MULTILINE | re.DOTALL):
        lines = [re.sub(r"\\(.)", r"\1", line) for line in re.findall(r"^\tExample: \*(.*)\*$", body, re.MULTILINE)]
        assert lines, title
        name = {"ROLE NAME": "role operator", "SERVICE NAME": "service sshd"}.get(title, title.lower())
        text += f"[{name}]\n" + "\n".join(lines) + "\n"
    done = rig.ctl("check-config", "-", stdin=text)
    assert done.code == 0, done.said


@pytest.mark.parametrize("line", commands("cosmo-ssoctl connect --"))
def test_connect_shown_gets_as_far_as_the_network(rig, line):
    """Exit code 3: the command line, the configuration made of it and its rules are right, and nobody answers."""
    words = shlex.split(line)[1:]
    assert not [word for word in words if word.startswith("--proxy")]
    done = rig.ctl(*words, "--dry-run", "--proxy", "http://127.0.0.1:9")
    assert done.code == 3, done.said


@pytest.mark.parametrize("line", commands("echo '"))
def test_roles_test_shown_gives_the_role(rig, line):
    rig.configure("[rules]\ndeveloper = eng\n")
    claims, words = line.removeprefix("echo '").split("' | cosmo-ssoctl ")
    done = rig.ctl(*shlex.split(words), stdin=claims)
    assert done.code == 0, done.said
    assert "cosmo-developer" in done.out


def rows():
    text = (SOURCE / "docs/idp/other.md").read_text()
    return re.findall(r"^\| `(\".*?\})`.*? \| `(.*?)` \|$|^\| `(\".*?\])` \| `(.*?)` \|$", text, re.MULTILINE)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[1] or row[3])
def test_claims_in_the_table_are_found_by_the_name_beside_them(rig, row):
    claims, name = (part for part in row if part)
    rig.configure(f"[integration]\nclaim = {name}\n[rules]\nadmin = eng\n")
    done = rig.ctl("roles", "test", "--json", stdin='{"preferred_username": "ada", "sub": "1", ' + claims + "}")
    assert done.code == 0, done.said
    assert done.json["roles"] == ["admin"]


def test_there_are_examples_to_be_tried():
    assert len(CONFIGURATIONS) >= 15 and len(rows()) == 5
    assert len(commands("cosmo-ssoctl connect --")) >= 1 and len(commands("echo '")) >= 3


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-q", *sys.argv[1:]]))
