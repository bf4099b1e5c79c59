#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Whose a login name is, and which ids it has: the built helper, judge, fetch and cosmo-ssoctl with a scripted IdP.

Needs root and COSMO_BUILD_DIR."""

import pathlib
import re
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support.ctl_rig import CtlRig  # noqa: E402
from support.fake_idp import FakeIdp  # noqa: E402
from support.pam_rig import installed  # noqa: E402

OK, DENIED, USAGE, UNREACHABLE, MISCONFIGURED, BUSY, INTERNAL = range(7)
DAY_S = 86400
CONFIG = """
[integration]
issuer = {issuer}
client_id = cosmo-test
claim = groups
{integration}
[rules]
admin = admins
developer = devs
{more}
"""
ISSUER = "https://idp.example.org"


def fields_of(line):
    found = re.findall(r'(\w+)=("[^"]*"|\S+)', line.split(": ", 1)[1])
    return {key: value.strip('"') for key, value in found}


def events(rig):
    return [fields_of(line) for line in rig.log()]


def error_of(done, code, error):
    document = done.json
    assert (done.code, document["error"]) == (code, error), done
    return document


# With a judge that says whom it likes.


@pytest.fixture
def rig():
    """Connected, with ada of the subject 1000 enrolled as an admin."""
    with CtlRig() as rig:
        rig.configure(CONFIG.format(issuer=ISSUER, integration="", more=""))
        rig.store("connect")
        comes(rig, "1000")
        rig.log()
        yield rig


def comes(rig, sub, expected="OK", user="ada", **identity):
    """A sign-in as `user`, approved by a person of that subject."""
    given = {"SUB": sub, "USERNAME": user, "REFRESH_TOKEN": f"refresh-of-{sub}".encode()} | identity
    rig.false_judge(f"show(); identity(**{given!r})")
    assert rig.sign_in(user).result() == expected


def rebind(rig, *words, name="ada"):
    return rig.ctl("user", "rebind", name, "--yes", "--json", *words)


def shown(rig, name="ada"):
    (user,) = rig.ctl("user", "show", name, "--json").json
    return user


# case: account: a recycled name with another sub is refused, and the log names the way out and the subject
# case: account: after user rebind the next other person gets the name, once, with the same uid
# case: account: the person who had a name before user rebind is refused afterwards
def test_rebind__recycled_name__goes_to_the_next_other_person_once(rig):
    uid = shown(rig)["uid"]
    comes(rig, "2000", "E_OTHER_SUBJECT", ROLE=["developer"])
    (refused,) = events(rig)
    assert (refused["reason"], refused["subject"]) == ("other_subject", "2000")
    assert "cosmo-ssoctl user rebind ada" in refused["detail"]

    before = time.time()
    done = rebind(rig)
    assert done.code == OK and done.json["dry_run"] is False
    assert before + DAY_S - 1 <= done.json["rebind_until"] <= time.time() + DAY_S
    (asked,) = events(rig)
    assert (asked["event"], asked["user"], asked["reason"], asked["old_subject"]) == ("rebind_asked", "ada", "ok", "1000")
    user = shown(rig)
    assert (user["sub"], user["roles"], user["rebind_until"]) == ("1000", ["admin"], done.json["rebind_until"])
    assert "Rebind until" in rig.ctl("user", "show", "ada").out
    assert "waits for another person" in rig.ctl("user", "list").out
    comes(rig, "1000")  # whose it still is; that takes nothing away
    assert shown(rig)["rebind_until"] == user["rebind_until"]
    rig.log()

    comes(rig, "2000", ROLE=["developer"])
    taken, signed_in = events(rig)
    assert (taken["event"], taken["old_subject"], taken["subject"]) == ("rebind_done", "1000", "2000")
    assert signed_in["event"] == "sign_in_ok" and "enrolled" not in signed_in
    user = shown(rig)
    assert (user["sub"], user["uid"], user["roles"], user["rebind_until"]) == ("2000", uid, ["developer"], None)
    assert before <= user["bound"] + 1
    assert rig.ask("ACCOUNT", SERVICE="sudo").result() == "E_SERVICE"
    written = b"".join(rig.state().values())
    assert b"refresh-of-2000" in written and b"refresh-of-1000" not in written

    comes(rig, "1000", "E_OTHER_SUBJECT")
    comes(rig, "3000", "E_OTHER_SUBJECT")


# case: account: sessions of the former person run on after user rebind, and the command says so
def test_rebind__sessions__are_left_running_and_that_is_said(rig):
    assert rig.ask("OPEN_SESSION", TTY="pts/7").result() == "OK"
    done = rig.ctl("user", "rebind", "ada", "--yes")
    assert done.code == OK and "loginctl terminate-user ada" in done.out and "SSH keys" in done.out
    assert "/home/ada" in done.out and "1000" in done.out and ISSUER in done.out
    comes(rig, "2000")
    assert len(list((rig.folder / "run/private/sessions").iterdir())) == 1


# case: account: after the window of user rebind the name is closed to others again
def test_rebind__window_over__refused_and_not_shown(rig):
    rig.store("user=dev,developer,rebind-over")
    assert shown(rig, "dev")["rebind_until"] is None
    assert "Rebind" not in rig.ctl("user", "show", "dev").out
    comes(rig, "2000", "E_OTHER_SUBJECT", user="dev")
    error_of(rebind(rig, "--cancel", name="dev"), DENIED, "not_found")
    comes(rig, "dev", user="dev")
    assert b"rebind_until" not in rig.state()["private/users/dev"]


# case: account: user rebind --cancel closes the name to others again
def test_rebind__cancelled__refused(rig):
    assert rebind(rig, "--for", "2h").code == OK
    done = rebind(rig, "--cancel")
    assert done.code == OK and done.json["rebind_until"] is None
    assert [event["event"] for event in events(rig)] == ["rebind_asked", "rebind_cancelled"]
    comes(rig, "2000", "E_OTHER_SUBJECT")
    assert error_of(rebind(rig, "--cancel"), DENIED, "not_found")["detail"] == "no other person may take this name over"


# case: account: user rebind --subject binds at once, and nobody gets in before the new person's sign-in
def test_rebind__to_a_subject__at_once_and_without_roles(rig):
    uid = shown(rig)["uid"]
    done = rebind(rig, "--subject", "2000")
    assert done.code == OK
    user = done.json
    assert (user["sub"], user["uid"], user["roles"], user["reason"]) == ("2000", uid, [], "not_enrolled")
    assert user["effective_roles"] == ["viewer"] and user["signed_in"] == 0 and user["rebind_until"] is None
    (event,) = events(rig)
    assert (event["event"], event["old_subject"], event["subject"]) == ("rebind_done", "1000", "2000")
    assert b"refresh-of-1000" not in b"".join(rig.state().values())
    for service in ("sshd", "sudo"):
        assert rig.ask("ACCOUNT", SERVICE=service).result() == "E_NOT_ENROLLED"
    comes(rig, "1000", "E_OTHER_SUBJECT")
    comes(rig, "3000", "E_OTHER_SUBJECT")
    comes(rig, "2000")
    assert rig.ask("ACCOUNT", SERVICE="sudo").result() == "OK" and shown(rig)["uid"] == uid
    assert error_of(rebind(rig, "--subject", "2000"), DENIED, "exists")
    assert rebind(rig, "--subject", "1000").code == OK  # and back


# case: account: one sub under two names is refused, and the message names the way out
def test_rebind__subject_of_another_name__refused_until_that_is_bound_anew(rig):
    comes(rig, "2000", user="lovelace")
    rig.log()
    comes(rig, "2000", "E_OTHER_SUBJECT")
    assert rebind(rig).code == OK
    rig.log()
    comes(rig, "2000", "E_SUBJECT_TAKEN")
    (refused,) = events(rig)
    assert "enrolled as lovelace" in refused["detail"] and "user show lovelace" in refused["detail"]
    before = rig.state()
    detail = error_of(rebind(rig, "--subject", "2000"), DENIED, "subject_taken")["detail"]
    assert "enrolled as lovelace" in detail and "cosmo-ssoctl user rebind lovelace" in detail
    assert rig.state() == before
    assert rebind(rig, "--subject", "4000", name="lovelace").code == OK
    comes(rig, "2000")
    comes(rig, "2000", "E_OTHER_SUBJECT", user="lovelace")


# case: account: a person without a role does not take a name over, and the former one's roles stay
@pytest.mark.parametrize("identity, more, refusal", [
    ({"ROLE": None, "CLAIM_STATE": 2}, "", "E_CLAIM_MISSING"),
    ({"ROLE": None, "CLAIM_STATE": 1}, "[roles]\nno_match = deny\n", "E_NO_ROLE"),
], ids=["claim_missing", "no_role"])  # fmt: skip
def test_rebind__newcomer_is_refused__nothing_changes(rig, identity, more, refusal):
    assert rebind(rig).code == OK
    rig.configure(CONFIG.format(issuer=ISSUER, integration="", more=more))
    before = rig.state()
    comes(rig, "2000", refusal, **identity)
    assert rig.state() == before
    assert rig.ask("ACCOUNT", SERVICE="sudo").result() == "OK"
    comes(rig, "2000")
    assert shown(rig)["sub"] == "2000"


REFUSED = {
    "not_enrolled": (["user=dev"], [], "grace", DENIED, "not_found", "nobody is enrolled under this name"),
    "removed": (["user=dev,admin,removed"], [], "dev", DENIED, "removed", "another login name at the IdP"),
    "locked": (["user=dev,admin,locked"], [], "dev", DENIED, "locked", "unlock it first"),
    "local_user": (["user=dev"], ["dev:x:1000:1000::/:/bin/sh"], "dev", DENIED, "name_reserved", "a local user has this name"),
    "disconnected": (["user=dev", "disconnect"], [], "dev", DENIED, "disconnected", "run `cosmo-ssoctl connect`"),
}  # fmt: skip


# case: account: user rebind refuses names not enrolled, removed, locked or local, and says what to do
@pytest.mark.parametrize("words", ([], ["--subject", "9000"]), ids=("open", "subject"))
@pytest.mark.parametrize("store, local, name, code, error, says", REFUSED.values(), ids=REFUSED.keys())
def test_rebind__what_cannot_be__is_refused_with_the_reason(rig, store, local, name, code, error, says, words):
    rig.store(*store)
    rig.local(local)
    before = rig.snapshot()
    assert says in error_of(rebind(rig, *words, name=name), code, error)["detail"]
    assert says in error_of(rig.ctl("user", "rebind", name, *words, "--dry-run", "--json"), code, error)["detail"]
    done = rig.ctl("user", "rebind", name, "--yes", *words)
    assert done.code == code and f"[{error}]" in done.err and "nothing was changed" in done.err
    assert rig.snapshot() == before and events(rig) == []


# case: account: user rebind shows who holds the name and asks; without a yes nothing changes
def test_rebind__not_confirmed_or_tried_only__changes_nothing(rig):
    before = rig.snapshot()
    done = rig.ctl("user", "rebind", "ada", "--dry-run")
    assert done.code == OK and "nothing was changed" in done.out and re.search(r"^Subject +1000$", done.out, re.M)
    document = rig.ctl("user", "rebind", "ada", "--dry-run", "--json").json
    assert (document["dry_run"], document["sub"], document["rebind_until"]) == (True, "1000", None)
    done = rig.ctl("user", "rebind", "ada")
    assert done.code == DENIED and "say --yes" in done.err and "[cancelled]" in done.err
    assert rig.snapshot() == before and events(rig) == []
    for answer, changed in (("n", False), ("", False), ("y", True)):
        terminal = rig.ctl_in_terminal("user", "rebind", "ada")
        terminal.expect(r"(?s)Subject +1000.*/home/ada.*SSH keys.*loginctl terminate-user ada.*Go on\? \[y/N\] ")
        terminal.sendline(answer)
        terminal.expect("takes this back" if changed else "nothing was changed")
        terminal.wait()
        assert terminal.exitstatus == (OK if changed else DENIED)
        assert (rig.snapshot() != before) is changed


# case: account: user rebind does not touch a name that went to somebody else while the question stood
def test_rebind__bound_anew_meanwhile__not_done(rig):
    terminal = rig.ctl_in_terminal("user", "rebind", "ada")
    terminal.expect(r"Go on\? \[y/N\] ")
    assert rebind(rig, "--subject", "2000").code == OK
    before = rig.snapshot()
    terminal.sendline("y")
    terminal.expect("bound to another person meanwhile")
    terminal.wait()
    assert terminal.exitstatus == BUSY and rig.snapshot() == before


# With the built judge and fetch.


class Site:
    """A rig connected to a scripted IdP."""

    def __init__(self, rig, idp):
        self.rig, self.idp = rig, idp
        rig.put_conf("ca.pem", idp.ca_pem)

    def connect(self, integration="", more=""):
        integration = f"ca_file = {installed('COSMO_CONF_DIR')}/ca.pem\nalgs = RS256\n{integration}"
        exchange = self.rig.start("ctl")
        exchange.peer.send("CTL_CONNECT", CONFIG=CONFIG.format(issuer=self.idp.issuer, integration=integration, more=more))
        while (message := exchange.recv()).type == "PROGRESS":
            pass
        assert message.type == "RESULT" and message.ERR == 0, message
        self.rig.log()
        return self

    def comes(self, user, expected="OK", frozen=None, **claims):
        """A sign-in as `user`, approved by the person with these claims."""
        self.idp.claims = {"sub": "1000", "preferred_username": user, "groups": ["admins"]} | claims
        assert self.rig.sign_in(user, **(frozen or {})).result() == expected

    def refusal(self):
        return events(self.rig)[-1]["reason"]


@pytest.fixture
def site():
    with CtlRig() as rig, FakeIdp() as idp:
        yield Site(rig, idp)


# case: account: user rebind through the real judge: the token's new sub takes the name over
def test_rebind__by_the_token_of_the_idp__takes_over(site):
    site.connect().comes("ada")
    uid = shown(site.rig)["uid"]
    site.comes("ada", "E_OTHER_SUBJECT", sub="2000")
    assert rebind(site.rig).code == OK
    site.comes("ada", sub="2000", groups=["devs"])
    assert (shown(site.rig)["sub"], shown(site.rig)["uid"], shown(site.rig)["roles"]) == ("2000", uid, ["developer"])
    site.comes("ada", "E_OTHER_SUBJECT")
