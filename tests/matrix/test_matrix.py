# SPDX-License-Identifier: MIT
"""Every server with every client: what a person sees, what the log says, and that they get in, or do not.

OpenSSH 9.2 is of Debian 12, 10.0 of Debian 13; forky has the newest. What sshd and ssh do with the texts of PAM has changed
more than once between them.
"""

import contextlib
import re
import subprocess


# One version may bear another patch level or be overtaken, but a matrix of one version with itself would show nothing.
VERSIONS = {"bookworm": r"9\.2", "trixie": r"10\.0", "forky": r"10\.([6-9]|\d\d)|1[1-9]\."}
SENTENCES = ("Approve on this page:", "Code:", "Valid for", "Do not approve a sign-in you did not start.", "Press Enter after approving")
DENIED = "The sign-in was denied in the browser."
# Somebody new for each client of a server.
PEOPLE = {"bookworm": ("ada", "cosmo-admin"), "trixie": ("dev", "cosmo-developer"), "forky": ("vic", "cosmo-viewer")}
# What sshd makes of PAM_MAXTRIES.
REFUSED = "error: PAM: Have exhausted maximum number of retries for service for"
QR_ROW = r" *[█▀▄ ]+"


class Log:
    """What sshd and the product say from here on."""

    def __init__(self, host):
        self.host = host
        self.cursor = host.journal_cursor()

    def lines(self, pattern):
        return self.host.journal(pattern, after=self.cursor)

    def check(self):
        """No complaint of sshd's: about a changed user, a conversation, too many messages, a crash. A refusal is said."""
        found = self.lines(r"(?i)PAM_USER|sshd\S*: (error|fatal)\b|segfault|conversation (fail|error)")
        assert [line for line in found if REFUSED not in line] == []


def check_prompt(login, site):
    """All of it, once, in its order, nothing in between; and the picture in it is the address with the code."""
    lines = [line for line in login.prompt().splitlines() if line.strip()]
    assert login.url == site.idp.issuer + "/device" and re.fullmatch(r"[A-Z]{4}-[A-Z]{4}", login.code)
    assert lines[:3] == [
        f"({login.user}@127.0.0.1)",
        f"Sign in to {site.host.name} as {login.user} from 127.0.0.1. Approve on this page:", login.url,
    ]  # fmt: skip
    assert re.fullmatch(rf"Code: {login.code}   Valid for 1:[0-5]\d", lines[3])
    assert lines[4] == "Do not approve a sign-in you did not start."
    assert lines[-1].startswith("Press Enter after approving")
    picture = lines[5:-1]
    assert len(picture) > 10 and all(re.fullmatch(QR_ROW, row) for row in picture), picture
    assert login.qr_codes() == [site.idp.complete_uri(login.code)]


def check_said_once(text, user):
    for sentence in SENTENCES:
        assert text.count(sentence) == 1, (sentence, text)
    assert len(re.findall(rf"^\({user}@", text, re.M)) == 1, text
    assert not re.search(r"\\[0-7]{3}|\x1b", text), text


def history(login):
    return login.terminal.capture(history=True, joined=True)


def enrol(site, user):
    if site.host.run(["getent", "passwd", user], check=False).returncode:
        with site.signed_in(user):
            pass


def get_in(site, user, client):
    """A whole sign-in, looked at; what `id` says in the session."""
    log, requests = Log(site.host), site.idp.device_requests()
    with site.sign_in(user, client=client) as login:
        check_prompt(login, site)
        login.approve()
        login.enter()
        login.shell()
        check_said_once(history(login), user)
        shown = login.ask("id")
    assert site.idp.device_requests() == requests + 1
    assert len(log.lines(rf"sshd.*Accepted keyboard-interactive/pam for {user} ")) == 1
    log.check()
    return shown


def test_trees__versions__are_the_ones_meant(client):
    release = client.args[0]
    told = subprocess.run(client(["ssh", "-V"]), capture_output=True, text=True).stderr
    assert re.match(rf"OpenSSH_({VERSIONS[release]})", told), told


