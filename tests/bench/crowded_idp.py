#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""fake_idp.py, with refresh tokens for a population: at first each name is the token of that person, and it is replaced
at each use, as most IdPs do. ANYBODY is a token that stays good, for an answer that ends the connection.

A line {"people": FILE} is one more that it takes: JSON, {name: group}.
"""
import pathlib
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import fake_idp  # noqa: E402

ANYBODY = "anybody"


class CrowdedIdp(fake_idp.FakeIdp):
    def __init__(self, **options):
        self._groups, self._uses, self._turn = {ANYBODY: "admins"}, {}, threading.Lock()
        super().__init__(**options)

    def obey(self, order):
        if "people" in order:
            self._groups |= fake_idp.json.loads(pathlib.Path(order["people"]).read_text())
        super().obey(order)

    def _use(self, name, use):
        """The number of the next token, if this one is good."""
        with self._turn:
            if name not in self._groups or use != self._uses.get(name, 0):
                return None
            if name != ANYBODY:
                self._uses[name] = use + 1
            return use + 1

    def _token_answer(self, request):
        name, _, use = request.form.get("refresh_token", "").partition(".")
        following = self._use(name, int(use or 0))
        if following is None:
            return super()._token_answer(request)
        tokens = self.tokens(sub=name, preferred_username=name, name=name.title(), groups=[self._groups[name]])
        length = -1 if name == ANYBODY else None
        return fake_idp.Answer(body=tokens | {"refresh_token": f"{name}.{following}"}, length=length)


if __name__ == "__main__":
    fake_idp.main(CrowdedIdp)
