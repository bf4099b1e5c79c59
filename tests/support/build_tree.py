# SPDX-License-Identifier: MIT
"""A tree of another Debian release in which the product is built for hosts of that release, with that release's compilers.

The sources are seen read-only; each tree of sources has one folder to be built in, and nothing else is changed.
"""

import hashlib
import pathlib
import subprocess

from . import root_tree

# Those of packages.sh, under the names that every release has; clang for its own warnings.
PACKAGES = (
    "gcc", "libc6-dev", "dpkg-dev", "meson", "ninja-build", "pkg-config", "scdoc", "clang",
    "libpam0g-dev", "libqrencode-dev", "libcurl4-openssl-dev", "libjson-c-dev", "libssl-dev", "libpcre2-dev", "libcmocka-dev",
)  # fmt: skip
SOURCE = "/srv/source"
# "$1" the tree, "$2" the sources. Nothing but the tree is left then, as on a machine of its own: tests look at where they are.
ENTER = f"""
mount --bind "$1" "$1" && mount --bind "$2" "$1{SOURCE}" && mount -o remount,bind,ro "$1{SOURCE}" &&
mount -t tmpfs tmpfs "$1/tmp" && mount -t proc proc "$1/proc" &&
mount -t devpts -o ptmxmode=666 devpts "$1/dev/pts" &&
cd "$1" && pivot_root . mnt && umount --lazy /mnt || exit 125
shift 2
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"
"""


def _prepare(tree):
    (tree / SOURCE[1:]).mkdir()
    root_tree.drop_downloads(tree)


def ensure(release):
    return root_tree.cached("build", release, PACKAGES, _prepare, ())


def what_failed(said):
    """The first fault of ninja, which goes on after it; else the end of what was said."""
    fault = said.find("\nFAILED:")
    return said[fault:][:8000] if fault >= 0 else said[-8000:]


class Workshop:
    """Where one tree of sources is built for one release: `place` as the machine sees it, `inner` as commands inside do."""

    def __init__(self, release, source):
        self._tree = ensure(release)
        self._source = source
        self.inner = pathlib.Path("/srv") / hashlib.sha256(str(source).encode()).hexdigest()[:12]
        self.place = self._tree / self.inner.relative_to("/")
        self.place.mkdir(exist_ok=True)

    def run(self, *command):
        """A command inside, which knows the sources as SOURCE; what it printed. RuntimeError if it failed."""
        enter = ["unshare", "--mount", "--propagation", "private", "sh", "-c", ENTER, "sh", self._tree, self._source]
        done = subprocess.run(
            [*enter, *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{what_failed(done.stdout)}")
        return done.stdout

    def compile(self, name, *options, compiler="gcc"):
        """Bring the build of that name up to date; its folder inside."""
        inner = self.inner / name
        if not (self.place / name / "build.ninja").exists():
            self.run("env", f"CC={compiler}", "meson", "setup", *options, inner, SOURCE)
        self.run("ninja", "-k", "0", "-C", inner)
        return inner
