# SPDX-License-Identifier: MIT
"""Includes point only from an artifact to common to common/base; a part never includes another part."""
import pathlib
import re

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]

# Folder of the includer -> folders it may include from, itself apart.
ALLOWED = {
    "common/base": set(),
    "common": {"common/base"},
    "pam_cosmo_sso/module": {"common", "common/base"},
    "pam_cosmo_sso/helper": {"common", "common/base"},
    "pam_cosmo_sso/judge": {"common", "common/base"},
    "pam_cosmo_sso/fetch": {"common", "common/base"},
    "nss_cosmo": {"common/base"},
    "ctl": {"common", "common/base"},
}
# Third-party headers, and who may use them.
LIBRARIES = {
    "security/": {"pam_cosmo_sso/module", "ctl", "common"},
    "qrencode.h": {"common"},
    "curl/": {"pam_cosmo_sso/fetch"},
    "json-c/": {"pam_cosmo_sso/judge", "ctl"},
    "openssl/": {"pam_cosmo_sso/judge"},
    "pcre2.h": {"pam_cosmo_sso/judge"},
    "seccomp.h": {"pam_cosmo_sso/judge", "pam_cosmo_sso/fetch", "common"},
}
FILES = sorted(path for folder in ALLOWED for path in (SOURCE / folder).glob("*.[ch]"))


def folder_of(name):
    return str(pathlib.PurePosixPath(name).parent)


def test_layers__folders_with_sources__all_have_a_place():
    found = {str(path.parent.relative_to(SOURCE)) for part in ("common", "pam_cosmo_sso", "nss_cosmo", "ctl")
             for path in (SOURCE / part).rglob("*.[ch]")}
    assert found == set(ALLOWED)


@pytest.mark.parametrize("folder", sorted(ALLOWED))
def test_layers__includes_of_a_folder__only_point_down(folder):
    wrong = []
    for path in (SOURCE / folder).glob("*.[ch]"):
        for name in re.findall(r'^\s*#\s*include\s+"([^"]+)"', path.read_text(), re.MULTILINE):
            target = folder_of(name)
            if name != "paths.h" and target != folder and target not in ALLOWED[folder]:
                wrong.append(f"{path.relative_to(SOURCE)}: {name}")
    assert not wrong


def test_layers__third_party_headers__only_where_the_design_allows_them():
    wrong = []
    for path in FILES:
        folder = folder_of(path.relative_to(SOURCE))
        for name in re.findall(r"^\s*#\s*include\s+<([^>]+)>", path.read_text(), re.MULTILINE):
            for prefix, allowed in LIBRARIES.items():
                if name.startswith(prefix) and folder not in allowed:
                    wrong.append(f"{path.relative_to(SOURCE)}: {name}")
    assert not wrong


def test_layers__sources__include_by_full_path_only():
    wrong = [str(path) for path in FILES
             for name in re.findall(r'^\s*#\s*include\s+"([^"]+)"', path.read_text(), re.MULTILINE)
             if "/" not in name and name != "paths.h"]
    assert not wrong
