# SPDX-License-Identifier: MIT
"""Roles between sign-ins as Keycloak confirms them: tests of e2e/test_refresh.py that ask the IdP something."""

from e2e.test_refresh import (  # noqa: F401
    people,
    test_refresh__disabled_at_the_idp__keys_open_nothing_until_the_next_sign_in,
)
