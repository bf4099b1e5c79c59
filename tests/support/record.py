# SPDX-License-Identifier: MIT
"""A user's private record changed behind the helper's back, whole as if the helper had written it."""

import re

FOLDER = "/var/lib/cosmo-sso/private/users"
LOCKED = 1
MASK = (1 << 64) - 1


def _left(value, bits):
    return (value << bits | value >> (64 - bits)) & MASK


def _round(v0, v1, v2, v3):
    v0, v2 = (v0 + v1) & MASK, (v2 + v3) & MASK
    v1, v3 = _left(v1, 13) ^ v0, _left(v3, 16) ^ v2
    v0, v2 = (_left(v0, 32) + v3) & MASK, (v2 + v1) & MASK
    v1, v3 = _left(v1, 17) ^ v2, _left(v3, 21) ^ v0
    return v0, v1, _left(v2, 32), v3


def siphash24(key, data):
    """SipHash-2-4 (Aumasson and Bernstein, 2012)."""
    k0, k1 = (int.from_bytes(key[at : at + 8], "little") for at in (0, 8))
    state = k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573
    data += bytes(7 - len(data) % 8) + bytes([len(data) % 256])
    for at in range(0, len(data), 8):
        word = int.from_bytes(data[at : at + 8], "little")
        v0, v1, v2, v3 = state
        v0, v1, v2, v3 = _round(*_round(v0, v1, v2, v3 ^ word))
        state = v0 ^ word, v1, v2, v3
    v0, v1, v2, v3 = state
    state = v0, v1, v2 ^ 0xFF, v3
    for _ in range(4):
        state = _round(*state)
    v0, v1, v2, v3 = state
    return v0 ^ v1 ^ v2 ^ v3


def change(host, user, **fields):
    """Set fields of the record, as their text stands there; gives the text before."""
    path = f"{FOLDER}/{user}"
    before = host.read(path)
    text = before[: before.index("end = ")]
    for key, value in fields.items():
        text, count = re.subn(rf"^{key} = .*$", f"{key} = {value}", text, flags=re.M)
        assert count == 1, key
    digest = siphash24(b"cosmo-sso file".ljust(16, b"\0"), text.encode())
    put(host, user, f"{text}end = {digest.to_bytes(8, 'little').hex()}\n")
    return before


def put(host, user, text):
    host.put(f"{FOLDER}/{user}", text, 0o600)
