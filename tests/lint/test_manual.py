# SPDX-License-Identifier: MIT
"""The manual against the code: everything that is there has its entry, and nothing else has."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
from collections import Counter

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support.errors_page import account_answers, account_words  # noqa: E402

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("COSMO_BUILD_DIR", "/nonexistent"))
PAGES = ("cosmo-ssoctl.8", "cosmo-sso.conf.5", "pam_cosmo_sso.8", "nss_cosmo.8", "cosmo-sso-errors.7")


def page(name):
    """The text of a page: what is written by hand, or the program's."""
    path = SOURCE / f"docs/man/{name}.scd"
    return (path if path.exists() else BUILD / f"docs/man/{name}.scd").read_text()


def plain(text):
    return text.replace("\\", "")


def section(text, title):
    return re.search(rf"^# {re.escape(title)}$\n(.*?)(?=^# |\Z)", text, re.MULTILINE | re.DOTALL).group(1)


def run(*command):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout


# The configuration.


def table():
    """(section, key) -> default, what holds without one, what is allowed; in the order of the table."""
    rows = [line.split("\t") for line in run(BUILD / "tests/lint/option_table").splitlines()]
    return {(row[0], row[2]): row[3:] for row in rows}


def described():
    """(section, key) -> the page's text of it, in the order of the page."""
    found = {}
    for title, text in re.findall(r"^# \[(.*?)\]$\n(.*?)(?=^# |\Z)", page("cosmo-sso.conf.5"), re.MULTILINE | re.DOTALL):
        for key, entry in re.findall(r"^\*(\w+)\* = _value_\n((?:\t.*\n|Allowed: .*\n|\n(?=\t))*)", text, re.MULTILINE):
            found[title.lower().removesuffix(" name"), key] = plain(entry)
    return found


def test_manual__options__are_those_of_the_table_in_its_order():
    assert list(described()) == list(table())


@pytest.mark.parametrize("option", table(), ids="-".join)
def test_manual__each_option__has_its_default_limits_and_an_example(option):
    default, note, allowed = table()[option]
    text = described()[option]
    assert text.startswith(f"\tDefault: {f'*{default}*' if default else f'none ({note})'}.++\nAllowed: {allowed}.\n\n\t")
    assert re.search(rf"^\tExample: \*{option[1]} = .+\*$", text, re.MULTILINE)


def test_manual__options_not_in_effect__are_just_those_nobody_asks_for():
    """An option that the page calls "not in effect yet" has no reader but the check of the file."""
    members = dict(re.findall(r'^\t\{SECTION_\w+, "(\w+)", TYPE_\w+, (?:CONFIG|ROLE|SERVICE)\((\w+)\)',
                              (SOURCE / "common/config_options.c").read_text(), re.MULTILINE))
    readers = "".join(path.read_text() for folder in ("pam_cosmo_sso", "ctl", "common")
                      for path in (SOURCE / folder).rglob("*.c") if path.name != "config.c")
    unused = {key for key, member in members.items() if not re.search(rf"(?:->|\.){member}\b", readers)}
    assert {key for (_, key), text in described().items() if "Not in effect yet" in text} == unused


def test_manual__sections_without_options__are_described():
    text = page("cosmo-sso.conf.5")
    assert section(text, "[RULES]") and section(text, "[ACCESS]")


@pytest.mark.parametrize("option", table(), ids="-".join)
def test_shipped_file__each_option__has_the_default_of_the_table(option):
    name, key = option
    default = table()[option][0]
    shown = re.findall(rf"^#?\[{name}(?: \w+)?\]$\n(.*?)(?=^#?\[|\Z)", (SOURCE / "etc/cosmo-sso.conf").read_text(),
                       re.MULTILINE | re.DOTALL)
    values = re.findall(rf"^#{key} = (.*)$", "".join(shown), re.MULTILINE)
    assert len(values) == 1 and (not default or values == [default])


# The command.


def commands():
    """The commands of the program."""
    text = run(BUILD / "ctl/cosmo-ssoctl", "--help")
    return re.findall(r"^  ([a-z][a-z-]+) +\S", text, re.MULTILINE)


def options_in(text):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)) - {"--help", "--version"}


def verb_entries():
    """Command -> the page's entries about it (`user` has three)."""
    found = {}
    text = section(page("cosmo-ssoctl.8"), "COMMANDS")
    for name, entry in re.findall(r"^\*([a-z-]+)(?: [a-z]+)?\*.*\n((?:\t.*\n|\n(?=\t))*)", text, re.MULTILINE):
        found[name] = found.get(name, "") + entry
    return found


