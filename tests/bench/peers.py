# SPDX-License-Identifier: MIT
"""Who else answers look-ups, each with the same users: in a Debian tree of their own, since the machine's NSS is left alone.

A site is that tree as one peer needs it, in a mount namespace per command: files are bound in, none is changed. The base of
/etc/passwd and /etc/group is the tree's own, the same for all.
"""
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time

import store_site
from support import root_tree

PACKAGES = ("libnss-extrausers", "libnss-db", "libnss-cache", "nscd", "sssd-common", "sssd-proxy", "libnss-sss", "make")
MODULES = pathlib.Path("/usr/lib", sysconfig.get_config_var("MULTIARCH"))
BENCH = pathlib.Path("/srv/bench")
LINEAR = 20_000  # more users than that say nothing new about who reads all of them
READY_S, FILL_MS = 300, 600_000  # SSSD reads all users before it listens
PLACES = (BENCH, pathlib.Path("/run/nscd"), *map(pathlib.Path, store_site.TARGETS[:-1]))
FILES = (*(MODULES / f"libnss_{name}.so.2" for name in ("cosmo", "constant")), pathlib.Path("/etc/machine-id"),
         *(pathlib.Path(f"/etc/{name}.cache{index}") for name in ("passwd", "group")
           for index in ("", ".ixname", ".ixuid", ".ixgid")))


def inside(tree, path):
    return tree / path.relative_to("/")


def _finish(tree):
    root_tree.drop_downloads(tree)
    for path in PLACES:
        inside(tree, path).mkdir(parents=True, exist_ok=True)
    for path in FILES:
        inside(tree, path).touch()


def ensure_tree():
    return root_tree.cached("peers", root_tree.native(), PACKAGES, _finish, ("1", *map(str, (*PLACES, *FILES))))


def versions():
    """Of the packages that were measured."""
    text = (ensure_tree() / "var/lib/dpkg/status").read_text()
    found = dict(re.findall(r"^Package: (\S+)\n(?:.+\n)*?Version: (\S+)", text, re.MULTILINE))
    return {name: found[name] for name in (*PACKAGES[:-1], "libc6")}


