# SPDX-License-Identifier: MIT
"""An HTTP proxy that tunnels, or refuses to."""

import socket
import threading


class FakeProxy:
    """@status: what CONNECT is answered with; 0 ends the connection without a word."""

    def __init__(self, status=200):
        self.status, self.heads = status, []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        head = b""
        while b"\r\n\r\n" not in head:
            part = client.recv(4096)
            if not part:
                return
            head += part
        self.heads.append(head.decode())
        if self.status:
            reply = f"HTTP/1.1 {self.status} Scripted\r\nDate: Thu, 01 Jan 1970 00:00:09 GMT\r\n\r\n"
            client.sendall(reply.encode())
        if self.status == 200:
            host, _, port = head.split()[1].decode().rpartition(":")
            server = socket.create_connection((host, int(port)))
            threading.Thread(target=self._copy, args=(client, server), daemon=True).start()
            self._copy(server, client)
        client.close()

    @staticmethod
    def _copy(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.close()
