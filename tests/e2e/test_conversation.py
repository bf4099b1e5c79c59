# SPDX-License-Identifier: MIT
"""What clients and people do while a sign-in is going on: too early, too late, not at all, with other programs."""

import contextlib
import hashlib
import os
import re
import shlex
import signal
import socket
import subprocess

import pytest

from support import lent, port
from support.process import PATIENCE_S, end, watch
from support.screen import code_of, url_of
from support.site import SignIn

GONE_S = 25
DROP_IN = "/etc/ssh/sshd_config.d/05-conversation.conf"


@pytest.fixture(scope="module", autouse=True)
def many_tries(module_site, many_unknown_names):
    """Of known names too, but never two at once under one unknown name."""
    module_site.configure("limits", "user_per_hour", "1000")
    module_site.configure("limits", "unknown_flows", "1")


@pytest.fixture(scope="module")
def ada(module_site, many_tries):
    """Somebody the host knows already."""
    with module_site.signed_in("ada"):
        pass


def sshd_says(host, text):
    host.put(DROP_IN, text)
    host.run(["systemctl", "restart", "ssh"])


@pytest.fixture
def sshd(host):
    """sshd with further lines of configuration, until the test is over."""
    yield lambda text: sshd_says(host, text)
    host.run(f"rm -f {DROP_IN} && systemctl restart ssh")


def wait_gone(site):
    """Once is enough: sshd closes a session some time after its client has gone, and has a helper for that."""
    watch(lambda: not site.conversing(), GONE_S, "the end of all who wait")


def without_terminal(command, **options):
    """A client that belongs to no terminal at all."""
    return subprocess.Popen(
        list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True, **options,
    )  # fmt: skip


# Too early.


# case: conversation: Enter, or Ctrl-D, before the approval: what is approved soon after signs in without another key
@pytest.mark.parametrize("key", ["Enter", "C-d"])
def test_key_before_approval__approved_meanwhile__signs_in(site, ada, key):
    with site.sign_in("ada") as login:
        login.prompt()
        login.terminal.key(key)
        login.approve()
        login.shell()
        assert login.prompts() == 1


# case: conversation: Enter before the approval brings a line with the time left within 20 s, and the code stays good
# case: conversation: a client killed while its Enter is waited upon leaves nobody behind after 25 s
def test_enter_before_approval__asked_again_and_the_killed_are_gone(site, ada, host):
    cursor = host.journal_cursor()
    with site.sign_in("vic") as gone, site.sign_in("ada") as login:
        gone.prompt()
        gone.enter()
        login.prompt()
        login.enter()
        os.kill(gone.terminal.program_pid(), signal.SIGKILL)
        host.wait_journal(r"event=sign_in_cancelled .*reason=cancelled", timeout_s=GONE_S, after=cursor)
        login.terminal.wait_for(r"Still waiting, [01]:\d\d left\. Press Enter after approving\.", joined=True)
        login.approve()
        login.enter()
        login.shell()
        assert login.prompts() == 1
    wait_gone(site)
    assert host.run(["getent", "passwd", "vic"], check=False).returncode == 2


# Not at all.


def press_ctrl_c(login):
    login.terminal.key("C-c")


def kill(login):
    os.kill(login.terminal.program_pid(), signal.SIGKILL)


def close_window(login):
    """To some clients that is an Enter before it is the end."""
    login.terminal.close()


# case: conversation: after Ctrl-C, a killed client and a closed window module, helper, judge and fetch are gone within 25 s
# case: conversation: a cancelled sign-in is logged as cancelled, writes nothing and gives its place back
@pytest.mark.parametrize("leave", [press_ctrl_c, kill, close_window])
def test_client_goes_while_it_is_asked__nobody_and_nothing_left(site, host, leave):
    stored, cursor = site.stored(), host.journal_cursor()
    for _ in range(2):  # unknown_flows is 1: the second would be refused if the first still held its place
        with site.sign_in("kim") as login:
            login.prompt()
            assert site.conversing()
            leave(login)
            wait_gone(site)
    lines = host.decisions(after=cursor)
    assert len(lines) == 2, lines
    for line in lines:
        assert re.search(r"event=sign_in_cancelled name_hash=[0-9a-f]{16} reason=cancelled service=sshd", line)
    assert site.stored() == stored


