# SPDX-License-Identifier: MIT
"""Counting what passed, failed and was skipped, whoever ran it."""
import concurrent.futures
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


def _pytest(paths, environment, **options):
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.xml")
        done = subprocess.run(
            ["/usr/bin/python3", "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", f"--junitxml={report}", *paths],
            cwd=SOURCE, env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1", **environment), **options)
        count = _of_junit(report) if os.path.exists(report) else Count()
    if done.returncode and not count.failed:
        count.add(failed=1)
    return done, count


def pytest(label, *paths, **environment):
    """Run a pytest suite; a run that counted nothing, or broke, is a failure."""
    _, count = _pytest(paths, environment)
    print(f"{label}: {count}", flush=True)
    return count


def pytest_files(label, folder, at_once, **environment):
    """The same for a folder: each file in a process of its own, `at_once` of them side by side, the largest first."""
    files = sorted((SOURCE / folder).glob("test_*.py"), key=lambda path: -path.stat().st_size)
    total = Count(failed=0 if files else 1)
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        runs = pool.map(lambda path: _pytest([str(path)], environment, stdout=subprocess.PIPE,
                                             stderr=subprocess.STDOUT, text=True), files)
        for path, (done, count) in zip(files, runs):
            print(f"{path.relative_to(SOURCE)}:\n{done.stdout}", end="", flush=True)
            total.add(count)
    print(f"{label}: {total}", flush=True)
    return total


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
