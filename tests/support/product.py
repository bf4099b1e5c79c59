# SPDX-License-Identifier: MIT
"""Builds what is tested, outside the source tree, for the machine's own release or in a tree of another one."""

import hashlib
import os
import pathlib
import shutil
import subprocess

from . import root_tree
from .build_tree import Workshop
from .root_tree import CACHE

SOURCE = pathlib.Path(__file__).resolve().parents[2]
OPTIONS = ("--prefix=/usr", "--sysconfdir=/etc", "--localstatedir=/var", "-Dtests=false")


def _run(*command, **options):
    done = subprocess.run(command, cwd=SOURCE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{done.stdout[-8000:]}")


def build(release=None):
    """The build directory, up to date. $COSMO_SSO_BUILD_DIR names one of the machine's own release that is used as it is."""
    release = release or root_tree.suite()
    if release != root_tree.native():
        return _build_elsewhere(Workshop(release, SOURCE))
    given = os.environ.get("COSMO_SSO_BUILD_DIR")
    if given:
        return pathlib.Path(given)
    CACHE.mkdir(mode=0o755, parents=True, exist_ok=True)
    place = CACHE / f"build-{hashlib.sha256(str(SOURCE).encode()).hexdigest()[:12]}"
    if not (place / "build.ninja").exists():
        _run("meson", "setup", *OPTIONS, place)
    _run("meson", "compile", "-C", place)
    return place


def _build_elsewhere(workshop):
    """What `meson install` made of it: the meson that built it is not the machine's."""
    inner = workshop.compile("build", *OPTIONS)
    shutil.rmtree(workshop.place / "stage", ignore_errors=True)
    workshop.run("env", f"DESTDIR={workshop.inner}/stage", "meson", "install", "--no-rebuild", "--quiet", "-C", inner)
    return workshop.place / "stage"


def install(build_dir, release, root):
    """`meson install` into the tree of a host of that release."""
    if release == root_tree.native():
        install = ["meson", "install", "-C", build_dir, "--no-rebuild", "--quiet"]
        _run(*install, env={**os.environ, "DESTDIR": str(root)})
    else:
        _run("cp", "-a", f"{build_dir}/.", root)
