# SPDX-License-Identifier: MIT
"""The frames between our processes, by the tables of the C headers themselves, so that no number can drift.

Nothing is checked when encoding: hostile frames are what tests are for. Decoding is strict.
"""

import pathlib
import re
import socket
import struct

COMMON = pathlib.Path(__file__).resolve().parents[2] / "common"
HEADER = struct.Struct("<BBHI")  # version, type, zero, length of the payload
FIELD = struct.Struct("<HHI")  # field, zero, length of the value


def _macros(path):
    """The bodies of a header's #defines, without comments."""
    text = re.sub(r"/\*.*?\*/", " ", path.read_text(), flags=re.S).replace("\\\n", " ")
    return dict(re.findall(r"^#define (\w+)(?:\([^)]*\))?[ \t]*(.*)$", text, flags=re.M))


def _rows(body, width):
    rows = [tuple(part.strip() for part in row.split(",")) for row in re.findall(r"\bX\(([^()]*)\)", body)]
    assert rows and len(rows) == body.count("X(") and all(len(row) == width for row in rows), "table not understood"
    return rows


def _enum(path, name):
    text = re.sub(r"/\*.*?\*/", " ", path.read_text(), flags=re.S)
    names = re.search(rf"enum {name} {{([^}}]*)}}", text).group(1)
    return {symbol: number for number, symbol in enumerate(re.findall(r"\w+", names))}


_table = _macros(COMMON / "message_table.h")
VERSION = int(_macros(COMMON / "message.h")["COSMO_PROTOCOL_VERSION"])
MESSAGES = {row[0]: number for number, row in enumerate(_rows(_table["MESSAGE_LIST"], 1), 1)}
FIELDS = {row[0]: (number, row[1], int(row[2])) for number, row in enumerate(_rows(_table["FIELD_LIST"], 3), 1)}
ERRORS = {number: row[0] for number, row in enumerate(_rows(_macros(COMMON / "base/err.h")["COSMO_ERR_LIST"], 3))}
ERROR_NUMBERS = {symbol: number for number, symbol in ERRORS.items()}
METHODS = _enum(COMMON / "fetch_method.h", "fetch_method")
MESSAGE_NAMES = {number: name for name, number in MESSAGES.items()}
FIELD_NAMES = {number: name for name, (number, _, _) in FIELDS.items()}


def _value(kind, value):
    if kind == "U64":
        return struct.pack("<Q", value)
    if kind == "STR":
        return (value.encode() if isinstance(value, str) else value) + b"\0"
    return value.encode() if isinstance(value, str) else value


def encode(message, **fields):
    """A frame; a list as value repeats its field, None leaves it out."""
    payload = b""
    for name, values in fields.items():
        number, kind, _ = FIELDS[name]
        for value in values if isinstance(values, list) else [values]:
            if value is not None:
                raw = _value(kind, value)
                payload += FIELD.pack(number, 0, len(raw)) + raw
    return HEADER.pack(VERSION, MESSAGES[message], 0, len(payload)) + payload


class Message:
    """A decoded frame: `type`, fields as attributes (`message.BODY`), None for absent, `all(NAME)` for repeated."""

    def __init__(self, kind, payload):
        self.type, self.fields = MESSAGE_NAMES[kind], []
        while payload:
            number, zero, length = FIELD.unpack_from(payload)
            name, raw = FIELD_NAMES[number], payload[FIELD.size : FIELD.size + length]
            _, field_kind, most = FIELDS[name]
            assert zero == 0 and len(raw) == length <= most, f"bad field {name}"
            self.fields.append((name, self._decode(field_kind, raw)))
            payload = payload[FIELD.size + length :]

    @staticmethod
    def _decode(kind, raw):
        if kind == "U64":
            return struct.unpack("<Q", raw)[0]
        if kind == "STR":
            assert raw.endswith(b"\0") and b"\0" not in raw[:-1], "bad text"
            return raw[:-1].decode()
        return raw

    def all(self, name):
        return [value for found, value in self.fields if found == name]

    def __getattr__(self, name):
        if name not in FIELDS:
            raise AttributeError(name)
        return next(iter(self.all(name)), None)

    @property
    def error(self):
        """The symbol of FIELD_ERR: "E_DNS" and the like."""
        return None if self.ERR is None else ERRORS[self.ERR]

    def __repr__(self):
        shown = (f"{name}={self.error if name == 'ERR' else value!r:.80}" for name, value in self.fields)
        return f"{self.type}({', '.join(shown)})"


class Peer:
    """Our end of a socket to one of the processes."""

    def __init__(self, sock, timeout_s=60):
        self.socket = sock
        sock.settimeout(timeout_s)

    def send(self, message, **fields):
        self.socket.sendall(encode(message, **fields))

    def _exactly(self, length):
        data = b""
        while len(data) < length:
            part = self.socket.recv(length - len(data))
            if not part:
                raise EOFError("the process closed its socket")
            data += part
        return data

    def recv(self):
        version, kind, zero, length = HEADER.unpack(self._exactly(HEADER.size))
        assert version == VERSION and zero == 0, "bad header"
        return Message(kind, self._exactly(length))

    def close(self):
        """Orderly: the other side reads the end, whoever else holds a copy of our descriptor."""
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()
