# SPDX-License-Identifier: MIT
"""End-to-end: real sshd on a booted Debian, a real IdP, and a real browser where the approval is tested. Needs root; see tools/test."""

import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import idp as idp_module  # noqa: E402
from support import namespace, product, root_tree  # noqa: E402
from support.host import TestHost  # noqa: E402
from support.idp import Idp  # noqa: E402
from support.site import Site  # noqa: E402


def pytest_configure(config):
    """All that needs the network comes first: the tests run in a network namespace that has only `lo`."""
    if os.geteuid() != 0:
        pytest.exit("the end-to-end tests boot a host: run them as root", returncode=3)
    root_tree.ensure()
    idp_module.ensure()
    config.stash[BUILD] = product.build() if product_is_wanted(config) else None
    namespace.enter()


BUILD = pytest.StashKey()


def product_is_wanted(config):
    """The rig's own tests run without the product."""
    return not all("test_rig" in arg for arg in config.args)


@pytest.fixture(scope="session")
def build_dir(pytestconfig):
    return pytestconfig.stash[BUILD]


@pytest.fixture(scope="session")
def the_idp():
    with Idp() as idp:
        yield idp


@pytest.fixture
def idp(the_idp):
    """The IdP with its three people as they are at first."""
    the_idp.reset()
    yield the_idp


@pytest.fixture(scope="module")
def module_site(the_idp, build_dir):
    the_idp.reset()
    with TestHost() as host:
        site = Site(the_idp, host)
        site.set_up(build_dir)
        yield site


@pytest.fixture(scope="module")
def many_unknown_names(module_site):
    """For files that try more of them in an hour than a host allows by default."""
    for limit in ("unknown_per_source_hour", "unknown_per_host_hour"):
        module_site.configure("limits", limit, "1000")


@pytest.fixture
def site(module_site, idp):
    """A connected host, shared by a file's tests; the IdP as it is at first."""
    return module_site


@pytest.fixture
def host(site):
    return site.host


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failure shows what the host logged."""
    report = (yield).get_result()
    site = getattr(item, "funcargs", {}).get("site")
    if report.when == "call" and report.failed and site and site.host.pid:
        report.sections.append(("host's journal", "\n".join(site.host.journal("cosmo|sshd|sudo|pam")[-60:])))
