# SPDX-License-Identifier: MIT
"""The shipped PAM stacks, by the doors themselves: behind ours stand modules that let everybody in, and nobody of ours
gets in whom ours refused; or those that lock accounts after failures, and everybody gets in who should."""

import contextlib
import re

import pytest

from support import record
from support.doors import (by_each_account_phase, by_each_auth_phase, by_login, by_login_f, by_pkexec, by_ssh, by_ssh_password,
                           by_su, by_sudo, each, everywhere_in, nowhere)
from support.live_sessions import as_systemd

ASKING = ("sshd", "login", "sudo", "sudo-i", "su", "su-l", "polkit-1")  # who somebody is
SERVICES = (*ASKING, "cron", "systemd-user")
HELPER = "/usr/libexec/cosmo-sso/cosmo-sso-helper"
MODULE = "/usr/lib/x86_64-linux-gnu/security/pam_cosmo_sso.so"
CLOSED, OPEN = 2, 3
SUDOERS = "ada ALL=(ALL) NOPASSWD: ALL\ndev ALL=(ALL) NOPASSWD: ALL\n"
# What enable tells sshd not to offer our users. The stack has to hold where an administrator's earlier word does.
PASSWORDS = "Match Group cosmo-users\n    PasswordAuthentication yes\nMatch all\n"
WITH_PASSWORD = "ada ALL=(ALL) ALL\n"
# Everybody may be an administrator by being who they are.
POLKIT_RULES = 'polkit.addAdminRule(function(action, subject) { return ["unix-user:" + subject.user]; });\n'
PERMIT = "{kind} sufficient pam_permit.so\n"
# As pam_faillock(8) has it for Debian's files.
FAILLOCK_AUTH = """auth required pam_faillock.so preauth
auth [success=1 default=ignore] pam_unix.so nullok
auth [default=die] pam_faillock.so authfail
auth sufficient pam_faillock.so authsucc
auth requisite pam_deny.so
"""
FAILLOCK_ACCOUNT = "account required pam_faillock.so\n"


@pytest.fixture(scope="module")
def prepared(module_site):
    """ada, an admin, and dev, a developer, have signed in, and have keys; only admins are admitted anywhere."""
    host = module_site.host
    for user in ("ada", "dev"):
        with module_site.signed_in(user):
            pass
        host.authorize_key(f"home/{user}", owner_id=int(host.run(["id", "-u", user]).stdout))
    for service in SERVICES:
        module_site.configure("access", service, "admin")
    host.run("cosmo-ssoctl enable cron polkit-1 systemd-user --yes")
    host.put("/etc/polkit-1/rules.d/05-all.rules", POLKIT_RULES)
    host.run("systemctl restart polkit")  # it reads new rules some time later
    for user in ("ada", "dev", "tess"):  # logind is not to end a manager that a test has started
        as_systemd(host, "loginctl", "enable-linger", user)
    host.put("/etc/ssh/sshd_config.d/05-passwords.conf", PASSWORDS)
    host.run(["systemctl", "reload", "ssh"])
    host.put("/etc/sudoers.d/ours", SUDOERS, 0o440)
    host.run("cp -a /etc/pam.d/common-auth /etc/pam.d/common-account /etc/cosmo-sso/cosmo-sso.conf /root")
    yield module_site


@contextlib.contextmanager
def behind(host, auth, account):
    """Lines in front of Debian's own in what all services include."""
    for kind, lines in (("auth", auth), ("account", account)):
        host.put(f"/etc/pam.d/common-{kind}", lines + host.read(f"/root/common-{kind}"))
    try:
        yield
    finally:
        host.run("cp -a /root/common-auth /root/common-account /etc/pam.d")


@pytest.fixture(scope="module")
def lenient(prepared):
    with behind(prepared.host, PERMIT.format(kind="auth"), PERMIT.format(kind="account") + FAILLOCK_ACCOUNT):
        yield prepared


def by_each_account_phase_alone(site, user):
    """Also pkexec, where everybody is who they say they are."""
    return by_each_account_phase(site, user) | {"polkit-1": by_pkexec(site, user)}


@contextlib.contextmanager
def locked(site):
    before = record.change(site.host, "ada", flags=record.LOCKED)
    try:
        yield "ada", "locked"
    finally:
        record.put(site.host, "ada", before)


@contextlib.contextmanager
def not_admitted(site):
    yield "dev", "service_not_allowed"


def set_gate_to(state):
    """One byte in place: the page is never replaced."""
    return f"printf '\\00{state}' | dd of=/run/cosmo-sso/gate bs=1 seek=16 conv=notrunc status=none"


@contextlib.contextmanager
def demoted(site):
    """As disconnecting does: the gate's state word says closed."""
    site.host.run(set_gate_to(CLOSED))
    try:
        yield "ada", "disconnected"
    finally:
        site.host.run(set_gate_to(OPEN))


@contextlib.contextmanager
def helper_missing(site):
    site.host.run(["mv", HELPER, "/run/helper-away"])
    try:
        yield "ada", r"\w+"
    finally:
        site.host.run(["mv", "/run/helper-away", HELPER])


@contextlib.contextmanager
def switched_off(site):
    """The word that denies at once, in the place of all causes: none of them is another answer to PAM's stack."""
    for service in ASKING:
        site.configure(f"service {service}", "auth", "deny")
    try:
        yield "ada", "service_off"
    finally:
        site.host.run("cp -a /root/cosmo-sso.conf /etc/cosmo-sso")


