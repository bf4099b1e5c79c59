# SPDX-License-Identifier: MIT
"""Ports of this machine that no other process is given meanwhile."""

import socket


def hold(number=0):
    """A socket that keeps a port of 127.0.0.1 and does not listen: who comes there is refused, until a server that was
    told the number listens beside it, with SO_REUSEADDR as servers have it."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", number))
    return held


def number_of(held):
    return held.getsockname()[1]
