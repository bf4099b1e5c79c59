# SPDX-License-Identifier: MIT
"""Rules of the source text itself."""
import os
import pathlib
import re
import subprocess

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("COSMO_BUILD_DIR", "/nonexistent"))
PARTS = ("common", "nss_cosmo", "pam_cosmo_sso", "ctl")
TOP = {"pam_cosmo_sso", "nss_cosmo", "common", "tests", "etc", "ctl", "docs", "tools", "meson.build"}


def tracked(*patterns):
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns], cwd=SOURCE,
                            check=True, capture_output=True, text=True)
    return [name for name in listed.stdout.split() if (SOURCE / name).is_file()]


HEADERS = [name for name in tracked("*.h") if name.startswith(PARTS)]


@pytest.mark.parametrize("name", HEADERS)
def test_source__header__compiles_alone(name):
    done = subprocess.run(
        ["gcc", "-std=gnu11", "-D_GNU_SOURCE", "-fsyntax-only", "-I", str(SOURCE), "-I", str(BUILD), "-include", name,
         "-x", "c", "/dev/null"], cwd=SOURCE, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_source__files__say_their_licence_first():
    missing = [name for name in tracked("*.c", "*.h", "*.py", "*.sh", "*.js", "*meson.build")
               if "SPDX-License-Identifier: MIT" not in "".join((SOURCE / name).read_text().splitlines(True)[:3])]
    assert not missing


def test_source__top_level__is_the_layout_agreed_on():
    folders = {name.split("/")[0] for name in tracked() if "/" in name and not name.startswith(".")}
    assert folders <= TOP


def test_source__file_names__name_a_noun():
    assert not [name for name in tracked() if re.search(r"(^|/)(util|utils|misc|helpers)\.[a-z]+$", name)]


def test_source__number_parsing__is_in_one_file():
    wrong = [name for name in tracked("*.c") if name.startswith(PARTS) and name != "common/base/parse.c"
             and re.search(r"\b(strtou?ll?|strtol|atoi|atol|sscanf|strtod)\s*\(", (SOURCE / name).read_text())]
    assert not wrong


def test_source__goto__is_not_used():
    assert not [name for name in tracked("*.c") if name.startswith(PARTS)
                and re.search(r"^\s*goto\b", (SOURCE / name).read_text(), re.MULTILINE)]


def test_source__suppressions__name_the_check_and_the_reason():
    wrong = []
    for name in tracked("*.c", "*.h"):
        for line in (SOURCE / name).read_text().splitlines():
            if "NOLINT" in line and "NOLINTEND" not in line and not re.search(r"NOLINT\w*\([a-z0-9., -]+\): \w", line, re.I):
                wrong.append(f"{name}: {line.strip()}")
    assert not wrong


def test_source__shipped_pam_lines__are_those_that_enable_writes():
    text = (SOURCE / "ctl/pam_edit.c").read_text()
    code = "".join(re.findall(r'"((?:auth|account|session)[^"]*)\\n"', text))
    shipped = {path.name: path.read_text() for path in (SOURCE / "etc/pam.d").iterdir() if path.name != "README"}
    targets = "".join(re.findall(r"^\t\[HOST_\w+\] = (.*)$", (SOURCE / "ctl/host_edit.c").read_text(), re.MULTILINE))
    assert set(shipped) | {"nss", "crond"} == set(re.findall(r'"([^"]+)"', targets))
    for service, lines in shipped.items():
        for line in lines.splitlines():
            assert line in code, f"{service}: {line}"
    drop_in = (SOURCE / "etc/sshd_config.d/30-cosmo-sso.conf").read_text()
    code = "".join(re.findall(r'"([^"]*)\\n"', (SOURCE / "ctl/sshd_edit.c").read_text().split("shipped[]")[1].split(";\n")[0]))
    assert drop_in.replace("\n", "") == code


def test_source__texts__name_no_machine():
    """No path of a build machine and no host of a package registry."""
    hosts = re.compile("|".join(("registry.npm" + "js", "deb.deb" + "ian", "pypi.o" + "rg", "/work" + "/")))
    wrong = []
    for name in tracked():
        path = SOURCE / name
        if path.stat().st_size > 2_000_000:
            continue
        if hosts.search(path.read_bytes().decode("utf-8", "replace")):
            wrong.append(name)
    assert not wrong


def test_source__privileged_groups__are_those_of_the_manual():
    table = (SOURCE / "common/config_roles.c").read_text().split("privileged_groups[] = {")[1].split("};")[0]
    manual = re.search(r"what only root should \(([^)]*)\)", (SOURCE / "docs/man/cosmo-sso.conf.5.scd").read_text()).group(1)
    names = re.findall(r'"([^"]+)"', table)
    assert names == sorted(names) == manual.replace("\\_", "_").split(", ")
    told = (SOURCE / "ctl/privileged_group.c").read_text().split("groups[] = {")[1].split("};")[0]
    assert re.findall(r'\{"([^"]+)"', told) == names