@contextlib.contextmanager
def asked_and_missing(site):
    with switched_off(site), helper_missing(site) as told:
        yield told


@contextlib.contextmanager
def sudo_asks(host):
    """Who is to use sudo has to say who it is."""
    host.put("/etc/sudoers.d/ours", WITH_PASSWORD, 0o440)
    try:
        yield
    finally:
        host.put("/etc/sudoers.d/ours", SUDOERS, 0o440)


def refused_everywhere(host, user, reason, cursor, services):
    """It was ours who refused, in each service, and for that reason."""
    lines = host.journal(rf"event=\S+_refused user={user} .*reason={reason}\b", after=cursor)
    assert {re.search(r" service=(\S+)", line)[1] for line in lines} == set(services)


# case: stack: who is refused in the auth phase of sshd, login, sudo, su or polkit is not let in by modules that let everybody in
@pytest.mark.parametrize("cause", [switched_off, asked_and_missing])
def test_auth__refused__nobody_behind_lets_in(lenient, cause):
    cursor = lenient.host.journal_cursor()
    with sudo_asks(lenient.host), cause(lenient) as (user, reason):
        doors = by_each_auth_phase(lenient, user)
        assert doors == nowhere(doors)
    refused_everywhere(lenient.host, user, reason, cursor, ASKING)


# case: stack: who is locked, demoted or of a role not admitted comes by no key, forced login, sudo, pkexec or su of root's
# case: stack: and neither a cron job nor the user manager of theirs is started
@pytest.mark.parametrize("cause", [locked, not_admitted, demoted, helper_missing])
def test_account__refused__nobody_behind_lets_in(lenient, cause):
    with cause(lenient) as (user, reason):
        cursor = lenient.host.journal_cursor()
        doors = by_each_account_phase_alone(lenient, user)
        assert doors == nowhere(doors)
    refused_everywhere(lenient.host, user, reason, cursor, SERVICES)


# case: stack: in front of modules that let everybody in an admitted user gets in where others vouch, and so do local users
def test_lenient__who_is_not_refused__gets_in(lenient):
    """What the tests above conclude from nobody getting in needs doors that can be passed."""
    doors = by_each_account_phase_alone(lenient, "ada")
    assert doors == everywhere_in(doors, "ada")
    doors = by_each_account_phase_alone(lenient, "tess") | by_each_auth_phase(lenient, "tess")
    assert doors == everywhere_in(doors, "tess")


# case: stack: with pam_faillock in front local users get in with their password alone, and admitted users by key
def test_faillock__password_and_key__as_without_us(prepared):
    host = prepared.host
    doors = {"sshd": (by_ssh_password, prepared, "tess"), "su": (by_su, prepared, "tess", "ada")}
    with behind(host, FAILLOCK_AUTH, FAILLOCK_ACCOUNT):
        wrong = each({door: (*call, "wrong") for door, call in doors.items()})
        assert wrong == nowhere(doors)
        doors |= {"login": (by_login, prepared, "tess")}
        right = each({door: (*call, host.passwords["tess"]) for door, call in doors.items()})
        assert right == everywhere_in(doors, "tess")
        right = by_each_account_phase(prepared, "ada")
        assert right == everywhere_in(right, "ada")
        assert len(host.run("faillock --user ada").stdout.splitlines()) == 2  # only the heading


# case: stack: pam_mkhomedir.so makes the home of who is let in, and none of who is refused
def test_mkhomedir__refused__no_home(prepared):
    host = prepared.host
    host.run("mkdir /run/homes && mv /home/ada /home/dev /run/homes")
    try:
        assert each({user: (by_login_f, prepared, user) for user in ("ada", "dev")}) == {"ada": "ada", "dev": ""}
        assert host.run("stat -c %U:%a /home/ada; ls -A /home/dev", check=False).stdout == "ada:700\n"
    finally:
        host.run("rm -rf /home/ada && mv /run/homes/ada /run/homes/dev /home && rmdir /run/homes")


# case: stack: while /etc/nologin is there no user of ours comes by a key or a forced login, and root does
def test_nologin__key__turned_away(prepared):
    prepared.host.put("/etc/nologin", "Down until noon.\n")
    try:
        assert (by_ssh(prepared, "ada", "publickey"), by_login_f(prepared, "ada")) == ("", "")
        assert by_ssh(prepared, "root", "publickey") == "root"
    finally:
        prepared.host.run(["rm", "/etc/nologin"])


# case: stack: with the module gone our users have no password anywhere, and local users come as before
def test_module_gone__auth__no_user_of_ours(prepared):
    host = prepared.host
    host.run(["mv", MODULE, "/run/module-away"])
    try:
        with sudo_asks(host):
            doors = each({
                "sshd": (by_ssh_password, prepared, "ada", "wrong"),
                "login": (by_login, prepared, "ada", "wrong"),
                "sudo": (by_sudo, prepared, "ada", "-S"),
                "su": (by_su, prepared, "ada", "tess"),
            })  # fmt: skip
        assert doors == nowhere(doors)
        assert by_su(prepared, "tess", "ada", host.passwords["tess"]) == "tess"
    finally:
        host.run(["mv", "/run/module-away", MODULE])