@pytest.fixture
def far_away(host, sshd):
    """A network of its own, whose cable can be pulled: a function that makes an ssh command start there, and the pulling."""
    holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
    there = ["nsenter", "-t", holder.pid, "-n"]

    def run(*command):
        subprocess.run(list(map(str, command)), check=True)

    watch(lambda: os.readlink(f"/proc/{holder.pid}/ns/net") != os.readlink("/proc/self/ns/net"), PATIENCE_S, "the network")
    run("ip", "link", "add", "here0", "type", "veth", "peer", "name", "there0", "netns", holder.pid)
    run("ip", "addr", "add", "192.0.2.1/24", "dev", "here0")
    run("ip", "link", "set", "here0", "up")
    run(*there, "ip", "addr", "add", "192.0.2.2/24", "dev", "there0")
    run(*there, "ip", "link", "set", "there0", "up")
    sshd("ListenAddress 192.0.2.1\nListenAddress 127.0.0.1\nLoginGraceTime 14\n")

    def client(ssh):
        return [*there, *ssh[:-1], "-o", f"HostKeyAlias=[127.0.0.1]:{host.sshd_port}", ssh[-1].replace("127.0.0.1", "192.0.2.1")]

    yield client, lambda: run(*there, "ip", "link", "set", "there0", "down")
    end(holder)


@pytest.fixture
def short_deadline(site):
    site.configure("service sshd", "deadline", "10s")
    yield
    site.configure("service sshd", "deadline", "110s")


# case: conversation: behind a cut network the service's deadline ends helper, judge and fetch, and LoginGraceTime the module
# case: conversation: a client without a terminal answers unseen, is asked for no second code, and ends by the deadline
def test_nobody_can_see_the_code__ends_by_the_deadline(site, ada, host, far_away, short_deadline):
    client, pull_the_cable = far_away
    stored, cursor, requests = site.stored(), host.journal_cursor(), site.idp.device_requests()
    with SignIn(site, "kim", client=client) as cut:
        cut.prompt()
        pull_the_cable()
        blind = without_terminal(host.ssh("ada", command=["id"]))
        out, err = blind.communicate(timeout=PATIENCE_S)
        assert (blind.returncode, out) == (255, "")
        assert "Code:" not in err and err.count("time for signing in ended") == 1
        watch(lambda: "cosmo-sso-" not in site.conversing(), GONE_S, "the end of ours")
        wait_gone(site)
    lines = host.decisions(after=cursor)
    assert len(lines) == 2 and all("event=sign_in_refused" in line and "reason=deadline" in line for line in lines), lines
    assert site.idp.device_requests() == requests + 2
    assert site.stored() == stored


# case: conversation: in BatchMode the client asks for no code at all and fails at once
def test_batch_mode__fails_without_asking(site, ada, host):
    cursor, requests = host.journal_cursor(), site.idp.device_requests()
    batch = without_terminal(host.ssh("ada", "-o", "BatchMode=yes", command=["id"]))
    out, err = batch.communicate(timeout=PATIENCE_S)
    assert (batch.returncode, out) == (255, "") and "Permission denied" in err
    assert site.idp.device_requests() == requests
    assert host.decisions(after=cursor) == []


# Other options, other windows.


# case: conversation: ssh -q, which hides what servers say, shows the prompt whole, also in the POSIX locale
# case: conversation: ssh -T, without a terminal on the host, is asked as usual
@pytest.mark.parametrize("options, locale", [(["-q"], "POSIX"), (["-T"], "C.UTF-8")])
def test_options__prompt_is_whole(site, ada, options, locale):
    with site.sign_in("ada", options=options, locale=locale, rows=60) as login:
        login.prompt()
        assert re.search(r"^Sign in to \S+ as ada from 127\.0\.0\.1", login.text, re.M)
        assert "Do not approve a sign-in you did not start." in login.text
        login.approve()
        login.enter()
        login.terminal.type("id -un; exit")
        assert login.terminal.exit_status() == 0
        assert re.search(r"^ada$", login.terminal.capture(history=True), re.M)
        assert login.prompts() == 1