class Site:
    """with Site(tree, place) as site: what `place`, the build, has for it and what is put() is seen by command()s."""

    def __init__(self, tree, place):
        self.tree, self.place = tree, place
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cosmo-sso-bench-", dir="/var/tmp"))
        self.folder.chmod(0o755)
        self.binds, self.daemons, self.stored = {"/dev": "/dev", "/proc": "/proc", str(BENCH): place / "tests/bench"}, [], []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for daemon in self.daemons:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait()
        shutil.rmtree(self.folder)

    def bind(self, source, target):
        self.binds[str(target)] = source

    def put(self, target, text):
        path = self.folder / target.strip("/").replace("/", "_")
        path.write_text(text)
        path.chmod(0o644)
        self.bind(path, target)
        return path

    def room(self, target):
        """A folder of its own in that place, as the tree has it."""
        path = self.folder / target.strip("/").replace("/", "_")
        shutil.copytree(inside(self.tree, pathlib.Path(target)), path, symlinks=True)
        for one in (pathlib.Path("."), *(found.relative_to(path) for found in path.rglob("*"))):
            state = (inside(self.tree, pathlib.Path(target)) / one).lstat()
            shutil.chown(path / one, state.st_uid, state.st_gid)
        self.bind(path, target)
        return path

    def base(self, name):
        return (self.tree / "etc" / name).read_text()

    def disk_bytes(self):
        """Of the files that hold the users, as the peer asks them."""
        return sum(path.stat().st_blocks * 512 for path in self.stored)

    def command(self, *words):
        grafts = [f"{source}={self.tree}{target}" for target, source in self.binds.items()]
        scratch = tempfile.mkdtemp(dir=self.folder)
        return [str(word) for word in (self.place / "tests/integration/graft", scratch, *grafts, "--",
                                       "chroot", self.tree, *words)]

    def run(self, *words, **options):
        return subprocess.run(self.command(*words), check=True, stdout=subprocess.PIPE, text=True, **options).stdout

    def start(self, *words):
        return subprocess.Popen(self.command(*words), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def daemon(self, *words):
        self.daemons.append(subprocess.Popen(self.command(*words), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                             stderr=subprocess.DEVNULL))

    def wait_for(self, path):
        """Until somebody listens on that socket."""
        until = time.monotonic() + READY_S
        while True:
            with socket.socket(socket.AF_UNIX) as client:
                try:
                    client.connect(str(path))
                    return
                except OSError:
                    if time.monotonic() > until or any(daemon.poll() is not None for daemon in self.daemons):
                        raise RuntimeError(f"nobody came to listen on {path}") from None
            time.sleep(0.05)


class Users:
    """So many users as text, for everybody alike."""

    def __init__(self, place, count):
        self.count = count
        self.passwd, self.group = (
            subprocess.run([place / "tests/bench/local_files", name, str(count)], check=True, stdout=subprocess.PIPE,
                           text=True).stdout for name in ("passwd", "group"))


class Peer:
    """Prepares a site so that it answers for users. `entry`: its module; `most`: the most users that it is measured with."""

    name = title = service = entry = None
    most = 1_000_000
    caches = caches_misses = False  # another process answers once, then a cache does
    enumerates = True
    scale_ms = 200

    def switch(self, site):
        own = f" {self.service}" if self.service else ""
        merge = f" [SUCCESS=merge]{own}" if self.service else ""
        site.put("/etc/nsswitch.conf", f"passwd: files{own}\ngroup: files{merge}\n")

    def prepare(self, site, users):
        self.switch(site)

    def how(self, table):
        return "libc" if table == "libc" else f"entry:{self.service or self.name}:{self.entry}"


class Cosmo(Peer):
    name = service = "cosmo"
    title, entry = "cosmo-sso", MODULES / "libnss_cosmo.so.2"
    scale_ms = 1000

    def __init__(self, store):
        self.store = store

    def prepare(self, site, users):
        super().prepare(site, users)
        for source, target in zip(self.store.sources, store_site.TARGETS):
            site.bind(source, target)
        site.bind(site.place / "nss_cosmo/libnss_cosmo.so.2", self.entry)
        site.stored.append(self.store.users_db)


class Constant(Peer):
    name = service = "constant"
    title, entry = "floor: one constant record", MODULES / "libnss_constant.so.2"
    enumerates = False

    def prepare(self, site, users):
        super().prepare(site, users)
        site.bind(site.place / "tests/bench/constant_nss.so", self.entry)


class Files(Peer):
    name, title, entry, most = "files", "glibc files", "libc.so.6", LINEAR

    def prepare(self, site, users):
        super().prepare(site, users)
        site.stored = [site.put("/etc/passwd", site.base("passwd") + users.passwd),
                       site.put("/etc/group", site.base("group").replace("dialout:x:20:\n", "") + users.group)]


def put_extrausers(site, users):
    room = site.room("/var/lib/extrausers")
    (room / "passwd").write_text(users.passwd)
    (room / "group").write_text(users.group)
    return [room / "passwd", room / "group"]


class Extrausers(Peer):
    name = service = "extrausers"
    title, entry, most = "libnss-extrausers", "/usr/lib/libnss_extrausers.so.2", LINEAR

    def prepare(self, site, users):
        super().prepare(site, users)
        site.stored = put_extrausers(site, users)


class Db(Peer):
    name = service = "db"
    title, entry = "libnss-db", MODULES / "libnss_db.so.2"

    def prepare(self, site, users):
        super().prepare(site, users)
        room = site.room("/var/lib/misc")
        sources = site.folder / "sources"
        sources.mkdir()
        (sources / "passwd").write_text(users.passwd)
        (sources / "group").write_text(users.group)
        site.bind(sources, BENCH)
        site.run("make", "-C", "/var/lib/misc", f"ETC={BENCH}", "DBS=passwd group")
        site.bind(site.place / "tests/bench", BENCH)
        site.stored = [room / "passwd.db", room / "group.db"]


class Cache(Peer):
    name = service = "cache"
    title, entry = "libnss-cache, with its index files", MODULES / "libnss_cache.so.2"

    @staticmethod
    def index(text, column):
        """Lines as long as one another: key, NUL, the line's offset, NULs."""
        entries, offset = [], 0
        for line in text.splitlines(keepends=True):
            entries.append((line.split(":", 3)[column].encode(), str(offset).encode()))
            offset += len(line)
        length = max(len(key) + len(at) for key, at in entries) + 3
        return b"".join((key + b"\0" + at + b"\0").ljust(length, b"\0") + b"\n" for key, at in sorted(entries))

    def prepare(self, site, users):
        super().prepare(site, users)
        for name, text, number in (("passwd", users.passwd, "uid"), ("group", users.group, "gid")):
            site.stored.append(site.put(f"/etc/{name}.cache", text))
            for column, index in ((0, "name"), (2, number)):
                site.stored.append(site.put(f"/etc/{name}.cache.ix{index}", ""))
                site.stored[-1].write_bytes(self.index(text, column))


class Nscd(Files):
    name, title, entry = "nscd", "nscd, in front of glibc files", None
    caches = caches_misses = True
    enumerates = False  # it is not asked then

    def prepare(self, site, users):
        super().prepare(site, users)
        lines = [f"{word} {name} {value}\n" for name in ("passwd", "group") for word, value in (
            ("enable-cache", "yes"), ("positive-time-to-live", 36000), ("negative-time-to-live", 36000),
            ("suggested-size", 2 * LINEAR + 3), ("check-files", "no"), ("persistent", "no"), ("shared", "yes"),
            ("max-db-size", 1 << 28))]
        site.put("/etc/nscd.conf", "".join(lines))
        room = site.room("/run/nscd")
        site.stored = []
        site.daemon("/usr/sbin/nscd", "--foreground")
        site.wait_for(room / "socket")


class Sss(Peer):
    name = service = "sss"
    title, entry, most = "SSSD, from its memory cache", MODULES / "libnss_sss.so.2", LINEAR
    caches = True  # its process says each time that somebody is nobody
    enumerates = False  # not without being told to, and it warns of that
    MEMORY_MB, PROBES = 64, 400
    CONFIG = f"""[sssd]
services = nss
domains = bench
[nss]
memcache_timeout = 36000
entry_negative_timeout = 36000
memcache_size_passwd = {MEMORY_MB}
memcache_size_group = {MEMORY_MB}
memcache_size_initgroups = {MEMORY_MB}
[domain/bench]
id_provider = files
passwd_files = /var/lib/extrausers/passwd
group_files = /var/lib/extrausers/group
entry_cache_timeout = 36000
"""

    def prepare(self, site, users):
        super().prepare(site, users)
        passwd, _ = put_extrausers(site, users)
        with passwd.open("a") as file:
            file.writelines(f"probe{number}:*:{40_000 + number}:100::/:/bin/sh\n" for number in range(self.PROBES))
        site.put("/etc/sssd/sssd.conf", self.CONFIG).chmod(0o600)
        room = site.room("/var/lib/sss")
        site.room("/var/log/sssd")
        site.daemon("/usr/sbin/sssd", "-i", "--logger=files")
        site.wait_for(room / "pipes/nss")
        self.wait_until_read(site)

    def wait_until_read(self, site):
        """It says of everybody that he is nobody, and remembers that, until it has read the files: ask for another one each
        time."""
        for number in range(self.PROBES):
            if subprocess.run(site.command("getent", "-s", "sss", "passwd", f"probe{number}"),
                              stdout=subprocess.DEVNULL).returncode == 0:
                return
            time.sleep(0.5)
        raise RuntimeError("it does not come to read the files")


def everybody(store):
    return [Cosmo(store), Constant(), Files(), Extrausers(), Db(), Cache(), Sss(), Nscd()]


def skip(title, why):
    print(f"tools/bench: {title} is LEFT OUT: {why}", file=sys.stderr, flush=True)
