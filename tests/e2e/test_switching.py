# SPDX-License-Identifier: MIT
"""su and sudo of the host, called by root, by a local user, by an admin and by a viewer of ours: who becomes whom, as the
table in pam_cosmo_sso(8) has it."""

import contextlib
import re

import pytest

from support import record

REFUSED = "Your role does not allow this service."
NOPASSWD = "ada,vic ALL=(ALL:ALL) NOPASSWD: ALL\n"
TARGETPW = "Defaults targetpw\nada,vic,tess ALL=(ALL:ALL) ALL\n"
CALLERS = ("root", "tess", "ada", "vic")
TARGETS = ("root", "tess", "ada", "vic")
SU = {
    "su": lambda target: ["su", target, "-c", "id -un"],
    "su-l": lambda target: ["su", "-", target, "-c", "id -un"],
}
SUDO = {
    "sudo": lambda target: ["sudo", "-S", "-u", target, "id", "-un"],
    "sudo-i": lambda target: ["sudo", "-S", "-i", "-u", target, "id", "-un"],
}


@pytest.fixture(scope="module")
def prepared(module_site):
    for user in ("ada", "vic"):
        with module_site.signed_in(user):
            pass
    yield module_site


@contextlib.contextmanager
def sudoers(host, text):
    host.put("/etc/sudoers.d/switching", text, 0o440)
    try:
        yield
    finally:
        host.run(["rm", "/etc/sudoers.d/switching"])


def call(host, caller, target, words):
    """As the caller's own shell would, with the target's password at hand if there is one."""
    password = host.passwords.get(target, "none")
    return host.run(words, user=None if caller == "root" else caller, check=False, input=f"{password}\n")


def became(done):
    return done.stdout.strip() if done.returncode == 0 else ""


def expected_of_su(caller, target):
    """The manual's table, as shipped: [access] admits admins."""
    if caller == "vic" or target == "vic":
        return ""
    if caller == "root" or target in ("root", "tess"):
        return target
    return ""  # ada's password, which she does not have


# case: console: su and su - of root, a local user, an admin and a viewer to each other, as the manual's table says
@pytest.mark.parametrize("service", SU)
def test_su__caller_by_target__as_the_manual_says(prepared, service):
    host = prepared.host
    for caller in CALLERS:
        found = {target: became(call(host, caller, target, SU[service](target))) for target in TARGETS}
        assert found == {target: expected_of_su(caller, target) for target in TARGETS}, caller


# case: console: a viewer of ours is refused by su before anything is asked, with the reason
@pytest.mark.parametrize("service", SU)
@pytest.mark.parametrize("target", [target for target in TARGETS if target != "vic"])
def test_su__by_a_viewer__refused_unasked(prepared, service, target):
    host, cursor = prepared.host, prepared.host.journal_cursor()
    done = call(host, "vic", target, SU[service](target))
    assert done.returncode != 0 and "assword" not in done.stderr and REFUSED in done.stderr
    (line,) = host.journal("event=account_", after=cursor)
    uid = host.run(["id", "-u", "vic"]).stdout.strip()
    assert "event=account_refused user=vic reason=service_not_allowed" in line
    assert f" service={service} " in line and f" ruid={uid} " in line


# case: console: root and local users who call su or sudo for anybody local start nothing of ours, and nothing is logged
@pytest.mark.parametrize("service, words", [*SU.items(), *SUDO.items()])
def test_local_callers__local_targets__nothing_of_ours(prepared, service, words):
    host, cursor = prepared.host, prepared.host.journal_cursor()
    with sudoers(host, "Defaults targetpw\n"):
        for caller, target in (("root", "root"), ("root", "tess"), ("tess", "root"), ("tess", "tess")):
            assert became(call(host, caller, target, words(target))) == target, (caller, target)
    assert host.journal("event=", after=cursor) == []


# case: console: sudo and sudo -i are an admin's, for whoever he wants to be, and no viewer's
@pytest.mark.parametrize("service", SUDO)
def test_sudo__caller_by_target__as_the_manual_says(prepared, service):
    host = prepared.host
    with sudoers(host, NOPASSWD):
        for target in TARGETS:
            assert became(call(host, "ada", target, SUDO[service](target))) == target
            done = call(host, "vic", target, SUDO[service](target))
            assert became(done) == "" and REFUSED in done.stderr


# case: console: with targetpw in sudoers a viewer does not become root though he knows root's password, and an admin does
@pytest.mark.parametrize("service", SUDO)
def test_sudo_targetpw__caller_by_target__as_the_manual_says(prepared, service):
    host = prepared.host
    with sudoers(host, TARGETPW):
        for caller in ("tess", "ada", "vic"):
            found = {target: became(call(host, caller, target, SUDO[service](target))) for target in TARGETS}
            itself = {"ada": "ada"} if caller == "ada" else {}  # sudo asks nobody for a password of his own account
            assert found == {target: expected_of_su(caller, target) for target in TARGETS} | itself, caller
        done = call(host, "vic", "root", SUDO[service]("root"))
        assert REFUSED in done.stderr and not re.search(r"assword.*:", done.stderr)


# case: console: an admin who was locked becomes nobody by su or sudo, and somebody again when unlocked
def test_locked_admin__su_and_sudo__nobody(prepared):
    host = prepared.host
    words = [SU["su"]("root"), SU["su-l"]("tess"), SUDO["sudo"]("root"), SUDO["sudo-i"]("root")]
    with sudoers(host, TARGETPW):
        before = record.change(host, "ada", flags=record.LOCKED)
        try:
            assert [became(call(host, "ada", "tess" if "tess" in each else "root", each)) for each in words] == [""] * 4
        finally:
            record.put(host, "ada", before)
        assert "" not in [became(call(host, "ada", "tess" if "tess" in each else "root", each)) for each in words]


# case: console: [access] of su decides for who calls it as well: an admin is kept from su where only others are named
def test_su__access_without_admins__refused(prepared):
    prepared.configure("access", "su", "developer")
    try:
        assert became(call(prepared.host, "ada", "root", SU["su"]("root"))) == ""
        assert became(call(prepared.host, "ada", "root", SU["su-l"]("root"))) == "root"
    finally:
        prepared.configure("access", "su", "admin")
