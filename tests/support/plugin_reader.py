# SPDX-License-Identifier: MIT
"""A process that goes on asking the NSS plugin's entry points for as long as a test wants.

usage: plugin_reader.py PLUGIN      a line of JSON [FUNCTION, ARGUMENT...] in, a line of JSON out

It loads the plugin once, as the C library of a program does, and nothing comes between them: what it answers is what
the plugin says, and what it has mapped and opened is the plugin's doing.
"""

import ctypes
import json
import os
import pathlib
import resource
import subprocess
import sys

from .process import end

SUCCESS, TRYAGAIN = 1, -2
PATIENCE = 100_000  # answers of TRYAGAIN in a row
ANYBODY = ctypes.c_uint32(0xFFFFFFFF)


class PluginReader:
    """with PluginReader(command, plugin) as reader: reader.ask("gids", ["ada"]) -- `command` runs words somewhere."""

    def __init__(self, command, plugin, environment):
        words = command(sys.executable, "-m", "support.plugin_reader", plugin)
        path = {"PYTHONPATH": str(pathlib.Path(__file__).resolve().parents[1]), "PYTHONDONTWRITEBYTECODE": "1"}
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=environment | path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        end(self.process)

    def ask(self, *words):
        print(json.dumps(words), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())

    def maps(self, name):
        """Where it has files of that name mapped."""
        lines = pathlib.Path(f"/proc/{self.process.pid}/maps").read_text().splitlines()
        return [line for line in lines if f"/{name}" in line]


class Passwd(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("password", ctypes.c_char_p), ("uid", ctypes.c_uint32),
                ("gid", ctypes.c_uint32), ("gecos", ctypes.c_char_p), ("home", ctypes.c_char_p),
                ("shell", ctypes.c_char_p)]


class Group(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("password", ctypes.c_char_p), ("gid", ctypes.c_uint32),
                ("members", ctypes.POINTER(ctypes.c_char_p))]


class Plugin:
    def __init__(self, path):
        self._library = ctypes.CDLL(path)
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._libc.malloc.restype = ctypes.c_void_p
        self._buffer = ctypes.create_string_buffer(1 << 24)

    def _call(self, name, *words):
        code = ctypes.c_int()
        for _ in range(PATIENCE):
            status = self._library[f"_nss_cosmo_{name}"](*words, ctypes.byref(code))
            if status != TRYAGAIN:
                return status
        raise RuntimeError(f"{name}: errno {code.value}")

    def gids(self, names):
        """For each name those that initgroups adds, or None: no such user."""
        place = ctypes.cast(self._libc.malloc(64 * 4), ctypes.POINTER(ctypes.c_uint32))
        found = []
        for name in names:
            count, size = ctypes.c_long(0), ctypes.c_long(64)
            status = self._call("initgroups_dyn", name.encode(), ANYBODY, ctypes.byref(count), ctypes.byref(size),
                                ctypes.byref(place), ctypes.c_long(-1))
            found.append(place[: count.value] if status == SUCCESS else None)
        return found

    def group(self, name):
        """[gid, members]"""
        entry = Group()
        status = self._call("getgrnam_r", name.encode(), ctypes.byref(entry), self._buffer,
                            ctypes.c_size_t(len(self._buffer)))
        if status != SUCCESS:
            return None
        members = []
        while entry.members[len(members)]:
            members.append(entry.members[len(members)].decode())
        return [entry.gid, members]

    def everybody(self):
        """All names, one after the other."""
        entry, names = Passwd(), []
        self._library._nss_cosmo_setpwent(0)
        while self._call("getpwent_r", ctypes.byref(entry), self._buffer,
                         ctypes.c_size_t(len(self._buffer))) == SUCCESS:
            names.append(entry.name.decode())
        self._library._nss_cosmo_endpwent()
        return names

    def hide(self, folder):
        """From this process alone: nothing of what stands there can be opened any more."""
        if self._libc.mount(b"none", os.fsencode(folder), b"tmpfs", 0, None):
            raise OSError(ctypes.get_errno(), f"mount on {folder}")
        return os.listdir(folder)

    def open_nothing_more(self):
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


if __name__ == "__main__":
    plugin = Plugin(sys.argv[1])
    for line in sys.stdin:
        function, *words = json.loads(line)
        print(json.dumps(getattr(plugin, function)(*words)), flush=True)
