# SPDX-License-Identifier: MIT
"""The main job: somebody this host has never seen signs in over SSH, and the host knows their role."""

import pathlib
import re

import pytest

from support.browser import Person

SUDO_RULES = "%dialout ALL=(root) NOPASSWD: /usr/bin/id\n%sudo ALL=(root) NOPASSWD: /usr/bin/true\n"


@pytest.fixture(scope="module", autouse=True)
def conferred(module_site):
    """The role admin confers the local groups dialout and, since that is said in so many words, sudo."""
    with pytest.raises(RuntimeError, match="allow_privileged"):
        module_site.configure("role admin", "local_groups", "dialout sudo")
    module_site.configure("role admin", "allow_privileged", "yes")
    module_site.host.put("/etc/sudoers.d/conferred", SUDO_RULES, 0o440)


OUR_OBJECTS = {"pam_cosmo_sso.so", "libnss_cosmo.so.2"}


def groups_of(host, user):
    return set(host.run(["id", "-Gn", user]).stdout.split())


def members_of(host, group):
    return set(host.run(["getent", "group", group]).stdout.strip().split(":")[3].split(","))


def test_prompt__never_seen__all_a_person_needs_once(site):
    site.idp.reset(interval_s=None)
    requests = site.idp.device_requests()
    with site.sign_in("ada") as login:
        screen = login.prompt()
        assert login.url == site.idp.issuer + "/device"
        assert re.fullmatch(r"[A-Z]{4}-[A-Z]{4}", login.code)
        lines = screen.splitlines()
        assert lines[:3] == [
            "(ada@127.0.0.1)", f"Sign in to {site.host.name} as ada from 127.0.0.1. Approve on this page:", login.url,
        ]  # fmt: skip
        assert re.fullmatch(rf"Code: {login.code}   Valid for 1:[0-5]\d", lines[3])
        assert lines[4] == "Do not approve a sign-in you did not start."
        assert login.qr_codes() == [site.idp.complete_uri(login.code)]
        login.approve()
        login.enter()
        login.shell()
        shown = login.terminal.capture(history=True)
        assert len(re.findall(r"\bCode:", shown)) == 1 and len(re.findall(r"^\(ada@", shown, re.M)) == 1
    assert site.idp.device_requests() == requests + 1


def test_sign_in__first_time__home_ids_groups(site, host):
    with site.signed_in("ada") as login:
        assert login.ask("pwd") == "/home/ada"
        uid, gid = login.ask("id -u"), login.ask("id -g")
        assert uid == gid and 0x70000400 <= int(uid) <= 0x7FFDFFFF
        shown = login.ask("id")
        for name in (f"uid={uid}(ada)", f"gid={gid}(ada)", "(cosmo-users)", "(cosmo-admin)", "(dialout)", "(sudo)"):
            assert name in shown
        for other in ("(cosmo-developer)", "(cosmo-viewer)", "(adm)", "0(root)"):
            assert other not in shown
        assert login.ask("stat -c %U:%G:%a ~") == "ada:ada:700"
    for group, members in (("cosmo-admin", {"ada"}), ("cosmo-users", {"ada"}), ("dialout", {"ada"}), ("sudo", {"ada", "tess"})):
        assert members_of(host, group) == members
    assert host.run(["getent", "passwd", "ada"]).stdout.startswith(f"ada:*:{uid}:{gid}:")


def test_sign_in__second_time__same_uid(site, host):
    before = host.run(["id", "-u", "ada"]).stdout
    with site.signed_in("ada") as login:
        assert login.ask("id -u") == before.strip()
    assert host.run(["id", "-u", "ada"]).stdout == before


def test_sign_in__committed__logged_without_secrets(site, host):
    cursor = host.journal_cursor()
    with site.signed_in("ada") as login:
        line = host.wait_journal(r"event=\S+.*user=ada", after=cursor)
        code = login.code
    assert "reason=" in line
    assert host.journal(re.escape(code), after=cursor) == []


def test_sudo__conferred_groups__honoured(site):
    with site.signed_in("ada") as login:
        assert login.ask("sudo -n id -u") == "0"
        assert login.ask("sudo -n true && echo yes") == "yes"
    with site.signed_in("dev") as login:
        assert login.ask("sudo -n id -u") != "0"
        assert login.ask("sudo -n true || echo no").endswith("no")