# case: conversation: with SSH_ASKPASS the program gets the whole prompt, and its answer is the Enter
def test_askpass__gets_the_prompt(site, ada, host, tmp_path):
    tmp_path.chmod(0o755)
    asked, go, program = (tmp_path / name for name in ("asked", "go", "askpass"))
    program.write_text(f'#!/bin/sh\nprintf %s "$1" > {asked}.part && mv {asked}.part {asked}\n'
                       f"while [ ! -e {go} ]; do sleep 0.1; done\necho\n")  # fmt: skip
    program.chmod(0o755)
    environment = {"PATH": os.environ["PATH"], "SSH_ASKPASS": str(program), "SSH_ASKPASS_REQUIRE": "force", "LC_ALL": "C.UTF-8"}
    client = without_terminal(host.ssh("ada", command=["id", "-un"]), env=environment)
    try:
        watch(asked.exists, PATIENCE_S, "the prompt")
        text = asked.read_text()
        site.person("ada").approve(url_of(text), code_of(text))
        go.touch()
        assert client.communicate(timeout=PATIENCE_S) == ("ada\n", "")
    finally:
        end(client)


# case: conversation: URL and code can be read from the screen in windows of 20x5, 40x12, 60x20 and 200x60
@pytest.mark.parametrize("cols, rows", [(20, 5), (40, 12), (60, 20), (200, 60)])
def test_window__of_any_size__url_and_code_on_the_screen(site, ada, cols, rows):
    with site.sign_in("ada", cols=cols, rows=rows) as login:
        login.prompt()
        assert login.url == site.idp.issuer + "/device" and re.fullmatch(r"[A-Z]{4}-[A-Z]{4}", login.code)
        if cols >= 80:
            assert login.qr_codes() == [site.idp.complete_uri(login.code)]
        kill(login)


# case: conversation: a window made smaller while it waits keeps URL and code, and the sign-in
def test_window__resized_while_waiting__signs_in(site, ada):
    with site.sign_in("ada", cols=120, rows=40) as login:
        login.prompt()
        code = login.code
        login.terminal.resize(60, 20)
        login.terminal.wait_for(r"Press Enter after approving", joined=True)
        login.look()
        assert login.code == code
        login.approve()
        login.enter()
        login.shell()


# Other methods.


# case: conversation: a client that prefers its password gets the one prompt at once: sshd does not offer the method to our users
@pytest.mark.parametrize("user", ["ada", "dev"])
def test_password_preferred__not_offered_and_prompted(site, ada, host, user):
    cursor, requests = host.journal_cursor(), site.idp.device_requests()
    with site.sign_in(user, options=["-o", "PreferredAuthentications=password,keyboard-interactive"]) as login:
        login.prompt()
        assert "password:" not in login.terminal.capture(history=True)
        if user == "dev":  # never seen: only that it is so for such names too
            kill(login)
            return
        login.approve()
        login.enter()
        login.shell()
        assert login.prompts() == 1
    assert site.idp.device_requests() == requests + 1
    assert host.journal("no_prompt|Failed password", after=cursor) == []


@pytest.fixture
def passwords(sshd):
    """As on a host that has the PAM lines, but not our drop-in for sshd."""
    sshd("Match Group cosmo-users\nPasswordAuthentication yes\nMatch all\n")


# case: conversation: a password tried where sshd takes one fails at once, without a request to the IdP or a place of the budget
# case: conversation: after a password was refused the client is not asked again in that connection, and the password is in no log
@pytest.mark.parametrize("user", ["ada", "kim"])
@pytest.mark.parametrize("order", ["password,keyboard-interactive", "password"])
def test_password_tried__refused_at_once_without_a_request(site, ada, host, passwords, user, order):
    cursor, counts = host.journal_cursor(), site.idp.counts()
    with site.sign_in(user, options=["-o", f"PreferredAuthentications={order}"]) as login:
        login.terminal.wait_for(rf"{user}@127\.0\.0\.1's password: ?$")
        login.terminal.type("correct horse battery staple")
        text = login.refused()
    assert text.count("password:") == 1 and "Permission denied" in text and login.prompts_in(text) == 0
    assert site.idp.counts()["requests"] == counts["requests"]
    (refused,) = host.decisions(after=cursor)
    assert "event=sign_in_refused" in refused and "reason=no_prompt" in refused
    assert host.journal("horse", after=cursor) == []


