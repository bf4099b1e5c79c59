# SPDX-License-Identifier: MIT
"""A real, certified OpenID provider over TLS, started for one test run and changed through its control channel."""

import fcntl
import hashlib
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import tempfile

from . import certificates, port as ports
from .process import PATIENCE_S, die_with_parent, end
from .root_tree import CACHE

SOURCE = pathlib.Path(__file__).parent / "idp"
LOCKED = ("package.json", "package-lock.json", ".npmrc")


def _node_modules():
    """The locked dependencies, installed once outside the repository. Needs the network only then."""
    digest = hashlib.sha256(b"".join((SOURCE / name).read_bytes() for name in LOCKED)).hexdigest()[:16]
    CACHE.mkdir(mode=0o755, parents=True, exist_ok=True)
    place = CACHE / f"idp-{digest}"
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.is_dir():
            print("installing the IdP's packages (once)...", flush=True)
            work = place.with_name(place.name + ".part")
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir()
            for name in LOCKED:
                shutil.copy(SOURCE / name, work)
            npm = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]
            subprocess.run(npm, cwd=work, check=True)
            work.rename(place)
    return place / "node_modules"


def ensure():
    _node_modules()


class Idp:
    """with Idp() as idp: ...  The certificates and the port stay the same over kill() and start()."""

    def __init__(self, port=9443):
        self._held_port = None if port else ports.hold()
        self.port = port or ports.number_of(self._held_port)
        self.issuer = f"https://localhost:{self.port}"
        self._process = None
        self._folder = None

    def __enter__(self):
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="cosmo-sso-idp-"))
        try:
            self._fill_folder()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _fill_folder(self):
        self._folder.chmod(0o755)
        certificates.make(self._folder)
        # Node looks for packages beside the program: the program is copied next to them.
        for script in SOURCE.glob("*.js"):
            shutil.copy(script, self._folder)
        shutil.copy(SOURCE / "package.json", self._folder)
        (self._folder / "node_modules").symlink_to(_node_modules())

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._held_port:
            self._held_port.close()

    @property
    def ca_file(self):
        return self._folder / "ca.pem"

    @property
    def certificate_file(self):
        return self._folder / "server.pem"

    @property
    def log(self):
        return (self._folder / "log").read_text()

    def start(self):
        """Start afresh: grants, codes, changes and signing keys of an earlier start are gone; subjects are the same."""
        command = ["node", "server.js", str(self.port), "server.key", "server.pem"]
        with (self._folder / "log").open("a") as log:
            self._process = subprocess.Popen(
                command, cwd=self._folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                text=True, bufsize=1, preexec_fn=die_with_parent, env={"PATH": os.environ["PATH"]},
            )  # fmt: skip
        self._answer()

    @property
    def alive(self):
        return self._process is not None and self._process.poll() is None

    def kill(self):
        """As a crash or a power cut would: connections are reset, nothing is said."""
        end(self._process, signal.SIGKILL)
        self._process = None

    def freeze(self):
        """Connections are still taken by the kernel, but nobody answers."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self._process.send_signal(signal.SIGCONT)

    def _answer(self):
        ready, _, _ = select.select([self._process.stdout], [], [], PATIENCE_S)
        line = self._process.stdout.readline() if ready else ""
        if not line:
            raise RuntimeError(f"the IdP did not answer; its log: {self.log}")
        answer = json.loads(line)
        if not answer["ok"]:
            raise ValueError(answer["error"])
        return answer["value"]

    def control(self, op, **fields):
        self._process.stdin.write(json.dumps({"op": op, **fields}) + "\n")
        return self._answer()

    def person(self, username, **changes):
        """Change or add somebody: groups=[...], sub=..., disabled=..., claims={...} (None removes one)."""
        return self.control("person", username=username, **changes)

    def reset(self, interval_s=1):
        """Undo all changes to people, clients and lifetimes; `interval_s` is what hosts are told (None: nothing, so they take 5 s)."""
        self.control("reset")
        self.control("interval", seconds=interval_s)

    def complete_uri(self, code):
        """What this provider gives as verification_uri_complete for a code."""
        return f"{self.issuer}/device?user_code={code}"

    def device_requests(self):
        """How many device authorization requests there have been."""
        return self.counts()["requests"].get("POST /device/auth", 0)

    def password(self, username):
        return self.control("people")[username]["password"]

    def client_secret(self, client_id):
        return self.control("clients")[client_id]["client_secret"]

    def counts(self):
        """{'connections': N, 'handshakes': N, 'requests': {'POST /token': N, ...}} since the start."""
        return self.control("counts")
