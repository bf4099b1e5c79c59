# SPDX-License-Identifier: MIT
"""doctor on a booted host that is connected and enabled as the manual says. Needs root; see tools/test."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from e2e.conftest import *  # noqa: E402, F403
