# SPDX-License-Identifier: MIT
"""docs/ssh-keys.md, command by command, from a computer whose user has nothing but what the guide says."""

import contextlib
import json
import pathlib
import re
import subprocess
import time

import pytest

from support import lent, record, root_tree
from support.process import PATIENCE_S
from support.site import SignIn

GUIDE = (pathlib.Path(__file__).resolve().parents[2] / "docs/ssh-keys.md").read_text()
BLOCKS = re.findall(r"^```\n(.*?)^```$", GUIDE, re.M | re.S)
# What the guide calls web1 is the test host.
HOST = "Host web1\n    HostName 127.0.0.1\n    Port {port}\n"
# Another home under the name that ssh looks for it by; nothing of the machine's own is touched.
AT_HOME = 'mount --bind "$1" /root && cd /root && exec env HOME=/root sh -c "$2"'
ENVIRONMENT = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8", "TERM": "dumb"}
NO_SHELL = "This service allows sftp connections only.\n"


def commands(mark, word):
    """The guide's commands of one side that have this word."""
    found = [line[2:] for block in BLOCKS for line in block.splitlines() if line.startswith(mark + " ") and word in line]
    assert found, (mark, word)
    return found


def block(start):
    """The one block that begins so."""
    (found,) = [text for text in BLOCKS if text.startswith(start)]
    return found


