# SPDX-License-Identifier: MIT
"""The configurations of docs/idp/keycloak.md, as they stand there, against what Keycloak says: groups by name and by path,
roles of the realm and of the client; and whoever is in none of them, in too many, or has no claim at all."""

import re

import pytest

from support.host import TestHost
from support.keycloak_realm import Realm, client, group_mapper
from support.profile import blocks
from support.site import CA_FILE, CONFIG, Site

BY_NAME, BY_PATH, BY_ROLE = blocks("keycloak.md")
SHAPES = {
    "names": ("by-name", BY_NAME),
    "paths": ("by-path", BY_PATH),
    "whole_paths": ("by-path", BY_NAME.replace("admin = linux-admins", "admin = /linux/admins").replace("~linux-dev", "~/linux/dev")),
    "realm_roles": ("by-role", BY_ROLE),
    "online_only": ("online-only", BY_NAME),
    "narrow": ("narrow", BY_NAME),
    "client_roles": ("by-role", BY_ROLE.replace("realm_access.roles", "resource_access.by-role.roles")),
}
PEOPLE = {
    "ada": {"groups": ("linux-admins", "linux/admins", "everyone"), "realm_roles": ("linux-admin",)},
    "dev": {"groups": ("linux-dev-eu", "linux/dev-eu"), "realm_roles": ("linux-developer",)},
    "vic": {"groups": ("sales/admins",), "realm_roles": ("sales",)},
}
CLIENT_ROLES = {"ada": ("linux-admin",), "dev": ("linux-developer",), "vic": ("sales",)}
ROLES = {"ada": "cosmo-admin", "dev": "cosmo-developer", "vic": "cosmo-viewer"}
# What an administrator leaves who takes the optional scopes from a client, or the roles that come with them ("narrow"):
# Keycloak gives a code whatever is asked for, and leaves out what the client may not have.
WITHOUT_OFFLINE_ACCESS = {"defaultClientScopes": ["basic", "profile"], "optionalClientScopes": []}


def with_roles_in_the_id_token(realm):
    """What the page says for roles: the scope's mappers of both kinds are for the access token alone at first."""
    (scope,) = [scope for scope in realm.admin("GET", "client-scopes") if scope["name"] == "roles"]
    mappers = f"client-scopes/{scope['id']}/protocol-mappers/models"
    for mapper in realm.admin("GET", mappers):
        if mapper["name"] in ("realm roles", "client roles"):
            mapper["config"]["id.token.claim"] = "true"
            realm.admin("PUT", f"{mappers}/{mapper['id']}", mapper)


@pytest.fixture(scope="module")
def the_idp(server):
    with Realm(server, "shapes") as realm:
        realm.add_client(client("by-name", [group_mapper("groups")]))
        realm.add_client(client("by-path", [group_mapper("groups", full_path=True)]))
        realm.add_client(client("by-role"))
        realm.add_client(client("online-only", [group_mapper("groups")]) | WITHOUT_OFFLINE_ACCESS)
        realm.add_client(client("narrow", [group_mapper("groups")]) | {"fullScopeAllowed": False})
        with_roles_in_the_id_token(realm)
        for user, what in PEOPLE.items():
            realm.person(user, **what)
            realm.person(user, client_roles={"by-role": CLIENT_ROLES[user]})
        yield realm


class Documented(Site):
    """Connected as an administrator does it who copies the page's block."""

    def connect(self, shape="names"):
        client_id, block = SHAPES[shape]
        text = block.replace("https://HOST/realms/REALM", self.idp.issuer).replace("linux-hosts", client_id)
        assert self.idp.issuer in text and client_id in text
        self.host.put(CA_FILE, self.idp.ca_file.read_text())
        self.host.put(CONFIG, text.replace("[integration]\n", f"[integration]\nca_file = {CA_FILE}\n"))
        self.configure("limits", "unknown_per_source_hour", "1000")
        self.host.run(["cosmo-ssoctl", "connect", "--yes"])


@pytest.fixture(scope="module")
def site(the_idp, build_dir):
    with TestHost() as host:
        site = Documented(the_idp, host)
        site.set_up(build_dir)
        yield site


def connect_anew(site, shape):
    site.host.run(["cosmo-ssoctl", "disconnect"])
    site.connect(shape)


@pytest.mark.parametrize("shape", SHAPES)
def test_sign_in__configuration_of_the_page__roles_by_what_keycloak_says(site, host, shape):
    connect_anew(site, shape)
    cursor = host.journal_cursor()
    for user, role in ROLES.items():
        with site.signed_in(user) as login:
            assert set(login.ask("id -Gn").split()) == {user, "cosmo-users", role}
    told = host.journal(r"user=vic .*detail=", after=cursor)
    assert len(told) == 1 and re.search(r"none of \d+ value|no value of claim", told[0]), told


def refused(site, user):
    with site.sign_in(user) as login:
        login.prompt()
        site.visitor(user).approve(login.url, login.code)
        login.enter()
        return " ".join(login.refused().split())


def test_sign_in__no_mapper__refused_and_the_log_names_the_claim(site, host):
    connect_anew(site, "names")
    site.idp.change_client("by-name", protocolMappers=[])
    cursor = host.journal_cursor()
    refused(site, "ada")
    assert host.journal(r"event=sign_in_refused user=ada reason=role_claim_missing .*claim groups is ", after=cursor)
    site.idp.change_client("by-name", protocolMappers=[group_mapper("groups")])


def test_sign_in__in_many_groups__role__in_more_than_a_token_may_have__refused(site, host):
    """Keycloak knows no limit of its own: 300 of them are told as any other, and a token of 77 KB is not taken."""
    site.idp.add_crowded("many", [f"team-{number}" for number in range(300)] + ["linux-dev-many"])
    with site.signed_in("many") as login:
        assert "cosmo-developer" in login.ask("id -Gn").split()
    site.idp.add_crowded("over", [f"{number:03d}-{'x' * 226}" for number in range(250)] + ["linux-dev-over"])
    cursor = host.journal_cursor()
    refused(site, "over")
    assert host.journal("event=sign_in_refused .*reason=idp_field", after=cursor)
