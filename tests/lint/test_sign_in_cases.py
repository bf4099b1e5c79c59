# SPDX-License-Identifier: MIT
"""The `case:` comments above the tests, and the document that is made of them."""
import pathlib
import subprocess

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
TOOL = SOURCE / "tools/sign-in-cases"


def run(*options):
    return subprocess.run([str(TOOL), *options], capture_output=True, text=True)


def tree(tmp_path, name, text):
    path = tmp_path / "tests" / name
    path.parent.mkdir(parents=True)
    path.write_text(text)
    (tmp_path / "docs").mkdir()
    return tmp_path


def test_cases__tags_of_this_tree__are_well_formed_and_stand_above_a_test():
    done = run("--tags")
    assert (done.returncode, done.stderr) == (0, "")


def test_cases__document__is_what_the_tool_writes_and_no_group_is_empty():
    done = run("--check")
    assert done.returncode == 0, "run tools/sign-in-cases\n" + done.stderr


# The tool itself, on trees of its own.

# The comments in these texts are not tags of this file.
PYTHON = '''"""Tests."""
import pytest


# Said in passing.
# case: grant: no interval means five seconds
# case: token: a padded signature is refused
@pytest.mark.parametrize(
    "row", [1,
            2])
def test_rows(row):
    assert row


class TestGroup:
    # case: grant: no interval means five seconds
    def test_member(self):
        text = "# case: not a comment"
'''

C = '''/* Tests. */
/* case: rule: rules add up */
/*
 * case: rule: a pattern that is wrong is refused with the column in which it is wrong, before
 * anybody signs in
 */
/* Said in passing. */
static void test_rules(void **state)
{
	const char *text = "/* case: not a comment */";
}

int main(void)
{
	return run(test_rules);
}
'''


def test_cases__tags_of_python__are_read_with_their_tests(tmp_path):
    place = tree(tmp_path, "integration/test_it.py", PYTHON)
    assert run("--tree", place).stdout == "2 cases, 2 tests\n"
    text = (place / "docs/sign-in-cases.md").read_text()
    assert ("- no interval means five seconds: `integration/test_it.py::test_rows`, "
            "`integration/test_it.py::TestGroup::test_member`\n") in text
    assert "- a padded signature is refused: `integration/test_it.py::test_rows`\n" in text


def test_cases__tags_of_c__are_read_with_their_tests(tmp_path):
    place = tree(tmp_path, "unit/test_it.c", C)
    assert run("--tree", place).stdout == "2 cases, 1 tests\n"
    text = (place / "docs/sign-in-cases.md").read_text()
    assert "- rules add up: `unit/test_it.c::test_rules`\n" in text
    assert "wrong, before anybody signs in: `unit/test_it.c::test_rules`\n" in text


@pytest.mark.parametrize("lines, wrong", [
    ("# case: grants: it holds\ndef test_it():\n    pass\n", "there is no group grants"),
    ("# case: grant - it holds\ndef test_it():\n    pass\n", "not of the form"),
    ("# Case: grant: it holds\ndef test_it():\n    pass\n", "not of the form"),
    ("# case: grant:\ndef test_it():\n    pass\n", "not of the form"),
    ("# case: grant: it holds.\ndef test_it():\n    pass\n", "without a mark at its end"),
    ("# case: grant: `it` holds\ndef test_it():\n    pass\n", "blanks in a row, or one of"),
    ("# case: grant: it " + "very " * 40 + "holds\ndef test_it():\n    pass\n", "more than 160"),
    ("# case: grant: it holds\n\ndef test_it():\n    pass\n", "not stand right above a test"),
    ("# case: grant: it holds\ndef helper():\n    pass\n", "not stand right above a test"),
    ("def test_it():\n    # case: grant: it holds\n    pass\n", "not stand right above a test"),
    ("@mark\n# case: grant: it holds\ndef test_it():\n    pass\n", "not stand right above a test"),
])
def test_cases__mistake_in_python__named_with_its_line(tmp_path, lines, wrong):
    place = tree(tmp_path, "e2e/test_it.py", lines)
    done = run("--tags", "--tree", place)
    line = lines[:lines.lower().index("# case")].count("\n") + 1
    assert done.returncode == 1 and done.stderr.startswith(f"tests/e2e/test_it.py:{line}: ") and wrong in done.stderr


@pytest.mark.parametrize("lines, wrong", [
    ("// case: grants: it holds\nstatic void test_it(void **state)\n{\n}\nint x = RUN(test_it);\n", "there is no group"),
    ("/* case: grant: it holds */\nstatic void test_it(void **state)\n{\n}\n", "not stand right above a test"),
    ("/* case: grant: it holds */\n\nstatic void test_it(void **state)\n{\n}\nint x = RUN(test_it);\n",
     "not stand right above a test"),
    ("/* case: grant: it holds */\nstatic void check(void **state)\n{\n}\nint x = RUN(check);\n",
     "not stand right above a test"),
])
def test_cases__mistake_in_c__named_with_its_line(tmp_path, lines, wrong):
    done = run("--tags", "--tree", tree(tmp_path, "unit/test_it.c", lines))
    assert done.returncode == 1 and done.stderr.startswith("tests/unit/test_it.c:1: ") and wrong in done.stderr


def test_cases__tag_in_a_file_that_pytest_does_not_collect__is_a_mistake(tmp_path):
    done = run("--tags", "--tree", tree(tmp_path, "support/rig.py", "# case: grant: it holds\ndef test_it():\n    pass\n"))
    assert done.returncode == 1 and "not stand right above a test" in done.stderr


def test_cases__check__tells_what_the_document_lacks_and_which_groups_are_empty(tmp_path):
    place = tree(tmp_path, "integration/test_it.py", PYTHON)
    run("--tree", place)
    path = place / "docs/sign-in-cases.md"
    path.write_text(path.read_text().replace("- no interval", "- an interval"))
    done = run("--check", "--tree", place)
    assert done.returncode == 1
    assert "the group rule has no case" in done.stderr and "the group grant" not in done.stderr
    assert "+- no interval means five seconds" in done.stderr
    assert "an interval" in path.read_text()


def test_cases__check__is_content_with_what_was_just_written(tmp_path):
    groups = "grant token claim rule conversation console caller budget message stack account refresh recent peer".split()
    tests = "".join(f"# case: {group}: it holds\ndef test_{group}():\n    pass\n\n\n" for group in groups)
    place = tree(tmp_path, "integration/test_it.py", tests)
    assert run("--tree", place).returncode == 0
    assert run("--check", "--tree", place).stdout == "14 cases, 14 tests\n"
