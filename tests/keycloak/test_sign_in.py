# SPDX-License-Identifier: MIT
"""The main job against Keycloak: the tests of e2e/test_sign_in.py that ask the IdP something."""

from e2e.test_sign_in import (  # noqa: F401
    conferred,
    test_prompt__never_seen__all_a_person_needs_once,
    test_sign_in__first_time__home_ids_groups,
    test_sign_in__group_removed_and_added_at_idp__so_at_the_next,
    test_sign_in__groups_at_idp__role,
)
