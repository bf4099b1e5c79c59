# SPDX-License-Identifier: MIT
"""The builds that the suites need, each in a folder of its own outside the source tree."""
import contextlib
import fcntl
import hashlib
import os
import pathlib
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("COSMO_SSO_TEST_CACHE", "/var/cache/cosmo-sso-test"))
OPTIONS = ("--prefix=/usr", "--sysconfdir=/etc", "--localstatedir=/var")


def build(name, *options, compiler="gcc"):
    """The build folder, up to date, or None when it does not build; what is wrong has been printed then."""
    key = "\0".join((str(SOURCE), compiler, *options))  # meson takes no other options for a folder that is there
    place = CACHE / f"build-{hashlib.sha256(key.encode()).hexdigest()[:12]}-{name}"
    place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    with _turn(place):
        return _build(place, options, compiler)


@contextlib.contextmanager
def _turn(place):
    """Suites that run side by side, in processes of their own too, want the same build."""
    with open(f"{place}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(place, options, compiler):
    environment = dict(os.environ, CC=compiler)
    commands = [["ninja", "-C", str(place)]]
    if not (place / "build.ninja").exists():
        commands.insert(0, ["meson", "setup", *OPTIONS, *options, str(place), str(SOURCE)])
        print(f"building {place}, which takes minutes the first time", file=sys.stderr, flush=True)
    for command in commands:
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            print(done.stdout[-20000:], flush=True)
            return None
    return place


def sanitized():
    return build("sanitized", "-Db_sanitize=address,undefined", "-Db_lundef=false", "-Dbuildtype=debug")


def release():
    return build("release", "-Dwerror=true", "-Dbuildtype=debugoptimized")
