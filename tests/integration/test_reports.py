# SPDX-License-Identifier: MIT
"""What is written by a program in the judge's sandbox reaches the test, and so does what a sanitizer says of it.

Needs root and COSMO_BUILD_DIR."""

import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support.program import Program, built  # noqa: E402
from support.reports import Reports, is_sanitized  # noqa: E402

FAULTY = "tests/integration/faulty"


@pytest.fixture
def reports():
    reports = Reports()
    yield reports
    reports.close()


def run(reports, tmp_path, *command):
    """As the helper starts it: nobody listens to what it writes."""
    reports.put_in_place(tmp_path / "program", *command)
    return Program(tmp_path / "program")


def test_no_fault__no_report(reports, tmp_path):
    with run(reports, tmp_path, built(FAULTY)) as program:
        program.peer.socket.sendall(b"-")
        assert program.wait() == (0, b"")
    reports.check()


def test_words_of_one_who_may_write_no_file__taken_once(reports, tmp_path):
    confined = ["setpriv", "--reuid=65534", "--clear-groups", "prlimit", "--fsize=0", "sh", "-c", "echo ouch >&2"]
    with run(reports, tmp_path, *confined) as program:
        program.wait()
    assert reports.take() == "ouch\n" and reports.take() == ""


def test_file_in_the_folder__taken_once(reports):
    path = dict(option.split("=") for option in reports.environment()["ASAN_OPTIONS"].split(":"))["log_path"]
    subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", "sh", "-c", f"echo ouch > {path}.1"], check=True)
    with pytest.raises(AssertionError, match="ouch"):
        reports.check()
    reports.check()


if is_sanitized(built(FAULTY)):

    def test_fault__reported(reports, tmp_path):
        with run(reports, tmp_path, built(FAULTY)) as program:
            program.peer.socket.sendall(b"o")
            program.wait()
        with pytest.raises(AssertionError, match="heap-buffer-overflow"):
            reports.check()
