# SPDX-License-Identifier: MIT
"""cosmo-ssoctl login-test: a sign-in at the administrator's terminal. Needs root and COSMO_BUILD_DIR."""

import pathlib
import re
import signal
import socket
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support.ctl_fixtures import connected, idp, rig  # noqa: E402, F401
from support.ctl_rig import CtlRig, NamesRig, shipped_config  # noqa: E402
from support.fake_idp import FOREVER, Answer, FakeIdp  # noqa: E402

OK, DENIED, USAGE, UNREACHABLE, MISCONFIGURED = range(5)
CODE = "WDJB-MJHT"


def revoked(idp):
    return [request.form["token"] for request in idp.requests if request.path == "/revoke"]


def scopes(idp):
    """What was asked for with each code."""
    return [request.form["scope"] for request in idp.requests if request.path == "/device"]


def services(report):
    return {service["service"]: (service["sign_in"]["pam"], service["account"]["pam"]) for service in report["services"]}


def event(rig, name):
    (found,) = [fields for fields in rig.events() if fields["event"] == name]
    return found


def test_login_test__mapped_person__is_told_all_and_enrolled_as_by_a_sign_in(connected, idp):
    idp.vouch_for("ada", "1000", *(f"team-{number:03}" for number in range(200)), "admins")
    idp.pending = 1
    done = connected.ctl("login-test", "--json")
    assert done.code == OK and CODE in done.err and f"{idp.issuer}/activate" in done.err, done.said
    assert "Test sign-in at" in done.err and "Do not approve a sign-in you did not start." in done.err
    report = done.json
    assert (report["name"], report["here"], report["sub"], report["issuer"]) == ("ada", "new", "1000", idp.issuer)
    assert report["matches"] == [{"rule": "admin = admins", "value": "admins"}]
    assert len(report["values"]) == 201 and report["claim"] == "present"
    assert (report["roles"], report["groups"]) == (["admin"], ["cosmo-users", "cosmo-admin"])
    assert services(report) == {name: ("PAM_SUCCESS", "PAM_SUCCESS") for name in ("sshd", "login")} | {
        "sudo": ("PAM_IGNORE", "PAM_SUCCESS")}
    assert [service["sign_in"]["text"] is None for service in report["services"]] == [False, False, True]
    assert (report["dry_run"], report["result"], report["error"]) == (False, "ok", None)
    logged = event(connected, "login_test")
    assert (logged["user"], logged["roles"], logged["enrolled"], logged["reason"]) == ("ada", "admin", "yes", "ok")
    assert logged["uid"] == str(report["uid"]) and logged["by"].startswith("root")
    (shown,) = connected.ctl("user", "show", "ada", "--json").json
    assert (shown["uid"], shown["roles"], shown["effective_roles"]) == (report["uid"], ["admin"], ["admin"])
    assert scopes(idp)[-1] == "openid profile offline_access"
    assert shown["signed_in"] and connected.ctl("session", "list", "--json").json == [] and revoked(idp) == []

    done = connected.ctl("login-test")
    assert done.code == OK and re.search(r"Here +a user of this host", done.out), done.said
    assert re.search(rf"Rules +admin = admins +met admins\n.*team-000\n(.*\n)*.*\.\.\. and 180 more\n", done.out), done.out
    assert re.search(rf"uid, gid +{report['uid']}\n", done.out) and "Written down as by a sign-in." in done.out
    assert re.search(r"sudo +sign-in: not asked for \(auth = skip\)\n +account: PAM_SUCCESS\n", done.out)


# What nobody would be refused for, and what they would be.
OTHERS = {
    "known": ("", {"groups": ["admins"]}, OK, "known", "ok", ("PAM_SUCCESS", "PAM_SUCCESS")),
    "no_match_viewer": ("", {"groups": ["eng"]}, OK, "known", "ok", ("PAM_SUCCESS", "PAM_SUCCESS")),
    "no_match_deny": ("no_match = deny", {"groups": ["eng"]}, DENIED, "known", "no_role", ("PAM_MAXTRIES", "PAM_PERM_DENIED")),
    "claim_missing": ("", {"groups": None}, DENIED, "known", "role_claim_missing", ("PAM_MAXTRIES", "PAM_PERM_DENIED")),
    "other_person": ("", {"sub": "2000"}, DENIED, "other_person", "other_subject", ("PAM_MAXTRIES", "PAM_PERM_DENIED")),
    "other_name": ("", {"preferred_username": "bob"}, DENIED, "other_name", "subject_taken",
                   ("PAM_MAXTRIES", "PAM_PERM_DENIED")),
    "reserved_name": ("", {"preferred_username": "postgres", "sub": "9"}, DENIED, "new", "name_reserved",
                      ("PAM_MAXTRIES", "PAM_USER_UNKNOWN")),
}


