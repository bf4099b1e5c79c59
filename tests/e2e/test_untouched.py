# SPDX-License-Identifier: MIT
"""Local accounts, root and users of other NSS sources: as without us, whatever state the IdP or our files are in."""

import contextlib
import pathlib
import re
import socket
import subprocess

import pytest

from support import browser
from support.host import TestHost
from support.opened import Opened
from support.packets import PacketCounter
from support.process import PATIENCE_S, watch
from support.site import Site

USERS = ("root", "tess", "exa")
PROGRAMS = "usr/libexec/cosmo-sso"
HELPER = f"/{PROGRAMS}/cosmo-sso-helper"
GATE = "/run/cosmo-sso/gate"
USERS_DB = "/var/lib/cosmo-sso/users.1.db"
PRIVATE = "/var/lib/cosmo-sso/private"
CONFIG = "/etc/cosmo-sso"
KEPT = f"{PROGRAMS} {CONFIG[1:]} var/lib/cosmo-sso"


def inside(command):
    return lambda site: site.host.run(command)


def junk(path):
    """As long as it was, at the same inode, of the same owner: nothing but the content is wrong."""
    fill = 'head -c "$(stat -c %s "$1")" /dev/urandom 1<> "$1"'
    return inside(f"find {path} -type f -exec sh -c '{fill}' sh {{}} \\;")


def empty(path):
    """As a file system that was not unmounted may leave it."""
    return inside(f"install -m 644 /dev/null {path}.new && mv {path}.new {path}")


def open_to_all(path):
    return inside(f"chmod -R a+rwX {path}")


def missing(path):
    return inside(f"rm -r {path}")


def helper_hanging(site):
    """In its place stands a program that never answers: a login that waited for it would never end."""
    site.host.run(["rm", HELPER])
    site.host.put(HELPER, "#!/bin/sh\nexec sleep infinity\n", 0o755)


@contextlib.contextmanager
def idp_down(site):
    site.idp.kill()
    yield
    site.idp.start()


@contextlib.contextmanager
def idp_frozen(site):
    site.idp.freeze()
    yield
    site.idp.thaw()


def states(host):
    """Of all that is ours and is not dead, a letter each."""
    found = host.run("ps -o stat= -p $(pgrep -d, cosmo-sso-)").stdout.split()
    return [state[0] for state in found if not state.startswith("Z")]


@contextlib.contextmanager
def stopped_midway(site):
    """Somebody's sign-in is under way, and all that serves it is stopped, as is the IdP: no connection can end by itself."""
    with site.sign_in("vic") as login:
        login.prompt()
        site.host.run(["pkill", "-STOP", "cosmo-sso-"])
        site.idp.freeze()
        yield
        site.idp.thaw()
        # Ada's own may not have been put to rest yet.
        watch(lambda: states(site.host) == ["T"] * 3, PATIENCE_S, "helper, judge and fetch, stopped, and no other")
        site.host.run(["pkill", "-CONT", "cosmo-sso-"])


# What is done to the host, and whether ada still has her role: what NSS needs is the gate and users.db.
HARMS = {
    "healthy": (inside("true"), True),
    "idp_down": (idp_down, True),
    "idp_frozen": (idp_frozen, True),
    "helper_missing": (missing(HELPER), True),
    "helper_hanging": (helper_hanging, True),
    "programs_stopped": (stopped_midway, True),
    "gate_junk": (junk(GATE), False),
    "gate_empty": (empty(GATE), False),
    "gate_missing": (missing(GATE), False),
    "gate_open_to_all": (open_to_all(GATE), False),
    "users_db_junk": (junk(USERS_DB), False),
    "users_db_empty": (empty(USERS_DB), False),
    "users_db_missing": (missing(USERS_DB), False),
    "users_db_open_to_all": (open_to_all(USERS_DB), False),
    "private_junk": (junk(PRIVATE), True),
    "private_missing": (missing(PRIVATE), True),
    "private_open_to_all": (open_to_all(PRIVATE), True),
    "configuration_junk": (junk(CONFIG), True),
    "configuration_missing": (missing(CONFIG), True),
    "all_missing": (missing(f"{CONFIG} /var/lib/cosmo-sso /run/cosmo-sso /{PROGRAMS}"), False),
}


def as_a_local_user(site, user):
    """What somebody of another source sees of this host, to the letter: by key, by password, by name."""
    host = site.host
    by_key = subprocess.run(host.ssh(user, key=True, command=["id"]), capture_output=True, text=True, timeout=PATIENCE_S)
    return {
        "key": (by_key.returncode, by_key.stdout, by_key.stderr),
        "password": site.password_transcript(user, "id"),
        "entry": host.run(["getent", "passwd", user]).stdout,
        "groups": host.run(["getent", "initgroups", user]).stdout,
    }


def on_the_console(site):
    """tess at login(1), then root's power by sudo and by su, and hers by su."""
    host = site.host
    return {
        "login": site.console_login("tess"),
        "sudo": host.run(["sudo", "-S", "-k", "-p", "Password:", "id"], user="tess", input=host.passwords["tess"] + "\n").stdout,
        "su": host.run(["su", "-", "tess", "-c", "id"]).stdout,
        "su_by_password": host.run(["su", "-", "-c", "id"], user="tess", input=host.passwords["root"] + "\n").stdout,
    }


