# SPDX-License-Identifier: MIT
"""What tools/demo runs: a connected host and an IdP, for a person to try or driven by itself."""

import contextlib
import os
import shlex
import shutil
import signal
import socket
import sys
import tempfile

from . import idp as idp_module
from . import namespace, product, root_tree
from .browser import Person, close_all
from .host import TestHost
from .idp import Idp
from .site import RULES, Site

PEOPLE = {"ada": "cosmo-admin", "dev": "cosmo-developer", "vic": "cosmo-viewer"}

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Wide enough for the line that `id` prints.
COLS = 120


def say(text=""):
    print(text, flush=True)


def framed(title, text, cols):
    """A screen as its user sees it, with a border so that its edges show."""
    say(f"+-- {title} " + "-" * max(0, cols - len(title) - 4) + "+")
    for line in text.rstrip().splitlines():
        say("|" + line.ljust(cols) + "|")
    say("+" + "-" * cols + "+")


def refuse_taken_ports(*ports):
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                sys.exit(f"tools/demo: port {port} of 127.0.0.1 is taken; stop what listens there and try again")


def say_what_was_typed(site):
    say("The host was set up by `meson install` and these commands, nothing else:")
    say("  # " + shlex.join(site.connect_command()))
    say("  # " + shlex.join(site.enable_command))
    say()


def say_how_to_try(site):
    people = site.idp.control("people")
    say("Sign in from another terminal of this machine, as one of:")
    for name, role in PEOPLE.items():
        groups = ", ".join(people[name]["claims"]["ssoGroups"]) or "none"
        say(f"  {name}   password at the IdP: {people[name]['password']}   groups there: {groups}   becomes {role}")
    say()
    known = shlex.quote(f"UserKnownHostsFile={site.host.known_hosts}")
    say(f"  ssh -p {site.host.sshd_port} -o {known} ada@127.0.0.1")
    say()
    say(f"Open the page it shows ({site.idp.issuer}/device) in a browser of this machine, type the code, sign in")
    say("with the name and password above, come back and press Enter. The page's certificate is from a CA made for")
    say(f"this demo: {site.idp.ca_file}")
    say("From a machine elsewhere, carry the page over first: ssh -L 9443:localhost:9443 THIS-MACHINE")
    say()
    say("Beside them there are local accounts, which have nothing to do with the IdP:")
    say(f"  root, password {site.host.passwords['root']}; tess (in sudo), password {site.host.passwords['tess']}")
    say()
    say("Rules: " + "; ".join(RULES) + "; everybody else is a viewer.   Ctrl-C takes everything down.")


def show_sign_in(site, user):
    """One person, reading nothing but the screen; whether `id` shows the role."""
    with site.sign_in(user, cols=COLS, rows=40) as login:
        say(f"$ ssh {user}@{site.host.name}")
        framed(f"{user}'s terminal", login.prompt(), COLS)
        codes = login.qr_codes()
        say(f"A camera reads this from the screen: {codes[0] if codes else 'nothing'}")
        if not codes:
            return False
        shown = Person(site.idp, user).approve(codes[0])
        say(f"{user} opens it in a browser; the page shows the code {shown}, {user} signs in and allows it.")
        if shown != login.code:
            say(f"the screen shows another code: {login.code}")
            return False
        login.enter()
        login.shell()
        login.clear()
        login.terminal.type("pwd; id")
        login.terminal.wait_for(r"^uid=")
        login.shell()
        text = login.terminal.capture(joined=True)
        framed(f"{user}'s terminal", login.terminal.capture(), COLS)
        say()
        return f"({PEOPLE[user]})" in text


def demonstrate(site):
    wrong = [user for user in PEOPLE if not show_sign_in(site, user)]
    if wrong:
        sys.exit(f"tools/demo: not signed in as they should be: {', '.join(wrong)}")
    say("All three are signed in with the roles that their groups at the IdP give them.")


def main(automatic):
    say("building...")
    build_dir = product.build()
    root_tree.ensure()
    idp_module.ensure()
    if not automatic:
        refuse_taken_ports(TestHost.sshd_port, Idp().port)
    # Driven by itself it needs no one else's network, so it cannot clash with anything.
    namespace.enter(network=automatic)
    say("starting the IdP and the host...")
    with Idp() as idp, TestHost("cosmo-demo") as host:
        site = Site(idp, host)
        site.set_up(build_dir)
        say_what_was_typed(site)
        if automatic:
            demonstrate(site)
            return
        say_how_to_try(site)
        while True:
            signal.pause()


def stop(*_):
    raise KeyboardInterrupt


@contextlib.contextmanager
def own_folder():
    """All temporary files lie in one folder, which goes with us, whatever step an interrupt breaks off."""
    stopped = []
    for number in STOPPING:
        signal.signal(number, lambda *_: stopped.append(True))
    folder = tempfile.mkdtemp(prefix="cosmo-sso-demo-")
    try:
        for number in STOPPING:
            signal.signal(number, stop)
        if stopped:
            raise KeyboardInterrupt
        os.chmod(folder, 0o755)
        tempfile.tempdir = os.environ["TMPDIR"] = folder
        try:
            yield
        finally:
            close_all()  # a browser that is still open would write into the folder once more
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    try:
        with own_folder():
            main("--auto" in sys.argv[1:])
    except KeyboardInterrupt:
        say("\neverything is down again")
    except (RuntimeError, TimeoutError) as error:
        sys.exit(f"tools/demo: {error}")
