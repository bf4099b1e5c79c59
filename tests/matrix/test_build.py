# SPDX-License-Identifier: MIT
"""The compilers, the C library and the other libraries of newer releases; tools/check sees to the machine's own."""

import re

import pytest

from support.build_tree import Workshop
from support.product import SOURCE


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_build__newer_release__no_warning_and_unit_tests_pass(other_release, compiler):
    workshop = Workshop(other_release, SOURCE)
    inner = workshop.compile(compiler, "-Dwerror=true", compiler=compiler)
    told = workshop.run("meson", "test", "-C", inner, "--no-rebuild", "--suite", "unit", "-t", "4", "--print-errorlogs")
    assert re.search(r"^Ok: +[1-9]\d", told, re.M) and re.search(r"^Fail: +0\b", told, re.M), told
