# SPDX-License-Identifier: MIT
"""Builds what is tested, outside the source tree."""

import hashlib
import os
import pathlib
import subprocess

from .root_tree import CACHE

SOURCE = pathlib.Path(__file__).resolve().parents[2]
OPTIONS = ("--prefix=/usr", "--sysconfdir=/etc", "--localstatedir=/var", "-Dtests=false")


def _run(*command):
    done = subprocess.run(command, cwd=SOURCE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{done.stdout[-8000:]}")


def build():
    """The build directory, up to date. $COSMO_SSO_BUILD_DIR names one that is used as it is."""
    given = os.environ.get("COSMO_SSO_BUILD_DIR")
    if given:
        return pathlib.Path(given)
    CACHE.mkdir(mode=0o755, parents=True, exist_ok=True)
    place = CACHE / f"build-{hashlib.sha256(str(SOURCE).encode()).hexdigest()[:12]}"
    if not (place / "build.ninja").exists():
        _run("meson", "setup", *OPTIONS, place)
    _run("meson", "compile", "-C", place)
    return place
