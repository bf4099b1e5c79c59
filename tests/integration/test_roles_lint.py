#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""`cosmo-ssoctl roles lint`: each finding made, and mended as it says; what is a pattern's is the real judge's word.

Needs root and COSMO_BUILD_DIR."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support.ctl_rig import CtlRig  # noqa: E402
from support.fake_idp import FakeIdp  # noqa: E402

OK, FOUND, USAGE, MISCONFIGURED = 0, 1, 2, 4
# Line 1 to 3; where no case says otherwise all is as it should be.
RULES = "[rules]\nadmin = root-admins\ndeveloper = devs\n"
GOOGLE = "[integration]\nissuer = https://accounts.google.com\nclient_id = x\n"
DENY = "[roles]\nno_match = deny\n"
# What is found, its line, words of the sentence and of the advice; the same, mended.
CASES = {
    "everything": (RULES + "developer = ~.*\n", [("covered", 3), ("matches_everything", 4)],
                   "matches every value, and gives developer to whoever has one", "developer = NAME",
                   RULES + "developer = ~team-.*\n"),
    "words": (RULES + "admin = ~[a-z]+\n", [("matches_everything", 4)], "every word in lower case", "admin = NAME",
              RULES + "admin = ~ops-[a-z]+\n"),
    "doubled": (RULES + "admin = root-admins\n", [("doubled", 4)], "stands in line 2 already", "one of the two out", RULES),
    "covered": (RULES + "developer = ~d.*\n", [("covered", 3)], '"developer = ~d.*" in line 4 gives the same role',
                "Take it out", "[rules]\nadmin = root-admins\ndeveloper = ~d.*\n"),
    "stripped": ("[integration]\nvalue_strip_prefix = /\n" + RULES + "developer = /hosts/qa\n", [("stripped", 6)],
                 'the value "/hosts/qa" is "hosts/qa" to the rules', "Write developer = hosts/qa",
                 "[integration]\nvalue_strip_prefix = /\n" + RULES + "developer = hosts/qa\n"),
    "name": (RULES + "developer = ~Eng (EU)\n", [("pattern_looks_literal", 4)], "does not match this name",
             "take the '~' away: developer = Eng (EU)", RULES + "developer = Eng (EU)\n"),
    "dot": (RULES + "developer = ~acme.devs\n", [("pattern_looks_literal", 4)], "'.' is any character",
            "take the '~' away", RULES + "developer = ~acme\\.devs\n"),
    "wildcard": (RULES + "developer = ~dev-*\n", [("pattern_looks_literal", 4)], "the '*' repeats the '-' before it",
                 "write .* there", RULES + "developer = ~dev-.*\n"),
    "pattern": (RULES + "developer = dev-.*\n", [("value_looks_like_pattern", 4)], "has no '~'",
                "write developer = ~PATTERN", RULES + "developer = ~dev-.*\n"),
    "quotes": (RULES + 'developer = "qa"\n', [("marks", 4)], "quotation marks", "Leave it away", RULES + "developer = qa\n"),
    "comment": (RULES + "developer = qa # Berlin\n", [("marks", 4)], "looks like a comment", "lines of their own",
                RULES + "# Berlin\ndeveloper = qa\n"),
    "hard": (RULES + "developer = ~(([a-z.-]+)+)+[!?]\n", [("too_hard", 4)], "more steps than a sign-in may",
             "repeat nothing that is repeated", RULES + "developer = ~[a-z.-]+[!?]\n"),
    "no_rule": (RULES + "[role dba]\n", [("role_without_rule", 4)], "No rule gives the role dba", "dba = VALUE",
                RULES + "dba = dbas\n[role dba]\n"),
    "no_match": (GOOGLE + RULES, [("open_door", None)], "no_match in [roles] is viewer", "no_match = deny",
                 GOOGLE + RULES + "viewer = example.com\n" + DENY),
    "no_claim": (GOOGLE + RULES + "viewer = example.com\n" + DENY + "no_claim = viewer\n", [("open_door", None)],
                 "no_claim in [roles] is viewer", "no_claim = deny", GOOGLE + RULES + "viewer = example.com\n" + DENY),
}  # fmt: skip
PRIVILEGED = RULES + "[role admin]\nlocal_groups = docker shadow dialout\nallow_privileged = yes\n"


@pytest.fixture(scope="module")
def rig():
    with CtlRig() as rig:
        rig.configure(RULES)
        yield rig


def found(rig, text):
    """The exit code and the findings."""
    done = rig.ctl("roles", "lint", "--json", "-", stdin=text)
    assert done.json["file"] == "-" and done.json["error"] is None and done.err == "", done
    return done.code, done.json["findings"]