# case: conversation: a key and keyboard-interactive together need the key and one prompt
def test_key_and_code__both_demanded__one_prompt(site, ada, host, sshd):
    sshd("Match User ada\nAuthenticationMethods publickey,keyboard-interactive\n")
    host.authorize_key("home/ada", owner_id=int(host.run(["id", "-u", "ada"]).stdout))
    requests = site.idp.device_requests()
    key_alone = without_terminal(host.ssh("ada", "-o", "PreferredAuthentications=publickey", key=True, command=["id"]))
    assert key_alone.communicate(timeout=PATIENCE_S)[0] == "" and key_alone.returncode == 255
    code_alone = without_terminal(host.ssh("ada", command=["id"]))
    assert code_alone.communicate(timeout=PATIENCE_S)[0] == "" and code_alone.returncode == 255
    assert site.idp.device_requests() == requests
    with site.sign_in("ada", client=lambda _: host.ssh("ada", key=True)) as login:
        login.prompt()
        login.approve()
        login.enter()
        login.shell()
        assert login.prompts() == 1
    assert site.idp.device_requests() == requests + 1
    host.run(["rm", "-r", "/home/ada/.ssh"])


# Other programs.


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    """A file with every byte in it, larger than any buffer on the way."""
    path = tmp_path_factory.mktemp("data") / "big"
    path.write_bytes(os.urandom(2 << 20))
    return path


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def options_of(ssh):
    """ssh's options as scp and sftp take them."""
    return ["-P" if word == "-p" else word for word in ssh[1:-1]]


def signed_in_once(login):
    login.prompt()
    login.approve()
    login.enter()


def ended_with_one_prompt(login):
    assert login.terminal.exit_status() == 0, login.terminal.capture(history=True)
    assert login.prompts() == 1


# case: conversation: scp asks once, on the terminal, and carries its bytes unchanged
def test_scp__one_prompt_and_the_same_bytes(site, ada, host, big):
    with site.sign_in("ada", client=lambda ssh: ["scp", *options_of(ssh), big, ssh[-1] + ":copied"]) as login:
        signed_in_once(login)
        ended_with_one_prompt(login)
    assert host.run(["sha256sum", "/home/ada/copied"]).stdout.split()[0] == digest(big)


# case: conversation: sftp asks once, and carries its bytes unchanged in both directions
def test_sftp__one_prompt_and_the_same_bytes(site, ada, host, big, tmp_path):
    with site.sign_in("ada", client=lambda ssh: ["sftp", *options_of(ssh), ssh[-1]]) as login:
        signed_in_once(login)
        login.terminal.wait_for("^sftp> ?$")
        for line in (f"put {big} put", f"get put {tmp_path}/back", "bye"):
            login.terminal.type(line)
        ended_with_one_prompt(login)
    assert digest(tmp_path / "back") == digest(big)


@pytest.fixture(scope="module")
def rsync(module_site):
    lent.rsync(module_site.host)


# case: conversation: rsync asks once, on the terminal, and carries its bytes unchanged
def test_rsync__one_prompt_and_the_same_bytes(site, ada, host, big, rsync):
    def copying(ssh):
        *words, there = map(str, ssh)
        return ["rsync", "-e", shlex.join(words), big, there + ":synced"]

    with site.sign_in("ada", client=copying) as login:
        signed_in_once(login)
        ended_with_one_prompt(login)
    assert host.run(["sha256sum", "/home/ada/synced"]).stdout.split()[0] == digest(big)


