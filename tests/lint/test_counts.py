# SPDX-License-Identifier: MIT
"""What tools/test counts is what there was: nothing that did not run is counted as good."""
import pathlib
import sys

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests"))

from support import counts  # noqa: E402

GOOD = "def test_a():\n    pass\n\n\ndef test_b():\n    pass\n"


@pytest.fixture
def count(tmp_path):
    """The count of files with these texts, in one process."""

    def counted(**texts):
        paths = [tmp_path / f"test_{name}.py" for name in texts]
        for path, text in zip(paths, texts.values()):
            path.write_text(text)
        return str(counts.pytest("counted", *paths))

    return counted


FILES = {
    "all_good": ({"one": GOOD, "two": GOOD}, "4 passed, 0 failed, 0 skipped"),
    "in_a_class": ({"one": "class TestThis:\n    def test_a(self):\n        pass\n"}, "1 passed, 0 failed, 0 skipped"),
    "no_test_in_one": ({"one": GOOD, "two": "def helper():\n    pass\n"}, "2 passed, 1 failed, 0 skipped"),
    "no_test_at_all": ({"one": ""}, "0 passed, 1 failed, 0 skipped"),
    "one_does_not_load": ({"one": GOOD, "two": "import nothing_of_that_name\n"}, "0 passed, 2 failed, 0 skipped"),
    "skipped_as_a_whole": ({"one": "import pytest\npytest.skip('why', allow_module_level=True)\n"},
                           "0 passed, 0 failed, 1 skipped"),
    "ends_the_process": ({"one": "import os\n\n\ndef test_a():\n    os._exit(0)\n"}, "0 passed, 2 failed, 0 skipped"),
}


@pytest.mark.parametrize("texts, wanted", FILES.values(), ids=FILES.keys())
def test_counts__files__are_counted_each(count, texts, wanted):
    assert count(**texts) == wanted


def test_counts__files_shared_out__are_the_same_lists_each_time(tmp_path):
    files = [tmp_path / f"test_{name}.py" for name in "abcdef"]
    for path in files:
        path.write_text(GOOD)
    assert counts._shared_out(files, 2) == counts._shared_out(files[::-1], 2)
