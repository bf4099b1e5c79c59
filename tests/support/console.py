# SPDX-License-Identifier: MIT
"""Somebody at a terminal of the host itself: login, getty, su, greetd on a pseudoterminal that the host made."""

import re

from . import said
from .process import PATIENCE_S, watch
from .screen import Terminal
from .site import SignIn

# A terminal that does not know UTF-8 shows each byte as a character of the PC's own set, as a screen of Linux does.
PLAIN = "import os\nwhile data := os.read(0, 4096): os.write(1, data.decode('cp437').encode())"
OURS = "^cosmo-sso-"  # helper, judge, fetch


class Console(SignIn):
    """
    One program on a terminal of its own inside the host:

    with Console(site, LOGIN, "dev") as console:
        console.name(); console.prompt(); console.approve(); console.shell()

    `by`: the local user who sits there, root if nobody is named. `plain`: the terminal is not UTF-8, and says so.
    """

    prompt_end = r"Waiting for the approval( of \S+ at \S+)? \.\.\.\s*$"

    def __init__(self, site, command, user, by=None, plain=False, **terminal):
        self.site, self.user, self._command = site, user, command
        self.screen = self.text = ""
        self._approved = False
        self._asked = 0
        inside = site.host.enter(["script", "-qec", command, "/dev/null"], user=by)
        if plain:
            inside = ["sh", "-c", 'stty -iutf8; plain=$1; shift; "$@" | python3 -u -c "$plain"', "sh", PLAIN, *inside]
        self.terminal = Terminal(inside, **{"cols": 80, "rows": 24, **terminal})

    def name(self, user=None):
        """Whoever signs in says who it is."""
        self.terminal.wait_for(r"login: ?$", PATIENCE_S)
        self.terminal.type(user or self.user)

    def password(self, text):
        self.terminal.wait_for(r"(?i)password: ?$", PATIENCE_S)
        self.terminal.type(text)

    def said(self, sentence):
        """Wait for a sentence anywhere on the screen, however the lines are broken."""
        words = r"\s+".join(re.escape(word) for word in sentence.split())
        self.terminal.wait_for(words, PATIENCE_S, history=True, joined=True)

    def ended(self):
        """Wait until the program has ended; everything it showed."""
        self.terminal.exit_status(PATIENCE_S)
        text = self.terminal.capture(history=True, joined=True)
        said.note([self._command], text)
        return text

    def hang_up(self):
        """The terminal goes away without a word, as a closed window or a lost line."""
        self.site.host.run(["pkill", "-KILL", "-x", "script"], check=False)

    def __exit__(self, *_):
        self.hang_up()
        super().__exit__()


def ours_running(host):
    return host.run(["pgrep", OURS], check=False).stdout.split()


def all_gone(host):
    """Wait until nothing of ours runs."""
    watch(lambda: not ours_running(host), PATIENCE_S, "the end of helper, judge and fetch")
