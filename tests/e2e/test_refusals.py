# SPDX-License-Identifier: MIT
"""Who does not get in: each cause with its own message and log line, one prompt, nothing written."""

import contextlib
import json
import re
import subprocess

import paramiko
import pytest

from support.process import PATIENCE_S
from support.site import CONFIG, SignIn

pytestmark = pytest.mark.usefixtures("many_unknown_names")


class Attempt:
    """Around one failing login: what it asked of the IdP, what it logged and what it left behind."""

    def __init__(self, site, user="ada", enrolled=False):
        self.site, self.host, self.user, self.enrolled = site, site.host, user, enrolled
        self.stored = site.stored()
        self.requests = site.idp.device_requests()
        self.cursor = self.host.journal_cursor()

    def check(self, text, message, reason, codes=1):
        """On the screen: one prompt and the message. In the log: one refusal, with its reason. Elsewhere: nothing."""
        assert " ".join(message.split()) in " ".join(text.split()), f"{message} is not in:\n{text}"
        assert len(re.findall(r"\bCode:", text)) == codes, text
        assert len(re.findall(rf"^\({self.user}@", text, re.M)) == codes, text
        self.host.wait_journal(rf"event=sign_in_refused .*reason={reason}\b", after=self.cursor)
        lines = self.host.journal(r"event=\S+_refused", after=self.cursor)
        who = f"user={self.user}" if self.enrolled else r"name_hash=[0-9a-f]{16}"
        assert len(lines) == 1 and re.search(rf"event=sign_in_refused {who} reason={reason} service=sshd rhost=127.0.0.1", lines[0])
        assert self.enrolled or not re.search(rf"\b{self.user}\b", lines[0].split("cosmo-sso", 1)[1])
        assert self.site.stored() == self.stored
        assert self.enrolled or self.host.run(["getent", "passwd", self.user], check=False).returncode == 2
        assert not self.site.idp.alive or self.site.idp.device_requests() == self.requests + codes


@pytest.mark.parametrize("enrolled", [False, True])
def test_sign_in__approved_by_another__refused(site, enrolled):
    user = "vic" if enrolled else "ada"
    if enrolled:
        with site.signed_in(user):
            pass
    attempt = Attempt(site, user, enrolled)
    with site.sign_in(user) as login:
        login.prompt()
        login.approve(by="dev")
        login.enter()
        text = login.refused()
    attempt.check(text, "The code was approved by somebody else than the user who is signing in.", "other_user")
    assert site.host.journal("approved_by=dev", after=attempt.cursor)


# What the IdP tells of somebody's groups that gets nobody in: none of them at all, and more than a token may have.
GROUPS = {
    "no_claim": ({"claims": {"ssoGroups": None}}, "role_claim_missing"),
    "over": ({"groups": [f"{number:03d}-{'x' * 226}" for number in range(250)] + ["engineering"]}, "idp_field"),
}


@pytest.mark.parametrize("changes, reason", GROUPS.values(), ids=GROUPS.keys())
def test_sign_in__groups_missing_or_over_the_limit__refused(site, host, changes, reason):
    site.idp.person("max", name="Max", groups=["engineering"])
    site.idp.person("max", **changes)
    stored, cursor = site.stored(), host.journal_cursor()
    with site.sign_in("max") as login:
        login.prompt()
        site.visitor("max").approve(login.url, login.code)
        login.enter()
        login.refused()
    (line,) = host.journal(r"event=\S+_refused", after=cursor)
    assert f"reason={reason} service=sshd" in line and site.stored() == stored


def test_sign_in__in_three_hundred_groups__role(site):
    site.idp.person("zoe", name="Zoe", groups=[f"team-{number}" for number in range(300)] + ["engineering"])
    with site.signed_in("zoe") as login:
        assert "cosmo-developer" in login.ask("id -Gn").split()


@pytest.mark.parametrize("after_login", [False, True])
def test_sign_in__denied_in_browser__refused(site, after_login):
    attempt = Attempt(site)
    with site.sign_in("ada") as login:
        login.prompt()
        login.refuse(after_login=after_login)
        login.enter()
        text = login.refused()
    attempt.check(text, "The sign-in was denied in the browser.", "access_denied")


