# SPDX-License-Identifier: MIT
"""The scripted IdP with the wire of a real one; see profile.py.

    with ProfileIdp(Profile("okta")) as idp:
        idp.expect(Visitor("ada", groups=["linux-admins"]))    # whose the next code is
"""

import base64
import dataclasses
import itertools
import time
import urllib.parse

from .fake_idp import Answer, FakeIdp
from .profile import fill


LATE_S = 4  # the life of a code that ends while the answer to a question is on its way


@dataclasses.dataclass(eq=False)
class Visitor:
    """Somebody at the IdP. `groups` None: nobody knows of any; `is_over`: more than the IdP puts into a token.
    `fate`: "approved", or one of the profile's errors. `is_hasty`: whose first question comes too soon; `first_lost`: to
    whom the first answer does not get through; `last_late`: who hears the last word when the code has ended here too."""

    name: str
    groups: list | None = dataclasses.field(default_factory=list)
    is_over: bool = False
    fate: str = "approved"
    pending: int = 0
    disabled: bool = False
    is_hasty: bool = False
    first_lost: bool = False
    last_late: bool = False
    asked: int = 0  # how often its end has been told
    polls: list = dataclasses.field(default_factory=list)  # when it was asked about, by the monotonic clock

    @property
    def words(self):
        return {"sub": "".join(str(ord(c)) for c in self.name), "name": self.name, "Name": self.name.title()}


def _answer(said):
    return Answer(said["status"], {name: value for name, value in said.items() if name != "status"})


