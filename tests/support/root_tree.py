# SPDX-License-Identifier: MIT
"""The Debian root trees that test hosts start from: made once by debootstrap, kept outside the repository.

$COSMO_SSO_SUITE names the release of the hosts; the machine's own is taken otherwise. What is built for another release is
built in a tree of that release, which holds a compiler beside what the product links (see build_tree).
"""

import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import urllib.error
import urllib.request

CACHE = pathlib.Path(os.environ.get("COSMO_SSO_TEST_CACHE", "/var/cache/cosmo-sso-test"))

# An init, a login path, and the libraries the product links. Nothing that would do the product's work for it.
PACKAGES = (
    "systemd", "systemd-sysv", "dbus", "libpam-systemd",
    "openssh-server", "openssh-client", "sudo", "passwd", "login", "cron", "util-linux", "greetd",
    "polkitd", "pkexec",
    "iproute2", "procps", "strace", "ca-certificates",
    "libcurl4", "libjson-c5", "libqrencode4", "libpcre2-8-0", "libssl3",
    "libnss-extrausers",
)  # fmt: skip

# Releases that the machine's debootstrap and keyring know, oldest first, and what was called otherwise before trixie.
RELEASES = ("bookworm", "trixie", "forky")
RENAMED = {"libcurl4": "libcurl4t64", "libssl3": "libssl3t64"}
ANSWER_S = 60

# Raise it whenever prepare() changes, so that trees made before are not used again.
RECIPE = 3

# Timers and services that only cost time in a host that lives for a minute.
NOT_WANTED = (
    "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer",
    "e2scrub_reap.service", "fstrim.timer", "man-db.timer", "systemd-timesyncd.service",
    "greetd.service",  # it takes a screen of the machine's own; tests start it on a terminal of theirs
)  # fmt: skip


class NotServed(RuntimeError):
    """The machine's package registry does not have that release."""


def native():
    """The machine's own release: what is built here is linked against that release's libraries."""
    for line in pathlib.Path("/etc/os-release").read_text().splitlines():
        if line.startswith("VERSION_CODENAME="):
            return line.split("=", 1)[1].strip('"')
    raise RuntimeError("/etc/os-release has no VERSION_CODENAME; the test host needs a Debian release")


def suite():
    """The release that hosts are of unless a test says otherwise."""
    return os.environ.get("COSMO_SSO_SUITE") or native()


def _own_mirror():
    """Where the machine's own apt gets its release from."""
    ask = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages"]
    for attempt in range(2):
        for line in subprocess.run(ask, check=True, capture_output=True, text=True).stdout.splitlines():
            uri, name, component = line.split()
            if name == native() and component == "main":
                return uri
        if attempt == 0:
            subprocess.run(["apt-get", "update", "-qq"], check=True)
    raise RuntimeError(f"apt has no source for {native()} main; a test host cannot be made without one")


def mirror(release):
    """The same for any release, which has to be served there too."""
    uri = _own_mirror()
    if release != native():
        try:
            urllib.request.urlopen(f"{uri}dists/{release}/InRelease", timeout=ANSWER_S).close()
        except urllib.error.HTTPError as error:
            raise NotServed(f"{uri} does not serve {release}: {error}") from None
    return uri


def packages(release, names):
    """As that release calls them."""
    new = release in RELEASES and RELEASES.index(release) >= RELEASES.index("trixie")
    return [RENAMED.get(name, name) if new else name for name in names]


def key(release, names, recipe):
    words = (release, *sorted(packages(release, names)), *recipe)
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:16]


def drop_downloads(root):
    for path in list((root / "var/cache/apt/archives").glob("*.deb")) + list((root / "var/lib/apt/lists").glob("*_*")):
        path.unlink()


def prepare(root):
    """Everything that is the same for all test hosts, and is not the product's business."""
    for unit in NOT_WANTED:
        link = root / "etc/systemd/system" / unit
        link.unlink(missing_ok=True)
        link.symlink_to("/dev/null")
    (root / "var/log/journal").mkdir(exist_ok=True)  # so that the journal outlives a reboot
    (root / "etc/machine-id").unlink(missing_ok=True)
    (root / "etc/resolv.conf").unlink(missing_ok=True)
    (root / "etc/locale.conf").write_text("LANG=C.UTF-8\n")
    (root / "etc/ssh/sshd_config.d/10-test-host.conf").write_text(
        "Port 2222\nListenAddress 127.0.0.1\nPermitRootLogin yes\n"
    )
    drop_downloads(root)


def bootstrap(work, release, names, log):
    """A minimal system and the packages named."""
    command = ["debootstrap", "--variant=minbase", "--include=" + ",".join(packages(release, names)), release, work, mirror(release)]
    script = pathlib.Path("/usr/share/debootstrap/scripts")
    if not (script / release).exists():  # all releases since are made the same way
        command.append(script / "sid")
    with log.open("w") as out:
        if subprocess.run(command, stdout=out, stderr=subprocess.STDOUT).returncode:
            raise RuntimeError(f"debootstrap failed; see {log}")


def cached(kind, release, names, finish, recipe):
    """
    The tree of this package list; made now, and finished by `finish(tree)`, if there is none. Needs the network only then.
    `recipe` is whatever else makes it another tree.
    """
    CACHE.mkdir(mode=0o755, parents=True, exist_ok=True)
    root = CACHE / f"{kind}-{key(release, names, recipe)}"
    with root.with_name(root.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.is_dir():
            print(f"making the {kind} tree of {release} (once, about a minute)...", flush=True)
            work = root.with_name(root.name + ".part")
            shutil.rmtree(work, ignore_errors=True)
            bootstrap(work, release, names, root.with_name(root.name + ".log"))
            finish(work)
            work.rename(root)
    return root


def ensure(release=None):
    """The root tree that test hosts of a release start from."""
    return cached("root", release or suite(), PACKAGES, prepare, (*NOT_WANTED, str(RECIPE)))
