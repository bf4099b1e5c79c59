# SPDX-License-Identifier: MIT
"""A test in the helper's place: what it shows, and helpers for PamRig that treat everybody alike."""
from . import wire

URI = "https://idp.example.org/device"
COMPLETE = URI + "?user_code=WDJB-MJHT"
SHOWN = {
    "VERIFICATION_URI": URI,
    "VERIFICATION_URI_COMPLETE": COMPLETE,
    "USER_CODE": "WDJB-MJHT",
    "EXPIRES_IN_S": 599,
    "QR_MODE": 0,
    "HOST": "web1",
    "ISSUER": "https://idp.example.org",
}


def granting(peer):
    """Shows where a code is asked for; grants everything."""
    shown = peer.recv().type == "SIGN_IN"
    peer.socket.sendall((wire.encode("SHOW", **SHOWN) if shown else b"") + wire.encode("RESULT", ERR=0))


def nobody(peer):
    """No helper may be asked."""
    raise AssertionError(f"the helper was asked {peer.recv()}")