# What several commands take or print, and the call by which one does.
SHARED = {"step_report.c": "step_report_run(", "session_report.c": "session_report_json("}


def source_of(command):
    name = "enable" if command == "disable" else "apply" if command == "boot" else command.replace("-", "_")
    parts = [SOURCE / f"ctl/cmd_{name}.c", *sorted((SOURCE / "ctl").glob(f"{name}_*.c"))]
    source = "".join(path.read_text() for path in parts)
    shared = [name for name, mark in SHARED.items() if mark in source]
    return source + "".join((SOURCE / "ctl" / name).read_text() for name in shared)


def test_manual__commands__are_those_of_the_program():
    assert sorted(verb_entries()) == sorted(commands())


@pytest.mark.parametrize("command", commands())
def test_manual__options_of_a_command__are_those_it_takes(command):
    taken = {f"--{name}" for name in re.findall(r'\{"([a-z-]+)", OPTION_', source_of(command))}
    if command == "disable":
        taken.discard("--no-local-root")  # the same table of options; there is nothing to refuse
    entries = set(re.findall(r"^\t\*(--[a-z-]+)\*", verb_entries()[command], re.MULTILINE))
    if command != "boot":
        assert entries == taken
    assert options_in(run(BUILD / "ctl/cosmo-ssoctl", command, "--help")) == entries


def test_manual__verbs_of_a_command__are_those_of_its_usage():
    text = section(page("cosmo-ssoctl.8"), "COMMANDS")
    for command in ("user", "roles", "token"):
        verbs = set(re.findall(rf"^\*{command} ([a-z]+)\*", text, re.MULTILINE))
        source = source_of(command)
        assert verbs == set(re.findall(r'(?:streq\((?:verb|argv\[first\]), |\{)"([a-z]+)"(?:\)|, USER_CHANGE_)', source))


@pytest.mark.parametrize("command", ["connect", "status", "user", "whoami", "roles", "check-config", "token"])
def test_manual__json_members__are_those_printed(command):
    text = section(page("cosmo-ssoctl.8"), "JSON")
    entry = re.search(rf"^\*{command}\*\n\t(.*)$", text, re.MULTILINE).group(1)
    source = source_of(command)
    printed = set(re.findall(r'(?:object_add|json_texts?|add_number)\(\s*[a-z>-]+, "(\w+)"', source))
    if "output_json_failure(" in source:
        printed |= {"error", "message", "detail"}
    assert set(re.findall(r"\*(\w+)\*", plain(entry))) == printed


def test_manual__exit_codes__are_those_of_the_program():
    codes = re.findall(r"EXIT_CODE_\w+ = (\d)", (SOURCE / "ctl/exit_code.h").read_text())
    text = page("cosmo-ssoctl.8")
    assert re.findall(r"^\*(\d)\*$", section(text, "EXIT STATUS"), re.MULTILINE) == codes
    usage = run(BUILD / "ctl/cosmo-ssoctl", "--help").split("Exit codes:")[1]
    assert re.findall(r"(?<!\w)(\d) [a-zI]", usage) == codes


# Errors and PAM.


def errors():
    """word -> class, PAM results of auth and account, exit code: as the program that writes the page says."""
    text = plain(page("cosmo-sso-errors.7"))
    classes = dict(re.findall(r"^\*(\w+)\* \(COSMO_\w+, ([a-z ]+)\)$", text, re.MULTILINE))
    rows = re.findall(r"^\|  (\w+)\n:  (\w+)\n:  (\w+)\n:  (\d)$", text, re.MULTILINE)
    return {word: (classes[word], auth, account, code) for word, auth, account, code in rows}


# case: message: the manual tells of each failure, out of the list that the programs go by
def test_manual__errors__are_those_of_the_list():
    listed = re.findall(r'^\tX\((\w+), "(\w+)", (\w+)\)', (SOURCE / "common/base/err.h").read_text(), re.MULTILINE)
    assert [word for _, word, _ in listed] == list(errors())
    assert [name.lower().replace("_", " ") for *_, name in listed] == [row[0] for row in errors().values()]


def test_manual__pam_results__are_those_of_the_module():
    text = section(page("pam_cosmo_sso.8"), "RETURN VALUES")
    rows = re.findall(r"^\|  (\w+)\n:  PAM_(\w+)\n:  PAM_(\w+)$", text, re.MULTILINE)
    usual = {}
    for kind in ("denied", "unreachable", "misconfigured", "busy", "internal"):
        pairs = Counter(row[1:3] for row in errors().values() if row[0] == kind)
        usual[kind] = pairs.most_common(1)[0][0]
    expected = usual | {word: row[1:3] for word, row in errors().items()
                        if row[0] in usual and row[1:3] != usual[row[0]]}
    assert {word: (auth, account) for word, auth, account in rows} == expected