@pytest.mark.parametrize("text, expected, says, advises, mended", CASES.values(), ids=CASES.keys())
def test_roles_lint__each_finding__is_told_and_can_be_mended(rig, text, expected, says, advises, mended):
    code, findings = found(rig, text)
    assert (code, [(one["kind"], one["line"]) for one in findings]) == (FOUND, expected)
    assert says in " ".join(one["text"] for one in findings) and advises in " ".join(one["advice"] for one in findings)
    assert not [one for one in findings if one["note"]]
    assert found(rig, mended) == (OK, [])


def test_roles_lint__what_the_file_means__is_a_note(rig):
    code, findings = found(rig, PRIVILEGED)
    assert (code, {(one["kind"], one["line"], one["note"]) for one in findings}) == (OK, {("privileged_group", 4, True)})
    assert [word in one["text"] for one, word in zip(findings, ("as root", "/etc/shadow"), strict=True)] == [True, True]
    code, findings = found(rig, "[rules]\nadmin = a\nviewer = ~.*\n")
    assert (code, [(one["kind"], one["line"]) for one in findings if one["note"]]) == (
        OK, [("matches_everything", 3), ("role_without_rule", None)])  # fmt: skip


def test_roles_lint__for_people__line_sentence_and_what_to_do(rig):
    path = rig.put_conf("other.conf", RULES + "developer = ~Eng (EU)\nadmin = \u202ea*\n[role admin]\n"
                        "local_groups = adm\nallow_privileged = yes\n")  # fmt: skip
    done = rig.ctl("roles", "lint", path)
    lines = done.out.splitlines()
    assert (done.code, done.err) == (FOUND, "") and "\u202e" not in done.out
    assert lines[0].startswith(f'{path}:4: Rule "developer = ~Eng (EU)" looks like a name')
    assert lines[1].startswith("    For just this value take")
    assert lines[2].startswith(f"{path}:5: Rule ") and lines[4].startswith(f"{path}:6: note: Whoever has the role admin")
    assert lines[-1] == "2 found, 1 to be noted."
    rig.configure(RULES)
    done = rig.ctl("roles", "lint")
    assert (done.code, done.out, done.err) == (OK, "Nothing found.\n", "")


def test_roles_lint__a_file_with_an_error__is_told_as_by_check_config(rig):
    """A rule for a role that is not declared, and a pattern that is none, among them."""
    for text, line in ((RULES + "dba = dbas\n", 4), (RULES + "admin = ~(a\n", 4), ("[nonsense]\n", 1)):
        path = rig.put_conf("wrong.conf", text)
        done, told = rig.ctl("roles", "lint", "--json", path), rig.ctl("check-config", "--json", path)
        assert done.code == told.code == MISCONFIGURED and done.json == told.json, (done, told)
        assert done.json["detail"].startswith(f"{path}:{line}: ")
    assert rig.ctl("roles", "lint", "/nowhere").code == USAGE


def test_roles_lint__without_a_file__is_an_error_of_the_configuration(rig):
    """As of every other command that reads it."""
    (rig.folder / "conf/cosmo-sso.conf").unlink()
    for words in (["roles", "lint"], ["check-config"], ["apply"], ["login-test"]):
        done = rig.ctl(*words, "--json") if words != ["apply"] else rig.ctl(*words)
        assert done.code == MISCONFIGURED and "[config]" in done.err, (words, done)
        assert f"{rig.conf_file}: there is no such file\n" in done.err, (words, done)


def test_check_config__things_found_by_lint__are_counted(rig):
    rig.configure(RULES + "developer = ~.*\n")
    done = rig.ctl("check-config")
    assert done.code == OK
    assert done.out.splitlines()[1:] == ["Note: 2 things in it may not be meant so: `cosmo-ssoctl roles lint` tells."]
    path = rig.put_conf("other.conf", RULES + "developer = ~Eng (EU)\n")
    assert f"Note: 1 thing in it may not be meant so: `cosmo-ssoctl roles lint {path}` tells.\n" in rig.ctl("check-config", path).out
    assert rig.ctl("check-config", "--json", path).json["findings"] == 1


def test_connect__things_found_by_lint__are_a_step(rig):
    says = "1 thing in the configuration may not be meant so: `cosmo-ssoctl roles lint` tells of it"
    with FakeIdp() as idp:
        for rule, steps in (("admin=admins", 0), ("admin=~Eng (EU)", 1)):
            rig.configure("")
            done = rig.connect(idp, "--dry-run", "--json", rule=rule)
            assert (done.code, done.json["steps"].count(says)) == (OK, steps), done


def test_roles_lint__as_many_rules_as_there_may_be__are_all_looked_at(rig):
    wide = [f"developer = ~.*({n})?" for n in range(40)]
    named = [f"developer = group-{n}" for n in range(215)]
    code, findings = found(rig, "[rules]\nadmin = a\n" + "\n".join(wide + named) + "\n")
    kinds = [one["kind"] for one in findings]
    assert code == FOUND and (kinds.count("matches_everything"), kinds.count("covered")) == (40, 39 + 215)


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-q", *sys.argv[1:]]))
