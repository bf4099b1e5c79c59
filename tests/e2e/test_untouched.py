# SPDX-License-Identifier: MIT
"""Local accounts, root and users of other NSS sources: as without us, whatever state the IdP or our files are in."""

import socket
import subprocess

import pytest

from support.host import TestHost
from support.packets import PacketCounter
from support.site import Site

USERS = ("root", "tess", "exa")
HELPER = "/usr/libexec/cosmo-sso/cosmo-sso-helper"
# A helper that leaves a mark and never answers: a login that waited for it would never end.
HANGING = "#!/bin/sh\n: > /run/helper-was-started\nexec sleep infinity\n"
JUNK = "head -c 65536 /dev/urandom"


def healthy(site):
    pass


def idp_down(site):
    site.idp.kill()


def helper_missing(site):
    site.host.run(["rm", HELPER])


def helper_hanging(site):
    site.host.put(HELPER, HANGING, 0o755)


def store_of_junk(site):
    site.host.run(f"for f in $(find /var/lib/cosmo-sso /run/cosmo-sso -type f); do {JUNK} > $f; done")


def store_empty(site):
    site.host.run("for f in $(find /var/lib/cosmo-sso /run/cosmo-sso -type f); do : > $f; done")


def store_missing(site):
    site.host.run(["rm", "-rf", "/var/lib/cosmo-sso", "/run/cosmo-sso"])


def config_of_junk(site):
    site.host.run(f"{JUNK} > /etc/cosmo-sso/cosmo-sso.conf")


def config_missing(site):
    site.host.run(["rm", "-rf", "/etc/cosmo-sso"])


HARMS = [
    healthy, idp_down, helper_missing, helper_hanging,
    store_of_junk, store_empty, store_missing, config_of_junk, config_missing,
]  # fmt: skip


@pytest.fixture(params=HARMS, ids=lambda harm: harm.__name__)
def harmed(request, the_idp, build_dir):
    """A host of its own, with somebody enrolled, then harmed; and the IdP brought back for the next."""
    the_idp.reset()
    with TestHost() as host:
        site = Site(the_idp, host)
        site.set_up(build_dir)
        with site.signed_in("ada"):
            pass
        request.param(site)
        yield site
    the_idp.kill()
    the_idp.start()


def by_key(host, user, command="id -un"):
    return subprocess.run(host.ssh(user, key=True, command=[command]), capture_output=True, text=True, timeout=60)


def connections(idp):
    """As its listener counts them; None while it is down."""
    return idp.counts()["connections"] if idp.alive else None


def test_local_users__by_key_password_sudo_su__as_without_us(harmed):
    host = harmed.host
    before = connections(harmed.idp)
    with PacketCounter(harmed.idp.port) as packets:
        for user in USERS:
            shown = by_key(host, user)
            assert shown.stdout.strip() == user, shown.stderr
            assert harmed.password_login(user, "id -un") == user
        root = host.run(["sudo", "-S", "id", "-u"], user="tess", input=host.passwords["tess"] + "\n")
        assert root.stdout.strip() == "0"
        assert host.run(["su", "-", "tess", "-c", "id -un"]).stdout.strip() == "tess"
        for user in USERS:
            assert host.run(["id", "-un", user]).stdout.strip() == user
        assert packets.count() == 0
        with_control(packets, harmed.idp.port)
    if before is not None:
        assert connections(harmed.idp) == before + 1  # the positive control's
    assert host.run(["test", "-e", "/run/helper-was-started"], check=False).returncode == 1


def with_control(packets, port):
    """The counter does see a packet to the IdP when there is one."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionRefusedError:
        pass
    assert packets.count() > 0


def test_sso_user__harmed_host__never_more_than_before(harmed):
    """Damage takes rights away, if anything: no password, no key, no role comes out of it."""
    host = harmed.host
    groups = set(host.run(["id", "-Gn", "ada"], check=False).stdout.split())
    assert groups <= {"ada", "cosmo-users", "cosmo-admin", "cosmo-viewer"}
    assert "root" not in groups and "sudo" not in groups
    argv = host.ssh("ada", "-o", "PreferredAuthentications=password", command=["id"])
    denied = subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
    assert denied.returncode == 255
