# SPDX-License-Identifier: MIT
"""What each built object links and exports."""
import json
import os
import pathlib
import re
import subprocess

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("COSMO_BUILD_DIR", "/nonexistent"))

LIBC = {"libc.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
NEEDED = {
    "nss_cosmo/libnss_cosmo.so.2": set(),
    "pam_cosmo_sso/module/pam_cosmo_sso.so": {"libpam.so.0"},
    "pam_cosmo_sso/helper/cosmo-sso-helper": set(),
    "pam_cosmo_sso/judge/cosmo-sso-judge": {"libjson-c.so.5", "libcrypto.so.3", "libpcre2-8.so.0"},
    "pam_cosmo_sso/fetch/cosmo-sso-fetch": {"libcurl.so.4"},
    "ctl/cosmo-ssoctl": {"libjson-c.so.5", "libpam.so.0"},
}
EXPORTED = {
    "nss_cosmo/libnss_cosmo.so.2": {
        "_nss_cosmo_" + name for name in (
            "getpwnam_r", "getpwuid_r", "setpwent", "getpwent_r", "endpwent", "getgrnam_r", "getgrgid_r", "setgrent",
            "getgrent_r", "endgrent", "initgroups_dyn")},
    "pam_cosmo_sso/module/pam_cosmo_sso.so": {
        "pam_sm_" + name for name in (
            "authenticate", "setcred", "acct_mgmt", "open_session", "close_session", "chauthtok")},
}
MAPS = {
    "nss_cosmo/libnss_cosmo.so.2": "nss_cosmo/nss_cosmo.map",
    "pam_cosmo_sso/module/pam_cosmo_sso.so": "pam_cosmo_sso/module/module.map",
}


def readelf(option, name):
    path = BUILD / name
    assert path.exists(), f"{path} is not built"
    return subprocess.run(["readelf", "-W", option, str(path)], check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_objects__needed_libraries__are_those_of_the_design(name):
    needed = set(re.findall(r"\(NEEDED\).*\[([^\]]+)\]", readelf("-d", name)))
    assert needed - LIBC == NEEDED[name]


def test_objects__library_of_the_qr_code__is_the_installed_one_and_noted_for_packagers():
    """By a note, for nothing is linked; see qr_encoder.h."""
    name = "pam_cosmo_sso/module/pam_cosmo_sso.so"
    noted = subprocess.run(["readelf", "-p", ".note.dlopen", str(BUILD / name)], check=True, capture_output=True, text=True)
    (words,) = re.findall(r"\[\{.*\}\]", noted.stdout)
    folder = subprocess.run(["pkg-config", "--variable=libdir", "libqrencode"], check=True, capture_output=True, text=True)
    header = pathlib.Path(folder.stdout.strip(), "libqrencode.so")  # the one that what is built here was built with
    dynamic = subprocess.run(["readelf", "-d", str(header)], check=True, capture_output=True, text=True).stdout
    assert json.loads(words)[0]["soname"] == re.findall(r"\(SONAME\).*\[([^\]]+)\]", dynamic)


@pytest.mark.parametrize("name", sorted(MAPS))
def test_objects__version_script__names_the_entry_points_and_hides_the_rest(name):
    script = (SOURCE / MAPS[name]).read_text()
    shown, hidden = re.fullmatch(r"\{\s*global:(.*)local:(.*)\};\s*", script, re.DOTALL).groups()
    assert set(shown.replace(";", " ").split()) == EXPORTED[name]
    assert hidden.split() == ["*;"]


@pytest.mark.parametrize("name", sorted(EXPORTED))
def test_objects__exported_symbols__are_the_entry_points(name):
    symbols = set()
    for line in readelf("--dyn-syms", name).splitlines():
        words = line.split()
        if len(words) >= 8 and words[4] in ("GLOBAL", "WEAK") and words[6] not in ("UND", "ABS"):
            symbols.add(words[7].split("@")[0])
    assert symbols == EXPORTED[name]


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_objects__hardening__is_in_place(name):
    dynamic = readelf("-d", name)
    segments = readelf("-l", name)
    assert "BIND_NOW" in dynamic or "NOW" in dynamic
    assert "GNU_RELRO" in segments
    assert "__stack_chk_fail" in readelf("--dyn-syms", name)
    assert re.search(r"GNU_STACK.*RW ", segments)
    assert "TEXTREL" not in dynamic


def test_objects__nss_soname__is_what_glibc_loads():
    assert "[libnss_cosmo.so.2]" in readelf("-d", "nss_cosmo/libnss_cosmo.so.2")


# Each process on the host that looks anybody up pays for these.
def test_objects__nss_plugin__brings_nothing_that_look_ups_do_not_need():
    name = "nss_cosmo/libnss_cosmo.so.2"
    loads = re.findall(r"^\s*LOAD\s+\S+ (\S+) \S+ \S+ (\S+) (R[W ][E ])", readelf("-l", name), re.MULTILINE)
    assert [flags.replace(" ", "") for *_, flags in loads] == ["R", "RE", "RW"]
    start, size = (int(word, 16) for word in loads[-1][:2])
    assert (start + size - 1) // 4096 - start // 4096 <= 1, "what is written begins a third page"
    lines = [line.split() for line in readelf("--dyn-syms", name).splitlines()]
    imported = {words[7].split("@")[0] for words in lines if len(words) >= 8 and words[6] == "UND"}
    assert "realloc" in imported  # for initgroups_dyn()
    assert not imported & {"malloc", "free", "write", "fsync", "fchmod", "unlinkat", "renameat", "__gmon_start__"}
