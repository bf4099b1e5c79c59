# SPDX-License-Identifier: MIT
"""A realm of a Keycloak: its people, groups, roles and the client of a host. To tests of the product it is what
support.idp.Idp is, and changed through the server's admin API."""

import secrets
import urllib.parse

from .keycloak_pages import KeycloakPerson, KeycloakVisitor

CLIENT = "cosmo-host"
CODE_S = 600
# The client's switch "OAuth 2.0 Device Authorization Grant".
DEVICE_GRANT = "oauth2.device.authorization.grant.enabled"
# Refreshes are not noted unless one says so.
EVENTS = ["OAUTH2_DEVICE_CODE_TO_TOKEN", "REFRESH_TOKEN", "REFRESH_TOKEN_ERROR", "REVOKE_GRANT"]
KEY_PROVIDER = "org.keycloak.keys.KeyProvider"
# Name, first and last name, groups: those of tests/support/idp/people.js, but that nobody is in none: of them Keycloak's
# mapper says nothing at all.
PEOPLE = {
    "ada": ("Ada", "Lovelace", ("cosmo-admins", "everyone")),
    "dev": ("Dev", "Engineer", ("engineering", "everyone")),
    "vic": ("Vic", "Visitor", ("everyone",)),
}


def group_mapper(claim="ssoGroups", full_path=False):
    """As the console's "Add mapper, Group Membership" makes one."""
    return {
        "name": "groups", "protocol": "openid-connect", "protocolMapper": "oidc-group-membership-mapper",
        "config": {
            "claim.name": claim, "full.path": str(full_path).lower(), "id.token.claim": "true",
            "access.token.claim": "false", "userinfo.token.claim": "false",
        },
    }  # fmt: skip


def client(client_id=CLIENT, mappers=(), secret=None):
    """As docs/idp/keycloak.md has it: no flow but the device grant."""
    return {
        "clientId": client_id, "name": f"Host sign-in ({client_id})", "protocol": "openid-connect",
        "publicClient": secret is None, **({"secret": secret} if secret else {}),
        "standardFlowEnabled": False, "directAccessGrantsEnabled": False, "implicitFlowEnabled": False,
        "serviceAccountsEnabled": False, "attributes": {DEVICE_GRANT: "true"},
        "protocolMappers": list(mappers),
    }  # fmt: skip


def _person(realm, username, first, last, password):
    """One without a name or an address is asked for it at the first sign-in."""
    return {
        "username": username, "firstName": first, "lastName": last, "email": f"{username}@example.org", "enabled": True,
        "emailVerified": True, "credentials": [{"type": "password", "value": password, "temporary": False}],
        "realmRoles": [f"default-roles-{realm}"],
    }  # fmt: skip


