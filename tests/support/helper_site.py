# SPDX-License-Identifier: MIT
"""The helper's configuration, and a rig of it that is connected to a scripted IdP."""
from .pam_rig import installed

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
