# SPDX-License-Identifier: MIT
"""A scripted IdP that replaces refresh tokens at each use, and knows whose each of them is."""
import dataclasses
import threading

from .rotating_idp import RotatingIdp


class CrowdIdp(RotatingIdp):
    """`people`: the claims of each who was vouched for, by login name; what is changed there holds at the next refresh."""

    def __init__(self, **options):
        self.people, self._owners, self._names, self._turn = {}, {}, {}, threading.Lock()
        self._held, self._limit, self._instead = None, None, None
        super().__init__(**options)

    def vouch_for(self, name, sub, *groups):
        super().vouch_for(name, sub, *groups)
        self.people[name] = self.claims

    def hold_about(self, name):
        """Answers about that one wait until `hold` is set."""
        self.hold, self._held = threading.Event(), name

    def after(self, count, answer=None):
        """So many refreshes more are answered, and then `answer` is all there is. None: no end to them."""
        self._limit, self._instead = count, answer

    def asked_about(self):
        """The names in the refreshes so far."""
        return [self._names[request.form["refresh_token"]] for request in self.refreshes]

    def _issue(self, family):
        token = super()._issue(family)
        self._names[token] = self._owners.setdefault(family, self.claims["preferred_username"])
        return token

    def _refreshed(self, given):
        with self._turn:
            if self._limit == 0:
                return dataclasses.replace(self._instead)
            if self._limit:
                self._limit -= 1
            self.claims = self.people[self._names[given["refresh_token"]]]
            return super()._refreshed(given)

    def _token_answer(self, request):
        answer = super()._token_answer(request)
        if self._names.get(request.form.get("refresh_token")) != self._held:
            answer.wait_for = None
        return answer
