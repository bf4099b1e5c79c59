# SPDX-License-Identifier: MIT
"""What tests of cosmo-ssoctl start from: import what you need by name.

    from support.ctl_fixtures import connected, idp, rig  # noqa: F401
"""

import pytest

from .ctl_rig import CtlRig, shipped_config
from .fake_idp import FakeIdp


@pytest.fixture
def rig():
    """A host with the configuration as shipped, never connected."""
    with CtlRig() as rig:
        rig.configure(shipped_config())
        yield rig


@pytest.fixture
def idp():
    with FakeIdp() as idp:
        yield idp


@pytest.fixture
def connected(rig, idp):
    done = rig.connect(idp)
    assert done.code == 0, done.said
    return rig
