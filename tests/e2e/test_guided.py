# SPDX-License-Identifier: MIT
"""A host is set up by the dialog of `connect` at root's terminal, with the sign-in that it offers; then that person comes over SSH."""

import pytest

from support.console import Console
from support.host import TestHost
from support.process import PATIENCE_S
from support.site import CA_FILE, Site


@pytest.fixture(scope="module")
def module_site(the_idp, build_dir):
    """Installed and booted; nothing is connected or switched on."""
    the_idp.reset()
    with TestHost() as host:
        site = Site(the_idp, host)
        host.install(build_dir)
        host.boot()
        host.put(CA_FILE, the_idp.ca_file.read_text())
        yield site


class Dialog(Console):
    """Root answers question by question."""

    prompt_end = r"Waiting for the approval \.\.\.\s+\d:\d\d left; Ctrl-C ends it\s*$"

    def answer(self, question, text):
        self.terminal.wait_for(rf"{question}[^\n]*: ?$", PATIENCE_S, joined=True)
        self.terminal.type(text)


def test_connect__dialog_and_the_sign_in_it_offers__then_over_ssh(site, host):
    with Dialog(site, f"cosmo-ssoctl connect --ca-file {CA_FILE}", "ada", cols=120, rows=60) as dialog:
        dialog.answer("^Issuer", site.idp.issuer)
        dialog.answer("^Client id", "cosmo-host")
        dialog.answer("^Client secret", "")
        dialog.answer("^Claim", "ssoGroups")
        dialog.answer("^First rule", "admin=cosmo-admins")
        dialog.answer("^Sign in now", "")
        dialog.prompt()
        assert dialog.qr_codes() == [site.idp.complete_uri(dialog.code)]
        assert dialog.approve() == dialog.code
        dialog.said("Would be let in. Written down as by a sign-in.")
        shown = dialog.ended()
    assert "Connected." in shown and "cosmo-ssoctl enable nss sshd login sudo" in shown, shown
    assert host.run(["id", "ada"], check=False).returncode != 0  # known, and not shown before that is switched on
    host.run(site.enable_command)
    uid = host.run(["id", "-u", "ada"]).stdout.strip()
    with site.signed_in("ada") as login:
        assert login.ask("id -u") == uid and "cosmo-admin" in login.ask("id -Gn").split()
