# SPDX-License-Identifier: MIT
"""How long the functions of the product are, from their first line to the closing brace."""
import pathlib
import subprocess

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PARTS = ("common", "nss_cosmo", "pam_cosmo_sso", "ctl")
LONGEST = 60
LONGEST_ENTRY = 20
ENTRIES = {"pam_cosmo_sso/module/module.c": "pam_sm_", "nss_cosmo/module.c": "_nss_"}


def functions():
    """(file, name, lines) of each function that has a body."""
    names = sorted(str(path.relative_to(SOURCE)) for part in PARTS for path in (SOURCE / part).rglob("*.[ch]"))
    listed = subprocess.run(["ctags", "-x", "--language-force=C", "--kinds-C=f", "--fields=+ne",
                             "--_xformat=%F\t%N\t%n\t%{end}", *names],
                            cwd=SOURCE, check=True, capture_output=True, text=True).stdout
    for line in listed.splitlines():
        name, function, first, last = line.split("\t")
        assert last.isdigit(), f"{name}: where does {function} end?"
        yield name, function, int(last) - int(first) + 1


FOUND = list(functions())


def test_functions__all_of_the_product__are_found():
    files_with_code = {name for name, _, _ in FOUND if name.endswith(".c")}
    silent = [str(path.relative_to(SOURCE)) for part in PARTS for path in (SOURCE / part).rglob("*.c")
              if "\n{\n" in path.read_text() and str(path.relative_to(SOURCE)) not in files_with_code]
    assert FOUND and not silent


def test_functions__each_one__has_60_lines_at_most():
    assert not [found for found in FOUND if found[2] > LONGEST]


def test_functions__entry_points__only_map():
    for name, prefix in ENTRIES.items():
        entries = [found for found in FOUND if found[0] == name and found[1].startswith(prefix)]
        assert entries, name
        assert not [found for found in entries if found[2] > LONGEST_ENTRY]
