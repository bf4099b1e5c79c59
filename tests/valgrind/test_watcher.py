# SPDX-License-Identifier: MIT
"""What the suite goes by: valgrind sees each fault of a program that is confined as the judge is, and check() says so.

Needs root and COSMO_BUILD_DIR, of a build without sanitizers."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import valgrind  # noqa: E402
from support.program import Program, built  # noqa: E402


def said_of(fault):
    wrapper = " ".join(valgrind.with_descriptors(16))
    with Program(built("tests/integration/faulty"), wrapper=wrapper) as program:
        program.peer.socket.sendall(fault)
        return program.wait()[1].decode()


def test_no_fault__clean():
    valgrind.check(said_of(b"-"), 1)


@pytest.mark.parametrize("fault, word", [(b"o", "Invalid write"), (b"l", "definitely lost: 7"), (b"d", "/dev/null")])
def test_fault__not_clean(fault, word):
    with pytest.raises(AssertionError, match=word):
        valgrind.check(said_of(fault), 1)


@pytest.mark.parametrize("processes", [0, 2])
def test_another_number_of_processes__not_clean(processes):
    with pytest.raises(AssertionError):
        valgrind.check(said_of(b"-"), processes)
