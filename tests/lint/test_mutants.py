# SPDX-License-Identifier: MIT
"""The patches of tests/mutants say what they break, and break one line of the product each."""
import pathlib
import re
import sys

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests"))

from support import mutants, sign_in_cases  # noqa: E402

ALL = mutants.all_of()
TAGS, _ = sign_in_cases.scan(SOURCE)
NO_SIGN_IN = {"crash"}  # groups that are no cases of a sign-in


def test_mutants__each_group_of_cases__has_one():
    assert {mutant.group for mutant in ALL} == set(sign_in_cases.GROUPS) | NO_SIGN_IN


@pytest.mark.parametrize("mutant", ALL, ids=lambda mutant: mutant.name)
def test_mutants__each__breaks_one_line_of_the_product(mutant):
    assert len(mutant.breaks) == 1 and mutant.breaks[0].endswith(".")
    assert len(mutant.removed) == len(mutant.added) == len(mutant.files) == 1
    assert not mutant.files[0].startswith(("tests/", "docs/", "tools/"))
    mutant.apply("--check")


@pytest.mark.parametrize("mutant", ALL, ids=lambda mutant: mutant.name)
def test_mutants__each__names_tests_that_there_are(mutant):
    assert mutant.red
    for test in mutant.red:
        assert re.search(rf"^(?:def|static void) {test.function}\(", (SOURCE / test.file).read_text(), re.MULTILINE), test


@pytest.mark.parametrize("mutant", [mutant for mutant in ALL if mutant.group not in NO_SIGN_IN],
                         ids=lambda mutant: mutant.name)
def test_mutants__each__is_noticed_by_a_test_of_its_group(mutant):
    tagged = {tag.test for tag in TAGS if tag.group == mutant.group}
    assert {str(test).removeprefix("tests/") for test in mutant.red} & tagged