class Realm:
    """with Realm(server, "name") as idp: ...  Other settings of the realm's are given by its own words for them."""

    Person, Visitor = KeycloakPerson, KeycloakVisitor

    def __init__(self, server, name, mappers=None, **settings):
        self.server = server
        self.name = name
        self.issuer = f"{server.base}/realms/{name}"
        self.passwords = {}
        self._mappers = [group_mapper()] if mappers is None else mappers
        self._settings = {"oauth2DeviceCodeLifespan": CODE_S, "oauth2DevicePollingInterval": 1, **settings}
        self._changed = set()
        self._client_changed = False
        self._ids = {}

    def __enter__(self):
        self.passwords = {username: secrets.token_urlsafe(12) for username in PEOPLE}
        people = [_person(self.name, username, first, last, self.passwords[username])
                  for username, (first, last, _) in PEOPLE.items()]  # fmt: skip
        self.server.admin("POST", "realms", {
            "realm": self.name, "enabled": True, "sslRequired": "all", "eventsEnabled": True, "enabledEventTypes": EVENTS,
            "clients": [client(mappers=self._mappers)], "users": people, **self._settings,
        })  # fmt: skip
        for username in PEOPLE:
            self._as_at_first(username)
        return self

    def __exit__(self, *_):
        self.delete()

    def admin(self, method, path="", body=None):
        """Of this realm."""
        return self.server.admin(method, f"realms/{self.name}{'/' + path if path else ''}", body)

    def delete(self):
        if any(realm["realm"] == self.name for realm in self.server.admin("GET", "realms?briefRepresentation=true")):
            self.admin("DELETE")

    # -- what the tests of any IdP ask for ------------------------------------

    @property
    def ca_file(self):
        return self.server.ca_file

    @property
    def certificate_file(self):
        return self.server.certificate_file

    def password(self, username):
        return self.passwords[username]

    def complete_uri(self, code):
        return f"{self.issuer}/device?user_code={code}"

    def kill(self):
        self.server.kill()

    def start(self):
        self.server.start()

    def freeze(self):
        self.server.freeze()

    def thaw(self):
        self.server.thaw()

    @property
    def alive(self):
        return self.server.alive

    def reset(self, interval_s=1):
        """Undo all changes to people, the client and lifetimes."""
        for username in list(self._changed):
            self._as_at_first(username)
        self.set(oauth2DevicePollingInterval=interval_s or 5, oauth2DeviceCodeLifespan=CODE_S)
        self._renew_client()

    def _as_at_first(self, username):
        groups = PEOPLE[username][2] if username in PEOPLE else ("everyone",)
        self.person(username, groups=groups, disabled=False)
        self._changed.discard(username)

    def person(self, username, groups=None, disabled=None, realm_roles=None, client_roles=None):
        """Change or add somebody; a group may be a path, "linux/admins". What is not named stays."""
        self._changed.add(username)
        if username not in self.passwords:
            self.passwords[username] = secrets.token_urlsafe(12)
            self.admin("POST", "users", _person(self.name, username, username.title(), "Example", self.passwords[username]))
        place = self._user(username)
        if disabled is not None:
            self.admin("PUT", place, self.admin("GET", place) | {"enabled": not disabled})
        if groups is not None:
            self._belong(place, {self._group(path) for path in groups})
        if realm_roles is not None:
            self._hold(f"{place}/role-mappings/realm", "roles", realm_roles)
        for client_id, roles in (client_roles or {}).items():
            own = self.client_place(client_id)
            self._hold(f"{place}/role-mappings/{own}", f"{own}/roles", roles)

    def control(self, op, **fields):
        """The words that support.idp.Idp has for what is changed about clients and lifetimes."""
        self._client_changed |= op.startswith("client_")
        if op == "client_delete":
            self.admin("DELETE", self.client_place(fields["client_id"]))
            del self._ids[fields["client_id"]]
        elif op == "client_disable":
            self.change_client(fields["client_id"], enabled=False)
        elif op == "client_restrict":
            self.change_client(fields["client_id"], attributes={DEVICE_GRANT: "false"})
        elif op == "device_code_seconds":
            self.set(oauth2DeviceCodeLifespan=fields["seconds"])
        else:
            raise ValueError(op)

    def _renew_client(self):
        if self._client_changed:
            for found in self.admin("GET", f"clients?clientId={CLIENT}"):
                self.admin("DELETE", f"clients/{found['id']}")
            self._ids.pop(CLIENT, None)
            self.add_client(client(mappers=self._mappers))
        self._client_changed = False

    def device_requests(self):
        """Of which the realm notes nothing but those that it refuses."""
        return self.server.log.count(f'"POST /realms/{self.name}/protocol/openid-connect/auth/device ')

    # -- and what is Keycloak's own -------------------------------------------

    def set(self, **settings):
        """Settings of the realm, by its own words for them."""
        if any(self._settings.get(key) != value for key, value in settings.items()):
            self.admin("PUT", "", settings)
            self._settings |= settings

    def events(self, *types):
        """What the realm has noted of these, newest first."""
        asked = urllib.parse.urlencode([("type", word) for word in types] + [("max", 10000)])
        return self.admin("GET", f"events?{asked}")

    def client_place(self, client_id=CLIENT):
        """The client's place in the admin API."""
        if client_id not in self._ids:
            (found,) = self.admin("GET", f"clients?clientId={client_id}")
            self._ids[client_id] = f"clients/{found['id']}"
        return self._ids[client_id]

    def add_client(self, representation):
        self.admin("POST", "clients", representation)

    def change_client(self, client_id=CLIENT, **fields):
        place = self.client_place(client_id)
        known = self.admin("GET", place)
        attributes = known["attributes"] | fields.pop("attributes", {})
        self.admin("PUT", place, known | fields | {"attributes": attributes})

    def _user(self, username):
        if f"user {username}" not in self._ids:
            (found,) = self.admin("GET", f"users?exact=true&username={username}")
            self._ids[f"user {username}"] = f"users/{found['id']}"
        return self._ids[f"user {username}"]

    def add_crowded(self, username, groups):
        """Somebody in as many groups as that, with one request."""
        self.passwords[username] = secrets.token_urlsafe(12)
        person = _person(self.name, username, username.title(), "Example", self.passwords[username])
        self.admin("POST", "partialImport", {
            "ifResourceExists": "FAIL", "groups": [{"name": name, "path": f"/{name}"} for name in groups],
            "users": [person | {"groups": [f"/{name}" for name in groups]}],
        })  # fmt: skip

    def revoke_consent(self, username):
        """As the console's "Revoke" among somebody's consents does it, which ends what a host may refresh; "Sign out" of
        all sessions does not."""
        self.admin("DELETE", f"{self._user(username)}/consents/{CLIENT}")

    def offline_sessions(self):
        """How many sign-ins of hosts are worth something yet."""
        return self.admin("GET", f"{self.client_place()}/offline-session-count")["count"]

    def rotate_keys(self):
        """A new key signs from now on, and the one before it is gone at once."""
        place = f"components?type={KEY_PROVIDER}"
        former = [key for key in self.admin("GET", place) if key["providerId"] == "rsa-generated"]
        self.admin("POST", "components", {
            "name": "newer", "providerId": "rsa-generated", "providerType": KEY_PROVIDER,
            "parentId": self.admin("GET")["id"], "config": {"priority": ["200"], "algorithm": ["RS256"]},
        })  # fmt: skip
        for key in former:
            self.admin("DELETE", f"components/{key['id']}")

    def _group(self, path):
        """The id of a group, made if it is not there."""
        if path not in self._ids:
            above, _, name = path.rpartition("/")
            place = f"groups/{self._group(above)}/children" if above else "groups"
            made = self.admin("POST", place, {"name": name})
            self._ids[path] = made.get("id") or made["location"].rsplit("/", 1)[1]
        return self._ids[path]

    def _belong(self, place, wanted):
        present = {group["id"] for group in self.admin("GET", f"{place}/groups?max=10000")}
        for group in wanted - present:
            self.admin("PUT", f"{place}/groups/{group}")
        for group in present - wanted:
            self.admin("DELETE", f"{place}/groups/{group}")

    def _hold(self, mapping, roles, wanted):
        """Just these roles, made if they are not there, beside those that everybody has."""
        known = {role["name"]: role for role in self.admin("GET", f"{roles}?max=10000")}
        for name in set(wanted) - set(known):
            self.admin("POST", roles, {"name": name})
            known[name] = self.admin("GET", f"{roles}/{name}")
        present = {role["name"] for role in self.admin("GET", mapping)} - {f"default-roles-{self.name}"}
        self.admin("POST", mapping, [known[name] for name in set(wanted) - present])
        self.admin("DELETE", mapping, [known[name] for name in present - set(wanted)])
