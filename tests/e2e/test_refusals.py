# SPDX-License-Identifier: MIT
"""Who does not get in: each cause with its own message and log line, one prompt, nothing written."""

import re
import subprocess

import pytest

from support.site import SignIn


@pytest.fixture(scope="module", autouse=True)
def many_unknown_names(module_site):
    """More names are tried here in an hour than a host allows by default."""
    module_site.configure("limits", "unknown_per_source_hour", "1000")
    module_site.configure("limits", "unknown_per_host_hour", "1000")


def stored(host):
    """A digest of everything that outlives a reboot."""
    return host.run("find /var/lib/cosmo-sso -type f | sort | xargs -r sha256sum").stdout


class Attempt:
    """Around one failing login: what it asked of the IdP, and what it left behind."""

    def __init__(self, site):
        self.site, self.host = site, site.host
        self.stored = stored(self.host)
        self.requests = site.idp.device_requests()
        self.cursor = self.host.journal_cursor()

    def check(self, text, message, reason, user):
        assert re.search(message, text), f"{message} is not in:\n{text}"
        assert len(re.findall(r"\bCode:", text)) == 1, text
        line = self.host.wait_journal(rf"event=\S+.*user={user}\b.*reason={reason}\b", after=self.cursor)
        assert "event=" in line
        assert stored(self.host) == self.stored

    def check_one_request(self):
        assert self.site.idp.device_requests() == self.requests + 1


@pytest.mark.parametrize("user", ["ada", "enrolled"])
def test_sign_in__approved_by_another__refused(site, user):
    if user == "enrolled":
        user = "vic"
        with site.signed_in(user):
            pass
    attempt = Attempt(site)
    with site.sign_in(user) as login:
        login.prompt()
        login.approve(by="dev")
        login.enter()
        text = login.refused()
    attempt.check(text, r"(?i)(other|another|different|somebody|someone)", "other_user", user)
    attempt.check_one_request()


@pytest.mark.parametrize("after_login", [False, True])
def test_sign_in__denied_in_browser__refused(site, after_login):
    attempt = Attempt(site)
    with site.sign_in("ada") as login:
        login.prompt()
        login.refuse(after_login=after_login)
        login.enter()
        text = login.refused()
    attempt.check(text, r"(?i)(refused|denied|rejected|declined)", "access_denied", "ada")
    attempt.check_one_request()


def test_sign_in__code_expired__refused(site):
    site.idp.control("device_code_seconds", seconds=12)
    attempt = Attempt(site)
    with site.sign_in("ada") as login:
        login.prompt()
        site.host.wait_journal(r"reason=(code_expired|deadline)\b", after=attempt.cursor)
        login.enter()
        text = login.refused()
    attempt.check(text, r"(?i)(expired|too late|no longer valid|ran out)", "(code_expired|deadline)", "ada")
    attempt.check_one_request()


@pytest.fixture
def idp_comes_back(the_idp):
    yield
    the_idp.kill()
    the_idp.start()


def test_sign_in__idp_killed_while_waiting__unreachable(site, idp_comes_back):
    site.idp.control("device_code_seconds", seconds=20)
    attempt = Attempt(site)
    with site.sign_in("ada") as login:
        login.prompt()
        site.idp.kill()
        login.enter()
        text = login.refused()
    attempt.check(text, r"(?i)(reach|answer|respond|contact)", "idp_[a-z_]+", "ada")


def test_sign_in__idp_down_before__unreachable_at_once(site, idp_comes_back):
    cursor = site.host.journal_cursor()
    site.idp.kill()
    with site.sign_in("ada") as login:
        text = login.refused()
    assert "Code:" not in text
    assert site.host.wait_journal(r"event=.*user=\S+.*reason=idp_", after=cursor)


def test_sign_in__idp_frozen__ends(site, idp_comes_back):
    """A half-dead IdP, whose kernel takes connections that nobody answers."""
    site.idp.freeze()
    with site.sign_in("ada") as login:
        assert "Code:" not in login.refused()


