# SPDX-License-Identifier: MIT
"""At the host's own terminals: login(1) under a getty, su, and greetd with agreety as a second program that signs in."""

import contextlib
import os
import re
import signal
import subprocess

import pytest

from support.browser import Person
from support.console import Console, all_gone, ours_running
from support.doors import PKEXEC
from support.site import LOGIN

# As init does: in a session of its own, and when that ends, again.
GETTY = "line=$(tty); while [ -c $line ]; do setsid -cw agetty --noclear --noissue - xterm <> $line >&0 2>&0; done"
APPROVED_BY_ANOTHER = "The code was approved by somebody else than the user who is signing in."
NOLOGIN = "Down for maintenance until noon."

pytestmark = pytest.mark.usefixtures("many_unknown_names")


@contextlib.contextmanager
def configured(site, section, key, value, shipped):
    site.configure(section, key, value)
    try:
        yield
    finally:
        site.configure(section, key, shipped)


def console(site, user, command=LOGIN, **how):
    return Console(site, command, user, **how)


def ignores_sigint(host, program):
    status = host.run(f"cat /proc/$(pgrep -x {program})/status").stdout
    return bool(int(re.search(r"^SigIgn:\s*(\w+)", status, re.M)[1], 16) >> signal.SIGINT - 1 & 1)


@contextlib.contextmanager
def line_stays(host):
    """login of util-linux has all hung up that its terminal was open in; a line of the machine's outlives that, ours needs
    somebody who opens it afterwards."""
    line = host.run(["ps", "-o", "tty=", "-C", "login"]).stdout.strip()
    holder = subprocess.Popen(host.enter(f"exec sleep infinity < /dev/{line}"), start_new_session=True)
    yield
    os.killpg(holder.pid, signal.SIGKILL)
    holder.wait()


def enrolled(host, user):
    return host.run(["getent", "passwd", user], check=False).returncode == 0


# case: console: somebody never seen signs in at login, scans the QR code, and gets a shell without a key press
# case: console: the code is valid for less than LOGIN_TIMEOUT, so that login does not end first
def test_login__never_seen__result_without_a_key_press(site, host):
    assert not enrolled(host, "dev")
    cursor = host.journal_cursor()
    with console(site, "dev") as login:
        login.name()
        login.prompt()
        left = re.search(r"Valid for 0:(\d\d)", login.screen)
        timeout = re.search(r"^LOGIN_TIMEOUT\s+(\d+)", host.read("/etc/login.defs"), re.M)
        assert 40 < int(left[1]) <= 50 < int(timeout[1])
        assert login.screen.splitlines()[1:4] == ["Sign in to cosmo-host as dev. Approve on this page:", login.url, left.string.splitlines()[3]]
        assert login.qr_codes() == [site.idp.complete_uri(login.code)]
        assert Person(site.idp, "dev").approve(login.qr_codes()[0]) == login.code
        login.shell()
        assert login.ask("id -un; pwd; stat -c %a ~; id -Gn") == "dev\n/home/dev\n700\ndev cosmo-users cosmo-developer"
    line = host.wait_journal("event=sign_in_ok user=dev", after=cursor)
    assert "service=login" in line and "enrolled=yes" in line


# case: console: on a screen too small for the QR code URL and code stay in view
# case: console: Ctrl-C during the wait ends login and all of ours, is no refusal, and the next getty comes
@pytest.mark.parametrize("cols, rows", [(60, 20), (40, 10)])
def test_getty__small_screen_and_ctrl_c__all_gone_and_asks_anew(site, host, cols, rows):
    cursor = host.journal_cursor()
    with console(site, "ada", GETTY, cols=cols, rows=rows) as login:
        login.name()
        login.prompt()
        assert login.url == site.idp.issuer + "/device" and re.fullmatch(r"[A-Z]{4}-[A-Z]{4}", login.code)
        assert "cosmo-host login:" in login.text and login.qr_codes() == []  # nothing has scrolled away
        # login of util-linux ignores the key; a process beside it does not
        assert (beside := ignores_sigint(host, "login")) == (host.release != "bookworm")
        assert len(ours_running(host)) == 3 + beside
        with line_stays(host):
            login.terminal.key("C-c")
            all_gone(host)
            login.terminal.wait_for(r"(?s)Waiting for.*login: ?$", history=True)
        assert host.run(["pgrep", "-x", "login"], check=False).stdout == ""
    host.wait_journal(r"event=sign_in_cancelled name_hash=\S+ .*service=login", after=cursor)
    assert not enrolled(host, "ada")


