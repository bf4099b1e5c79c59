# SPDX-License-Identifier: MIT
"""Programs of another Debian release on this machine: they run in that release's tree, in our network and on our terminal."""

from . import root_tree

# "$1" the tree; of the machine it sees devices, processes and /tmp, where a host's keys lie. Nothing in the tree is changed.
ENTER = """
mount --rbind /dev "$1/dev" && mount -t proc proc "$1/proc" && mount --bind /tmp "$1/tmp" &&
mount -t tmpfs -o mode=700 tmpfs "$1/root" && exec /usr/sbin/chroot "$@"
"""


def inside(release, command):
    """The argv that runs a command in the tree of a release."""
    enter = ["unshare", "--mount", "--propagation", "private", "sh", "-c", ENTER, "sh"]
    return [*enter, root_tree.ensure(release), *command]
