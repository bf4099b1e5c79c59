# SPDX-License-Identifier: MIT
"""People who are logged in to a host by SSH key, in each of the ways that last, and what of theirs is running."""

import contextlib
import json
import subprocess

from .process import PATIENCE_S, end, watch


def uid_of(host, user):
    return int(host.run(["id", "-u", user]).stdout)


def pids_of(host, uid):
    return {int(pid) for pid in host.run(["pgrep", "-U", str(uid)], check=False).stdout.split()}


def lasting(host, uid):
    """Of three connections and the user manager, without what starts and ends in passing."""
    return set(host.run(["pgrep", "-xU", str(uid), "sleep|sftp-server|sshd|sshd-session|systemd"], check=False).stdout.split())


def listed(host):
    return json.loads(host.run(["cosmo-ssoctl", "session", "list", "--json"]).stdout)


@contextlib.contextmanager
def open_ssh(host, user, *options, command=()):
    """A client that stays, by key."""
    client = subprocess.Popen(host.ssh(user, *options, key=True, command=command), stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield client
    finally:
        end(client)
        client.stdin.close()
        client.stdout.close()


def as_systemd(host, *command, check=True):
    """The logind of Debian 13 hears nobody from a control group outside its own."""
    host.run(["systemd-run", "--quiet", "--wait", "--collect", *map(str, command)], check=check)


def log_out(host, uid):
    """All of it: what has no terminal outlives its connection. Somebody removed is nobody to loginctl."""
    order = f"loginctl disable-linger {uid}; loginctl terminate-user {uid} || pkill -KILL -U {uid}"
    as_systemd(host, "sh", "-c", order, check=False)
    watch(lambda: not pids_of(host, uid), PATIENCE_S, "the end of the user's processes")


def enrol(site, *users):
    """They sign in once, at the IdP, and leave a key here."""
    for user in users:
        with site.signed_in(user):
            pass
        site.host.authorize_key(f"home/{user}", owner_id=uid_of(site.host, user))
    return users


@contextlib.contextmanager
def busy(host, *users):
    """Each of them has a shell, a running sleep, sftp, and a user manager that lingers; the clients, three a user."""
    uids = {user: uid_of(host, user) for user in users}
    with contextlib.ExitStack() as stack:
        clients = {}
        for user, uid in uids.items():
            clients[user] = [
                stack.enter_context(open_ssh(host, user, "-tt")),
                stack.enter_context(open_ssh(host, user, command=["sleep", "100000"])),
                stack.enter_context(open_ssh(host, user, "-s", command=["sftp"])),
            ]
            as_systemd(host, "loginctl", "enable-linger", uid)
        for uid in uids.values():
            watch(lambda uid=uid: len(lasting(host, uid)) == 6, PATIENCE_S, "three connections and the user manager")
        try:
            yield clients
        finally:
            for uid in uids.values():
                log_out(host, uid)


@contextlib.contextmanager
def shared_connection(host, user, control):
    """A ControlMaster of theirs, at the socket @control."""
    with open_ssh(host, user, "-M", "-N", "-S", control) as master:
        watch(control.exists, PATIENCE_S, "the shared connection")
        yield master