def test_sign_in__code_expired__refused(site):
    site.idp.control("device_code_seconds", seconds=12)
    attempt = Attempt(site)
    with site.sign_in("ada") as login:
        login.prompt()
        site.host.wait_journal(r"reason=(code_expired|deadline)\b", after=attempt.cursor)
        login.enter()
        text = login.refused()
    attempt.check(text, "The code expired before it was approved.", "code_expired")


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
    attempt.check(text, "The sign-in server could not be reached.", "idp_connect")


def test_sign_in__idp_down_before__unreachable_at_once(site, idp_comes_back):
    attempt = Attempt(site)
    site.idp.kill()
    with site.sign_in("ada") as login:
        text = login.refused()
    attempt.check(text, "The sign-in server could not be reached.", "idp_connect", codes=0)


def test_sign_in__idp_frozen__ends(site, idp_comes_back):
    """A half-dead IdP, whose kernel takes connections that nobody answers."""
    attempt = Attempt(site)
    site.idp.freeze()
    with site.sign_in("ada") as login:
        text = login.refused()
    site.idp.kill()
    attempt.check(text, "The sign-in server did not answer in time.", "idp_timeout", codes=0)


# case: account: over SSH a recycled name is refused until user rebind; then the new person gets in with the same uid
# case: account: over SSH the person who had a name before user rebind is refused afterwards
def test_sign_in__recycled_name__refused_until_bound_anew(site, host):
    with site.signed_in("dev"):
        uid = host.run(["id", "-u", "dev"]).stdout.strip()
    former = json.loads(host.run(["cosmo-ssoctl", "user", "show", "dev", "--json"]).stdout)[0]["sub"]

    def refused():
        attempt = Attempt(site, "dev", enrolled=True)
        with site.sign_in("dev") as login:
            login.prompt()
            login.approve()
            login.enter()
            text = login.refused()
        attempt.check(text, "This login name belongs to another account of your organization.", "other_subject")

    site.idp.person("dev", sub="somebody-new", groups=["cosmo-admins"])
    refused()
    assert host.run(["id", "-u", "dev"]).stdout.strip() == uid
    assert "cosmo-admin" not in host.run(["id", "-Gn", "dev"]).stdout

    assert host.run(["cosmo-ssoctl", "user", "rebind", "dev", "--for", "10m", "--yes"]).stdout.startswith("Name ")
    with site.signed_in("dev") as login:
        assert login.ask("id -u") == uid and "(cosmo-admin)" in login.ask("id")
    assert host.journal(rf"event=rebind_done user=dev .*old_subject={former} subject=somebody-new")
    site.idp.person("dev", sub=former)
    refused()
    host.run(["cosmo-ssoctl", "user", "rebind", "dev", "--subject", former, "--yes"])


@pytest.fixture
def uids_by_claim(site, host):
    kept = host.read(CONFIG)
    site.configure("enroll", "uid_claim", "uidNumber")
    yield
    host.put(CONFIG, kept)
    host.run(["cosmo-ssoctl", "apply"])


def enrolled_with_another_uid(site, user):
    """The sign-in that enrols them, and ends there: sshd froze the uid that they would have without the claim."""
    with site.sign_in(user) as login:
        login.prompt()
        login.approve()
        login.enter()
        text = login.refused()
    assert "Your account was created or changed just now. Please log in again." in " ".join(text.split())
    assert len(re.findall(r"\bCode:", text)) == 1


# case: account: over SSH a first sign-in whose uid_claim differs from what sshd froze ends with "log in again"; the second gets in
def test_sign_in__uid_claim__log_in_again_then_in(site, host, uids_by_claim):
    site.idp.person("mia", groups=["engineering"], claims={"uidNumber": 1879050001})
    enrolled_with_another_uid(site, "mia")
    with site.signed_in("mia") as login:
        assert login.ask("id -u; stat -c %u ~").split() == ["1879050001"] * 2
        assert "(cosmo-developer)" in login.ask("id")


# case: account: a connection whose sshd froze another uid before the name was enrolled by a second one is refused without a code
def test_connection__older_than_the_enrolment__refused_without_a_code(site, host, uids_by_claim):
    """A client that asks what it may do, and with that has sshd resolve the name, and takes its time."""
    site.idp.person("noa", groups=["engineering"], claims={"uidNumber": 1879050002})
    shown = []

    def answer(_title, text, prompts):
        shown.append((text, prompts))
        return [""] * len(prompts)

    with contextlib.closing(paramiko.Transport(("127.0.0.1", host.sshd_port))) as early:
        early.start_client(timeout=PATIENCE_S)
        with pytest.raises(paramiko.BadAuthenticationType):
            early.auth_none("noa")
        enrolled_with_another_uid(site, "noa")
        requests, cursor = site.idp.device_requests(), host.journal_cursor()
        with pytest.raises(paramiko.SSHException):
            early.auth_interactive("noa", answer)
    assert host.wait_journal(r"event=module_refused service=sshd phase=authenticate .*reason=login_again", after=cursor)
    assert site.idp.device_requests() == requests and "Code:" not in str(shown)
    with site.signed_in("noa") as login:
        assert login.ask("id -u") == "1879050002"


