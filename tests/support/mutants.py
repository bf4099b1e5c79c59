# SPDX-License-Identifier: MIT
"""Proof that the tests can fail: each patch in tests/mutants breaks one line of the product, and the tests that it
names have to go red.

usage: mutants.py [--units-pass] BUILD [GROUP...]

BUILD: an up-to-date build of this tree; GROUP: only these mutants; --units-pass: that the C tests pass as long as nothing
is broken is seen elsewhere; those in Python are tried here in any case, for what they need is more than the build

A patch is named GROUP.patch or GROUP-WORD.patch after its group of cases, and begins with

    Breaks: what the product does wrong with it
    Red: FILE::FUNCTION      (one line for each test; FILE is a C file of tests/unit or a Python file)

Source and build are copied, and the copies put in their places in a mount namespace of our own. Needs root.
"""
import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests"))
from support.builds import CACHE  # noqa: E402
from support.counts import Count  # noqa: E402

PATCHES = "tests/mutants"
UNITS_PASS = "--units-pass"
ON_COPIES = "--on-copies"  # what it says to itself
_LIMIT_S = 300
# meson writes its logs while it runs the unit tests beside us.
_NOT_COPIED = shutil.ignore_patterns(".git", "__pycache__", "meson-logs")


class Wrong(Exception):
    """Why a mutant proves nothing."""


@dataclasses.dataclass(frozen=True)
class Test:
    """A test as FILE::FUNCTION names it."""

    file: str
    function: str

    @property
    def is_unit(self):
        return self.file.endswith(".c")

    def __str__(self):
        return f"{self.file}::{self.function}"


class Mutant:
    """One patch: its `name` and `group`, what it `breaks`, the tests that must go `red`."""

    def __init__(self, path):
        self.path, self.name, self.group, text = path, path.stem, path.stem.split("-")[0], path.read_text()
        head = text.split("\n--- ", 1)[0]
        self.breaks = re.findall(r"^Breaks: (.+)$", head, re.MULTILINE)
        self.red = [Test(*line.split("::")) for line in re.findall(r"^Red: (\S+::\w+)$", head, re.MULTILINE)]
        self.files = re.findall(r"^\+\+\+ b/(\S+)$", text, re.MULTILINE)
        self.removed = re.findall(r"^-(?!-- )(.*)$", text, re.MULTILINE)
        self.added = re.findall(r"^\+(?!\+\+ )(.*)$", text, re.MULTILINE)

    def apply(self, *options):
        done = subprocess.run(["git", "apply", *options, str(self.path)], cwd=SOURCE, capture_output=True, text=True)
        if done.returncode:
            raise Wrong(f"the patch does not apply any more: {done.stderr.strip()}")

    def take_back(self):
        self.apply("-R")


def all_of(tree=SOURCE):
    return [Mutant(path) for path in sorted((tree / PATCHES).glob("*.patch"))]