def test_sign_in__recycled_name__refused(site, host):
    with site.signed_in("dev"):
        uid = host.run(["id", "-u", "dev"]).stdout
    site.idp.person("dev", sub="somebody-new", groups=["cosmo-admins"])
    attempt = Attempt(site)
    with site.sign_in("dev") as login:
        login.prompt()
        login.approve()
        login.enter()
        text = login.refused()
    attempt.check(text, ".", "other_subject", "dev")
    assert host.run(["id", "-u", "dev"]).stdout == uid
    assert "cosmo-admin" not in host.run(["id", "-Gn", "dev"]).stdout


def test_sign_in__disabled_at_idp_after_approval__refused(site):
    """The IdP's last word counts, not the page."""
    with site.sign_in("ada") as login:
        login.prompt()
        site.idp.person("ada", disabled=True)
        login.refuse()
        login.enter()
        login.refused()


def key_login(host, user):
    argv = host.ssh(user, "-o", "PreferredAuthentications=publickey", key=True, command=["id"])
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


@pytest.fixture
def talkative_sshd(host):
    """sshd says at this level which uid it takes a name for."""
    host.put("/etc/ssh/sshd_config.d/05-debug.conf", "LogLevel DEBUG\n")
    host.run(["systemctl", "reload", "ssh"])
    yield
    host.run("rm /etc/ssh/sshd_config.d/05-debug.conf && systemctl reload ssh")


def test_key__left_over_home_of_unknown_name__opens_nothing(site, host, talkative_sshd):
    """The home's owner is the very uid that sshd was told, so that it takes the key: the account phase refuses."""
    requests, cursor = site.idp.device_requests(), host.journal_cursor()
    assert key_login(host, "kim").returncode == 255
    told = host.wait_journal(r"temporarily_use_uid: [1-9]\d*/", after=cursor)
    host.authorize_key("home/kim", owner_id=int(re.search(r"temporarily_use_uid: (\d+)/", told)[1]))
    host.run("chown --reference=/home/kim/.ssh /home/kim")
    cursor = host.journal_cursor()
    attempt = key_login(host, "kim")
    assert attempt.returncode == 255 and attempt.stdout == ""
    assert host.wait_journal("Accepted key .*found at .*/home/kim", after=cursor)  # else this shows nothing
    assert host.wait_journal("user kim by PAM account configuration", after=cursor)
    assert host.wait_journal(r"event=.*user=\S+.*reason=not_enrolled", after=cursor)
    assert host.run(["getent", "passwd", "kim"], check=False).returncode == 2
    assert site.idp.device_requests() == requests


ILL_FORMED = [
    "Ada", "ADA", "1ada", "-ada", ".ada", "a" * 33, "a b", "ada;id", "ada@example.org", "../ada", "ad\u00e4", "ada$",
]  # fmt: skip
RESERVED = ["sudo", "postgres", "docker", "lxd", "wheel", "cosmo-admin", "cosmo-users", "daemon", "systemd-network"]


@pytest.mark.parametrize("name", ILL_FORMED + RESERVED)
def test_name__ill_formed_or_reserved__not_ours(site, host, name):
    known = host.run(["getent", "passwd", "--", name], check=False)
    assert "cosmo" not in known.stdout and (known.returncode == 2 or name in RESERVED)
    requests, cursor = site.idp.device_requests(), host.journal_cursor()
    with NotOurs(site, name) as login:
        login.terminal.wait_for(r"(?i)password:|denied|closed|reset|invalid", 60)
        assert "Code:" not in login.terminal.capture(history=True)
    assert site.idp.device_requests() == requests
    assert host.journal(r"event=.*user=" + re.escape(name) + r"\b", after=cursor) == []


class NotOurs(SignIn):
    """`ssh -l NAME`, for names that user@host cannot spell."""

    def __init__(self, site, name):
        super().__init__(site, "nobody", options=["-l", name])
