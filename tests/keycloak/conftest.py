# SPDX-License-Identifier: MIT
"""The same booted host, sshd and browser as in tests/e2e, and Keycloak as the IdP. Needs root; see tools/test."""

import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
pytest.register_assert_rewrite("e2e.test_sign_in", "e2e.test_refresh", "e2e.test_disconnect")

from e2e.conftest import BUILD, build_dir, host, idp, module_site, pytest_runtest_makereport, site  # noqa: E402, F401
from support import keycloak_tree, namespace, product, root_tree  # noqa: E402
from support.keycloak import Keycloak  # noqa: E402
from support.keycloak_realm import Realm  # noqa: E402

LACKING = pytest.StashKey()


def pytest_configure(config):
    """All that needs the network comes first: the tests run in a network namespace that has only `lo`."""
    if os.geteuid() != 0:
        pytest.exit("these tests boot a host: run them as root", returncode=3)
    root_tree.ensure()
    try:
        keycloak_tree.ensure()
    except root_tree.NotServed as lacking:
        config.stash[LACKING] = str(lacking)
    config.stash[BUILD] = product.build()
    namespace.enter()


@pytest.fixture(scope="session")
def server(pytestconfig):
    """One Keycloak for all tests; what changes a realm for good has one of its own."""
    if LACKING in pytestconfig.stash:
        pytest.skip(pytestconfig.stash[LACKING])
    with Keycloak() as running:
        yield running


@pytest.fixture(scope="session")
def the_idp(server):
    with Realm(server, "hosts") as realm:
        yield realm
