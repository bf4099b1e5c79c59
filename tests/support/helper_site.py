# SPDX-License-Identifier: MIT
"""The helper's configuration, and a rig of it that is connected to a scripted IdP."""
import re
import time

from .pam_rig import installed
from .record import siphash24

ISSUER = "https://idp.example.org"
CONFIG = """
[integration]
issuer = {issuer}
client_id = {client}
claim = groups
{integration}
[rules]
admin = admins
developer = devs
{more}
"""


def config(issuer=ISSUER, client="cosmo-test", integration="", more=""):
    return CONFIG.format(issuer=issuer, client=client, integration=integration, more=more)


class HelperSite:
    """HelperSite(rig, idp): connected from the start, and again with other settings by connect()."""

    def __init__(self, rig, idp):
        self.rig, self.idp = rig, idp
        (rig.folder / "conf/ca.pem").write_bytes(idp.ca_pem)
        self.connect()

    def text(self, more=""):
        ca = f"ca_file = {installed('COSMO_CONF_DIR')}/ca.pem\nalgs = RS256"
        return config(self.idp.issuer, self.idp.CLIENT_ID, ca, more)

    def connect(self, more=""):
        self.rig.connect_with(self.text(more))

    def record_of(self, name):
        return next(iter((self.rig.folder / "state/private/users").glob(name + "*"))).read_text()

    def _result(self, exchange):
        result = exchange.result()
        exchange.all_gone()
        return result

    def sign_in(self, name="ada"):
        return self._result(self.rig.sign_in(name))

    def account(self, service="sshd", name="ada"):
        return self._result(self.rig.ask("ACCOUNT", USER=name, SERVICE=service))

    def user(self, name="ada"):
        """As the administrator is shown one."""
        (user,) = self.rig.ctl("user", "show", name, "--json").json
        return user


class RefreshSite(HelperSite):
    """With people whose records can be made older."""

    def path_of(self, name="ada"):
        return self.rig.folder / "state/private/users" / name

    def change(self, name="ada", **fields):
        """Other values in the record, which stays whole."""
        self.rewrite(self.path_of(name), **fields)

    @staticmethod
    def rewrite(path, **fields):
        """The same in any file of the helper's own."""
        text = path.read_text()
        text = text[: text.index("end = ")]
        for key, value in fields.items():
            text, count = re.subn(rf"^{key} = .*$", f"{key} = {value}", text, flags=re.M)
            assert count == 1, key
        digest = siphash24(b"cosmo-sso file".ljust(16, b"\0"), text.encode())
        path.write_text(f"{text}end = {digest.to_bytes(8, 'little').hex()}\n")

    def age(self, seconds=3600, name="ada"):
        """The roles were confirmed so long ago."""
        self.change(name, confirmed=int(time.time()) - seconds)

    def show_ages(self):
        """In look-ups too, which are made of the records."""
        assert self.rig.ctl("repair").code == 0

    def stored(self, key, name="ada"):
        found = re.findall(rf"^{key} = (.*)$", self.path_of(name).read_text(), flags=re.M)
        return found[0] if found else None
