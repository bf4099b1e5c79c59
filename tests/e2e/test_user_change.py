# SPDX-License-Identifier: MIT
"""One person is locked out, signed out or removed while at work: it is over at once, for nobody else, and they read why."""

import contextlib
import json

import pytest

from support.live_sessions import busy, enrol, lasting, listed, pids_of, uid_of
from support.process import PATIENCE_S
from support.site import CONFIG

pytestmark = pytest.mark.usefixtures("many_unknown_names")

PEOPLE = ("ada", "dev", "vic")
LOCKED = "This account is locked on this host. Please ask the administrator of this host."
REMOVED = "This account was removed from this host. Please ask the administrator of this host."
NOT_ENROLLED = "This account has never signed in on this host. Sign in with the code first."
NO_UID = "No user id can be given to this account. Please ask the administrator of this host."


@pytest.fixture(scope="module", autouse=True)
def people(module_site):
    return enrol(module_site, *PEOPLE)


def groups_of(host, user):
    return set(host.run(["id", "-Gn", user]).stdout.split())


def viewer(user):
    return {user, "cosmo-users", "cosmo-viewer"}


def shown(host, user):
    """`user show`, as a program reads it and as a person does."""
    (item,) = json.loads(host.run(["cosmo-ssoctl", "user", "show", user, "--json"]).stdout)
    return item, " ".join(host.run(["cosmo-ssoctl", "user", "show", user]).stdout.split())


def changed_at_work(site, verb, user, other, *words):
    """`user VERB USER` while three people are at work: USER's sessions end, the other's and the local user's go on."""
    host = site.host
    uids = {name: uid_of(host, name) for name in (user, other, "tess")}
    with busy(host, *uids) as clients:
        before = {name: lasting(host, uids[name]) for name in (other, "tess")}
        cursor = host.journal_cursor()
        told = json.loads(host.run(["cosmo-ssoctl", "user", verb, user, "--reason", "ticket 4711", *words, "--json"]).stdout)
        assert told["changed"] and told["sessions"] == 3 and told["left"] == 0 and told["error"] is None, told
        assert pids_of(host, uids[user]) == set()
        for client in clients[user]:
            client.wait(PATIENCE_S)
        assert {name: lasting(host, uids[name]) for name in before} == before
        assert [item["user"] for item in listed(host)] == [other] * 3
        assert len(host.journal(rf"event=session_ended.*user={user}", after=cursor)) == 3
    return told


def key_refused(site, user, text):
    with pytest.raises(RuntimeError) as refusal:
        site.key_login(user, "id")
    assert text in " ".join(str(refusal.value).split())


def refused(site, user, text, key_text):
    """The sign-in and the key login of USER are refused with these texts, and the IdP is not asked."""
    requests = site.idp.counts()["requests"]
    with site.sign_in(user) as login:
        assert text in " ".join(login.refused().split())
    key_refused(site, user, key_text)
    assert site.idp.counts()["requests"] == requests


def signed_in_again(site, user, uid, role):
    with site.signed_in(user) as login:
        assert login.ask("id -u") == str(uid) and role in login.ask("id -Gn").split()
    assert role in groups_of(site.host, user) and role in site.key_login(user, "id", "-Gn").split()


# case: account: over SSH a locked person is refused by code and by key, and once unlocked gets in with the same uid and roles
def test_lock__person_at_work__out_and_kept_out_until_unlocked(site, host):
    uid = uid_of(host, "ada")
    changed_at_work(site, "lock", "ada", "dev")
    assert groups_of(host, "ada") == viewer("ada")
    refused(site, "ada", LOCKED, key_text=LOCKED)
    item, text = shown(host, "ada")
    assert (item["locked"], item["reason"], item["why"], item["effective_roles"]) == (True, "locked", "ticket 4711", ["viewer"])
    assert "Locked at" in text and "ticket 4711" in text and LOCKED in text
    assert "cosmo-developer" in site.key_login("dev", "id", "-Gn").split()
    host.run(["cosmo-ssoctl", "user", "unlock", "ada"])
    assert "cosmo-admin" in groups_of(host, "ada") and "cosmo-admin" in site.key_login("ada", "id", "-Gn").split()
    signed_in_again(site, "ada", uid, "cosmo-admin")


# case: account: over SSH a person signed out by user disconnect is a viewer until their own next sign-in, whoever else signs in
def test_disconnect_of_one__person_at_work__viewer_until_their_own_sign_in(site, host):
    """Neither time nor another's sign-in brings the roles back; a key lets in the viewer that they are."""
    uid = uid_of(host, "dev")
    told = changed_at_work(site, "disconnect", "dev", "ada")
    assert told["token_revoked"] and site.idp.counts()["requests"]["POST /token/revocation"] > 0
    item, text = shown(host, "dev")
    assert (item["reason"], item["why"], item["roles"], item["uid"]) == ("signed_out", "ticket 4711", [], uid)
    assert "Signed out" in text and "ticket 4711" in text
    signed_in_again(site, "ada", uid_of(host, "ada"), "cosmo-admin")
    assert groups_of(host, "dev") == set(site.key_login("dev", "id", "-Gn").split()) == viewer("dev")
    signed_in_again(site, "dev", uid, "cosmo-developer")


@contextlib.contextmanager
def ids_of_newcomers(site, **keys):
    """Their uids as a test wants them, while this lasts."""
    kept = site.host.read(CONFIG)
    for key, value in keys.items():
        site.configure("enroll", key, str(value))
    site.host.run(["cosmo-ssoctl", "apply"])
    try:
        yield
    finally:
        site.host.put(CONFIG, kept)
        site.host.run(["cosmo-ssoctl", "apply"])


# case: account: over SSH a removed name is refused until user add, and the uid is given to nobody else, also if uid_claim says so
def test_remove__person_at_work__name_and_uid_are_nobodys_until_taken_back(site, host):
    """A newcomer gets another uid, also where there are but two; and none if the IdP demands the removed one's."""
    uid = uid_of(host, "vic")
    assert uid < 0x7FFDFFFF
    changed_at_work(site, "remove", "vic", "ada", "--yes")
    assert host.run(["getent", "passwd", "vic"], check=False).returncode == 2
    assert host.run(["getent", "passwd", str(uid)], check=False).returncode == 2
    refused(site, "vic", REMOVED, key_text="Permission denied")  # sshd takes no key of a user that is none
    item, text = shown(host, "vic")
    assert (item["reason"], item["why"], item["uid"], item["effective_roles"]) == ("removed", "ticket 4711", uid, [])
    assert "Removed" in text and "ticket 4711" in text

    with ids_of_newcomers(site, uid_max=uid + 1, uid_min=uid):
        site.idp.person("mia", groups=["engineering"])
        with site.signed_in("mia") as login:
            assert login.ask("id -u") == str(uid + 1)
    with ids_of_newcomers(site, uid_claim="uidNumber"):
        site.idp.person("noa", groups=["engineering"], claims={"uidNumber": uid})
        with site.sign_in("noa") as login:
            login.prompt()
            login.approve()
            login.enter()
            assert NO_UID in " ".join(login.refused().split())
    assert host.run(["getent", "passwd", str(uid)], check=False).returncode == 2

    host.run(["cosmo-ssoctl", "user", "add", "vic"])
    key_refused(site, "vic", NOT_ENROLLED)
    signed_in_again(site, "vic", uid, "cosmo-viewer")
