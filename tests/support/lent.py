# SPDX-License-Identifier: MIT
"""Programs of the machine's own, lent to a host of the same release: not worth a package in every tree."""

import pathlib
import re
import shutil
import subprocess
import sysconfig


def _lend_file(host, path):
    place = host.root / str(path).lstrip("/")
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)


def _lend_libraries(host, path):
    linked = subprocess.run(["ldd", path], check=True, capture_output=True, text=True).stdout
    for library in re.findall(r"=> (/\S+)", linked):
        _lend_file(host, library)


def rsync(host):
    program = shutil.which("rsync")
    _lend_libraries(host, program)
    _lend_file(host, program)


def python(host):
    """Debian's own, as /usr/bin/python3, with what its standard library links."""
    program = pathlib.Path("/usr/bin/python3").resolve()
    library = pathlib.Path(sysconfig.get_path("stdlib"))
    for path in (program, *library.glob("lib-dynload/*.so")):
        _lend_libraries(host, path)
    _lend_file(host, program)
    (host.root / "usr/bin/python3").symlink_to(program.name)
    shutil.copytree(library, host.root / str(library).lstrip("/"), ignore=shutil.ignore_patterns("__pycache__", "test"),
                    ignore_dangling_symlinks=True)