@pytest.mark.parametrize("user, role, others", [
    ("dev", "cosmo-developer", {"cosmo-admin", "cosmo-viewer", "dialout", "sudo"}),
    ("vic", "cosmo-viewer", {"cosmo-admin", "cosmo-developer", "dialout", "sudo"}),
])  # fmt: skip
def test_sign_in__groups_at_idp__role(site, host, user, role, others):
    with site.signed_in(user) as login:
        inside = set(login.ask("id -Gn").split())
    assert {user, "cosmo-users", role} <= inside
    assert not others & inside
    assert groups_of(host, user) == inside


def test_sign_in__group_removed_and_added_at_idp__so_at_the_next(site, host):
    with site.signed_in("ada"):
        assert {"cosmo-admin", "dialout", "sudo"} <= groups_of(host, "ada")
    site.idp.person("ada", groups=["engineering"])
    with site.signed_in("ada") as login:
        inside = set(login.ask("id -Gn").split())
        assert "cosmo-developer" in inside and not {"cosmo-admin", "dialout", "sudo"} & inside
        assert login.ask("sudo -n id -u") != "0"
    assert "ada" not in members_of(host, "cosmo-admin") | members_of(host, "dialout") | members_of(host, "sudo")
    site.idp.person("ada", groups=["cosmo-admins", "engineering"])
    with site.signed_in("ada"):
        assert {"cosmo-admin", "cosmo-developer", "dialout"} <= groups_of(host, "ada")


@pytest.mark.parametrize("mode, cols, rows", [("utf8", 80, 24), ("utf8", 120, 40), ("ascii", 120, 40)])
def test_prompt__screen_as_a_picture__camera_reads_the_complete_uri(site, mode, cols, rows):
    site.configure("prompt", "qr", mode)
    with site.sign_in("ada", cols=cols, rows=rows) as login:
        login.prompt()
        assert login.qr_codes() == [site.idp.complete_uri(login.code)]
        assert Person(site.idp, "ada").approve(login.qr_codes()[0]) == login.code
        login.enter()
        login.shell()


@pytest.mark.parametrize("mode, locale", [("ascii", "C.UTF-8"), ("ascii", "C"), ("utf8", "C")])
def test_prompt__small_or_plain_terminal__url_and_code_readable(site, mode, locale):
    site.configure("prompt", "qr", mode)
    with site.sign_in("ada", cols=80, rows=24, locale=locale) as login:
        login.prompt()  # what has scrolled away does not count
        assert login.url.startswith(site.idp.issuer) and re.fullmatch(r"[A-Z]{4}-[A-Z]{4}", login.code)
        login.approve()
        login.enter()
        login.shell()


def test_sshd__while_waiting__holds_our_objects_and_nothing_in_between(site, host):
    with site.sign_in("ada") as login:
        login.prompt()
        pids = host.run("grep -l pam_cosmo_sso /proc/[0-9]*/maps | cut -d/ -f3").stdout.split()
        assert pids  # the session's process, and the one that converses
        for pid in pids:
            assert host.run(["readlink", f"/proc/{pid}/exe"]).stdout.strip() == host.sshd_program
            objects = re.findall(r"(/\S+\.so\S*)$", host.read(f"/proc/{pid}/maps"), re.M)
            assert OUR_OBJECTS <= {pathlib.Path(path).name for path in objects}
            assert not [path for path in objects if re.search("wrapper|preload|asan", path)]
        environments = host.run("cat /proc/[0-9]*/environ", check=False).stdout
        assert "PATH=" in environments and "LD_PRELOAD" not in environments
        assert host.run(["test", "-e", "/etc/ld.so.preload"], check=False).returncode != 0


def test_host__rebooted__role_kept_and_signs_in(site, host):
    with site.signed_in("ada"):
        before = groups_of(host, "ada")
    host.reboot()
    assert groups_of(host, "ada") == before and "cosmo-admin" in before
    with site.signed_in("ada") as login:
        assert "(cosmo-admin)" in login.ask("id")
