#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Whose a login name is, and which ids it has: the built helper, judge, fetch and cosmo-ssoctl with a scripted IdP.

Needs root and COSMO_BUILD_DIR."""

import json
import pathlib
import re
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support.ctl_rig import CtlRig  # noqa: E402
from support.fake_idp import FakeIdp  # noqa: E402
from support.helper_site import ISSUER  # noqa: E402
from support.pam_rig import installed  # noqa: E402

OK, DENIED, USAGE, UNREACHABLE, MISCONFIGURED, BUSY, INTERNAL = range(7)
DAY_S = 86400
SOURCE = pathlib.Path(__file__).resolve().parents[2]
CONFIG = """
[integration]
issuer = {issuer}
client_id = cosmo-test
claim = groups
{integration}
[rules]
admin = admins
developer = devs
[limits]
unknown_per_source_hour = 1000
unknown_per_host_hour = 1000
{more}
"""


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
    (refused,) = rig.events()
    assert (refused["reason"], refused["subject"]) == ("other_subject", "2000")
    assert "cosmo-ssoctl user rebind ada" in refused["detail"]

    before = time.time()
    done = rebind(rig)
    assert done.code == OK and done.json["dry_run"] is False
    assert before + DAY_S - 1 <= done.json["rebind_until"] <= time.time() + DAY_S
    (asked,) = rig.events()
    assert (asked["event"], asked["user"], asked["reason"], asked["old_subject"]) == ("rebind_asked", "ada", "ok", "1000")
    assert asked["by"].startswith("root")
    user = shown(rig)
    assert (user["sub"], user["roles"], user["rebind_until"]) == ("1000", ["admin"], done.json["rebind_until"])
    assert "Rebind until" in rig.ctl("user", "show", "ada").out
    assert "waits for another person" in rig.ctl("user", "list").out
    comes(rig, "1000")  # whose it still is; that takes nothing away
    assert shown(rig)["rebind_until"] == user["rebind_until"]
    rig.log()

    comes(rig, "2000", ROLE=["developer"])
    taken, signed_in = rig.events()
    assert (taken["event"], taken["old_subject"], taken["subject"]) == ("rebind_done", "1000", "2000")
    assert (taken["user"], taken["uid"], taken["service"]) == ("ada", str(uid), signed_in["service"]) and "by" not in taken
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
    assert done.code == OK and "session end --user ada" in done.out and "SSH keys" in done.out
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
    assert [event["event"] for event in rig.events()] == ["rebind_asked", "rebind_cancelled"]
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
    for shows in (rig.ctl("user", "show", "ada"), rig.ctl("whoami", user=uid)):
        assert "\nLease until  -\n" in shows.out
    (event,) = rig.events()
    assert (event["event"], event["old_subject"], event["subject"]) == ("rebind_done", "1000", "2000")
    assert event["by"].startswith("root")
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
    (refused,) = rig.events()
    assert "enrolled as lovelace" in refused["detail"] and "user show lovelace" in refused["detail"]
    before = rig.state()
    error = error_of(rebind(rig, "--subject", "2000"), DENIED, "subject_taken")
    detail = error["detail"]
    assert "Your account" not in error["message"]  # nobody signs in here
    assert "enrolled as lovelace" in detail and "cosmo-ssoctl user rebind lovelace" in detail
    assert rig.state() == before
    assert rebind(rig, "--subject", "4000", name="lovelace").code == OK
    comes(rig, "2000")
    comes(rig, "2000", "E_OTHER_SUBJECT", user="lovelace")


# case: account: two persons are given each other's names by way of a subject that nobody has, as the manual says
def test_rebind__names_of_two_persons__exchanged_as_the_manual_says(rig):
    comes(rig, "2000", user="eve", ROLE=["developer"])
    uids = {name: shown(rig, name)["uid"] for name in ("ada", "eve")}
    assert error_of(rebind(rig, "--subject", "2000"), DENIED, "subject_taken")
    page = (SOURCE / "docs/man/cosmo-ssoctl.8.scd").read_text()
    steps = re.findall(r"^cosmo-ssoctl (user rebind \w+ --subject \S+)$", page, re.M)
    assert len(steps) == 3
    for step in steps:
        assert rig.ctl(*step.split(), "--yes").code == OK
    for sub, was, name, role in (("1000", "ada", "eve", "admin"), ("2000", "eve", "ada", "developer")):
        comes(rig, sub, "E_OTHER_SUBJECT", user=was)
        comes(rig, sub, user=name, ROLE=[role])
        user = shown(rig, name)
        assert (user["sub"], user["roles"], user["uid"]) == (sub, [role], uids[name])


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
    "removed": (["user=dev,admin,removed"], [], "dev", DENIED, "removed", "`cosmo-ssoctl user add NAME` takes that back first"),
    "locked": (["user=dev,admin,locked"], [], "dev", DENIED, "locked", "nobody can sign in under a locked name"),
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
    assert rig.snapshot() == before and rig.events() == []


# case: account: user rebind shows who holds the name and asks; without a yes nothing changes
def test_rebind__not_confirmed_or_tried_only__changes_nothing(rig):
    before = rig.snapshot()
    done = rig.ctl("user", "rebind", "ada", "--dry-run")
    assert done.code == OK and "nothing was changed" in done.out and re.search(r"^Subject +1000$", done.out, re.M)
    document = rig.ctl("user", "rebind", "ada", "--dry-run", "--json").json
    assert (document["dry_run"], document["sub"], document["rebind_until"]) == (True, "1000", None)
    done = rig.ctl("user", "rebind", "ada")
    assert done.code == DENIED and "say --yes" in done.err and "[cancelled]" in done.err
    assert rig.snapshot() == before and rig.events() == []
    for answer, changed in (("n", False), ("", False), ("y", True)):
        terminal = rig.ctl_in_terminal("user", "rebind", "ada")
        terminal.expect(r"(?s)Subject +1000.*/home/ada.*SSH keys.*session end --user ada.*Go on\? \[y/N\] ")
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
        self.rig.connect_with(CONFIG.format(issuer=self.idp.issuer, integration=integration, more=more))
        self.rig.log()
        return self

    def comes(self, user, expected="OK", frozen=None, **claims):
        """A sign-in as `user`, approved by the person with these claims."""
        self.idp.claims = {"sub": "1000", "preferred_username": user, "groups": ["admins"]} | claims
        assert self.rig.sign_in(user, **(frozen or {})).result() == expected


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


# Who the person is: subject_claim.


# case: account: with subject_claim the person is that claim, whatever sub says
# case: account: with subject_claim another person under the same sub is refused
def test_subject_claim__oid__is_the_person_and_sub_is_not(site):
    site.connect("subject_claim = oid").comes("ada", sub="for-this-app", oid="7")
    site.comes("ada", sub="for-another-app", oid="7")
    assert shown(site.rig)["sub"] == "7"
    before = site.rig.state()
    site.comes("ada", "E_OTHER_SUBJECT", sub="for-this-app", oid="8")
    site.comes("ada", "E_TOKEN_SUB", sub="7")  # nothing stands in for what is missing
    assert site.rig.state() == before


# case: account: with several claims in subject_claim the person is all of them together
# case: account: a value with the joining character in a joined subject_claim is refused
def test_subject_claim__tid_and_oid__are_the_person_together(site):
    site.connect("subject_claim = tid oid").comes("ada", tid="t1", oid="7")
    assert shown(site.rig)["sub"] == "t1/7"
    before = site.rig.state()
    site.comes("ada", "E_OTHER_SUBJECT", tid="t2", oid="7")
    site.comes("ada", "E_TOKEN_SUB", tid="t1")
    site.comes("dev", "E_TOKEN_SUB", tid="t1/7", oid="8")
    assert site.rig.state() == before


# case: account: a name enrolled under another subject_claim is refused until it is bound to the new subject
def test_subject_claim__changed_later__names_are_bound_anew(site):
    site.connect().comes("ada", oid="7")
    site.connect("subject_claim = oid").comes("ada", "E_OTHER_SUBJECT", oid="7")
    assert site.rig.events()[-1]["subject"] == "7"
    assert rebind(site.rig, "--subject", "7").code == OK
    site.comes("ada", oid="7")


# Which ids it has: uid_claim.

UID_CLAIM = "[enroll]\nuid_claim = uidNumber\nuid_min = 1000\nuid_max = 50000\n"


def frozen(uid):
    return {"FROZEN_UID": uid, "FROZEN_GID": uid, "FROZEN_HOME": "/home/ada", "FROZEN_SHELL": "/bin/bash"}


# case: account: a first sign-in whose uid_claim gives another uid than sshd froze ends with "log in again"
# case: account: the sign-in after "log in again" succeeds, with the uid of the claim
# case: account: a uid_claim that changes at the IdP changes no uid here
def test_uid_claim__other_than_sshd_froze__log_in_again_then_in_for_ever(site):
    site.connect(more=UID_CLAIM).comes("ada", "E_LOGIN_AGAIN", frozen(23456), uidNumber=4711)
    event = site.rig.events()[-1]
    assert (event["reason"], event["uid"], event["enrolled"]) == ("login_again", "4711", "yes")
    site.comes("ada", "OK", frozen(4711), uidNumber="4711")
    site.comes("ada", "OK", frozen(4711), uidNumber=4712)
    assert shown(site.rig)["uid"] == 4711
    # And what it says now is nobody's: it is free for its next owner, the other is not.
    site.comes("dev", "E_UID", sub="2000", uidNumber=4711)
    site.comes("dev", "OK", sub="2000", uidNumber=4712)


# case: account: a uid_claim out of the range, of a local user or group, of another of ours or of a removed one is refused
def test_uid_claim__that_is_somebody_elses__refused_and_nothing_written(site):
    site.connect().rig.store("user=gone,admin,removed")
    removed = int(re.search(rb"^uid = (\d+)$", site.rig.state()["private/users/gone"], re.M).group(1))
    least, most = removed - 4, removed + 1
    site.rig.configure(site.rig.config_text + f"[enroll]\nuid_claim = uidNumber\nuid_min = {least}\nuid_max = {most}\n")
    site.rig.local([f"lokal:x:{least + 1}:7::/:/bin/sh"], [f"gruppe:x:{least + 2}:"])
    site.comes("grace", sub="3000", uidNumber=least + 3)
    before = site.rig.state()
    for uid in (0, least - 1, most + 1, least + 1, least + 2, least + 3, removed):
        site.comes("ada", "E_UID", uidNumber=uid)
    assert site.rig.events()[-1]["reason"] == "uid_unavailable" and site.rig.state() == before
    site.comes("ada", uidNumber=most)


# case: account: a uid_claim that is missing or no uid is refused, and no uid is computed in its place
def test_uid_claim__missing_or_no_number__refused(site):
    site.connect(more=UID_CLAIM)
    before = site.rig.state()
    for claims in ({}, {"uidNumber": "04711"}, {"uidNumber": 4711.5}):
        site.comes("ada", "E_TOKEN_CLAIM", **claims)
        assert "uidNumber" in site.rig.events()[-1]["detail"]
    assert site.rig.state() == before


# What the login name is: strip_domain, keep_domains.


# case: account: only the domains in strip_domain are taken off a login name
# case: account: the same local part in two stripped domains does not merge two people
def test_strip_domain__two_domains__never_merge_two_people(site):
    site.connect("strip_domain = corp.example corp.test").comes("ada", preferred_username="Ada@Corp.Example")
    before = site.rig.state()
    site.comes("ada", "E_OTHER_SUBJECT", sub="2000", preferred_username="ada@corp.test")
    site.comes("ada", "E_NAME_FORM", preferred_username="ada@else.example")
    site.comes("ada@corp.example", "E_NOT_OURS", preferred_username="ada@corp.example")
    assert site.rig.state() == before
    site.comes("ada", preferred_username="ada@corp.test")  # the same person, by another address


# case: account: with keep_domains the same local part in two domains is two users
def test_keep_domains__two_domains__are_two_users(site):
    site.connect("strip_domain = corp.example\nkeep_domains = yes").comes("ada", preferred_username="ada@corp.example")
    site.comes("ada", "E_OTHER_USER", sub="2000", preferred_username="ada@else.example")
    site.comes("ada@else.example", sub="2000", preferred_username="ada@else.example")
    ada, other = shown(site.rig), shown(site.rig, "ada@else.example")
    assert (ada["sub"], other["sub"]) == ("1000", "2000") and ada["uid"] != other["uid"]
    assert other["home"] == "/home/ada@else.example"
    site.comes("ada", "E_OTHER_SUBJECT", sub="2000", preferred_username="ada")


DOMAINS = {
    "listed": ("ada@corp.example", "ada", None),
    "case": ("ADA@CORP.Example", "ada", None),
    "none": ("ada", "ada", None),
    "longer": ("ada@evilcorp.example", None, "ada@evilcorp.example"),
    "below": ("ada@sub.corp.example", None, "ada@sub.corp.example"),
    "above": ("ada@example", None, "ada@example"),
    "behind": ("ada@corp.example.evil.test", None, "ada@corp.example.evil.test"),
    "twice": ("ada@corp.example@corp.example", None, None),
    "inner": ("ada@else.example@corp.example", None, None),
    "dot": ("ada@corp.example.", None, None),
    "nobody": ("@corp.example", None, None),
    "nothing": ("ada@", None, None),
    "quoted": ("\"ada@corp.example\"@else.example", None, None),
}


# case: account: a domain is taken off a login name as a whole or not at all
@pytest.mark.parametrize("keep", (False, True), ids=("refused", "kept"))
def test_strip_domain__whatever_stands_behind_the_at__stripped_whole_or_not(keep):
    with CtlRig() as rig:
        rig.configure(CONFIG.format(issuer=ISSUER, integration=f"strip_domain = corp.example\nkeep_domains = {'yes' if keep else 'no'}",
                                    more=""))  # fmt: skip
        for label, (claim, stripped, kept) in DOMAINS.items():
            claims = json.dumps({"preferred_username": claim, "sub": "1", "groups": ["admins"]})
            said = rig.ctl("roles", "test", "--json", stdin=claims).json
            name = stripped or (kept if keep else None)
            assert (said.get("name"), said["error"]) == (name, None if name else "name_form"), (label, said)
