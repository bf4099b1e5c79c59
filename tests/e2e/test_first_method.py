# SPDX-License-Identifier: MIT
"""Where a key must come before the code: sshd of the host with `AuthenticationMethods publickey,keyboard-interactive`, and
`require_first = publickey`."""

import contextlib

import pytest

from support import record

REFUSED = "This host takes the code only after another proof, such as your SSH key."
BOTH = "AuthenticationMethods publickey,keyboard-interactive\n"
EITHER = "AuthenticationMethods any\n"


@contextlib.contextmanager
def sshd_with(host, lines):
    """For ada alone; everybody else stays as they are."""
    host.put("/etc/ssh/sshd_config.d/05-methods.conf", f"Match User ada\n    {lines}Match all\n")
    host.run(["systemctl", "reload", "ssh"])
    yield
    host.run(["rm", "/etc/ssh/sshd_config.d/05-methods.conf"])
    host.run(["systemctl", "reload", "ssh"])


@pytest.fixture(scope="module")
def keyed(module_site):
    """ada has signed in once, has a key, and needs it from now on."""
    with module_site.signed_in("ada"):
        pass
    module_site.host.authorize_key("home/ada", owner_id=int(module_site.host.run(["id", "-u", "ada"]).stdout))
    module_site.configure("service sshd", "require_first", "publickey")
    yield module_site


def with_key(site):
    """Once keyboard-interactive is over for good, sshd names no method any more, and the client would go on to ask for a
    password that nobody takes."""
    options = ("-o", "PasswordAuthentication=no")
    return site.sign_in("ada", client=lambda _: site.host.ssh("ada", *options, key=True))


# case: conversation: where a key must come first, key and code together open a session, and sshd's own word of the key is what counts
def test_key_then_code__signed_in(keyed):
    host, cursor = keyed.host, keyed.host.journal_cursor()
    with sshd_with(host, BOTH), with_key(keyed) as login:
        login.prompt()
        login.approve()
        login.enter()
        login.shell()
        assert login.ask("id -un") == "ada"
    assert host.journal("event=sign_in_ok user=ada", after=cursor)


# case: conversation: where a key must come first, the code without a key is refused at once, with the reason, and no request is made
def test_code_without_a_key__refused_at_once(keyed):
    host, cursor, requests = keyed.host, keyed.host.journal_cursor(), keyed.idp.device_requests()
    with sshd_with(host, EITHER), keyed.sign_in("ada") as login:
        assert REFUSED in " ".join(login.refused().split())
    assert keyed.idp.device_requests() == requests
    (line,) = host.journal("event=sign_in_", after=cursor)
    assert "event=sign_in_refused user=ada reason=first_method" in line and "detail=publickey" in line


# case: conversation: where a key must come first, names never seen before are refused alike, and the provider hears nothing of them
def test_unknown_name_without_a_key__refused_at_once(keyed):
    requests = keyed.idp.device_requests()
    with keyed.sign_in("dev") as login:
        assert REFUSED in " ".join(login.refused().split())
    assert keyed.idp.device_requests() == requests
    assert keyed.host.run(["getent", "passwd", "dev"], check=False).returncode != 0


# case: conversation: what the client says of methods, in its environment, is no key
def test_client_s_environment__no_key(keyed):
    pretended = ("-o", "SetEnv=SSH_AUTH_INFO_0=publickey")
    keyed.host.put("/etc/ssh/sshd_config.d/06-environment.conf", "AcceptEnv *\n")
    try:
        with sshd_with(keyed.host, EITHER), keyed.sign_in("ada", options=pretended) as login:
            assert REFUSED in " ".join(login.refused().split())
    finally:
        keyed.host.run(["rm", "/etc/ssh/sshd_config.d/06-environment.conf"])
        keyed.host.run(["systemctl", "reload", "ssh"])


# case: conversation: a key that sshd has accepted does not let in somebody whom we refuse
def test_key_of_a_locked_user__refused(keyed):
    before = record.change(keyed.host, "ada", flags=record.LOCKED)
    try:
        with sshd_with(keyed.host, BOTH), with_key(keyed) as login:
            assert "This account is locked on this host." in " ".join(login.refused().split())
    finally:
        record.put(keyed.host, "ada", before)