class Build:
    """What is known of a build folder: which program a C test is in, and what the tests in Python need."""

    def __init__(self, place):
        self.place = pathlib.Path(place).resolve()
        self.targets = self._read("intro-targets.json")
        self.tests = self._read("intro-tests.json")

    def _read(self, name):
        return json.loads((self.place / "meson-info" / name).read_text())

    def _program(self, file):
        """(path, environment) of the program made of this C file."""
        path = str(SOURCE / file)
        for target in self.targets:
            if any(path in sources.get("sources", []) for sources in target["target_sources"]):
                for test in self.tests:
                    if test["cmd"][0] == target["filename"][0]:
                        return test["cmd"][0], test["env"]
        raise Wrong(f"no test program is made of {file}")

    def make(self, tests):
        """Bring up to date what these tests need, no more."""
        wanted = [self._program(test.file)[0] for test in tests if test.is_unit]
        if any(not test.is_unit for test in tests):
            wanted += [name for target in self.targets for name in target["filename"]
                       if not re.search(r"/tests/(unit|bench)/", target["defined_in"])]
        names = [os.path.relpath(name, self.place) for name in dict.fromkeys(wanted)]
        done = subprocess.run(["ninja", "-C", str(self.place), *names], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise Wrong(f"it does not build:\n{done.stdout[-4000:]}")

    def run_unit(self, test):
        """How the one test of the program ended: "passed", or "red" by an assertion."""
        program, environment = self._program(test.file)
        done = subprocess.run([program], env=dict(os.environ, **environment), stdout=subprocess.PIPE, timeout=_LIMIT_S,
                              stderr=subprocess.STDOUT, text=True, errors="replace", cwd=self.place)
        name = re.escape(test.function)
        if re.search(rf"^\[       OK \] {name}$", done.stdout, re.MULTILINE):
            return "passed"
        said = re.search(rf"^\[ RUN      \] {name}$(.*?)^\[  FAILED  \] {name}$", done.stdout, re.MULTILINE | re.DOTALL)
        if said and re.search(r"^(\[  ERROR   \] --- )?\[   LINE   \] --- ", said.group(1), re.MULTILINE):
            return "red"
        raise Wrong(f"{test} neither passed nor failed an assertion:\n{done.stdout[-4000:]}")

    def run_python(self, tests):
        """How these ended: {test: "passed" or "red"}; red where a row of it failed an assertion."""
        with tempfile.TemporaryDirectory() as folder:
            report = pathlib.Path(folder, "report.xml")
            done = subprocess.run(
                ["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}",
                 *map(str, tests)], cwd=SOURCE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                timeout=_LIMIT_S, env=dict(os.environ, COSMO_BUILD_DIR=str(self.place), PYTHONDONTWRITEBYTECODE="1"))
            if not report.exists():
                raise Wrong(f"pytest broke off:\n{done.stdout[-4000:]}")
            rows = list(xml.etree.ElementTree.parse(report).getroot().iter("testcase"))
        return {test: _of_rows(test, [row for row in rows if _is_row(row, test)], done.stdout) for test in tests}

    def run(self, tests):
        in_python = [test for test in tests if not test.is_unit]
        found = self.run_python(in_python) if in_python else {}  # without a name pytest would run all there is
        return found | {test: self.run_unit(test) for test in tests if test.is_unit}


def _is_row(row, test):
    module = test.file.removesuffix(".py").replace("/", ".")
    return module.endswith(row.get("classname")) and row.get("name").split("[")[0] == test.function


def _of_rows(test, rows, said):
    if not rows:
        raise Wrong(f"{test} was not run:\n{said[-4000:]}")
    if any(row.find("skipped") is not None for row in rows):
        raise Wrong(f"{test} was skipped")
    broken = [row.find(kind).get("message") for row in rows for kind in ("failure", "error")
              if row.find(kind) is not None]
    if any(not message.startswith(("assert", "AssertionError", "Failed: DID NOT RAISE")) for message in broken):
        raise Wrong(f"{test} ended otherwise than by an assertion:\n{said[-4000:]}")
    return "red" if broken else "passed"


def _judge(build, mutant):
    mutant.apply()
    try:
        build.make(mutant.red)
        outcome = build.run(mutant.red)
    finally:
        mutant.take_back()
    green = [str(test) for test, ended in outcome.items() if ended != "red"]
    if green:
        raise Wrong(f"{mutant.breaks[0]} Nobody noticed: {', '.join(green)}")


def _judge_unbroken(build, tests):
    build.make(tests)
    red = [str(test) for test, ended in build.run(tests).items() if ended != "passed"]
    if red:
        raise Wrong(f"red before anything was broken: {', '.join(red)}")


def _counted(name, judge, *what):
    """One line about what was tried."""
    began = time.monotonic()
    try:
        judge(*what)
    except (Wrong, subprocess.TimeoutExpired) as wrong:
        print(f"mutant {name}: FAILED: {wrong}", flush=True)
        return Count(failed=1)
    print(f"mutant {name}: passed ({time.monotonic() - began:.0f} s)", flush=True)
    return Count(passed=1)


def _judge_all(build, mutants, units_pass):
    total = Count(failed=0 if mutants else 1)
    tests = dict.fromkeys(test for mutant in mutants for test in mutant.red)
    if unbroken := [test for test in tests if not (units_pass and test.is_unit)]:
        total.add(_counted("none", _judge_unbroken, build, unbroken))
    for mutant in mutants:
        total.add(_counted(mutant.name, _judge, build, mutant))
    print(total, flush=True)
    return 1 if total.failed else 0


def _namespace():
    return str(os.stat("/proc/self/ns/mnt").st_ino)


def _again_on_copies(place, words):
    """This program once more, where whatever is changed is changed in copies."""
    CACHE.mkdir(mode=0o755, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="mutants-") as folder:
        os.chmod(folder, 0o755)
        command = [place / "tests/integration/graft", folder]
        for number, tree in enumerate((SOURCE, place)):
            copy = pathlib.Path(folder, str(number))
            shutil.copytree(tree, copy, symlinks=True, ignore=_NOT_COPIED)
            command.append(f"{copy}={tree}")
        command += ["--", sys.executable, "-B", __file__, ON_COPIES, _namespace(), place, *words]
        return subprocess.run(list(map(str, command)), cwd="/").returncode


def main():
    units_pass = UNITS_PASS in sys.argv
    words = [word for word in sys.argv[1:] if word != UNITS_PASS]
    if words[0] != ON_COPIES:
        return _again_on_copies(pathlib.Path(words[0]).resolve(), words[1:] + [UNITS_PASS] * units_pass)
    os.chdir(SOURCE)
    outside, place, *groups = words[1:]
    if outside == _namespace():
        sys.exit("mutants.py: these are no copies")
    wanted = [mutant for mutant in all_of() if not groups or mutant.group in groups]
    return _judge_all(Build(place), wanted, units_pass)


if __name__ == "__main__":
    sys.exit(main())