# case: conversation: every server with every client shows one prompt, whose QR is the complete URI, and lets in, twice
def test_sign_in__every_server_with_every_client__first_and_again(site, client):
    user, role = PEOPLE[client.args[0]]
    assert site.host.run(["getent", "passwd", user], check=False).returncode == 2
    first = get_in(site, user, client)
    assert f"({user})" in first and f"({role})" in first
    assert get_in(site, user, client) == first


# case: conversation: a denial shows its sentence once and no second prompt, in every server with every client
def test_sign_in__denied__sentence_once_and_one_prompt(site, client):
    log, requests = Log(site.host), site.idp.device_requests()
    with site.sign_in("ada", client=client) as login:
        login.prompt()
        login.refuse()
        login.enter()
        text = login.refused()
    check_said_once(text, "ada")
    assert " ".join(text.split()).count(DENIED) == 1, text
    assert site.idp.device_requests() == requests + 1
    assert len(log.lines("event=sign_in_refused .*reason=access_denied")) == 1
    log.check()


# case: conversation: Enter too early shows one more line and loses nothing, in every server with every client
def test_sign_in__enter_before_approval__one_line_more(site, clients):
    """The line comes after a while, so the clients wait for it together."""
    for client in clients:  # a host lets only two in at once that it does not know
        enrol(site, PEOPLE[client.args[0]][0])
    with contextlib.ExitStack() as stack:
        logins = [stack.enter_context(site.sign_in(PEOPLE[client.args[0]][0], client=client)) for client in clients]
        for login in logins:
            login.prompt()
            login.enter()
        for login in logins:
            login.terminal.wait_for(r"Still waiting, \d:\d\d left\. Press Enter after approving\.")
            text = history(login)
            assert text.count("Still waiting") == 1 and text.count("Code:") == 1 and text.count("Approve on this page:") == 1
            login.look(history=True)
            login.approve()
            login.enter()
            login.shell()


# case: conversation: the prompt comes whole to a quiet client (ssh -q) of any version
def test_prompt__quiet_client__whole(site, client):
    with site.sign_in("ada", client=client, options=["-q"]) as login:
        check_prompt(login, site)
        login.approve()
        login.enter()
        login.shell()


# case: conversation: a local user's password prompt is as without us, in every server with every client
def test_local_user__every_server_with_every_client__own_prompt_alone(site, client):
    requests = site.idp.device_requests()
    with site.sign_in("tess", client=client) as login:
        login.terminal.wait_for(r"^\(tess@127\.0\.0\.1\) Password: ?$")
        assert history(login).strip() == "(tess@127.0.0.1) Password:"
        login.terminal.type(site.host.passwords["tess"])
        login.shell()
    assert site.idp.device_requests() == requests


# case: conversation: names are resolved, and PAM is asked, in no other program of sshd's than those of sshd_paths
def test_sshd__while_waiting__our_objects_are_where_the_configuration_says(site):
    with site.sign_in("ada") as login:
        login.prompt()
        pids = site.host.run("grep -lE 'pam_cosmo_sso|libnss_cosmo' /proc/[0-9]*/maps | cut -d/ -f3").stdout.split()
        programs = {site.host.run(["readlink", f"/proc/{pid}/exe"]).stdout.strip() for pid in pids}
        assert {program for program in programs if "/sshd" in program} == {site.host.sshd_program}


# case: conversation: while sshd asks PAM for another service than sshd, names of people never seen stay unknown to it
def test_enable__other_pam_service__refused_and_nobody_unknown(site):
    """Where sshd does not know the setting, its own refusal does the same."""
    site.host.put("/etc/ssh/sshd_config.d/00-other.conf", "PAMServiceName other\n")
    try:
        done = site.host.run(site.enable_command, check=False)
        assert done.returncode == 4 and re.search("pamservicename sshd|(?i:bad configuration option)", done.stderr), done
    finally:
        site.host.run("rm /etc/ssh/sshd_config.d/00-other.conf")