@pytest.fixture(scope="module")
def enrolled():
    """A host where ada is a user."""
    with FakeIdp() as idp, CtlRig() as rig:
        rig.configure(shipped_config())
        assert rig.connect(idp).code == OK
        idp.vouch_for("ada", "1000", "admins")
        assert rig.ctl("login-test").code == OK
        yield rig, idp, rig.config_text


@pytest.fixture
def ada(enrolled):
    rig, idp, config = enrolled
    rig.configure(config)
    rig.local()
    idp.vouch_for("ada", "1000", "admins")
    idp.requests.clear()
    rig.events()
    return rig, idp


@pytest.mark.parametrize("name", OTHERS)
def test_login_test__dry_run__tells_the_same_and_writes_nothing(ada, name):
    rig, idp = ada
    roles, claims, code, here, result, sshd = OTHERS[name]
    rig.configure(rig.config_text.replace("\n[roles]\n", f"\n[roles]\n{roles}\n"))
    idp.claims = {key: value for key, value in (idp.claims | claims).items() if value is not None}
    before = rig.snapshot()
    done = rig.ctl("login-test", "--dry-run", "--json")
    assert done.code == code, done.said
    report = done.json
    assert (report["here"], report["result"], services(report)["sshd"]) == (here, result, sshd)
    assert (report["error"], report["dry_run"]) == (None if code == OK else result, True)
    assert rig.snapshot() == before
    assert event(rig, "login_test_dry")["reason"] == result
    assert scopes(idp) == ["openid profile"]
    if idp.claims["sub"] == "1000":  # ada's, who has a token of her own
        assert revoked(idp) == [] and any("not revoked" in note for note in report["notes"])
    else:
        assert len(revoked(idp)) == 1 and any("IdP has revoked it" in note for note in report["notes"])
    if result in ("no_role", "role_claim_missing"):
        assert report["note"] and report["roles"] == [] and len(done.err.splitlines()) > 5


HERE = {
    "other_person": ({"sub": "2000"}, "the name is bound to another person"),
    "other_name": ({"preferred_username": "bob"}, "the person is a user under another name"),
}


@pytest.mark.parametrize("claims, here", HERE.values(), ids=HERE.keys())
def test_login_test__whose_the_name_is__is_told_in_words(ada, claims, here):
    rig, idp = ada
    idp.claims |= claims
    done = rig.ctl("login-test", "--dry-run")
    assert done.code == DENIED and re.search(rf"^Here +{here}$", done.out, re.MULTILINE), done.said


def test_login_test__name_let_be_taken_over__told_and_left_to_the_sign_in(ada):
    rig, idp = ada
    assert rig.ctl("user", "rebind", "ada", "--yes").code == OK
    idp.claims |= {"sub": "2000"}
    done = rig.ctl("login-test", "--dry-run")
    assert re.search(r"^Here +takes the name over from another person, as `user rebind` allows$", done.out, re.MULTILINE), done.said
    assert rig.ctl("user", "rebind", "ada", "--cancel").code == OK


def test_login_test__too_many_values__the_word_and_what_to_do(ada):
    rig, idp = ada
    before = rig.snapshot()
    idp.claims |= {"_claim_names": {"groups": "src1"}}
    del idp.claims["groups"]
    done = rig.ctl("login-test", "--dry-run")
    assert done.code == DENIED and "[role_claim_overage]" in done.err and "more groups than" in done.err, done.said
    assert rig.snapshot() == before


def test_login_test__name_of_a_local_user__left_alone(ada):
    rig, idp = ada
    rig.local(users=["tom:x:1000:1000::/home/tom:/bin/sh"])
    idp.vouch_for("tom", "3000", "admins")
    for words in (["--dry-run"], []):
        before = rig.records()
        done = rig.ctl("login-test", "--json", *words)
        assert done.code == DENIED and (done.json["here"], done.json["error"]) == ("local_user", "name_reserved"), done.said
        assert set(services(done.json).values()) == {("PAM_IGNORE", "PAM_IGNORE")}
        assert rig.records() == before
    assert "left to the other PAM modules" in rig.ctl("login-test", "--dry-run").out