def test_sign_in__disabled_at_idp_after_approval__refused(site, host):
    """The IdP's last word counts, not the page: nobody asks for it before the person is gone."""
    attempt = Attempt(site)
    with site.sign_in("ada") as login:
        login.prompt()
        host.run(["pkill", "-STOP", "cosmo-sso-judge"])  # not fetch, of which it would soon think the IdP is silent
        login.approve()
        site.idp.person("ada", disabled=True)
        host.run(["pkill", "-CONT", "cosmo-sso-judge"])
        login.enter()
        text = login.refused()
    attempt.check(text, "The sign-in server no longer accepts this sign-in.", "invalid_grant")


def key_login(host, user):
    argv = host.ssh(user, "-o", "PreferredAuthentications=publickey", key=True, command=["id"])
    return subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL)


@pytest.fixture
def talkative_sshd(host):
    """sshd says at this level which uid it takes a name for."""
    host.put("/etc/ssh/sshd_config.d/05-debug.conf", "LogLevel DEBUG\n")
    host.run(["systemctl", "reload", "ssh"])
    yield
    host.run("rm /etc/ssh/sshd_config.d/05-debug.conf && systemctl restart ssh")


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
    assert host.wait_journal(r"event=module_refused service=sshd phase=account .*reason=not_enrolled", after=cursor)
    assert host.run(["getent", "passwd", "kim"], check=False).returncode == 2
    assert site.idp.device_requests() == requests


ILL_FORMED = [
    "Ada", "ADA", "1ada", "-ada", ".ada", "a" * 33, "a b", "ada;id", "ada@example.org", "../ada", "ad\u00e4", "ada$",
]  # fmt: skip
RESERVED = ["sudo", "postgres", "docker", "lxd", "wheel", "cosmo-admin", "cosmo-users", "daemon", "systemd-network", "exa"]
# getent, where a process asks for itself whether it is sshd: the file is getent's, the name of the program is sshd's.
AS_SSHD = 'mount --bind /usr/bin/getent /usr/sbin/sshd && exec /usr/sbin/sshd passwd -- "$1"'


def seen_by_sshd(host, name):
    return host.run(["unshare", "-m", "sh", "-c", AS_SSHD, "sh", name], check=False)


def test_name__well_formed_and_unknown__known_to_sshd_alone(site, host):
    """What the next test concludes from an empty answer needs one that is not empty."""
    assert seen_by_sshd(host, "kim").stdout.startswith("kim:*:")
    assert host.run(["getent", "passwd", "kim"], check=False).returncode == 2


@pytest.mark.parametrize("name", ILL_FORMED + RESERVED)
def test_name__ill_formed_or_reserved__not_ours(site, host, name, tmp_path):
    local = host.run(["getent", "-s", "files extrausers", "passwd", "--", name], check=False).stdout
    assert bool(local) == (name in ("daemon", "exa", "systemd-network"))
    assert host.run(["getent", "passwd", "--", name], check=False).stdout == local
    assert seen_by_sshd(host, name).stdout == local
    requests, cursor = site.idp.device_requests(), host.journal_cursor()
    with NotOurs(site, name, tmp_path) as login:
        login.terminal.wait_for(r"(?i)password: ?$", joined=True)
        shown = login.terminal.capture(history=True, joined=True).strip()
        # The second is sshd's own: it does not show PAM a name that starts with a dash.
        assert shown in (f"({name}@127.0.0.1) Password:", f"{name}@127.0.0.1's password:")
    assert site.idp.device_requests() == requests
    assert host.decisions(after=cursor) == []


class NotOurs(SignIn):
    """ssh as NAME, by a file: on the command line the client refuses some of these names itself."""

    def __init__(self, site, name, folder):
        (folder / "config").write_text(f'User "{name}"\n')
        super().__init__(site, None, options=["-F", folder / "config"])