class Laptop:
    """A user's own computer, with a key that nobody has seen yet."""

    def __init__(self, site, home):
        self.site, self.home = site, home
        (home / ".ssh").mkdir(mode=0o700)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", home / ".ssh/id_ed25519"], check=True)
        (home / ".ssh/known_hosts").write_text(site.host.known_hosts.read_text())
        (home / ".ssh/config").write_text(HOST.format(port=site.host.sshd_port))

    def argv(self, command):
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", AT_HOME, "sh", self.home, command]

    def run(self, command, check=True):
        """Without a terminal: nothing can be asked."""
        done = subprocess.run([str(word) for word in self.argv(command)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=PATIENCE_S, start_new_session=True, env=ENVIRONMENT)
        if check and done.returncode:
            raise RuntimeError(f"{command} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def at_terminal(self, user, command):
        return SignIn(self.site, user, client=lambda _: self.argv(command))


@pytest.fixture(scope="module")
def laptop(module_site, tmp_path_factory):
    """ada's, who puts her key on the host as the guide says."""
    laptop = Laptop(module_site, tmp_path_factory.mktemp("laptop"))
    (copy_id,) = commands("$", "ssh-copy-id")
    with laptop.at_terminal("ada", copy_id) as login:
        login.prompt()
        login.approve()
        login.enter()
        assert login.terminal.exit_status(PATIENCE_S) == 0, login.terminal.capture(history=True)
        assert login.prompts() == 1
    module_site.host.put("/etc/sudoers.d/cosmo-admin", block("%cosmo-admin"), 0o440)
    return laptop


def let_time_pass(host, seconds, user="ada"):
    record.change(host, user, confirmed=int(time.time()) - seconds)


@contextlib.contextmanager
def disabled(site, seconds=3600):
    """At the IdP, so long ago; afterwards she has signed in again."""
    site.idp.person("ada", disabled=True)
    let_time_pass(site.host, seconds)
    yield
    site.idp.person("ada", disabled=False)
    with site.signed_in("ada"):
        pass


# case: refresh: with a key that ssh-copy-id put there ssh, scp, sftp and rsync ask for no code
def test_guide__once_as_a_user__nothing_is_asked_any_more(laptop, site, host):
    lent.rsync(host)
    (laptop.home / "report.txt").write_text("all is well\n")
    (laptop.home / "site").mkdir()
    (laptop.home / "site/index.html").write_text("<p>hello\n")
    requests = site.idp.device_requests()
    said = [laptop.run(command).stdout for word in ("ssh ada", "scp", "sftp", "rsync") for command in commands("$", word)]
    assert "(cosmo-admin)" in said[0]
    assert (laptop.home / "copy.txt").read_text() == "all is well\n"
    assert host.read("/home/ada/site/index.html") == "<p>hello\n"
    assert site.idp.device_requests() == requests
    (again,) = commands("$", "PubkeyAuthentication=no")
    with laptop.at_terminal("ada", again) as login:
        login.prompt()
        login.approve()
        login.enter()
        login.shell()
        assert "admin" in login.ask("cosmo-ssoctl whoami")


@pytest.fixture
def five_minutes(site, host):
    section, key, value = re.fullmatch(r"\[(\w+)\]\n(\w+) = (\w+)\n", block("[roles]")).groups()
    site.configure(section, key, value)
    (apply,) = commands("#", "apply")
    host.run(apply)
    yield 5 * 60
    site.configure(section, key, "15m")
    host.run(apply)


# case: refresh: a key stops working refresh_after after its owner was disabled at the IdP, no sooner, and user show says why
def test_guide__disabled_at_the_idp__the_key_stops_working(laptop, site, host, five_minutes):
    with disabled(site, five_minutes - 60):
        assert laptop.run("ssh ada@web1 id -un").stdout == "ada\n"
        let_time_pass(host, five_minutes + 1)
        done = laptop.run("ssh ada@web1 id -un", check=False)
        assert (done.returncode, done.stdout) == (255, "")
        (show,) = commands("#", "user show")
        assert "invalid_grant" in host.run(show).stdout
    assert laptop.run("ssh ada@web1 id -un").stdout == "ada\n"


# case: refresh: a connection that stands carries sessions of somebody who is disabled, sudo in it refuses, and session end ends it
def test_guide__shared_connection__stands_until_it_is_ended(laptop, site, host):
    config = laptop.home / ".ssh/config"
    plain = config.read_text()
    config.write_text(plain + block("Host web1"))
    try:
        assert laptop.run("ssh ada@web1 sudo -n id -u").stdout == "0\n"
        with disabled(site):
            assert laptop.run("ssh ada@web1 id -un").stdout == "ada\n"
            done = laptop.run("ssh ada@web1 sudo -n id -u", check=False)
            assert done.returncode == 1 and done.stdout == ""
            assert laptop.run("ssh -o ControlPath=none ada@web1 id -un", check=False).returncode == 255
            (end,) = commands("#", "session end")
            host.run(end)
            assert laptop.run("ssh ada@web1 id -un", check=False).returncode == 255
    finally:
        config.write_text(plain)


@pytest.fixture
def groups(host):
    """The example of the installed product."""
    (copy, reload) = [line for text in BLOCKS if "40-groups.conf" in text for line in text.replace("# ", "").splitlines()]
    host.run(copy)
    host.run(reload)
    yield lambda: host.run("systemctl restart ssh")  # a reload is through before sshd has read its files again
    host.run("rm /etc/ssh/sshd_config.d/40-groups.conf; systemctl restart ssh")


def sign_in_and_run(laptop, user, command):
    """By the code; what the command prints, with an empty input."""
    with laptop.at_terminal(user, f"ssh -o PubkeyAuthentication=no {user}@web1 {command} < /dev/null > {user}.out") as login:
        login.prompt()
        login.approve()
        login.enter()
        login.terminal.exit_status(PATIENCE_S)
    return (laptop.home / f"{user}.out").read_bytes().decode(errors="replace")


# case: refresh: AllowGroups cosmo-users lets in who never was here, and the local groups named, and nobody else
def test_guide__allow_groups__ours_and_the_local_ones_named(laptop, site, host, groups):
    groups()
    assert laptop.run("ssh ada@web1 id -un").stdout == "ada\n"
    site.idp.person("eve", name="Eve", groups=["engineering"])
    assert sign_in_and_run(laptop, "eve", "id -un") == "eve\n"
    for user in ("root", "tess"):
        assert site.key_login(user, "id", "-un") == user
    with pytest.raises(RuntimeError):
        site.key_login("exa", "id", "-un")


# case: refresh: Match Group of a role holds for who has it, and that of viewers for everybody's very first login
def test_guide__match_group_of_viewers__files_and_no_shell(laptop, site, host, groups):
    path = "/etc/ssh/sshd_config.d/40-groups.conf"
    host.put(path, re.sub(r"^#(?=Match|    )", "", host.read(path), flags=re.M))
    groups()
    site.idp.person("kim", name="Kim", groups=["engineering"])
    assert sign_in_and_run(laptop, "kim", "id -un") == NO_SHELL
    assert sign_in_and_run(laptop, "kim", "id -un") == "kim\n"
    for _ in range(2):
        assert sign_in_and_run(laptop, "vic", "id -un") == NO_SHELL
    with laptop.at_terminal("vic", "sftp -o PubkeyAuthentication=no vic@web1") as login:
        login.prompt()
        login.approve()
        login.enter()
        login.terminal.wait_for("^sftp> ?$", PATIENCE_S)


# case: refresh: Ansible works with the key, and --become with the role of now
@pytest.mark.skipif(root_tree.suite() != root_tree.native(), reason="the machine's Ansible and Python are of its own release")
def test_guide__ansible__become_goes_by_the_role_of_now(laptop, site, host):
    lent.python(host)
    (laptop.home / "hosts").write_text(block("web1 ansible_user"))
    ping, become = commands("$", "ansible")
    assert "SUCCESS" in laptop.run(ping).stdout
    assert "\nroot\n" in laptop.run(become).stdout
    site.idp.person("ada", groups=["engineering"])
    let_time_pass(host, 3600)
    cursor = host.journal_cursor()
    done = laptop.run(become, check=False)
    assert done.returncode != 0 and re.search("`(Missing sudo password)`", GUIDE)[1] in done.stdout
    assert host.journal("event=account_refused user=ada reason=service_not_allowed service=sudo", after=cursor)
    assert json.loads(host.run(["cosmo-ssoctl", "user", "show", "ada", "--json"]).stdout)[0]["roles"] == ["developer"]