def test_login_test__client_refused__names_settings_and_no_options(ada):
    """It has none of `connect`'s."""
    rig, idp = ada
    idp.script("/device", Answer(401, {"error": "invalid_client"}))
    done = rig.ctl("login-test", "--dry-run")
    assert done.code == MISCONFIGURED and "[idp_client_refused]" in done.err, done.said
    assert "Look at client_id, and whether this client needs a secret (client_secret_file)." in done.err and "--client" not in done.err
    with FakeIdp() as other:
        rig.configure(rig.config_text.replace(idp.issuer, other.issuer))
        done = rig.ctl("login-test", "--dry-run")
    assert done.code == MISCONFIGURED and "set ca_file;" in done.err and "--ca-file" not in done.err, done.said


@pytest.fixture
def names():
    """A host on which another source of names than ours has carol, and does not say whether it has erin."""
    with FakeIdp() as idp, NamesRig() as rig:
        rig.configure(shipped_config())
        rig.sources("files cosmo")
        assert rig.connect(idp).code == OK
        yield rig, idp


def refused(rig, here, *words):
    """A sign-in that changes nothing, and what it says."""
    before = rig.state()
    done = rig.ctl("login-test", "--json", *words)
    assert done.code != OK and done.json["here"] == here and rig.state() == before, done.said
    return done.json


def test_login_test__name_of_another_source__left_alone(names):
    rig, idp = names
    idp.vouch_for("carol", "7000", "admins")
    rig.sources("files other cosmo")
    for words in (["--dry-run"], []):
        report = refused(rig, "other_source", *words)
        assert (report["error"], report["uid"]) == ("name_reserved", None) and "another source" in report["detail"]
        assert set(services(report).values()) == {("PAM_IGNORE", "PAM_IGNORE")}
    told = rig.ctl("login-test", "--dry-run").out
    assert re.search(r"^Here +the name is or may be that of an account from another source \(LDAP, SSSD, ", told, re.MULTILINE), told
    # As LDAP has it: nobody is enrolled for the uid's sake.
    rig.configure(rig.config_text.replace("\n[enroll]\n", "\n[enroll]\nuid_min = 4000\nuid_max = 5000\nuid_claim = number\n"))
    idp.claims["number"] = 4711
    assert refused(rig, "other_source")["error"] == "name_reserved" and rig.records() == []

    rig.sources("files cosmo")
    idp.claims["number"] = 4712
    for here in ("new", "known"):  # then look-ups show the name as ours
        done = rig.ctl("login-test", "--json")
        assert (done.code, done.json["here"], done.json["uid"]) == (OK, here, 4712), done.said
    rig.sources("files other cosmo")
    idp.claims["groups"] = []
    assert set(services(refused(rig, "other_source")).values()) == {("PAM_IGNORE", "PAM_IGNORE")}


def test_login_test__name_that_nobody_tells_of__refused(names):
    rig, idp = names
    idp.vouch_for("erin", "8000", "admins")
    assert rig.ctl("login-test", "--dry-run").code == OK
    rig.sources("files cosmo other")
    for words in (["--dry-run"], []):
        report = refused(rig, "other_source", *words)
        assert report["error"] == "io_error" and "do not say" in report["detail"]
        assert set(services(report).values()) == {("PAM_IGNORE", "PAM_IGNORE")}


def test_login_test__cancelled_while_the_name_is_looked_up__is_told_and_writes_nothing(names):
    rig, _ = names
    before = rig.state()
    exchange = rig.start("ctl")
    exchange.peer.send("CTL_LOGIN_TEST")
    while (message := exchange.recv()).type != "LOGIN_NAME":
        assert message.type in ("SHOW", "ROLES_ITEM"), message
    assert message.USERNAME == "ada"
    exchange.peer.socket.shutdown(socket.SHUT_WR)
    answer = exchange.recv()
    assert (answer.type, answer.error) == ("RESULT", "E_CANCELLED") and rig.state() == before


