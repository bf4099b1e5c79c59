# SPDX-License-Identifier: MIT
"""A host that is connected to an IdP the way its manual says, and people who sign in to it."""

import re
import subprocess

import pexpect

from .browser import Person
from .form_visitor import FormVisitor
from .process import PATIENCE_S, watch
from .screen import Terminal, code_of, url_of

CONFIG = "/etc/cosmo-sso/cosmo-sso.conf"
CA_FILE = "/etc/cosmo-sso/idp-ca.pem"
RULES = ("admin=cosmo-admins", "developer=engineering")
# As a getty has it, a session of its own: login of util-linux (Debian 13) hangs up its terminal and takes it anew.
LOGIN = "setsid -cw login"
PROMPT_END = r"Press Enter after approving( \S+ at \S+)?:\s*$"


class Site:
    def __init__(self, idp, host):
        self.idp = idp
        self.host = host

    # -- setting up -----------------------------------------------------------

    def set_up(self, build_dir):
        """Nothing but `meson install`, `connect` and `enable`."""
        self.host.install(build_dir)
        self.host.boot()
        self.connect()
        self.enable()

    def connect_command(self, client_id="cosmo-host", *options):
        rules = [word for rule in RULES for word in ("--rule", rule)]
        return [
            "cosmo-ssoctl", "connect", "--issuer", self.idp.issuer, "--client-id", client_id, "--ca-file", CA_FILE,
            "--claim", "ssoGroups", *rules, *options, "--yes",
        ]  # fmt: skip

    enable_command = ("cosmo-ssoctl", "enable", "nss", "sshd", "login", "sudo", "su", "--yes")

    def connect(self):
        self.host.put(CA_FILE, self.idp.ca_file.read_text())
        self.host.run(self.connect_command())

    def enable(self):
        self.host.run(self.enable_command)

    def configure(self, section, key, value):
        """As an administrator's editor would: set one key, then let the product check its file."""
        lines = self.host.read(CONFIG).splitlines()
        header, entry = f"[{section}]", f"{key} = {value}"
        if header not in lines:
            lines += ["", header]
        start = lines.index(header) + 1
        stop = next((at for at in range(start, len(lines)) if lines[at].startswith("[")), len(lines))
        kept = [line for line in lines[start:stop] if not re.match(rf"{re.escape(key)}\s*=", line)]
        lines[start:stop] = [entry, *kept]
        self.host.put(CONFIG, "\n".join(lines) + "\n")
        self.host.run(["cosmo-ssoctl", "check-config"])

    def stored(self):
        """A digest of everything of ours that outlives a reboot, and the homes."""
        return self.host.run("find /var/lib/cosmo-sso -type f | sort | xargs sha256sum; ls -A /home").stdout

    def conversing(self):
        """The host's processes that wait for somebody's approval: sshd's, and all of ours."""
        ours = "cosmo-sso-(helper|judge|fetch)"
        return self.host.run(["pgrep", "-fa", rf"{ours}|\[(pam|net)\]"], check=False).stdout

    # -- people ---------------------------------------------------------------

    def person(self, user):
        """With a browser, before the pages of this IdP."""
        return getattr(self.idp, "Person", Person)(self.idp, user)

    def visitor(self, user):
        """The same without one."""
        return getattr(self.idp, "Visitor", FormVisitor)(self.idp, user)

    def sign_in(self, user, **terminal):
        return SignIn(self, user, **terminal)

    def signed_in(self, user, **terminal):
        """A SignIn that has its shell, approved by the IdP's forms; with the browser: sign_in() and approve()."""
        return SignIn(self, user, approved=True, **terminal)

    def password_login(self, user, command, *options):
        """A local account's `ssh user@host command` by password; the command's output."""
        status, prompt, output = self.password_transcript(user, command, *options)
        if status != 0:
            raise RuntimeError(f"{user}'s password login ended with {status}:\n{prompt}{output}")
        return output.replace("\r\n", "\n").strip()

    def key_login(self, user, *command):
        """The same by the host's key, without anybody to ask."""
        argv = self.host.ssh(user, "-o", "BatchMode=yes", key=True, command=command)
        done = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise RuntimeError(f"{user}'s key login ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout.strip()

    def password_transcript(self, user, command, *options, password=None):
        """The same to the letter: exit status, what stood before the password was typed, and what came after."""
        argv = [str(word) for word in self.host.ssh(user, *options, command=[command])]
        client = pexpect.spawn(argv[0], argv[1:], timeout=PATIENCE_S, encoding="utf-8")
        try:
            client.expect(r"(?i)password: ?")
            prompt = client.before + client.after
            client.sendline(password or self.host.passwords[user])
            client.expect(pexpect.EOF)
            output = client.before
        finally:
            client.close()
        return client.exitstatus, prompt, output

    def console_login(self, user):
        """A local account at login(1) on a terminal of the host: what it is asked, and what `id` says then."""
        argv = self.host.enter(["script", "-qec", LOGIN, "/dev/null"])
        console = pexpect.spawn(argv[0], argv[1:], timeout=PATIENCE_S, encoding="utf-8")
        try:
            console.expect("login: ")
            console.sendline(user)
            console.expect("(?i)password: ?")
            prompt = console.before + console.after
            console.sendline(self.host.passwords[user])
            console.expect(rf"{user}@{self.host.name}:.*[$#] ")
            console.sendline("id; exit")
            console.expect(r"uid=[^\r\n]*")
            shown = console.after
            console.expect(pexpect.EOF)
        finally:
            console.close()
        return prompt, shown


class SignIn:
    """
    One `ssh USER@HOST` in a terminal of its own:

    with site.sign_in("ada") as login:
        login.prompt(); login.approve(); login.enter(); login.shell(); login.ask("id")

    `client` makes of the machine's ssh command that of another client.
    """

    prompt_end = PROMPT_END

    def __init__(self, site, user, approved=False, options=(), client=None, **terminal):
        self.site = site
        self.user = user
        self.screen = self.text = ""
        self._approved = approved
        self._asked = 0
        ssh = site.host.ssh(user, *options)
        self.terminal = Terminal(client(ssh) if client else ssh, **{"cols": 120, "rows": 40, **terminal})

    def __enter__(self):
        self.terminal.__enter__()
        if self._approved:
            try:
                self.prompt()
                self.site.visitor(self.user).approve(self.url, self.code)
                self.enter()
                self.shell()
            except BaseException:
                self.terminal.__exit__()
                raise
        return self

    def __exit__(self, *_):
        self.terminal.__exit__()

    def prompt(self):
        """Wait for the prompt; from here on `screen`, `text`, `url`, `code` and `qr_codes()` are what it shows."""
        self.terminal.wait_for(self.prompt_end, PATIENCE_S, joined=True)
        self.look()
        return self.screen

    def look(self, history=False):
        """Read the screen (with `history` also what has left it): row by row, and with wrapped lines made whole."""
        self.screen = self.terminal.capture(history=history)
        self.text = self.terminal.capture(history=history, joined=True)

    @property
    def url(self):
        return url_of(self.text)

    @property
    def code(self):
        return code_of(self.text)

    def qr_codes(self, light_on_dark=True):
        return self.terminal.picture(light_on_dark).qr_codes()

    def approve(self, by=None):
        """Somebody opens the URL on the screen, types the code if the page asks for it, and allows it."""
        return self.site.person(by or self.user).approve(self.url, self.code)

    def refuse(self, by=None, **how):
        self.site.person(by or self.user).refuse(self.url, self.code, **how)

    def enter(self):
        self.terminal.type("")

    @property
    def _shell_prompt(self):
        return rf"{re.escape(self.user)}@{re.escape(self.site.host.name)}:.*[$#] ?$"

    def shell(self):
        self.terminal.wait_for("^" + self._shell_prompt, PATIENCE_S)

    def clear(self):
        """A screen with nothing but the shell's prompt."""
        self.terminal.type("clear")
        self.terminal.wait_for(rf"\A{self._shell_prompt}\s*\Z", PATIENCE_S)

    def refused(self):
        """Wait until the client gave up; everything it showed. A second prompt is a failure, not something to wait upon."""
        watch(lambda: self.terminal.ended() or self.prompts() > 1, PATIENCE_S, "the client's end")
        if self.prompts() > 1:
            raise AssertionError(f"asked again after a failure:\n{self.terminal.capture(history=True, joined=True)}")
        status = self.terminal.exit_status(PATIENCE_S)
        text = self.terminal.capture(history=True, joined=True)
        if status != 255:
            raise AssertionError(f"ssh ended with {status}, not refused:\n{text}")
        return text

    def prompts(self):
        """How many prompts there have been, without the lines that only say what time is left."""
        return self.prompts_in(self.terminal.capture(history=True, joined=True))

    @staticmethod
    def prompts_in(text):
        return len(re.findall(r"\bCode: ", text))

    def ask(self, command, timeout_s=PATIENCE_S):
        """What a command typed into the shell prints."""
        self._asked += 1
        mark, shown = f"echo END$((100+{self._asked}))=$?", f"END{100 + self._asked}="
        self.terminal.type(f"{command}; {mark}")
        self.terminal.wait_for(rf"^{shown}\d+\n{self._shell_prompt}", timeout_s, history=True, joined=True)
        text = self.terminal.capture(history=True, joined=True)
        return text.split(mark, 1)[1].split(shown, 1)[0].strip()
