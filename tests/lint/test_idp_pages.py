# SPDX-License-Identifier: MIT
"""The errors that the pages of docs/idp explain are ones that are said: by us, or by the provider, whose words the judge knows."""
import pathlib
import re

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PAGES = sorted((SOURCE / "docs/idp").glob("*.md"))
OURS = set(re.findall(r'X\(E_\w+, "(\w+)"', (SOURCE / "common/base/err.h").read_text()))
THEIRS = set(re.findall(r'\{"(\w+)", COSMO_E_', (SOURCE / "pam_cosmo_sso/judge/oauth_reply.c").read_text()))


def explained(page):
    """The errors in the first column of the page's tables."""
    cells = re.findall(r"^\| ([^|]*) \|", page.read_text(), flags=re.MULTILINE)
    return {word for cell in cells for word in re.findall(r"`([a-z]+_[a-z_]+)`", cell)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_idp_pages__errors__are_those_that_are_said(page):
    assert explained(page) <= OURS | THEIRS


def test_idp_pages__all_providers__explain_errors():
    """The positive control: the tables are found."""
    assert {"idp_scope_refused", "role_claim_missing"} < OURS and "access_denied" in THEIRS
    assert [page.stem for page in PAGES if len(explained(page)) < 2] == []
