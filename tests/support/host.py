# SPDX-License-Identifier: MIT
"""A Debian host that boots: systemd, logind, sshd, sudo, cron, on a throw-away copy of the root tree."""

import contextlib
import os
import pathlib
import re
import secrets
import select
import shutil
import signal
import subprocess
import tempfile
import time
import uuid

from . import product, root_tree, said
from .cgroup import Cgroup
from .process import PATIENCE_S, die_with_parent, end, watch

ENVIRONMENT = ("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8")
NSPAWN = (
    "systemd-nspawn", "--boot", "--register=no", "--quiet", "--settings=no", "--link-journal=no",
    "--resolv-conf=off", "--timezone=off", "--console=read-only",
)  # fmt: skip
# The systemd of newer releases knows cgroup2 alone, whatever the machine has mounted.
CGROUP2_ONLY = {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}
# Join the cgroups first, then become nspawn: "$1" files, "--", command.
JOIN = 'while [ "$1" != -- ]; do echo $$ > "$1" || exit 1; shift; done; shift; exec "$@"'
EXTRAUSER_ID = 2800
# Debian's dbus keeps it in a file of its own, from which systemd fills an empty one.
MACHINE_IDS = ("etc/machine-id", "var/lib/dbus/machine-id")
# Since OpenSSH 9.8 the program that listens is not the one that serves a connection.
SSHD_SESSION = "/usr/lib/openssh/sshd-session"


