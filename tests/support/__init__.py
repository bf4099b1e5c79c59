# SPDX-License-Identifier: MIT
"""What the tests stand on: a booted Debian, a real IdP, a browser, and a terminal that reads QR codes."""