# case: console: a terminal that goes away ends the sign-in and all of ours
def test_login__hung_up__all_gone(site, host):
    cursor = host.journal_cursor()
    with console(site, "ada") as login:
        login.name()
        login.prompt()
        login.hang_up()
        host.wait_journal("event=sign_in_cancelled .*service=login", after=cursor)
        all_gone(host)
        assert host.run(["pgrep", "-x", "login"], check=False).stdout == ""


# case: console: on a terminal that is not UTF-8 the QR code is drawn in ASCII, or left out where that is too large
@pytest.mark.parametrize("cols, rows, drawn", [(80, 24, False), (120, 45, True)])
def test_login__plain_terminal__readable(site, cols, rows, drawn):
    with console(site, "ada", plain=True, cols=cols, rows=rows) as login:
        login.name()
        login.prompt()
        assert login.screen.isascii() and login.url == site.idp.issuer + "/device"
        assert login.qr_codes() == ([site.idp.complete_uri(login.code)] if drawn else [])
        login.terminal.key("C-c")
        login.ended()


# case: console: with qr = ascii the QR code is drawn in ASCII on any terminal
def test_login__ascii_configured__decodes(site):
    with configured(site, "prompt", "qr", "ascii", "utf8"), console(site, "ada", cols=120, rows=45) as login:
        login.name()
        login.prompt()
        assert login.screen.isascii() and login.qr_codes() == [site.idp.complete_uri(login.code)]
        login.terminal.key("C-c")
        login.ended()


# case: console: a refusal is told in its sentence, no password is asked for, and login asks for a name again
def test_login__approved_by_another__told_and_asked_anew(site, host):
    cursor = host.journal_cursor()
    with console(site, "ada") as login:
        login.name()
        login.prompt()
        login.approve(by="vic")
        login.said(APPROVED_BY_ANOTHER)
        login.terminal.wait_for(r"Login incorrect\s+cosmo-host login: ?$")
        assert "assword" not in login.terminal.capture(history=True)
    host.wait_journal("event=sign_in_refused .*reason=other_user .*service=login", after=cursor)
    assert not enrolled(host, "ada")


# case: console: at the deadline the person is told so, before login's own limit cuts in
def test_login__deadline__told_before_login_gives_up(site, host):
    with configured(site, "service login", "deadline", "10s", "50s"), console(site, "ada") as login:
        login.name()
        login.prompt()
        assert re.search(r"Valid for 0:(0[1-9]|10)", login.screen)
        login.said("The time for signing in ended before the code was approved.")
        login.terminal.wait_for(r"Login incorrect\s+cosmo-host login: ?$")
        assert "timed out" not in login.terminal.capture(history=True)
    assert ours_running(host) == []


@pytest.fixture
def no_login(host):
    host.put("/etc/nologin", NOLOGIN + "\n")
    yield
    host.run(["rm", "/etc/nologin"])


# case: console: while /etc/nologin is there, who signed in at the console sees its text and stays outside
# case: stack: our auth line passes over pam_nologin.so in login's auth phase; it is asked in the account phase
def test_login__nologin__its_text_and_no_shell(site, host, no_login):
    with console(site, "dev") as login:
        login.name()
        login.prompt()
        login.approve()
        login.said(NOLOGIN)
        assert "dev@" not in login.ended()
    assert "uid=0(root)" in site.console_login("root")[1]


# case: console: local users and root sign in at login as without us, and nothing of ours runs
def test_login__local_users__untouched(site, host):
    cursor = host.journal_cursor()
    for user in ("tess", "root"):
        prompt, shown = site.console_login(user)
        assert "Approve" not in prompt and f"({user})" in shown
    assert host.decisions(after=cursor) == []


# su: whose account is opened has to be admitted, and approves where that is asked for; an admin's as shipped.


@pytest.fixture(scope="module")
def known(module_site):
    """ada, an admin, and vic, a viewer, have signed in before; vic's session is kept."""
    with module_site.signed_in("ada"):
        pass
    with module_site.signed_in("vic") as session:
        yield session