class TestHost:
    """
    with TestHost() as host:
        host.install(build_dir); host.boot(); host.run("id")

    The tree is an overlay in memory over the cached root tree: nothing of it outlives the `with`.
    With `image` it begins as a copy of that host's, which has to be off, with an empty machine-id.
    Accounts beside root: `tess` (local, in sudo), `exa` (of libnss-extrausers, no local file knows it);
    `passwords[name]` and the SSH key `key_file` open all three.
    """

    __test__ = False  # pytest: this is no test class
    sshd_port = 2222

    def __init__(self, name="cosmo-host", release=None, image=None):
        self.name = name
        self._image = image
        self.release = release or root_tree.suite()
        self.root = None
        self.passwords = {user: secrets.token_hex(8) for user in ("root", "tess", "exa")}
        self._folder = self._cgroup = self._nspawn = self._leader = None

    @property
    def sshd_program(self):
        """The program of OpenSSH's that resolves the user's name and asks PAM."""
        return SSHD_SESSION if (self.root / SSHD_SESSION[1:]).exists() else "/usr/sbin/sshd"

    # -- the tree -------------------------------------------------------------

    def __enter__(self):
        lower = root_tree.ensure(self.release)
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="cosmo-sso-host-"))
        try:
            self._mount(lower)
            self._furnish() if not self._image else self._take_after(self._image)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.power_off(clean=False)
        for mount in (self.root, self._folder / "tmpfs"):
            if mount and os.path.ismount(mount):
                subprocess.run(["umount", "--lazy", mount], check=False)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _mount(self, lower):
        self._folder.chmod(0o755)
        memory = self._folder / "tmpfs"
        memory.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "cosmo-sso-host", memory], check=True)
        for part in ("upper", "work", "root"):
            (memory / part).mkdir()
        if self._image:
            subprocess.run(["cp", "-a", f"{self._image.root.with_name('upper')}/.", memory / "upper"], check=True)
        layers = f"lowerdir={lower},upperdir={memory}/upper,workdir={memory}/work"
        subprocess.run(["mount", "-t", "overlay", "-o", layers, "overlay", memory / "root"], check=True)
        self.root = memory / "root"

    def _furnish(self):
        """What makes this host one of its own: name, machine id, accounts, keys."""
        etc, machine_id = self.root / "etc", uuid.uuid4().hex + "\n"
        (etc / "hostname").write_text(self.name + "\n")
        (etc / "hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {self.name}\n::1 ip6-localhost\n")
        for path in MACHINE_IDS:
            (self.root / path).unlink(missing_ok=True)  # written through a link it could be this machine's own
            (self.root / path).write_text(machine_id)
        self.key_file = self._folder / "key"
        keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f"]
        subprocess.run([*keygen, self.key_file], check=True)
        for old in (etc / "ssh").glob("ssh_host_*"):
            old.unlink()
        subprocess.run([*keygen, etc / "ssh/ssh_host_ed25519_key"], check=True)
        public = (etc / "ssh/ssh_host_ed25519_key.pub").read_text()
        self.known_hosts = self._folder / "known_hosts"
        self.known_hosts.write_text(f"[127.0.0.1]:{self.sshd_port} {public}")
        self._in_tree("useradd", "--create-home", "--shell", "/bin/bash", "--groups", "sudo", "tess")
        entries = "".join(f"{user}:{self.passwords[user]}\n" for user in ("root", "tess"))
        self._in_tree("chpasswd", input=entries)
        self._add_extrauser()
        self._tell_units()
        if self.sshd_program == SSHD_SESSION:  # all tests come from one address, which fails more often than anybody's
            (etc / "ssh/sshd_config.d/11-one-address.conf").write_text("PerSourcePenalties no\n")
        for user, home in (("root", "root"), ("tess", "home/tess"), ("exa", "home/exa")):
            self.authorize_key(home, user)

    def _take_after(self, image):
        """Who made it an image has seen to its machine-id, as cosmo-ssoctl(8) has it."""
        self.passwords, self.key_file, self.known_hosts = image.passwords, image.key_file, image.known_hosts
        for path in MACHINE_IDS:
            (self.root / path).unlink()
        (self.root / MACHINE_IDS[0]).touch()

    def _tell_units(self):
        """Tests restart sshd more often than any person would, the faster the machine the oftener. And they count what is
        asked of the IdP, logged and started: what the host does by itself every few minutes has to wait for a day."""
        units = self.root / "etc/systemd/system"
        for name, text in (
            ("ssh.service", "[Unit]\nStartLimitIntervalSec=0\n"),
            ("cosmo-sso-check.timer", "[Timer]\nOnActiveSec=\nOnUnitInactiveSec=\nOnActiveSec=1d\n"),
            ("cosmo-sso-refresh.timer", "[Timer]\nOnActiveSec=\nOnUnitInactiveSec=\nOnActiveSec=1d\n"),
        ):
            (units / f"{name}.d").mkdir()
            (units / f"{name}.d/tests.conf").write_text(text)

    def _in_tree(self, *command, input=None):
        subprocess.run(["chroot", self.root, *command], check=True, input=input, text=True, capture_output=True)

    def _add_extrauser(self):
        """As an administrator sets libnss-extrausers up: files of its own, and its service in nsswitch.conf."""
        folder = self.root / "var/lib/extrausers"
        folder.mkdir(exist_ok=True)
        hashed = subprocess.run(
            ["openssl", "passwd", "-6", "-stdin"], input=self.passwords["exa"], text=True, check=True, capture_output=True
        ).stdout.strip()
        (folder / "passwd").write_text(f"exa:x:{EXTRAUSER_ID}:{EXTRAUSER_ID}:Exa:/home/exa:/bin/bash\n")
        (folder / "group").write_text(f"exa:x:{EXTRAUSER_ID}:\n")
        (folder / "shadow").write_text(f"exa:{hashed}:19000:0:99999:7:::\n")
        (folder / "shadow").chmod(0o640)
        shutil.chown(folder / "shadow", 0, 42)  # group shadow: unix_chkpwd reads it
        (self.root / "home/exa").mkdir()
        os.chown(self.root / "home/exa", EXTRAUSER_ID, EXTRAUSER_ID)
        switch = self.root / "etc/nsswitch.conf"
        switch.write_text(re.sub(r"^((?:passwd|group|shadow):.*)$", r"\1 extrausers", switch.read_text(), flags=re.M))

    def authorize_key(self, home, owner=None, owner_id=None):
        """Put our public key into HOME/.ssh/authorized_keys, owned by a user the tree knows or by a number."""
        folder = self.root / home / ".ssh"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / "authorized_keys").write_text(self.key_file.with_suffix(".pub").read_text())
        if owner_id is None:
            ids = {"root": 0, "exa": EXTRAUSER_ID}
            owner_id = ids[owner] if owner in ids else self._tree_uid(owner)
        for path in (folder, folder / "authorized_keys"):
            os.chown(path, owner_id, owner_id)

    def _tree_uid(self, user):
        for line in (self.root / "etc/passwd").read_text().splitlines():
            name, _, uid, *_ = line.split(":")
            if name == user:
                return int(uid)
        raise KeyError(user)

    # -- the product ----------------------------------------------------------

    def install(self, build_dir):
        """`meson install` into the tree; then what a package's scripts would do: users and the linker's cache; the boot does the rest."""
        product.install(build_dir, self.release, self.root)
        if self._leader:
            self.run("systemd-sysusers && ldconfig && systemctl daemon-reload && systemd-tmpfiles --create && systemctl start cosmo-sso-helper.socket")
            return
        subprocess.run(["systemd-sysusers", f"--root={self.root}"], check=True)
        subprocess.run(["ldconfig", "-r", self.root], check=True)

    # -- power ----------------------------------------------------------------

    def boot(self):
        self._cgroup = Cgroup(self.name)
        keep = ["--keep-unit"] if self._cgroup.procs else []
        nspawn = [*NSPAWN, *keep, "-M", self.name, "-D", self.root]
        with (self._folder / "console").open("ab") as console:
            self._nspawn = subprocess.Popen(
                ["sh", "-c", JOIN, "sh", *self._cgroup.procs, "--", *nspawn], stdin=subprocess.DEVNULL,
                stdout=console, stderr=console, start_new_session=True, preexec_fn=die_with_parent,
                env={**os.environ, **({} if self.release == root_tree.native() else CGROUP2_ONLY)},
            )  # fmt: skip
        try:
            self._leader = watch(self._find_leader, PATIENCE_S, "the container's PID 1", every_s=0.01)
            watch(self._is_up, PATIENCE_S, "the host's boot", every_s=0.02)
        except TimeoutError as error:
            raise RuntimeError(f"{error}; its console: {self.console}") from None

    def _alive(self):
        if self._nspawn.poll() is not None:
            raise RuntimeError(f"systemd-nspawn ended with {self._nspawn.returncode}; its console: {self.console}")

    def _find_leader(self):
        self._alive()
        children = pathlib.Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children").read_text().split()
        for child in children:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # nspawn's short-lived ones
                if pathlib.Path(f"/proc/{child}/comm").read_text().strip() in ("systemd", "init"):
                    return int(child)
        return None

    def _is_up(self):
        self._alive()
        state = self.run(["systemctl", "is-system-running", "--wait"], check=False).stdout.strip()
        if state == "degraded":
            raise RuntimeError("a unit of the host failed: " + self.run(["systemctl", "--failed", "--plain", "--no-legend"]).stdout)
        return state == "running"

    @property
    def console(self):
        return (self._folder / "console").read_text(errors="replace")

    @property
    def pid(self):
        """The container's PID 1 as the machine sees it."""
        return self._leader

    def power_off(self, clean=True):
        """`clean` is an orderly shutdown; otherwise the plug is pulled."""
        if not self._nspawn:
            return
        if clean:
            end(self._nspawn, signal.SIGTERM)
        elif self._leader:
            try:
                os.kill(self._leader, signal.SIGKILL)
            except ProcessLookupError:
                pass
            end(self._nspawn, 0)
        else:
            end(self._nspawn, signal.SIGKILL)
        self._cgroup.remove()
        self._nspawn = self._leader = None

    def reboot(self, clean=True):
        """The tree stays; /run and everything running do not."""
        self.power_off(clean)
        self.boot()

    @contextlib.contextmanager
    def full_disk(self):
        """No room is left on it while this lasts."""
        memory = self.root.parent
        disk, filler = os.statvfs(memory), memory / "filler"
        size = (disk.f_blocks - disk.f_bfree) * disk.f_frsize + (1 << 20)
        subprocess.run(["mount", "-o", f"remount,size={size}", memory], check=True)
        try:
            with contextlib.suppress(OSError), filler.open("wb", buffering=0) as stream:
                while True:
                    stream.write(bytes(4096))
            yield
        finally:
            subprocess.run(["mount", "-o", "remount,size=50%", memory], check=True)
            filler.unlink()

    @contextlib.contextmanager
    def read_only(self, folder):
        """Nobody can write there while this lasts."""
        self.run(f"mount --bind {folder} {folder} && mount -o remount,bind,ro {folder}")
        try:
            yield
        finally:
            self.run(f"mount -o remount,bind,rw {folder} && umount --lazy {folder}")

    # -- use ------------------------------------------------------------------

    def enter(self, command, user=None):
        """The argv that runs a command inside."""
        if isinstance(command, str):
            command = ["sh", "-c", command]
        become = []
        if user:  # not su or runuser: no PAM on the way
            become = ["setpriv", f"--reuid={user}", "--regid", self.run(["id", "-g", user]).stdout.strip(), "--init-groups"]
        return ["nsenter", "-t", str(self._leader), "-a", "env", "-i", "-C", "/", *ENVIRONMENT, *become, *map(str, command)]

    def run(self, command, check=True, user=None, input=None, timeout_s=PATIENCE_S):
        """A command inside (a list, or a string for sh), outside any login session. Failing, the error holds its output."""
        done = subprocess.run(
            self.enter(command, user), input=input, text=True, capture_output=True, timeout=timeout_s, errors="replace",
            **({} if input is not None else {"stdin": subprocess.DEVNULL}),
        )  # fmt: skip
        said.note([command] if isinstance(command, str) else command, done.stdout, done.stderr)
        if check and done.returncode:
            raise RuntimeError(f"{command!r} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def put(self, path, text, mode=0o644):
        write = f'umask 077; mkdir -p "$(dirname "$1")" && cat > "$1" && chmod {mode:o} "$1"'
        self.run(["sh", "-c", write, "sh", path], input=text)

    def read(self, path):
        return self.run(["cat", path]).stdout

    def ssh(self, user, *options, key=False, command=()):
        """The argv of a real ssh client; without a key, and without this machine's configuration. No `user`: the options say who."""
        identity = ["-i", self.key_file] if key else ["-o", "PubkeyAuthentication=no"]
        # How keys are exchanged is nothing to us, and with the default one the client is busier than anybody else.
        exchange = ["-o", "KexAlgorithms=curve25519-sha256"]
        return [
            "ssh", "-F", "none", "-p", str(self.sshd_port), "-o", f"UserKnownHostsFile={self.known_hosts}",
            "-o", "GlobalKnownHostsFile=none", "-o", "StrictHostKeyChecking=yes", "-o", "IdentitiesOnly=yes",
            "-o", "IdentityAgent=none", *exchange, *identity, *options, f"{user}@127.0.0.1" if user else "127.0.0.1", *command,
        ]  # fmt: skip

    # -- the journal ----------------------------------------------------------

    def journal_cursor(self):
        """A place in the journal; `journal` and `wait_journal` look only at what comes after it."""
        self.run(["journalctl", "--sync"])
        out = self.run(["journalctl", "-n", "0", "--show-cursor", "-q"]).stdout
        return out.rsplit("-- cursor: ", 1)[1].strip()

    def journal(self, pattern=".", after=None):
        """Matching lines, oldest first, as `journalctl -o short` shows them."""
        self.run(["journalctl", "--sync"])
        place = ["--after-cursor", after] if after else []
        lines = self.run(["journalctl", "--no-pager", "-q", "-o", "short", *place]).stdout.splitlines()
        return [line for line in lines if re.search(pattern, line)]

    def decisions(self, after):
        """What we logged, but for sessions that close: sshd closes one some time after its client has gone."""
        return self.journal("event=(?!session_close)", after)

    def wait_journal(self, pattern, timeout_s=PATIENCE_S, after=None):
        """The first matching line, already there or yet to come."""
        place = ["--after-cursor", after] if after else []
        follow = ["journalctl", "--no-pager", "-q", "-o", "short", "-f", "-n", "all", *place]
        reader = subprocess.Popen(
            self.enter(follow), stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, start_new_session=True
        )
        try:
            return self._first_line(reader.stdout, re.compile(pattern), time.monotonic() + timeout_s)
        finally:  # the group: nsenter's child would stay behind in the container
            os.killpg(reader.pid, signal.SIGKILL)
            reader.wait()
            reader.stdout.close()

    def _first_line(self, stream, pattern, deadline):
        rest = b""
        while True:
            ready, _, _ = select.select([stream], [], [], max(0, deadline - time.monotonic()))
            chunk = os.read(stream.fileno(), 65536) if ready else b""
            if not chunk:
                recent = "\n".join(self.journal(r"cosmo|sshd|pam")[-40:])
                raise TimeoutError(f"no {pattern.pattern!r} in the journal; the last lines were:\n{recent}")
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                if pattern.search(line.decode(errors="replace")):
                    return line.decode(errors="replace")
