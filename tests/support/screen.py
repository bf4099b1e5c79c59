# SPDX-License-Identifier: MIT
"""A terminal as a person has it: a program in tmux, its screen as text and as a picture, QR codes read from the picture."""

import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile

from PIL import Image, ImageDraw, ImageFont

from .process import PATIENCE_S, watch

# One character cell is as wide as half its height: half blocks and "##" both make square modules.
CELL_W, CELL_H = 6, 12
BLOCKS = {"█": (0, CELL_H), "▀": (0, CELL_H // 2), "▄": (CELL_H // 2, CELL_H), "#": (0, CELL_H)}
TMUX_CONF = "set -g status off\nset -g remain-on-exit on\nset -g remain-on-exit-format ''\nset -g escape-time 0\n"
NOTE_STATUS = '"$@"; echo $? > "$0.part" && mv "$0.part" "$0"'
URL_LINE = re.compile(r"^\s*(https://\S+)\s*$", re.M)
CODE_LINE = re.compile(r"\bCode:\s*(\S+)")


class Picture:
    """The screen as an eye or a camera meets it; `light_on_dark` is the terminal's colour scheme."""

    def __init__(self, text, cols, rows, light_on_dark=True):
        ink, paper = (255, 0) if light_on_dark else (0, 255)
        self.image = Image.new("L", (cols * CELL_W, rows * CELL_H), paper)
        draw, font = ImageDraw.Draw(self.image), ImageFont.load_default()
        for row, line in enumerate(text.splitlines()):
            for col, char in enumerate(line):
                x, y = col * CELL_W, row * CELL_H
                if char in BLOCKS:
                    top, bottom = BLOCKS[char]
                    draw.rectangle((x, y + top, x + CELL_W - 1, y + bottom - 1), fill=ink)
                elif char > " " and ord(char) < 256:
                    draw.text((x, y), char, fill=ink, font=font)

    def qr_codes(self):
        with tempfile.NamedTemporaryFile(suffix=".png") as file:
            self.image.save(file.name)
            read = ["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", file.name]
            return subprocess.run(read, capture_output=True, text=True).stdout.split()


class Terminal:
    """with Terminal(["ssh", ...], 80, 24) as terminal: ...   The program starts at once, with nothing in its environment."""

    def __init__(self, command, cols=80, rows=24, locale="C.UTF-8", term="xterm-256color"):
        self.cols, self.rows = cols, rows
        self._command = ["env", "-i", f"TERM={term}", f"LC_ALL={locale}", "PATH=/usr/bin:/bin", *map(str, command)]
        self._folder = None

    def __enter__(self):
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="cosmo-sso-tmux-"))
        (self._folder / "conf").write_text(TMUX_CONF)
        size = ["-x", str(self.cols), "-y", str(self.rows)]
        note = ["sh", "-c", NOTE_STATUS, self._folder / "status", *self._command]  # tmux's own word of it is lost at times
        self._tmux("-f", self._folder / "conf", "new-session", "-d", *size, shlex.join(map(str, note)))
        return self

    def __exit__(self, *_):
        self._tmux("kill-server", check=False)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _tmux(self, *args, check=True):
        command = ["tmux", "-u", "-S", self._folder / "socket", *args]
        return subprocess.run(command, check=check, capture_output=True, text=True).stdout

    def capture(self, history=False, joined=False):
        """What is on the screen now; `history`: also what has scrolled away; `joined`: wrapped lines made whole."""
        how = [*(["-S", "-"] if history else []), *(["-J"] if joined else [])]
        return self._tmux("capture-pane", "-p", *how)

    def picture(self, light_on_dark=True):
        return Picture(self.capture(), self.cols, self.rows, light_on_dark)

    def wait_for(self, pattern, timeout_s=PATIENCE_S, **how):
        """Until the screen, captured in that way, matches; gives the match. What was there instead is in the error."""
        try:
            return watch(lambda: re.search(pattern, self.capture(**how), re.M), timeout_s, repr(pattern))
        except TimeoutError as error:
            raise TimeoutError(f"{error}; the screen was:\n{self.capture(history=True)}") from None

    def type(self, text, enter=True):
        if text:
            self._tmux("send-keys", "-l", text)
        if enter:
            self._tmux("send-keys", "Enter")

    def key(self, name):
        """A key by tmux's name: C-c, C-d, ..."""
        self._tmux("send-keys", name)

    def resize(self, cols, rows):
        """As somebody pulls at the window's corner."""
        self.cols, self.rows = cols, rows
        self._tmux("resize-window", "-x", str(cols), "-y", str(rows))

    def close(self):
        """As somebody closes the window: the program loses its terminal."""
        self._tmux("kill-session")

    def program_pid(self):
        """The program itself, below the shells that started it."""
        pid = self._tmux("display-message", "-p", "#{pane_pid}").strip()
        while children := pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            pid = children[0]
        return int(pid)

    def ended(self):
        return (self._folder / "status").exists() and self._tmux("display-message", "-p", "#{pane_dead}").strip() == "1"

    def exit_status(self, timeout_s=PATIENCE_S):
        """Wait until the program has ended and all it wrote is on the screen; its exit status as a shell has it."""
        watch(self.ended, timeout_s, "the program's end")
        return int((self._folder / "status").read_text())


# Where the picture has pushed the top off a small screen, the last line says both again.
LAST_LINE = re.compile(r"after approving (\S+) at (https://\S+):(?:\s|$)", re.M)


def url_of(text):
    """The one URL that has a line of its own, or that of the last line where the top is gone. Wrapped lines must be joined."""
    found = URL_LINE.findall(text) or [last[1] for last in LAST_LINE.findall(text)]
    if len(found) != 1:
        raise AssertionError(f"{len(found)} URLs on lines of their own in:\n{text}")
    return found[0]


def code_of(text):
    found = CODE_LINE.findall(text) or [last[0] for last in LAST_LINE.findall(text)]
    if len(found) != 1:
        raise AssertionError(f"{len(found)} codes in:\n{text}")
    return found[0]
