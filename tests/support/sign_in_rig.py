# SPDX-License-Identifier: MIT
"""A whole sign-in without sshd around it: a program that uses PAM, the module, helper, judge and fetch as built, each
where it is installed, against an IdP of the test's."""

import os
import pathlib
import shutil
import subprocess

from .helper_rig import HelperRig
from .pam_rig import installed
from .program import built

CONFIG = """
[integration]
issuer = {issuer}
client_id = {client_id}
{ca_file}
algs = RS256
claim = groups
[rules]
admin = admins
developer = devs
[limits]
user_per_hour = 1000
{limits}
"""
SYSTEM_CERTS, BUNDLE = "/etc/ssl/certs", "ca-certificates.crt"
# What the module says, also when that is nothing, is what the program hears.
SERVICE = "".join(f"{kind} required {{module}}\n" for kind in ("auth", "account", "session", "password"))


class SignInRig(HelperRig):
    """with SignInRig() as rig: rig.connect(idp.issuer, idp.CLIENT_ID, idp.ca_pem); rig.caller("login", "ada", "auth")"""

    def __enter__(self):
        super().__enter__()
        for name in ("pam", "lib"):
            (self.folder / name).mkdir(mode=0o755)
        self._file("nsswitch.conf", "passwd: files cosmo\ngroup: files [SUCCESS=merge] cosmo\nhosts: files\n")
        shutil.copy(built("nss_cosmo/libnss_cosmo.so.2"), self.folder / "lib")
        shutil.copy(built("tests/integration/pam_caller"), self.folder / "caller")
        shutil.copy(built("pam_cosmo_sso/module/pam_cosmo_sso.so"), self.folder / "lib")
        self._file("pam/other", "auth required pam_deny.so\n")
        for name in ("login", "sshd"):
            self.service(name)
        return self

    def service(self, name):
        """A PAM service of our module alone."""
        self._file(f"pam/{name}", SERVICE.format(module=self.folder / "lib/pam_cosmo_sso.so"))

    def clean_store(self):
        """As if nobody had ever signed in, and nothing was ever connected."""
        for folder in ("state", "run"):
            shutil.rmtree(self.folder / folder)
            (self.folder / folder).mkdir(mode=0o755)

    def connect(self, issuer, client_id, ca_pem=None, limits=""):
        """Without a CA of its own it is one that the system trusts."""
        ca_file = f"ca_file = {installed('COSMO_CONF_DIR')}/ca.pem" if ca_pem else ""
        if ca_pem:
            (self.folder / "conf/ca.pem").write_bytes(ca_pem)
            (self.folder / "conf/ca.pem").chmod(0o644)
        self.connect_with(CONFIG.format(issuer=issuer, client_id=client_id, ca_file=ca_file, limits=limits))

    def trust_as_system(self, ca_pem):
        """One more among the machine's own authorities, as update-ca-certificates adds it."""
        certs = self.folder / "certs"
        shutil.copytree(SYSTEM_CERTS, certs, symlinks=True)
        with (certs / BUNDLE).open("ab") as bundle:
            bundle.write(ca_pem)
        (certs / "test.pem").write_bytes(ca_pem)
        hashed = subprocess.run(["openssl", "x509", "-noout", "-hash", "-in", certs / "test.pem"], check=True,
                                stdout=subprocess.PIPE, text=True).stdout.strip()
        (certs / f"{hashed}.0").symlink_to("test.pem")

    def _grafts(self):
        certs = self.folder / "certs"
        return super()._grafts() + ([f"{certs}={SYSTEM_CERTS}"] if certs.exists() else [])

    def forget(self):
        """An empty cache, as on a host that has just been set up."""
        for path in (self.folder / "cache").iterdir():
            path.unlink()

    @property
    def report(self):
        return self.folder / "report"

    def caller_words(self, service, user, *words):
        self.report.unlink(missing_ok=True)
        return [str(word) for word in (self.folder / "caller", self.report, self.folder / "pam", service, user, *words)]

    def caller_environment(self):
        return self._environment() | {"LD_LIBRARY_PATH": str(self.folder / "lib")}

    def caller(self, service, user, *words):
        """The program, in a mount namespace of its own; its report when it has ended."""
        command = self.command(*self.caller_words(service, user, *words))
        subprocess.run(command, check=True, env=self.caller_environment(), timeout=120)
        return self.report.read_text()

    def inside(self, *words, **options):
        """Run a command where everything stands in its place; what it prints."""
        command = self.command(*words)
        environment = self._environment() | {"PATH": os.environ["PATH"]}
        return subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE, text=True, **options).stdout


class Inside:
    """The same rig for a program that was started by inside(): it stands in the namespace itself."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    forget, report, caller_words = SignInRig.forget, SignInRig.report, SignInRig.caller_words

    def caller_environment(self):
        return {"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": str(self.folder / "lib")}
