# SPDX-License-Identifier: MIT
"""Tests that were written before what they test was whole: skipped, loudly and counted, until each has been seen green.

COSMO_SSO_UNPROVEN=1 runs them too. A line goes away when its tests pass; none is ever added for a test that passed.
"""
import os

import pytest

UNPROVEN = (
    "e2e/test_refusals.py",
    "e2e/test_untouched.py",
)


def pytest_collection_modifyitems(items):
    if os.environ.get("COSMO_SSO_UNPROVEN"):
        return
    for item in items:
        name = next((name for name in UNPROVEN if name in item.nodeid or str(item.path).endswith(name)), None)
        if name:
            item.add_marker(pytest.mark.skip(reason=f"not yet seen green against the whole product: {name}"))
