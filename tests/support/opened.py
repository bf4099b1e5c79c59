# SPDX-License-Identifier: MIT
"""Tells which files of a folder have been opened, and so which programs were started from it: by the kernel's own word."""

import ctypes
import os
import struct

_libc = ctypes.CDLL(None, use_errno=True)
_IN_OPEN = 0x20
_IN_Q_OVERFLOW = 0x4000
_HEADER = struct.Struct("iIII")


class Opened:
    """with Opened(folder) as opened: ...; opened.names()   In order; a program that is started is opened."""

    def __init__(self, folder):
        self._folder = os.fsencode(folder)
        self._names = []
        self._fd = -1

    def __enter__(self):
        self._fd = _libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0 or _libc.inotify_add_watch(self._fd, self._folder, _IN_OPEN) < 0:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error), os.fsdecode(self._folder))
        return self

    def __exit__(self, *_):
        os.close(self._fd)

    def _take(self, events):
        while events:
            _, mask, _, length = _HEADER.unpack_from(events)
            if mask & _IN_Q_OVERFLOW:
                raise RuntimeError("events were lost; what is listed means nothing")
            name = events[_HEADER.size : _HEADER.size + length].rstrip(b"\0")
            if name:  # without one it is the folder itself that was listed
                self._names.append(os.fsdecode(name))
            events = events[_HEADER.size + length :]

    def names(self):
        while True:
            try:
                self._take(os.read(self._fd, 1 << 16))
            except BlockingIOError:
                return list(self._names)
