# SPDX-License-Identifier: MIT
"""Counts the TCP packets that go to one port over `lo`, beside what the listener itself says it saw."""

import socket
import struct

_ETH_P_ALL = 0x0003
_SOL_PACKET = 263
_PACKET_STATISTICS = 6
_PACKET_OUTGOING = 4
_SO_RCVBUFFORCE = 33
_BUFFER_BYTES = 64 << 20
_TCP = 6
_ETHERNET_LEN = 14


def _tcp_header_at(frame):
    """Offset of the TCP header in an Ethernet frame, or None."""
    kind = int.from_bytes(frame[12:14], "big")
    if kind == 0x0800 and frame[_ETHERNET_LEN + 9] == _TCP:
        return _ETHERNET_LEN + (frame[_ETHERNET_LEN] & 0x0F) * 4
    if kind == 0x86DD and frame[_ETHERNET_LEN + 6] == _TCP:
        return _ETHERNET_LEN + 40
    return None


class PacketCounter:
    """with PacketCounter(port) as packets: ...; packets.count()   All packets since the start, lost ones are an error."""

    def __init__(self, port):
        self.port = port
        self._count = 0
        self._socket = None

    def __enter__(self):
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
        self._socket.bind(("lo", _ETH_P_ALL))
        self._socket.setblocking(False)
        return self

    def __exit__(self, *_):
        self._socket.close()

    def _take(self, frame, address):
        at = _tcp_header_at(frame)
        if address[2] == _PACKET_OUTGOING or at is None:  # lo shows each packet leaving and arriving
            return
        if int.from_bytes(frame[at + 2 : at + 4], "big") == self.port:
            self._count += 1

    def count(self):
        while True:
            try:
                self._take(*self._socket.recvfrom(256))
            except BlockingIOError:
                break
        _, dropped = struct.unpack("II", self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))
        if dropped:
            raise RuntimeError(f"{dropped} packets were not seen; the count means nothing")
        return self._count
