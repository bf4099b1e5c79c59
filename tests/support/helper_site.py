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