def body_of(path, function):
    """The text of a function, by how the sources are laid out."""
    return re.search(rf"^(?:static )?[a-z_ ]*\b{function}\([^;{{]*\n\{{\n(.*?)^\}}$", (SOURCE / path).read_text(),
                     re.MULTILINE | re.DOTALL).group(1)


# case: message: the manual has the account phase's answer, PAM result, event and text for each cause of the rule
def test_manual__account_phase__has_each_cause_of_the_rule():
    rule = body_of("pam_cosmo_sso/helper/policy.c", "policy_account") + \
        body_of("pam_cosmo_sso/helper/policy.c", "may_still_view") + \
        body_of("pam_cosmo_sso/helper/policy.c", "policy_service") + \
        body_of("pam_cosmo_sso/helper/refresh_store.c", "refresh_is_refusal")
    ids = dict(re.findall(r'^\tX\((\w+), "(\w+)",', (SOURCE / "common/base/err.h").read_text(), re.MULTILINE))
    causes = {ids[name] for name in re.findall(r"COSMO_(\w+)", rule)} - {"internal"}
    assert [word for word in errors() if word in causes] == list(account_answers()) == list(account_words())
    sentences = dict(re.findall(r'^\*(\w+)\* \(COSMO_.*\n\t"(.*)"\+\+$', plain(page("cosmo-sso-errors.7")), re.MULTILINE))
    events = re.findall(r"^\|  ([\w, ]+)$", section(page("pam_cosmo_sso.8"), "LOG"), re.MULTILINE)
    for word, (event, text) in account_words().items():
        assert account_answers()[word][1] == errors()[word][2]
        assert text == (sentences[word] if word != "ok" else "-")
        assert event in ", ".join(events).split(", ")


# The pages themselves.


def built(name):
    path = BUILD / "docs/man" / name
    if not path.exists():
        pytest.skip("built without scdoc")
    return path


@pytest.mark.parametrize("name", PAGES)
def test_manual__page__builds_without_a_warning(name):
    done = subprocess.run(["groff", "-t", "-ww", "-b", "-z", "-man", "-Tutf8", "-rLL=78n", str(built(name))],
                          capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    if shutil.which("mandoc"):
        assert not re.findall(r"(?:ERROR|UNSUPP|FATAL).*", subprocess.run(
            ["mandoc", "-T", "lint", str(built(name))], capture_output=True, text=True).stdout)


@pytest.mark.parametrize("name", PAGES)
def test_manual__page__has_what_every_page_has(name):
    text = page(name)
    titles = re.findall(r"^# (.*)$", text, re.MULTILINE)
    wanted = {"NAME", "DESCRIPTION", "SEE ALSO"}
    if name[-1] != "7":
        wanted |= {"SYNOPSIS", "FILES", "EXAMPLES"}
    assert wanted <= set(titles)
    pages = {tuple(other.rsplit(".", 1)) for other in PAGES}
    for other in re.findall(r"\*([\w.-]*cosmo[\w.-]*)\*\((\d)\)", plain(text)):
        assert other in pages, other


def test_units__documentation__names_pages_that_exist():
    names = [name for path in (SOURCE / "etc/systemd").iterdir()
             for name in re.findall(r"man:([\w.-]+)\((\d)\)", path.read_text())]
    assert names and {f"{name}.{number}" for name, number in names} <= set(PAGES)


# All that is written in Markdown.


def markdown():
    return [SOURCE / name for name in run("git", "-C", SOURCE, "ls-files", "--cached", "--others", "--exclude-standard",
                                          "*.md").split()]


@pytest.mark.parametrize("path", markdown(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_documents__links__lead_somewhere(path):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text()):
        assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", markdown(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_documents__commands_of_ctl__exist(path):
    """`cosmo-ssoctl WORD --option` names commands and options that there are; what is to come stands in the design."""
    for line in re.findall(r"cosmo-ssoctl ([a-z][^`\n]*(?:\\\n[^`\n]*)*)", path.read_text()):
        command = line.split()[0]
        if command not in commands():
            assert not re.search(r"`cosmo-ssoctl " + command, path.read_text()), line
            continue
        assert options_in(line.split("|")[0]) <= options_in(run(BUILD / "ctl/cosmo-ssoctl", command, "--help")), line
