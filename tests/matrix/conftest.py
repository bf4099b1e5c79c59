# SPDX-License-Identifier: MIT
"""Servers and clients of several Debian releases, each with each. Needs root; see tools/test --matrix."""

import functools
import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import client_tree, namespace, product, root_tree  # noqa: E402
from support import idp as idp_module  # noqa: E402
from support.host import TestHost  # noqa: E402
from support.idp import Idp  # noqa: E402
from support.site import Site  # noqa: E402

BUILDS = pytest.StashKey()


def build(release):
    """The build folder; or why there is none, which is no failure only where the machine's registry lacks the release."""
    try:
        root_tree.ensure(release)
        return product.build(release)
    except root_tree.NotServed as lacking:
        return str(lacking)


def pytest_configure(config):
    """All that needs the network comes first: the tests run in a network namespace that has only `lo`."""
    if os.geteuid() != 0:
        pytest.exit("the matrix boots hosts: run it as root", returncode=3)
    idp_module.ensure()
    config.stash[BUILDS] = {release: build(release) for release in root_tree.RELEASES}
    namespace.enter()


def served(config, release):
    found = config.stash[BUILDS][release]
    if isinstance(found, str):
        pytest.skip(found)
    return found


@pytest.fixture(params=[release for release in root_tree.RELEASES if release != root_tree.native()])
def other_release(request):
    served(request.config, request.param)
    return request.param


@pytest.fixture(scope="session")
def the_idp():
    with Idp() as idp:
        yield idp


@pytest.fixture(scope="module", params=root_tree.RELEASES)
def server(request, the_idp):
    """A connected host of one release after the other."""
    built = served(request.config, request.param)
    the_idp.reset()
    with TestHost(release=request.param) as host:
        site = Site(the_idp, host)
        site.set_up(built)
        yield site


@pytest.fixture
def site(server):
    """That host, with the IdP as it is at first."""
    server.idp.reset()
    return server


def ssh_of(release):
    """As SignIn wants it."""
    return functools.partial(client_tree.inside, release)


@pytest.fixture(params=root_tree.RELEASES)
def client(request):
    """The ssh of one release after the other."""
    served(request.config, request.param)
    return ssh_of(request.param)


@pytest.fixture
def clients(pytestconfig):
    """The ssh of every release that is served."""
    return [ssh_of(release) for release, found in pytestconfig.stash[BUILDS].items() if not isinstance(found, str)]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failure shows what the host logged."""
    report = (yield).get_result()
    site = getattr(item, "funcargs", {}).get("server")
    if report.when == "call" and report.failed and site and site.host.pid:
        report.sections.append(("host's journal", "\n".join(site.host.journal("cosmo|sshd|sudo|pam")[-60:])))
