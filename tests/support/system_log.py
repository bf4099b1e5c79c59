# SPDX-License-Identifier: MIT
"""What stands at /dev/log of a rig. It is read all the time: who logs waits for a log that is full."""

import os
import select
import socket
import threading


class SystemLog:
    """SystemLog(path), which take() and close() belong to."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        path.chmod(0o666)
        self._socket.setblocking(False)
        self._lines, self._lock = [], threading.Lock()
        self._closed, self._close = os.pipe()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self):
        while self._closed not in select.select([self._socket, self._closed], [], [])[0]:
            self._read()

    def _read(self):
        with self._lock:
            while True:
                try:
                    self._lines.append(self._socket.recv(4096).decode())
                except BlockingIOError:
                    return

    def take(self):
        """What was logged since the last time."""
        self._read()
        with self._lock:
            lines, self._lines = self._lines, []
        return lines

    def close(self):
        os.close(self._close)
        self._thread.join()
        os.close(self._closed)
        self._socket.close()
