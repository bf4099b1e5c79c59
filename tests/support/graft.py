# SPDX-License-Identifier: MIT
"""Files put in their places in a mount namespace of their own; nothing of it reaches the machine's file systems.

usage: graft.py FOLDER SOURCE=TARGET... -- COMMAND...      FOLDER: scratch space that outlives the command
:KEPT:KEPT=TARGET makes TARGET an empty folder in which these folders alone are still to be found.
"""

import ctypes
import os
import pathlib
import shutil
import signal
import sys

CLONE_NEWNS, MS_BIND, MS_REC, MS_PRIVATE = 0x20000, 0x1000, 0x4000, 0x40000
_libc = ctypes.CDLL(None, use_errno=True)
_opened = set()


def _mount(source, target, kind, flags):
    words = [None if word is None else os.fsencode(word) for word in (source, target, kind)]
    if _libc.mount(*words, flags, None):
        raise OSError(ctypes.get_errno(), f"mount {source} on {target}")


def enter():
    if _libc.unshare(CLONE_NEWNS):
        raise OSError(ctypes.get_errno(), "unshare: this needs root")
    _mount("none", "/", None, MS_REC | MS_PRIVATE)


def _open_up(folder, scratch):
    """Make `folder` a tmpfs with the same content, so that something can be added to it. Files are copied: the product
    follows no link to them."""
    kept = scratch / ("kept" + str(folder).replace("/", "-"))
    kept.mkdir()
    _mount(str(folder), str(kept), None, MS_BIND | MS_REC)
    names, mode = sorted(os.listdir(kept)), kept.stat().st_mode & 0o7777
    _mount("none", str(folder), "tmpfs", 0)
    folder.chmod(mode)
    for name in names:
        if (kept / name).is_file() and not (kept / name).is_symlink():
            shutil.copy2(kept / name, folder / name)
        else:
            os.symlink(kept / name, folder / name)


def graft(source, target, scratch):
    source, target = pathlib.Path(source), pathlib.Path(target)
    if not target.exists():
        ancestor = target.parent
        while not ancestor.exists():
            ancestor = ancestor.parent
        if ancestor not in _opened:
            _open_up(ancestor.resolve(), scratch)
            _opened.add(ancestor)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.mkdir() if source.is_dir() else target.touch()
    _mount(str(source), str(target), None, MS_BIND)


def empty(target, kept):
    held = [(os.open(path, os.O_PATH | os.O_DIRECTORY), path) for path in kept if path.startswith(f"{target}/")]
    if os.path.islink(target) and pathlib.Path(target).parent in _opened:
        os.unlink(target)
        os.mkdir(target)
    _mount("none", target, "tmpfs", 0)
    os.chmod(target, 0o1777)
    for fd, path in held:
        os.makedirs(path)
        _mount(f"/proc/self/fd/{fd}", path, None, MS_BIND | MS_REC)
        os.close(fd)


if __name__ == "__main__":
    split = sys.argv.index("--")
    enter()
    for pair in sys.argv[2:split]:
        source, target = pair.split("=")
        if source.startswith(":"):
            empty(target, source.split(":")[1:])
        else:
            graft(source, target, pathlib.Path(sys.argv[1]))
    for number in (signal.SIGINT, signal.SIGQUIT):  # ignored in all that a shell starts in the background
        signal.signal(number, signal.SIG_DFL)
    os.execvp(sys.argv[split + 1], sys.argv[split + 1 :])
