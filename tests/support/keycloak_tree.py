# SPDX-License-Identifier: MIT
"""Keycloak as its makers distribute it, built once and kept outside the repository."""

import fcntl
import hashlib
import shutil
import subprocess
import zipfile

from .root_tree import CACHE, NotServed

# Of this version what docs/idp/keycloak.md says is tried. It runs on Java 17.
VERSION = "26.4.5"
SHA256 = "72f73642a2c36de797d51b4b2b342d4a49f6e5832af10aa470cd123627bd80b3"
# What has to be settled when the server is built: a database in a file.
BUILD = ("--db=dev-file",)
# For 160 MB.
DOWNLOAD_S = 1200


def _run(command, lacking, **options):
    """NotServed, with the end of what it printed, if it cannot be run, fails, or does not end."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=DOWNLOAD_S, **options)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotServed(f"{lacking}: {error}") from None
    if done.returncode:
        raise NotServed(f"{lacking}: {done.stdout.strip()[-600:]}")


def _download(work):
    """The distribution, by maven from where maven gets its packages; in a repository of its own, which goes with it."""
    command = ["mvn", "-B", "-q", f"-Dmaven.repo.local={work}/repository", "dependency:copy",
               f"-Dartifact=org.keycloak:keycloak-quarkus-dist:{VERSION}:zip", f"-DoutputDirectory={work}"]
    _run(command, f"maven has no Keycloak {VERSION}", cwd=work)
    shutil.rmtree(work / "repository")
    (archive,) = work.glob("*.zip")
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != SHA256:
        raise RuntimeError(f"Keycloak {VERSION} is not what it was: its SHA-256 is {found}")
    return archive


def _unpack(archive, work):
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(work)
    archive.unlink()
    (folder,) = work.iterdir()
    folder.rename(work / "server")
    done = subprocess.run(["sh", "server/bin/kc.sh", "build", *BUILD], cwd=work, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise RuntimeError(f"Keycloak could not be built:\n{done.stdout[-4000:]}")


def ensure():
    """The server's folder, made once outside the repository. NotServed: it or what it needs cannot be had here."""
    _run(["java", "-version"], "there is no Java")
    digest = hashlib.sha256("\n".join((VERSION, SHA256, *BUILD)).encode()).hexdigest()[:16]
    CACHE.mkdir(mode=0o755, parents=True, exist_ok=True)
    place = CACHE / f"keycloak-{digest}"
    with place.with_name(place.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.is_dir():
            print(f"fetching Keycloak {VERSION} (once, some minutes)...", flush=True)
            work = place.with_name(place.name + ".part")
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir()
            try:
                _unpack(_download(work), work)
            except BaseException:
                shutil.rmtree(work, ignore_errors=True)
                raise
            work.rename(place)
    return place / "server"