@pytest.fixture
def su_asks(site):
    for service in ("su", "su-l"):
        site.configure(f"service {service}", "auth", "device")
    yield
    for service in ("su", "su-l"):
        site.configure(f"service {service}", "auth", "skip")


# case: console: root becomes an admin by su and su - without being asked anything
# case: console: root is refused by su where the target's role is not admitted, and told so
def test_su__root__target_s_role_decides(site, host, known, su_asks):
    requests = site.idp.device_requests()
    for words in (["su", "ada"], ["su", "-", "ada"]):
        done = host.run([*words, "-c", "id -un"], check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "ada\n", "")
        refused = host.run([*words[:-1], "vic", "-c", "id -un"], check=False)
        assert refused.returncode != 0 and refused.stdout == ""
        assert refused.stderr.startswith("Your role does not allow this service.")
    assert site.idp.device_requests() == requests


# case: console: without a word in the configuration su asks nobody for a code; our users have no password either
def test_su__as_shipped__no_code_and_no_way_in(site, host, known):
    requests = site.idp.device_requests()
    with console(site, "ada", "su - ada", by="tess") as su:
        su.password(host.passwords["tess"])
        assert "Authentication failure" in su.ended()
    assert site.idp.device_requests() == requests


# case: console: su by an SSO user shows the target's code on the caller's terminal; approved by the caller it is refused
# case: console: su by an SSO user, approved by the target in a browser, opens the target's session
def test_su__by_an_sso_user__target_approves(site, host, known, su_asks):
    known.clear()
    with configured(site, "access", "su-l", "viewer, admin", "admin"):
        su_approved_by(site, host, known, "vic", "ada")


def su_approved_by(site, host, known, *approvers):
    for approver in approvers:
        known.terminal.type("su - ada")
        known.terminal.wait_for(Console.prompt_end, joined=True)
        known.look()
        assert "as ada." in known.text
        Person(site.idp, approver).approve(known.url, known.code)
        if approver == "vic":
            known.terminal.wait_for("approved by somebody else", joined=True)
            known.shell()
            assert known.ask("id -un") == "vic"
            known.clear()
    known.terminal.wait_for(r"^ada@cosmo-host:.*[$#] ?$")
    known.terminal.type("id -un > /tmp/became; exit")
    known.shell()
    assert host.read("/tmp/became") == "ada\n"


# case: console: su by a local user, approved by the target in a browser, opens the target's session
def test_su__by_a_local_user__target_approves(site, host, known, su_asks):
    with console(site, "ada", "su ada", by="tess") as su:
        su.prompt()
        su.approve()
        su.shell()
        assert su.ask("id -un") == "ada"


# case: console: local users and root come by su where they came without us
def test_su__local_targets__untouched(site, host, known, su_asks):
    assert host.run(["su", "-", "tess", "-c", "id -un"]).stdout == "tess\n"
    for by, to in (("tess", "root"), ("root", "tess")):
        done = host.run(["su", "-", to, "-c", "id -un"], user=by if by != "root" else None, input=host.passwords[to] + "\n")
        assert done.stdout.endswith(f"{to}\n")
    wrong = host.run(["su", "-", "-c", "id"], user="tess", input="wrong\n", check=False)
    assert wrong.returncode != 0 and "uid=" not in wrong.stdout


# polkit: its agent asks whoever is to be an administrator by polkit's own rules; the manual's lines.

POLKIT_RULES = 'polkit.addAdminRule(function(action, subject) {\n    return ["unix-group:sudo", "unix-group:cosmo-admin"];\n});\n'


@pytest.fixture
def polkit(site, host):
    host.put("/etc/polkit-1/rules.d/05-cosmo-sso.rules", POLKIT_RULES)
    host.run("cosmo-ssoctl enable polkit-1 --yes; systemctl restart polkit")  # it reads new rules some time later
    site.configure("service polkit-1", "auth", "device")
    yield
    site.configure("service polkit-1", "auth", "skip")
    host.run("cosmo-ssoctl disable polkit-1 --yes; rm /etc/polkit-1/rules.d/05-cosmo-sso.rules")


def as_admin(screen, user):
    """Of all who may be administrators."""
    number = screen.terminal.wait_for(rf"^ *(\d+)\. .*\b{user}\b[\s\S]*^Choose identity", joined=True)[1]
    screen.terminal.type(number)


