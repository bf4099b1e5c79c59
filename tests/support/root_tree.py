# SPDX-License-Identifier: MIT
"""The Debian root tree that test hosts start from: made once by debootstrap, kept outside the repository."""

import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess

CACHE = pathlib.Path(os.environ.get("COSMO_SSO_TEST_CACHE", "/var/cache/cosmo-sso-test"))

# An init, a login path, and the libraries the product links. Nothing that would do the product's work for it.
PACKAGES = (
    "systemd", "systemd-sysv", "dbus", "libpam-systemd",
    "openssh-server", "openssh-client", "sudo", "passwd", "login", "cron", "util-linux", "greetd",
    "iproute2", "procps", "strace", "ca-certificates",
    "libcurl4", "libjson-c5", "libqrencode4", "libpcre2-8-0", "libssl3",
    "libnss-extrausers",
)  # fmt: skip

# Raise it whenever prepare() changes, so that trees made before are not used again.
RECIPE = 3

# Timers and services that only cost time in a host that lives for a minute.
NOT_WANTED = (
    "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer",
    "e2scrub_reap.service", "fstrim.timer", "man-db.timer", "systemd-timesyncd.service",
    "greetd.service",  # it takes a screen of the machine's own; tests start it on a terminal of theirs
)  # fmt: skip


def suite():
    """The machine's own release: what is built here is linked against that release's libraries."""
    for line in pathlib.Path("/etc/os-release").read_text().splitlines():
        if line.startswith("VERSION_CODENAME="):
            return line.split("=", 1)[1].strip('"')
    raise RuntimeError("/etc/os-release has no VERSION_CODENAME; the test host needs a Debian release")


def mirror(release):
    """Where the machine's own apt gets `release` from."""
    ask = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages"]
    for attempt in range(2):
        for line in subprocess.run(ask, check=True, capture_output=True, text=True).stdout.splitlines():
            uri, name, component = line.split()
            if name == release and component == "main":
                return uri
        if attempt == 0:
            subprocess.run(["apt-get", "update", "-qq"], check=True)
    raise RuntimeError(f"apt has no source for {release} main; a test host cannot be made without one")


def key():
    words = (suite(), *sorted(PACKAGES), *NOT_WANTED, str(RECIPE))
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:16]


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
    for path in list((root / "var/cache/apt/archives").glob("*.deb")) + list((root / "var/lib/apt/lists").glob("*_*")):
        path.unlink()


def make(root):
    work = root.with_name(root.name + ".part")
    shutil.rmtree(work, ignore_errors=True)
    command = ["debootstrap", "--variant=minbase", "--include=" + ",".join(PACKAGES), suite(), work, mirror(suite())]
    log = root.with_name(root.name + ".log")
    with log.open("w") as out:
        if subprocess.run(command, stdout=out, stderr=subprocess.STDOUT).returncode:
            raise RuntimeError(f"debootstrap failed; see {log}")
    prepare(work)
    work.rename(root)


def ensure():
    """The root tree of this package list; made now if there is none. Needs the network only then."""
    CACHE.mkdir(mode=0o755, parents=True, exist_ok=True)
    root = CACHE / f"root-{key()}"
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.is_dir():
            print("making the test host's root tree (once, about a minute)...", flush=True)
            make(root)
    return root
