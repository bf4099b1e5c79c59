# SPDX-License-Identifier: MIT
"""Counting what passed, failed and was skipped, whoever ran it."""
import json
import os
import pathlib
import re
import subprocess
import tempfile
import xml.etree.ElementTree

SOURCE = pathlib.Path(__file__).resolve().parents[2]


class Count:
    def __init__(self, passed=0, failed=0, skipped=0):
        self.passed, self.failed, self.skipped = passed, failed, skipped

    def add(self, other=None, passed=0, failed=0, skipped=0):
        if other:
            passed, failed, skipped = other.passed, other.failed, other.skipped
        self.passed += passed
        self.failed += failed
        self.skipped += skipped

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def _of_junit(path):
    count = Count()
    for suite in xml.etree.ElementTree.parse(path).getroot().iter("testsuite"):
        total, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
        failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        count.add(passed=total - skipped - failed, failed=failed, skipped=skipped)
    return count


def pytest(label, *paths, **environment):
    """Run a pytest suite; a run that counted nothing, or broke, is a failure."""
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.xml")
        done = subprocess.run(
            ["/usr/bin/python3", "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", f"--junitxml={report}", *paths],
            cwd=SOURCE, env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1", **environment))
        count = _of_junit(report) if os.path.exists(report) else Count()
    if done.returncode and not count.failed:
        count.add(failed=1)
    print(f"{label}: {count}", flush=True)
    return count


def _of_cmocka(text):
    def number(word):
        found = re.findall(rf"^\[\s*{word}\s*\] (?:tests: )?(\d+) test", text, re.MULTILINE)
        return sum(map(int, found))
    return Count(number("PASSED"), number("FAILED"), number("SKIPPED"))


def meson(label, place, *options, **environment):
    """Run meson's tests; cmocka's cases are counted one by one, other programs as one each."""
    done = subprocess.run(["meson", "test", "-C", str(place), "--print-errorlogs", "--no-rebuild", *options],
                          cwd=SOURCE, env=dict(os.environ, **environment), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    count = Count()
    log = pathlib.Path(place) / "meson-logs/testlog.json"
    for line in log.read_text().splitlines() if log.exists() else []:
        test = json.loads(line)
        cases = _of_cmocka(test.get("stdout", "") + test.get("stderr", ""))
        result = test["result"]
        if result == "SKIP":
            count.add(skipped=1)
        elif result != "OK":
            count.add(cases if cases.failed else None, failed=0 if cases.failed else 1)
        elif cases.passed or cases.skipped:
            count.add(cases)
        else:
            count.add(passed=1)
    if done.returncode:
        print(done.stdout[-20000:], flush=True)
        if not count.failed:
            count.add(failed=1)
    print(f"{label}: {count}", flush=True)
    return count