class ProfileIdp(FakeIdp):
    """`client_gone`: it knows the client no more. `secret`: what the client has to show."""

    CLIENT_ID = "cosmo-test"

    def __init__(self, profile, secret=None):
        super().__init__()
        self.profile, self.secret, self.host = profile, secret, self.issuer
        self.issuer += profile.discovery["issuer"]
        self.client_gone, self.revoked = False, []
        self._expected, self._count = [], itertools.count(1)
        self._codes, self._refresh, self._access = {}, {}, {}

    def expect(self, visitor):
        self._expected.append(visitor)

    def words(self, **more):
        return {"host": self.host, "issuer": self.issuer} | more

    def url(self, name):
        return self.host + self.profile.discovery[name]

    def discovery(self):
        found = {name: self.host + value if isinstance(value, str) else value
                 for name, value in self.profile.discovery.items() if name != "source"}
        return found | {"issuer": self.issuer, "id_token_signing_alg_values_supported": list(self.keys.algs)}

    def shown(self):
        """What a device is told, but for its code."""
        return fill(self.profile.device["answer"], self.words(device_code=""))

    def _device_answer(self):
        if not self._expected:  # connect asks for a code that nobody uses
            self._expected.append(Visitor("nobody", fate="expired"))
        code = f"device-code-{next(self._count)}"
        self._codes[code] = self._expected.pop(0)
        answer = fill(self.profile.device["answer"], self.words(device_code=code))
        answer["interval"] = 1  # nobody has the time of the real one
        if self._codes[code].last_late:
            answer["expires_in"] = LATE_S
        return Answer(body=answer)

    def claims_of(self, visitor, source):
        """What that person's ID token or userinfo says."""
        told = self.profile.claims.get(source, {})
        if visitor.is_over and source == "id_token":
            told = {name: value for name, value in told.items() if name != self.profile.groups["claim"]
                    or "count" in self.profile.over} | self.profile.over.get("id_token", {})
        if visitor.groups is None:
            told = {name: value for name, value in told.items() if name != self.profile.groups["claim"]}
        groups = list(visitor.groups or [])
        if visitor.is_over and "count" in self.profile.over:
            groups = [f"group-{n}" for n in range(self.profile.over["count"] - len(groups))] + groups
        return fill(told, self.words(**visitor.words), groups)

    def _tokens_of(self, visitor, is_refresh=False):
        said = self.profile.tokens
        self.claims = self.claims_of(visitor, "id_token")
        tokens = self.tokens() | {"access_token": f"access-token-{next(self._count)}"}
        self._access[tokens["access_token"]] = visitor
        del tokens["refresh_token"]
        if is_refresh and not said["id_token_at_refresh"]:
            del tokens["id_token"]
        if said["refresh_token"] and (not is_refresh or said["rotates"]):
            tokens["refresh_token"] = f"refresh-token-{next(self._count)}"
            self._refresh[tokens["refresh_token"]] = visitor
        return Answer(body=tokens)

    def _code_answer(self, code):
        visitor = self._codes.get(code)
        if visitor is None:
            return _answer(self.profile.errors.get("unknown", self.profile.errors["expired"][-1]))
        visitor.polls.append(time.monotonic())
        if visitor.is_hasty and len(visitor.polls) == 1 and "slow_down" in self.profile.errors:
            return _answer(self.profile.errors["slow_down"])
        if visitor.pending > 0:
            visitor.pending -= 1
            return _answer(self.profile.errors["pending"])
        if visitor.is_over and "answer" in self.profile.over:
            return _answer(self.profile.over["answer"])
        if visitor.fate == "approved":
            del self._codes[code]
            return self._tokens_of(visitor)
        visitor.asked += 1
        said = self.profile.errors[visitor.fate]
        if visitor.first_lost and visitor.asked == 1:
            return Answer(drop=True)
        if visitor.last_late:
            return dataclasses.replace(_answer(said[-1]), delay_s=LATE_S)
        return _answer(said[min(visitor.asked, len(said)) - 1])

    def _refresh_answer(self, token):
        visitor = self._refresh.get(token)
        if visitor is None:
            return _answer(self.profile.errors.get("unknown", self.profile.errors["disabled"]))
        if visitor.disabled:
            return _answer(self.profile.errors["disabled"])
        if self.profile.tokens["rotates"]:
            del self._refresh[token]
        return self._tokens_of(visitor, is_refresh=True)

    def _token_answer(self, request):
        given = request.form
        is_refresh = given.get("grant_type") == "refresh_token"
        if self.client_gone or not self._is_client(request):
            said = self.profile.gone
            return _answer(said["refresh"] if is_refresh else said.get("device", said["refresh"]))
        if is_refresh:
            return self._refresh_answer(given["refresh_token"])
        return self._code_answer(given.get("device_code"))

    def _is_client(self, request):
        """Does the request say who asks, in the way that the configuration of the page does?"""
        form, (scheme, _, pair) = request.form, request.headers.get("authorization", "").partition(" ")
        shown = (form.get("client_id"), form.get("client_secret"))
        if scheme == "Basic":
            shown = tuple(map(urllib.parse.unquote_plus, base64.b64decode(pair).decode().split(":", 1)))
        return shown == (self.CLIENT_ID, self.secret)

    def _userinfo_answer(self, request):
        visitor = self._access.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        return Answer(body=self.claims_of(visitor, "userinfo")) if visitor else Answer(401, {"error": "invalid_token"})

    def _revoke_answer(self, request):
        self.revoked.append(request.form["token"])
        return Answer()

    def _proper_answer(self, request):
        makers = {
            self.issuer.removeprefix(self.host).removesuffix("/") + "/.well-known/openid-configuration":
                lambda: Answer(body=self.discovery()),
            self.profile.discovery["jwks_uri"]: lambda: Answer(body=self.keys.jwks()),
            self.profile.discovery["device_authorization_endpoint"]: self._device_answer,
            self.profile.discovery["token_endpoint"]: lambda: self._token_answer(request),
            self.profile.discovery.get("userinfo_endpoint"): lambda: self._userinfo_answer(request),
            self.profile.discovery.get("revocation_endpoint"): lambda: self._revoke_answer(request),
        }
        return makers.get(request.path, lambda: Answer(404, "no such page"))()