REFUSALS = {
    "denied": ({"error": "access_denied"}, DENIED, "access_denied"),
    "expired": ({"error": "expired_token"}, DENIED, "code_expired"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_login_test__code_not_approved__says_so_and_writes_nothing(ada, name):
    rig, idp = ada
    body, code, word = REFUSALS[name]
    idp.script("/token", Answer(400, body))
    before = rig.state()
    done = rig.ctl("login-test", "--json")
    assert (done.code, done.json["error"]) == (code, word), done.said
    assert rig.state() == before and event(rig, "login_test")["reason"] == word


def test_login_test__ctrl_c__ends_it_and_writes_nothing(ada):
    rig, idp = ada
    idp.pending = FOREVER
    before = rig.state()
    client = rig.ctl_in_terminal("login-test")
    client.expect_exact("Test sign-in at")
    client.expect(r"\r4:5\d left; Ctrl-C ends it")
    client.sendintr()
    client.expect_exact("[cancelled]")
    client.wait()
    idp.pending = 0
    assert client.exitstatus == DENIED and rig.state() == before
    assert event(rig, "login_test")["reason"] == "cancelled"


def test_login_test__ended_twice__ends_as_if_once(ada):
    """A second signal comes while the first is told to the helper: it is not what ends the program."""
    rig, idp = ada
    idp.pending = FOREVER
    client = rig.ctl_in_terminal("login-test")
    client.expect(r"\r4:5\d left; Ctrl-C ends it")
    client.kill(signal.SIGTERM)
    client.sendintr()
    client.expect_exact("[cancelled]")
    client.wait()
    idp.pending = 0
    assert (client.exitstatus, client.signalstatus) == (DENIED, None)


def test_login_test__enrolment_of_listed_names__others_are_told_so(ada):
    rig, idp = ada
    rig.configure(rig.config_text.replace("\n[enroll]\n", "\n[enroll]\nmode = listed\n"))
    idp.vouch_for("eve", "4000", "admins")
    done = rig.ctl("login-test", "--json")
    assert (done.code, done.json["error"], done.json["here"]) == (DENIED, "enroll_off", "new"), done.said
    assert services(done.json)["sshd"] == ("PAM_IGNORE", "PAM_IGNORE") and "eve" not in rig.records()


def test_login_test__services__by_name_or_the_first_that_asks(ada):
    rig, idp = ada
    rig.configure(rig.config_text + "\n[service sshd]\nauth = skip\n[service login]\nauth = deny\n"
                  "[service sudo]\nauth = device\namr = gold\n")
    done = rig.ctl("login-test", "--dry-run", "--json")
    assert (done.code, done.json["error"]) == (DENIED, "step_up"), done.said
    assert services(done.json) == {"sshd": ("PAM_IGNORE", "PAM_SUCCESS"), "login": ("PAM_PERM_DENIED", "PAM_SUCCESS"),
                                   "sudo": ("PAM_PERM_DENIED", "PAM_PERM_DENIED")}
    for service in ("sshd", "login"):
        done = rig.ctl("login-test", "--service", service)
        assert done.code == DENIED and "[service_off]" in done.err and CODE not in done.said, done.said


def test_login_test__never_connected__a_dry_run_tries_the_configuration(rig, idp):
    assert rig.ctl("login-test", "--dry-run").code == DENIED
    assert rig.connect(idp, "--dry-run").code == OK
    ca = rig.put_conf("ca.pem", idp.ca_pem)
    rig.configure(f"[integration]\nissuer = {idp.issuer}\nclient_id = {idp.CLIENT_ID}\nca_file = {ca}\nclaim = groups\n"
                  "[rules]\nadmin = admins\n")
    done = rig.ctl("login-test")
    assert done.code == DENIED and "login-test --dry-run" in done.err and "cosmo-ssoctl connect" in done.err, done.said
    before = rig.snapshot()
    done = rig.ctl("login-test", "--dry-run", "--json")
    assert done.code == OK and done.json["here"] == "new" and done.json["uid"] is None, done.said
    assert services(done.json)["sshd"] == ("PAM_SUCCESS", "PAM_SUCCESS")
    assert any("as it would be after" in note for note in done.json["notes"]) and rig.snapshot() == before


def test_login_test__after_a_move_to_another_idp__names_are_the_former_ones(ada):
    rig, idp = ada
    with FakeIdp() as other:
        other.vouch_for("ada", "1000", "admins")
        rig.configure(rig.config_text.replace(idp.issuer, other.issuer))
        rig.put_conf("ca.pem", other.ca_pem)
        done = rig.ctl("login-test", "--dry-run", "--json")
        assert re.search(r"Here +the name is bound to a person of another IdP\n", rig.ctl("login-test", "--dry-run").out)
    rig.put_conf("ca.pem", idp.ca_pem)
    assert (done.code, done.json["here"], done.json["error"]) == (DENIED, "other_issuer", "other_issuer"), done.said
    assert "user rebind ada" in done.json["detail"]


def test_login_test__not_root__refused(rig):
    done = rig.ctl("login-test", "--dry-run", user=65534)
    assert done.code != OK and "[not_root]" in done.err
    assert rig.ctl("login-test", "ada").code == USAGE
