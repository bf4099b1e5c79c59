# SPDX-License-Identifier: MIT
"""An image made of a connected host: whatever starts from it is a host of its own, and disconnected until it is adopted."""

import json

import pytest

from support.host import TestHost
from support.live_sessions import enrol, uid_of
from support.site import Site

ROLES = {"ada": "cosmo-admin", "dev": "cosmo-developer"}
ANOTHER_MACHINES = "The user database belongs to another machine; single sign-on is disconnected here."


@pytest.fixture(scope="module")
def image(module_site):
    """Two people with roles and keys; shut down. What was seen of it, and of each start from it."""
    enrol(module_site, *ROLES)
    host = module_site.host
    seen = {"uids": {user: uid_of(host, user) for user in ROLES}, "machines": [host.read("/etc/machine-id")]}
    seen["integrations"] = [status(host)["integration"]]
    host.power_off()
    return host, seen


@pytest.fixture
def site(image, idp):
    """A host that is started from it."""
    with TestHost(image=image[0]) as host:
        host.boot()
        yield Site(idp, host)


def status(host):
    return json.loads(host.run(["cosmo-ssoctl", "status", "--json"], check=False).stdout)


def groups_of(host, user):
    return set(host.run(["id", "-Gn", user]).stdout.split())


def assert_disconnected(site):
    """Nobody of the image has a role here, or a way in; whoever is local is as ever. The boot says what to do, and is no failure."""
    host, requests = site.host, site.idp.counts()["requests"]
    said = host.run(["journalctl", "-b", "-o", "cat", "-t", "cosmo-ssoctl"]).stdout.splitlines()
    assert len(said) == 1 and "this host waits for `cosmo-ssoctl adopt`" in said[0], said
    assert "run `cosmo-ssoctl adopt`" in host.run(["cosmo-ssoctl", "status"], check=False).stdout
    told = status(host)
    assert (told["connected"], told["gate"], told["problem"]) == (False, "closed", "other_machine"), told
    assert not host.run(["getent", "group", *ROLES.values()], check=False).stdout
    for user in ROLES:
        assert host.run(["id", user], check=False).returncode == 1
        with pytest.raises(RuntimeError):
            site.key_login(user, "id")
        with site.sign_in(user) as login:
            assert ANOTHER_MACHINES in " ".join(login.refused().split())
    assert site.key_login("tess", "id", "-un") == site.password_login("tess", "id -un") == "tess"
    refusal = host.run(site.connect_command(), check=False)
    assert refusal.returncode != 0 and "cosmo-ssoctl adopt" in refusal.stderr
    asked = site.idp.counts()["requests"]
    assert {path for path in asked if asked[path] != requests.get(path)} <= {"GET /.well-known/openid-configuration", "GET /jwks"}


# case: account: on a host started from an image nobody of it signs in, by code or by key, until adopt and connect; then the uids are the same
@pytest.mark.parametrize("start", ["first", "second"])
def test_image__started__disconnected_until_adopted_and_connected(site, host, image, start):
    """The second start knows nothing of the first."""
    _, seen = image
    machine = host.read("/etc/machine-id")
    assert len(machine.strip()) == 32 and machine not in seen["machines"]
    assert_disconnected(site)

    told = json.loads(host.run(["cosmo-ssoctl", "adopt", "--json"]).stdout)
    assert {step["step"]: step["count"] for step in told["steps"]} == {"users": 2, "tokens": 2}, told
    assert status(host)["gate"] == "closed" and status(host)["problem"] is None
    site.connect()
    for user, uid in seen["uids"].items():
        assert uid_of(host, user) == uid
        assert groups_of(host, user) == {user, "cosmo-users", "cosmo-viewer"}
    for user, role in ROLES.items():
        with site.signed_in(user) as login:
            assert login.ask("id -u") == str(seen["uids"][user]) and role in login.ask("id -Gn").split()
        assert role in site.key_login(user, "id", "-Gn").split()
    integration = status(host)["integration"]
    assert integration and integration not in seen["integrations"]
    seen["machines"].append(machine)
    seen["integrations"].append(integration)


def test_image__host_it_was_made_of__goes_on(image, idp):
    """What keeps the others out is their machine-id, not what became of the copy."""
    host, seen = image
    host.boot()
    assert status(host)["connected"] and status(host)["integration"] == seen["integrations"][0]
    for user, role in ROLES.items():
        assert role in groups_of(host, user) and uid_of(host, user) == seen["uids"][user]