# case: conversation: ssh with a command in a pipe asks on the terminal, and its input and output carry the command's bytes alone
def test_command__one_prompt_and_clean_streams(site, ada, big, tmp_path):
    out = tmp_path / "out"

    def piped(ssh):
        return ["sh", "-c", f"{shlex.join(map(str, [*ssh, 'cat']))} < {big} > {out}"]

    with site.sign_in("ada", client=piped) as login:
        signed_in_once(login)
        ended_with_one_prompt(login)
    assert digest(out) == digest(big)


# case: conversation: ssh -N -L asks once, and the tunnel carries
def test_tunnel__one_prompt_and_it_carries(site, ada, host):
    forward = ["-N", "-o", "ExitOnForwardFailure=yes", "-L"]
    with port.hold() as held:
        forward.append(f"127.0.0.1:{port.number_of(held)}:127.0.0.1:{host.sshd_port}")
        with site.sign_in("ada", options=forward) as login:
            signed_in_once(login)

            def through():
                with contextlib.suppress(OSError), socket.create_connection(held.getsockname()) as tunnel:
                    return tunnel.recv(4) == b"SSH-"

            watch(through, PATIENCE_S, "sshd's greeting through the tunnel")
            assert login.prompts() == 1


# case: conversation: a second session over a connection that stands already (ControlMaster) asks nothing
def test_control_master__second_session__asks_nothing(site, ada, host, tmp_path):
    control = ["-o", f"ControlPath={tmp_path}/control"]
    with site.signed_in("ada", options=["-o", "ControlMaster=yes", *control]):
        requests, cursor = site.idp.device_requests(), host.journal_cursor()
        second = without_terminal(host.ssh("ada", *control, command=["id", "-un"]))
        assert second.communicate(timeout=PATIENCE_S)[0] == "ada\n"
        assert site.idp.device_requests() == requests
        assert host.journal("event=sign_in", after=cursor) == []


# Failures.


# case: conversation: with MaxAuthTries 1 the code gets in; a refusal is said once, and the client does not try again by itself
def test_max_auth_tries_1__in_or_refused_once(site, ada, host, sshd):
    sshd("MaxAuthTries 1\n")
    with site.signed_in("ada") as login:
        assert login.prompts() == 1
    cursor, requests = host.journal_cursor(), site.idp.device_requests()
    with site.sign_in("ada") as login:
        login.prompt()
        login.refuse()
        login.enter()
        text = login.refused()
    assert len(re.findall(r"The sign-in was denied in the browser\.", " ".join(text.split()))) == 1
    assert login.prompts_in(text) == 1 and site.idp.device_requests() == requests + 1
    (refused,) = host.decisions(after=cursor)
    assert "event=sign_in_refused user=ada reason=access_denied" in refused


# case: conversation: a budget that is used up is said once, without a code, and the client does not try again by itself
def test_budget_used_up__said_once(site, ada, host):
    site.configure("limits", "user_per_hour", "1")
    host.run("rm -r /run/cosmo-sso/private/rates")  # the tests before gave up many a sign-in of the same hour
    try:
        with site.sign_in("ada") as login:  # one that succeeds would give its place in the hour back
            login.prompt()
            kill(login)
            wait_gone(site)
        cursor, requests = host.journal_cursor(), site.idp.device_requests()
        with site.sign_in("ada") as login:
            text = login.refused()
    finally:
        site.configure("limits", "user_per_hour", "1000")
    assert "Code:" not in text and len(re.findall(r"(?i)too many", text)) == 1
    assert len(host.journal(r"event=sign_in_refused user=ada reason=budget", after=cursor)) == 1
    assert len(host.decisions(after=cursor)) == 1
    assert site.idp.device_requests() == requests


# case: conversation: a display name with escapes, a colon or a newline reaches nobody's terminal as it is
def test_display_name__hostile__shown_harmless(site, ada, host):
    site.idp.person("ada", claims={"name": "Ada\x1b[2J:\nroot:x:0:0\u202e"})
    with site.signed_in("ada"):
        entry = host.run(["getent", "passwd", "ada"]).stdout
    assert entry.count("\n") == 1 and entry.count(":") == 6
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", entry)