def seen(site):
    return {"console": on_the_console(site), **{user: as_a_local_user(site, user) for user in USERS}}


KBD = "/etc/ssh/sshd_config.d/05-kbd.conf"


def without_us(site):
    """Before anything of ours is there; with the one setting of sshd's that its manual says must differ."""
    site.host.put(KBD, "KbdInteractiveAuthentication yes\n")
    site.host.run("systemctl restart ssh")
    return seen(site)


@pytest.fixture(scope="module")
def compared(the_idp, build_dir):
    """A host with somebody enrolled, a copy of all that is ours, and what local users saw before we came."""
    the_idp.reset()
    with TestHost() as host:
        site = Site(the_idp, host)
        host.boot()
        before = without_us(site)
        host.run(["rm", KBD])
        host.power_off()
        site.set_up(build_dir)
        with site.signed_in("ada"):
            pass
        host.authorize_key("home/ada", owner_id=int(host.run(["id", "-u", "ada"]).stdout))
        host.run(f"tar -C / -cf /root/kept.tar {KEPT}")
        yield site, before


@pytest.fixture(scope="module", params=HARMS)
def harmed(request, compared, the_idp):
    """That host, as it was after a reboot, then harmed in one way."""
    site, before = compared
    harm, keeps_role = HARMS[request.param]
    # Renamed: a helper of the harm before, which writes to the end, would put files where they are being removed.
    site.host.run(f"cd / && for kept in {KEPT}; do rm -rf /root/harmed && mv $kept /root/harmed; done; tar -xf /root/kept.tar")
    site.host.reboot(clean=False)
    assert "cosmo-admin" in site.host.run(["id", "-Gn", "ada"]).stdout.split()
    done = harm(site)
    with done if hasattr(done, "__enter__") else contextlib.nullcontext():
        yield site, before, keeps_role


def connect_once(port):
    """The positive control: one connection to where the IdP is, or was."""
    with contextlib.suppress(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5).close()


def connections(idp):
    return idp.counts()["connections"]


def programs(site):
    """Where ours are, or were, looked at from outside; a folder that is gone holds nothing that could be started."""
    folder = site.host.root / PROGRAMS
    return Opened(folder) if folder.is_dir() else contextlib.nullcontext()


def test_counters__sign_in_of_one_of_ours__seen(compared):
    """What the next test concludes from counting nothing needs counters that count."""
    site, _ = compared
    with PacketCounter(site.idp.port) as packets, programs(site) as opened:
        with site.sign_in("vic") as login:
            login.prompt()
            assert packets.count() > 0
        assert {"cosmo-sso-helper", "cosmo-sso-judge", "cosmo-sso-fetch"} <= set(opened.names())


@pytest.mark.parametrize("name", ["check", "refresh"])
def test_timer__of_the_product__not_due_while_tests_count(compared, name):
    """What it starts every few minutes would be seen as well."""
    show = ["systemctl", "show", "-p", "ActiveState", "-p", "NextElapseUSecMonotonic", f"cosmo-sso-{name}.timer"]
    told = compared[0].host.run(show).stdout
    days, hours = re.search(r"^NextElapseUSecMonotonic=(\d+)d (?:(\d+)h)?", told, re.M).groups(default="0")
    up_h = float(pathlib.Path("/proc/uptime").read_text().split()[0]) / 3600
    assert "ActiveState=active\n" in told and 24 * int(days) + int(hours) > up_h + 20


# case: stack: local users get in as without us, by sshd, login, sudo and su, whatever is missing or damaged
def test_local_users__harmed_host__as_without_us(harmed):
    """The same to the letter; and no wait is possible, since nothing of ours is started and the IdP is not asked."""
    site, before, _ = harmed
    browser.close_all()  # an idle one still talks to the IdP
    cursor = site.host.journal_cursor()
    with PacketCounter(site.idp.port) as packets, programs(site) as opened:
        assert seen(site) == before
        assert packets.count() == 0
        connect_once(site.idp.port)
        assert packets.count() > 0
        assert opened is None or opened.names() == []
    assert site.host.journal(r"(cosmo-sso|_cosmo)", after=cursor) == []


# case: stack: damage to the store, the gate, the helper or the configuration gives nobody of ours a right
def test_sso_user__harmed_host__no_right_gained(harmed):
    """Damage takes rights away, if anything: no password, no role, and by key at most what NSS says she has."""
    site, _, keeps_role = harmed
    host = site.host
    groups = set(host.run(["id", "-Gn", "ada"], check=False).stdout.split())
    assert ("cosmo-admin" in groups) == keeps_role
    assert groups <= {"ada", "cosmo-users", "cosmo-admin", "cosmo-viewer"}
    by_password = host.ssh("ada", "-o", "PreferredAuthentications=password", command=["id"])
    assert subprocess.run(by_password, capture_output=True, stdin=subprocess.DEVNULL, timeout=PATIENCE_S).returncode == 255
    by_key = subprocess.run(host.ssh("ada", key=True, command=["id", "-Gn"]), capture_output=True, text=True, timeout=PATIENCE_S)
    assert by_key.returncode in (0, 255)
    assert set(by_key.stdout.split()) <= groups
