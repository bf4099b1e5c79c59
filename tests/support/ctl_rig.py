# SPDX-License-Identifier: MIT
"""The built cosmo-ssoctl with the built helper, judge and fetch, everything where it is installed, in a mount namespace
per command; see helper_rig.py."""

import dataclasses
import json
import pathlib
import shutil
import subprocess

import pexpect

from . import said
from .helper_rig import HelperRig
from .pam_rig import installed
from .program import built

NOBODY = 65534


@dataclasses.dataclass
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self):
        """The one document on standard output; it is ASCII."""
        assert self.out.isascii() and not any(ord(c) < 32 and c != "\n" for c in self.out), ascii(self.out)
        return json.loads(self.out)

    @property
    def said(self):
        return self.out + self.err


class Spawned(pexpect.spawn):
    """A command in a terminal, whatever its test reads of it."""

    def __init__(self, *args, **options):
        self._shown = []
        super().__init__(*args, **options)

    def read_nonblocking(self, size=1, timeout=-1):
        text = super().read_nonblocking(size, timeout)
        self._shown.append(text)
        return text

    def _note(self):
        said.note(["cosmo-ssoctl"], "".join(self._shown))
        self._shown.clear()

    def wait(self):
        self._note()
        return super().wait()

    def close(self, force=True):
        self._note()
        super().close(force)


class CtlRig(HelperRig):
    """with CtlRig() as rig: rig.ctl("status", "--json").json"""

    conf_dir = property(lambda self: installed("COSMO_CONF_DIR"))
    conf_file = property(lambda self: installed("COSMO_CONF_FILE"))

    def _ctl_command(self, words, user=None, groups=()):
        also = f"--groups={','.join(map(str, groups))}" if groups else "--clear-groups"
        become = ["setpriv", f"--reuid={user}", f"--regid={user}", also] if user else []
        return self.command(*become, built("ctl/cosmo-ssoctl"), *words)

    def ctl(self, *words, stdin="", user=None, groups=(), timeout_s=120):
        data = stdin if isinstance(stdin, bytes) else stdin.encode()
        done = subprocess.run(self._ctl_command(words, user, groups), input=data, capture_output=True, timeout=timeout_s,
                              env=self._environment())
        done = Done(done.returncode, done.stdout.decode(), done.stderr.decode())
        said.note(["cosmo-ssoctl"], done.out, done.err)
        return done

    def ctl_started(self, *words):
        """Not waited for: whoever called ends it."""
        return subprocess.Popen(self._ctl_command(words, None), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, env=self._environment())

    def ctl_to(self, path, *words):
        """With `path` as standard output."""
        with open(path, "wb") as out:
            done = subprocess.run(self._ctl_command(words, None), stdin=subprocess.DEVNULL, stdout=out,
                                  stderr=subprocess.PIPE, timeout=120, env=self._environment())
        return Done(done.returncode, "", done.stderr.decode())

    def ctl_in_terminal(self, *words):
        command = [str(word) for word in self._ctl_command(words)]
        return Spawned(command[0], command[1:], env=self._environment(), encoding="utf-8", timeout=60)

    def put_conf(self, name, text, mode=0o644):
        """A file beside the configuration; its path as the product sees it."""
        path = self.folder / "conf" / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)
        return f"{self.conf_dir}/{name}"

    def connect_words(self, idp, *more, **changes):
        """`changes`: other values of --issuer and so on; None leaves one out."""
        ca = self.put_conf("ca.pem", idp.ca_pem)
        given = {"issuer": idp.issuer, "client-id": idp.CLIENT_ID, "ca-file": ca, "claim": "groups",
                 "rule": "admin=admins"} | {name.replace("_", "-"): value for name, value in changes.items()}
        words = [word for name, value in given.items() if value is not None for word in (f"--{name}", value)]
        return ["connect", *words, *more]

    def connect(self, idp, *more, **changes):
        return self.ctl(*self.connect_words(idp, *more, **changes))

    def snapshot(self):
        """All that a command could change: names, modes and bytes below /etc/cosmo-sso, the state and the cache, and the
        gate; what the reading side makes in passing (lock files) is left out."""
        found = {}
        for top in ("conf", "state", "cache", "run"):
            for path in sorted((self.folder / top).rglob("*")):
                if path.is_file() and path.name != "lock":
                    found[str(path.relative_to(self.folder))] = (oct(path.stat().st_mode), path.read_bytes())
        return found

    @property
    def config_text(self):
        return (self.folder / "conf/cosmo-sso.conf").read_text()

    def config_mode(self):
        return (self.folder / "conf/cosmo-sso.conf").stat().st_mode & 0o7777


class NamesRig(CtlRig):
    """The command sees what our plugin and another source of names show, as on a host; that one is of nss_other.c."""

    def __enter__(self):
        super().__enter__()
        (self.folder / "lib").mkdir(mode=0o755)
        for plugin in ("nss_cosmo/libnss_cosmo.so.2", "tests/integration/libnss_other.so.2"):
            shutil.copy(built(plugin), self.folder / "lib")
        self.sources("files other cosmo")
        return self

    def sources(self, passwd):
        self._file("nsswitch.conf", f"passwd: {passwd}\ngroup: files\nhosts: files\n")

    def _ctl_command(self, words, user=None, groups=()):
        assert user is None
        return self.command("env", f"LD_LIBRARY_PATH={self.folder / 'lib'}", built("ctl/cosmo-ssoctl"), *words)


def shipped_config():
    return (pathlib.Path(__file__).resolve().parents[2] / "etc/cosmo-sso.conf").read_text()
