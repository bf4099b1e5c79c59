# SPDX-License-Identifier: MIT
"""A scripted IdP that replaces a refresh token at each use, and takes a token that comes twice for stolen."""
import itertools
import threading

from .fake_idp import Answer, FakeIdp


class RotatingIdp(FakeIdp):
    """`rotates`: else the same token goes on. `with_id_token`: at a refresh. `disabled`: whose tokens are not good, by
    sub. `reused`: how often a token came that was spent already, which ends all of its family. `changes`: of the ID
    token's claims at a refresh. `hold`: an Event that answers to a refresh wait for, `fate`: what else becomes of them;
    the token is spent by then."""

    def __init__(self, **options):
        super().__init__(**options)
        self.rotates, self.with_id_token, self.refresh_expires_in = True, True, None
        self.disabled, self.reused, self.changes = set(), 0, {}
        self.hold, self.fate, self._is_down = None, {}, False
        self._count, self._families, self._spent, self._lock = itertools.count(1), {}, set(), threading.Lock()

    def close(self):
        """Also before the end of the test, as an IdP that is down."""
        if not self._is_down:
            self._is_down = True
            if self.hold:
                self.hold.set()
            super().close()

    @property
    def refreshes(self):
        return [request for request in self.requests if request.form.get("grant_type") == "refresh_token"]

    def _reply(self, secure, answer):
        if getattr(answer, "wait_for", None):
            answer.wait_for.wait()
        return super()._reply(secure, answer)

    def _issue(self, family):
        token = f"refresh-token-{next(self._count)}"
        self._families[token] = family
        return token

    def _with(self, tokens, refresh_token):
        tokens = tokens | {"refresh_token": refresh_token}
        return tokens if self.refresh_expires_in is None else tokens | {"refresh_expires_in": self.refresh_expires_in}

    def _refreshed(self, given):
        token = given["refresh_token"]
        with self._lock:
            if token in self._spent:
                self.reused += 1
                gone = self._families.pop(token, None)
                self._families = {name: family for name, family in self._families.items() if family != gone}
                return Answer(400, {"error": "invalid_grant"})
            if token not in self._families or self.claims["sub"] in self.disabled:
                return Answer(400, {"error": "invalid_grant"})
            tokens = self.tokens(**self.changes)
            if self.rotates:
                self._spent.add(token)
                tokens = self._with(tokens, self._issue(self._families[token]))
            else:
                del tokens["refresh_token"]
        if not self.with_id_token:
            del tokens["id_token"]
        return Answer(body=tokens)

    def _token_answer(self, request):
        given = request.form
        if given.get("grant_type") == "refresh_token":
            answer = self._refreshed(given)
            answer.wait_for = self.hold
            for name, value in self.fate.items():
                setattr(answer, name, value)
            return answer
        answer = super()._token_answer(request)
        if answer.status == 200:
            with self._lock:
                answer.body = self._with(answer.body, self._issue(next(self._count)))
        return answer
