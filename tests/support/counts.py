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
_NO_TESTS = 5  # pytest's exit code where it ran none


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
    """What it counts, and the names of the files that have a test in it."""
    count, files = Count(), set()
    for suite in xml.etree.ElementTree.parse(path).getroot().iter("testsuite"):
        total, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
        failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        count.add(passed=total - skipped - failed, failed=failed, skipped=skipped)
        for case in suite.iter("testcase"):
            # Where a file is skipped or broken as a whole it is the case's name.
            files |= set(re.split(r"[./]", f"{case.get('classname')}.{case.get('name')}"))
    return count, files


def _pytest(paths, environment, **options):
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.xml")
        done = subprocess.run(
            ["/usr/bin/python3", "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", f"--junitxml={report}", *paths],
            cwd=SOURCE, env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1", **environment), **options)
        count, files = _of_junit(report) if os.path.exists(report) else (Count(failed=1), set())
    # A file that lost its tests is not seen in the sum of several.
    count.add(failed=len([path for path in map(pathlib.Path, paths) if path.is_file() and path.stem not in files]))
    all_skipped = done.returncode == _NO_TESTS and count.skipped
    if done.returncode and not count.failed and not all_skipped:
        count.add(failed=1)
    return done, count


def pytest(label, *paths, **environment):
    """Run a pytest suite; a run that counted nothing, or broke, is a failure, and so is each file without a test."""
    _, count = _pytest(paths, environment)
    print(f"{label}: {count}", flush=True)
    return count


def _shared_out(files, among):
    """The files in so many lists, each about as large as the others."""
    lists = [[] for _ in range(min(among, len(files)))]
    for path in sorted(files, key=lambda path: (-path.stat().st_size, path.name)):
        min(lists, key=lambda paths: sum(one.stat().st_size for one in paths)).append(path)
    return sorted(lists, key=lambda paths: -paths[0].stat().st_size)


def pytest_files(label, folder, at_once, processes=None, **environment):
    """The same for a folder, `at_once` processes side by side, the largest files first. Each file has a process of its own,
    or they share so many: a process that begins is a second's work."""
    files = list((SOURCE / folder).glob("test_*.py"))
    lists = _shared_out(files, processes or len(files))
    total = Count(failed=0 if files else 1)
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        runs = pool.map(lambda paths: _pytest(list(map(str, paths)), environment, stdout=subprocess.PIPE,
                                              stderr=subprocess.STDOUT, text=True), lists)
        for paths, (done, count) in zip(lists, runs):
            print(f"{' '.join(str(path.relative_to(SOURCE)) for path in paths)}:\n{done.stdout}", end="", flush=True)
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