# case: console: pkexec shows a short text without a QR code, and runs the program where the admin approved it
# case: console: pkexec runs nothing where somebody else approved it
@pytest.mark.parametrize("approver", ["ada", "vic"])
def test_pkexec__user_of_ours__runs_for_an_admin_who_approves(site, host, known, polkit, approver):
    with console(site, "ada", PKEXEC, by="ada", cols=120) as screen:
        as_admin(screen, "ada")
        text = r"(Sign in to cosmo-host as ada: open (https://\S+) and enter the code (\S+) \(.* did not start\.)"
        text, *where = screen.terminal.wait_for(text, joined=True).groups()
        assert len(text) < 900 and text.isascii()
        Person(site.idp, approver).approve(*where)
        shown = screen.ended()
        assert bool(re.search(r"^root$", shown, re.M)) == (approver == "ada"), shown


# case: console: pkexec lets a local user of the group sudo be the administrator as before, with the password
def test_pkexec__local_user__by_password(site, host, polkit):
    requests = site.idp.device_requests()
    with console(site, "tess", PKEXEC, by="tess") as screen:
        as_admin(screen, "tess")
        screen.password(host.passwords["tess"])
        assert re.search(r"^root$", screen.ended(), re.M)
    assert site.idp.device_requests() == requests


# greetd: another program that converses in its own way, and resolves the name after PAM.

GREETD = '[terminal]\nvt = "none"\n[general]\nsource_profile = false\n' \
         '[default_session]\ncommand = "/usr/sbin/agreety --cmd \'/bin/sh -l\'"\nuser = "_greetd"\n'


@pytest.fixture
def greeter(site, host):
    site.configure("service greetd", "auth", "device")
    host.put("/run/greetd.toml", GREETD)
    yield "greetd --config /run/greetd.toml"
    host.run(["pkill", "-x", "greetd"], check=False)


# case: console: greetd with agreety shows a short text without a QR code, and opens a session without a key press
def test_greetd__somebody_never_seen__short_text_and_session(site, host, greeter):
    site.idp.person("eve", name="Eve", groups=["engineering"])
    with console(site, "eve", greeter) as screen:
        screen.name()
        text = r"^info: (Sign in to cosmo-host as eve: open (https://\S+) and enter the code (\S+) \(.* did not start\.)$"
        text, *where = screen.terminal.wait_for(text, joined=True).groups()
        assert len(text) < 900 and text.isascii()
        Person(site.idp, "eve").approve(*where)
        screen.terminal.wait_for(r"^\$\s*\Z")
        screen.terminal.type("id -un")
        screen.terminal.wait_for(r"^eve$")


# case: console: greetd tells a refusal in its sentence
def test_greetd__refused__told(site, greeter):
    site.configure("service greetd", "auth", "deny")
    with console(site, "ada", greeter) as screen:
        screen.name()
        screen.said("error: Signing in with the code is switched off for this service.")


# Whoever administers the host sees it before anybody else does. The second time it counts.
def test_login_test__root_at_a_terminal__qr_code_time_left_and_what_follows(site, host):
    cursor = host.journal_cursor()
    for words, end in (("--dry-run", "Nothing was written."), ("", "Written down as by a sign-in.")):
        with console(site, "ada", f"cosmo-ssoctl login-test {words}", rows=60) as test:
            test.prompt_end = r"Waiting for the approval \.\.\.\s+4:\d\d left; Ctrl-C ends it\s*$"
            assert "Test sign-in at cosmo-host." in test.prompt()
            assert test.qr_codes() == [site.idp.complete_uri(test.code)]
            assert Person(site.idp, "ada").approve(test.qr_codes()[0]) == test.code
            test.said(f"Would be let in. {end}")
            shown = test.ended()
        assert re.search(r"Name +ada\n(.*\n)*Rules +admin = cosmo-admins +met cosmo-admins\n(.*\n)*Roles +admin", shown), shown
        assert re.search(r"sshd +sign-in: PAM_SUCCESS\n +account: PAM_SUCCESS\n", shown), shown
        host.wait_journal(rf"event=login_test{'_dry' if words else ''} user=ada reason=ok", after=cursor)
