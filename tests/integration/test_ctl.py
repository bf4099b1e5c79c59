#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The built cosmo-ssoctl, verb by verb, with the built helper, judge and fetch against a scripted IdP.

Needs root and COSMO_BUILD_DIR."""

import fcntl
import json
import os
import pathlib
import re
import stat
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import port, provider_faults  # noqa: E402
from support.ctl_fixtures import connected, idp, rig  # noqa: E402, F401
from support.ctl_rig import NOBODY, CtlRig, shipped_config  # noqa: E402
from support.fake_idp import Answer, FakeIdp, Keys  # noqa: E402
from support.helper_site import config  # noqa: E402
from support.provider_faults import DISCOVERY, without  # noqa: E402

OK, DENIED, USAGE, UNREACHABLE, MISCONFIGURED, BUSY, INTERNAL = range(7)
COMMANDS = ("connect", "enable", "disable", "status", "check", "doctor", "user", "roles", "check-config", "apply", "token",
            "boot")
NEEDS_ROOT = (["status"], ["check"], ["doctor"], ["user", "list"], ["user", "add", "ada"], ["user", "rebind", "ada", "--yes"],
              ["roles", "test"], ["roles", "lint"], ["check-config"], ["apply"], ["boot"],
              ["connect", "--issuer", "https://i.example", "--client-id", "x", "--rule", "admin=x"],
              ["enable", "nss", "--yes"], ["disable", "nss", "--yes"])  # fmt: skip
HOSTILE = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202e"
ADA = {"preferred_username": "ada", "sub": "1", "groups": ["admins"]}


def no_raw_control(text):
    return not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", text)


def error_of(done, code, error):
    """A failure under --json: its document, and the same said on standard error."""
    document = done.json
    assert (done.code, document["error"]) == (code, error), done
    assert document["message"] and "detail" in document
    assert document["message"] in done.err
    return document


# The command line.


def test_help__for_each_command__on_stdout(rig):
    done = rig.ctl("--help")
    assert done.code == OK and done.err == ""
    for name in COMMANDS:
        assert f"\n  {name} " in done.out
        for words in ([name, "--help"], [name, "-h"], [name, "anything", "--help"]):
            told = rig.ctl(*words)
            assert (told.code, told.err) == (OK, ""), words
            assert re.match(rf"Usage: cosmo-ssoctl {name}( \S.*)?\n", told.out), words


def test_output__that_cannot_be_written__is_a_fault(rig):
    for words, code in ((["--help"], INTERNAL), (["--version"], INTERNAL), (["status", "--help"], INTERNAL),
                        (["check-config", "--json"], INTERNAL), (["status", "--json"], DENIED)):
        done = rig.ctl_to("/dev/full", *words)
        assert (done.code, "not all of the output could be written" in done.err) == (code, True), (words, done)


def test_help__options__are_the_ones_that_exist(rig):
    for name in ("connect", "enable", "disable", "status", "check", "doctor", "user", "roles", "check-config", "token"):
        known = set(re.findall(r"--([a-z-]+)", rig.ctl(name, "--no-such-option").err.split("its options are: ")[1].split(";")[0]))
        told = set(re.findall(r"--([a-z-]+)", rig.ctl(name, "--help").out))
        assert known <= told, name


def test_no_command__prints_the_help_as_an_error(rig):
    done = rig.ctl()
    assert (done.code, done.out) == (USAGE, "") and "Usage: cosmo-ssoctl COMMAND" in done.err


def test_version__is_the_projects(rig):
    assert re.fullmatch(r"cosmo-ssoctl \d+\.\d+\.\d+\n", rig.ctl("--version").out)


WRONG = {
    "command": (["conect"], "there is no command \"conect\"; the commands are: connect, disconnect"),
    "control": (["a\x1b[2J"], "there is no command \"a?[2J\""),
    "option": (["status", "--jsn"], "there is no option --jsn; its options are: --json"),
    "value": (["connect", "--issuer"], "--issuer needs a value"),
    "twice": (["connect", "--issuer", "a", "--issuer", "b"], "--issuer is given twice"),
    "operand": (["status", "now"], "it takes no operand"),
    "operand_apply": (["apply", "now"], "it takes no operand"),
    "operand_connect": (["connect", "https://i.example"], "it takes no operand"),
    "no_target": (["enable"], "say which of nss, sshd, login, sudo"),
    "target": (["enable", "nss", "gdm"], "\"gdm\" is none of nss, sshd, login, sudo"),
    "disable_option": (["disable", "--no-local-root", "nss"], "there is no option --no-local-root"),
    "user": (["user"], "say list, show NAME, add NAME, rebind NAME, lock NAME"),
    "user_verb": (["user", "delete", "ada"], "there is no \"user delete\"; say list, show NAME, add NAME, rebind NAME, lock NAME"),
    "user_name": (["user", "add"], "say list, show NAME, add NAME, rebind NAME, lock NAME"),
    "user_names": (["user", "add", "ada", "dev"], "say list, show NAME, add NAME, rebind NAME, lock NAME"),
    "user_option": (["user", "list", "--yes"], "--dry-run and --yes belong to rebind, lock"),
    "rebind_name": (["user", "rebind", "../root", "--yes"], "this is not the form of a login name"),
    "rebind_both": (["user", "rebind", "ada", "--subject", "1", "--for", "1h"], "--for waits for a sign-in"),
    "rebind_cancel": (["user", "rebind", "ada", "--cancel", "--for", "1h"], "--cancel excludes --subject and --for"),
    "rebind_short": (["user", "rebind", "ada", "--for", "59"], "--for takes 1m to 30d"),
    "rebind_long": (["user", "rebind", "ada", "--for", "31d"], "--for takes 1m to 30d"),
    "rebind_subject": (["user", "rebind", "ada", "--subject", ""], "a subject has 1 to 511 bytes"),
    "rebind_long_subject": (["user", "rebind", "ada", "--subject", "x" * 512], "a subject has 1 to 511 bytes"),
    "roles": (["roles"], "say test [FILE] or lint [FILE]"),
    "roles_verb": (["roles", "show"], "say test [FILE] or lint [FILE]"),
    "lint_files": (["roles", "lint", "a", "b"], "say test [FILE] or lint [FILE]"),
    "lint_file": (["roles", "lint", "/nowhere"], "cannot read /nowhere"),
    "roles_files": (["roles", "test", "a", "b"], "say test [FILE]"),
    "doctor_operand": (["doctor", "sshd"], "it takes no operand"),
    "doctor_check": (["doctor", "--check", "ssh"], "there is no check \"ssh\"; the checks are: files, programs, config"),
    "files": (["check-config", "a", "b"], "it takes one file at most"),
    "file": (["check-config", "/nowhere"], "cannot read /nowhere: No such file or directory"),
    "claims": (["roles", "test", "/nowhere"], "cannot read /nowhere"),
    "token": (["token", "verify"], "say verify --jwks FILE"),
    "token_verb": (["token", "--jwks", "x"], "say verify --jwks FILE"),
    "jwks": (["token", "verify", "--jwks", "/nowhere"], "cannot read /nowhere"),
    "jwks_stdin": (["token", "verify", "--jwks", "-"], "standard input is the token's"),
    "rule": (["connect", "--rule", "admin"], "a rule reads role=claim-value or role=~pattern"),
    "rule_comment": (["connect", "--rule", "#admin=x"], "a rule reads"),
    "rule_section": (["connect", "--rule", "[access]=x"], "a rule reads"),
    "rule_lines": (["connect", "--rule", "viewer=x\nadmin=y"], "a rule reads"),
    "lines": (["connect", "--issuer", "https://i\n[rules]\nadmin=x"], "has a control character"),
    "empty": (["connect", "--issuer", ""], "a value is empty"),
    "secrets": (["connect", "--client-secret", "--client-secret-file", "x"], "exclude each other"),
    "no_secret_file": (["connect", "--client-secret-file", "/nowhere"], "there is no file /nowhere"),
    "no_ca_file": (["connect", "--ca-file", "/nowhere"], "there is no file /nowhere"),
}  # fmt: skip


@pytest.mark.parametrize("words, says", WRONG.values(), ids=WRONG.keys())
def test_wrong_words__exit_2_and_what_is_allowed(rig, words, says):
    before = rig.snapshot()
    done = rig.ctl(*words)
    assert (done.code, done.out) == (USAGE, "") and says in done.err, done
    assert done.err.startswith("cosmo-ssoctl: ") and no_raw_control(done.err)
    assert rig.snapshot() == before
    if words[0] in ("status", "user", "roles", "check-config", "token", "connect") and words[-1] not in ("--jsn", "--issuer"):
        error_of(rig.ctl(*words, "--json"), USAGE, "usage")


@pytest.mark.parametrize("words", NEEDS_ROOT, ids=" ".join)
def test_not_root__is_told_so_and_nothing_is_changed(rig, words):
    rig.put_conf("claims", "{}")
    before = rig.snapshot()
    done = rig.ctl(*words, stdin="{}", user=NOBODY)
    assert done.code == INTERNAL and "Only root may do this: run it as root" in done.err and "[not_root]" in done.err
    assert rig.snapshot() == before


# connect.


def test_connect__client_may_not_have_offline_access__connects_and_says_what_that_means(rig, idp):
    idp.script("/device", Answer(400, {"error": "invalid_scope"}))
    done = rig.ctl(*rig.connect_words(idp))
    assert done.code == OK, done.said
    assert "it gives this client no offline_access: without refresh tokens roles last for the lease only" in done.out
    shown = rig.ctl("status")
    assert "the IdP gives no offline_access: without refresh tokens roles last for the lease only" in " ".join(shown.out.split())
    assert rig.ctl("status", "--json").json["refresh_tokens"] is False


def test_connect__issuer_of_a_known_provider__shows_what_it_sets(rig):
    """Up to the network: nobody answers there. Nothing else of any provider is known by its name."""
    before = rig.config_text
    words = ["connect", "--issuer", "https://login.microsoftonline.com/T/v2.0", "--client-id", "x", "--rule", "admin=a",
             "--proxy", "http://127.0.0.1:9", "--dry-run"]
    shown = [f"{setting}: what login.microsoftonline.com needs, as the file says nothing else"
             for setting in ("claim = groups", "subject_claim = oid")]
    assert rig.ctl(*words, "--json").json["steps"][:2] == shown
    done = rig.ctl(*words, "--claim", "roles")
    assert done.code == UNREACHABLE and f"- {shown[1]}\n" in done.out and shown[0] not in done.out
    assert "needs" not in rig.ctl(*words, "--issuer", "https://example.com/login.microsoftonline.com").out
    assert rig.config_text == before


def test_connect__zitadel__whose_hosts_are_below_one_name(rig):
    words = ["connect", "--issuer", "https://acme.zitadel.cloud", *NOBODY_ANSWERS, "--json"]
    assert rig.ctl(*words).json["steps"][0].startswith(
        "claim = urn:zitadel:iam:org:project:roles: what a host of zitadel.cloud needs")


@pytest.mark.parametrize("command", ["connect", "doctor", "login-test"])
def test_help__of_each__is_printed_and_asks_nobody(rig, command):
    done = rig.ctl(command, "--help")
    assert (done.code, done.err) == (OK, "") and done.out.startswith(f"Usage: cosmo-ssoctl {command}"), done


NOBODY_ANSWERS = ("--client-id", "x", "--rule", "admin=a", "--proxy", "http://127.0.0.1:9", "--dry-run")


def test_connect__google__lets_in_whom_a_rule_names_alone(rig):
    """Anybody can have an account there: what would let them in is never written, and not taken either."""
    words = ["connect", "--issuer", "https://accounts.google.com", *NOBODY_ANSWERS]
    shown = [f"[roles] {key} = deny: what accounts.google.com needs, as the file says nothing else"
             for key in ("no_match", "no_claim")]
    assert rig.ctl(*words, "--json").json["steps"][4:6] == shown
    for key in ("no_match", "no_claim"):
        rig.configure(shipped_config().replace("\n[roles]\n", f"\n[roles]\n{key} = viewer\n"))
        before = rig.config_text
        document = error_of(rig.ctl(*words, "--json"), MISCONFIGURED, "config")
        assert f"{key} in [roles] has to be deny" in document["detail"] and document["steps"] == []
        assert "nothing was changed" in rig.ctl(*words).err and rig.config_text == before
    rig.configure(shipped_config().replace("\n[roles]\n", "\n[roles]\nno_match = deny\n"))
    done = rig.ctl(*words)
    assert shown[1] in done.out and "no_match" not in done.said  # what else is missing there is another matter


ENTRA = "https://login.microsoftonline.com/T/v2.0"


def damage(rig, name):
    record = rig.folder / "state/private/users" / name
    record.write_bytes(record.read_bytes()[:-20])


BEFORE = {
    "users": (lambda rig: rig.store("connect", f"issuer={ENTRA}", "user=ada", "disconnect"), True),
    "damaged_user": (lambda rig: (rig.store("connect", "user=ada", "disconnect"), damage(rig, "ada")), True),
    "connected_there": (lambda rig: rig.store(f"issuer={ENTRA}", "connect", "user=ada,removed", "disconnect"), True),
    "users_of_another": (lambda rig: rig.store("connect", "user=ada", "disconnect"), False),
    "listed_alone": (lambda rig: rig.ctl("user", "add", "ada"), False),
    "never_connected": (lambda rig: None, False),
}


@pytest.mark.parametrize("prepare, is_left", BEFORE.values(), ids=BEFORE.keys())
def test_connect__users_of_entra_by_another_claim__stay_who_they_are(rig, prepare, is_left):
    prepare(rig)
    steps = rig.ctl("connect", "--issuer", ENTRA, *NOBODY_ANSWERS, "--json").json["steps"]
    assert steps[0].startswith("claim = groups: ") and steps[1].startswith("subject_claim = oid: ")
    assert ("left out" in steps[1] and "user rebind" in steps[1]) == is_left
    assert steps[1].endswith("as the file says nothing else") != is_left


# case: grant: each fault of a reply has its own code
@pytest.mark.parametrize("prepare, code, error, says", provider_faults.CONNECT.values(), ids=provider_faults.CONNECT.keys())
def test_connect__a_check_fails__its_own_message_and_nothing_written(rig, idp, prepare, code, error, says):
    words = rig.connect_words(idp)
    before = rig.snapshot()
    prepare(idp)
    done = rig.ctl(*words)
    assert done.code == code and f"[{error}]" in done.err and says in done.err, done
    assert done.err.rstrip().endswith("nothing was changed") and "Connected" not in done.out
    assert f"- asking {idp.issuer}\n" in done.out
    assert "ask the administrator" not in done.said
    assert rig.snapshot() == before
    prepare(idp)
    document = error_of(rig.ctl(*words, "--json"), code, error)
    assert document["connected"] is False and document["steps"] == [f"asking {idp.issuer}"]
    assert rig.snapshot() == before


def test_connect__refused__says_so(rig, idp):
    with port.hold() as refused:
        words = rig.connect_words(idp, issuer=f"https://localhost:{port.number_of(refused)}")
        before = rig.snapshot()
        done = rig.ctl(*words)
    assert done.code == UNREACHABLE and "[idp_connect]" in done.err and "--proxy" in done.err
    assert rig.snapshot() == before


def test_connect__name_unknown__says_so(rig, idp):
    done = rig.connect(idp, issuer="https://no-such-host.invalid")
    assert done.code == UNREACHABLE and "[idp_dns]" in done.err and "resolver" in done.err


def test_connect__no_answer__gives_up(rig, idp):
    idp.script(DISCOVERY, Answer(hold=True))
    done = rig.connect(idp)
    assert done.code == UNREACHABLE and "[idp_timeout]" in done.err and "firewalls" in done.err
    assert "never connected" in rig.ctl("status").out


@pytest.mark.parametrize("certificate", ("other_ca", "expired"))
def test_connect__tls_not_trusted__says_so(rig, certificate):
    with FakeIdp(certificate=certificate) as idp:
        done = rig.connect(idp)
    assert done.code == MISCONFIGURED and "[idp_tls_trust]" in done.err and "--ca-file" in done.err
    assert not idp.requests


def test_connect__certificate_of_another_name__says_so(rig, idp):
    done = rig.connect(idp, issuer=idp.issuer.replace("localhost", "127.0.0.2"))
    assert done.code == MISCONFIGURED and "[idp_tls_trust]" in done.err


CONFIG_FAULTS = {
    "pattern": ({"rule": "admin=~(a"}, "rule_pattern", "column"),
    "role": ({"rule": "boss=x"}, "rule_role_unknown", "[role NAME]"),
    "http": ({"issuer": "http://localhost"}, "config", "https"),
    "claim": ({"scopes": "profile"}, "config", "openid"),
}


# case: rule: a bad pattern is refused with its column
# case: rule: a rule for a role that is not declared is refused
@pytest.mark.parametrize("changes, error, says", CONFIG_FAULTS.values(), ids=CONFIG_FAULTS.keys())
def test_connect__configuration_at_fault__nothing_is_asked_or_written(rig, idp, changes, error, says):
    words = rig.connect_words(idp, **changes)
    before = rig.snapshot()
    done = rig.ctl(*words)
    assert done.code == MISCONFIGURED and f"[{error}]" in done.err and says in done.err, done
    assert rig.snapshot() == before and not idp.requests
    error_of(rig.ctl(*words, "--json"), MISCONFIGURED, error)


def test_connect__unknown_key_in_the_file__tells_its_line(rig, idp):
    rig.configure("[integration]\nnonsense = 1\n")
    done = rig.connect(idp)
    assert done.code == MISCONFIGURED and re.search(r"cosmo-sso\.conf \(as it would be written\):2: .*nonsense", done.err)
    assert rig.config_text == "[integration]\nnonsense = 1\n"


def test_connect__a_hostile_idp__never_reaches_the_terminal_raw(rig, idp):
    idp.script("/device", *[Answer(400, {"error": "x" + HOSTILE, "error_description": HOSTILE})] * 2)
    done = rig.connect(idp)
    assert done.code != OK and no_raw_control(done.said), ascii(done.said)
    assert rig.connect(idp, "--json").json["error"]
    idp.script(DISCOVERY, Answer(body=without(idp.discovery(), issuer=HOSTILE)),
               Answer(302, "", {"Location": "https://x/\x9b31m"}))
    for _ in range(2):
        done = rig.connect(idp)
        assert done.code == MISCONFIGURED and no_raw_control(done.said), ascii(done.said)


def test_connect__all_well__writes_the_configuration_and_opens_the_gate(rig, idp):
    done = rig.connect(idp)
    assert (done.code, done.err) == (OK, "")
    assert "accepts this client" in done.out and "cosmo-ssoctl enable" in done.out and "sign in once yourself" in done.out
    assert [request.path for request in idp.requests] == [DISCOVERY, "/jwks", "/device"]
    status = rig.ctl("status", "--json")
    assert status.code == OK and status.err == ""
    document = status.json
    assert document["connected"] is True and document["gate"] == "open" and document["problem"] is None
    assert (document["issuer"], document["client_id"]) == (idp.issuer, idp.CLIENT_ID)
    assert re.fullmatch("[0-9a-f]{32}", document["integration"]) and abs(document["since"] - time.time()) < 600
    assert (document["users"], document["sshd_ready"], document["refresh_tokens"]) == (0, False, True)
    assert rig.config_mode() == 0o644
    assert f"\nissuer = {idp.issuer}\n" in rig.config_text and "\nadmin=admins\n" in rig.config_text
    prose = [line for line in shipped_config().splitlines() if line.startswith("# ")]
    assert [line for line in rig.config_text.splitlines() if line.startswith("# ")] == prose
    for name, (mode, _) in rig.snapshot().items():
        if name.startswith("state/private/"):
            assert int(mode, 8) & 0o077 == 0, name


def test_connect__dry_run__asks_everything_and_writes_nothing(rig, idp):
    words = rig.connect_words(idp, "--dry-run")
    before = rig.snapshot()
    done = rig.ctl(*words)
    assert done.code == OK and "nothing was changed" in done.out
    assert [request.path for request in idp.requests] == [DISCOVERY, "/jwks", "/device"]
    assert rig.snapshot() == before
    document = rig.ctl(*words, "--json").json
    assert document["connected"] is False and document["dry_run"] is True and document["error"] is None
    assert len(document["steps"]) == 6


def test_connect__json__is_one_document(rig, idp):
    document = rig.connect(idp, "--json").json
    assert set(document) == {"connected", "dry_run", "already", "steps", "share", "rebind_needed", "error", "message", "detail"}
    assert document["connected"] is True and document["error"] is None
    assert document["share"] == rig.ctl("status", "--share", "--json").json
    assert rig.connect(idp, "--dry-run", "--json").json["share"] is None


def test_connect__again_just_so__says_so_and_changes_nothing(connected, idp):
    before, asked = connected.snapshot(), len(idp.requests)
    done = connected.connect(idp)
    assert (done.code, done.err) == (OK, "")
    assert done.out.startswith("Connected already; nothing was changed.")
    assert done.out.endswith("\n" + connected.ctl("status", "--share").out)
    document = connected.connect(idp, "--json").json
    assert document["already"] is document["connected"] is True and document["error"] is None
    assert document["share"]["integration"] == connected.ctl("status", "--json").json["integration"]
    assert connected.snapshot() == before and len(idp.requests) == asked


AGAIN = {
    "rule": ({"rule": "viewer=everybody"}, "run `cosmo-ssoctl apply`"),
    "claim": ({"claim": "roles"}, "run `cosmo-ssoctl apply`"),
    "client": ({"client_id": "another"}, "run `cosmo-ssoctl disconnect` first"),
    "issuer": ({"issuer": "https://other.example"}, "run `cosmo-ssoctl disconnect` first"),
}


@pytest.mark.parametrize("changes, says", AGAIN.values(), ids=AGAIN.keys())
def test_connect__again_otherwise__is_refused_and_says_what_to_do(connected, idp, changes, says):
    before, asked = connected.snapshot(), len(idp.requests)
    done = connected.connect(idp, "--yes", "--json", **changes)
    document = error_of(done, DENIED, "exists")
    assert "connected already" in document["message"] and says in document["detail"]
    assert document["already"] is False and document["connected"] is True
    assert says in done.err and "nothing was changed" in done.err
    assert connected.snapshot() == before and len(idp.requests) == asked


def test_connect__again_as_a_rehearsal__asks_everything_and_says_what_comes_first(connected, idp):
    before, asked = connected.snapshot(), len(idp.requests)
    done = connected.connect(idp, "--dry-run", rule="viewer=everybody")
    assert done.code == OK and "All checks passed" in done.out and "`cosmo-ssoctl disconnect` comes before" in done.out
    assert connected.snapshot() == before and len(idp.requests) == asked + 3
    document = connected.connect(idp, "--dry-run", "--json", rule="viewer=everybody").json
    assert (document["connected"], document["dry_run"], document["error"]) == (True, True, None)


def test_connect__again_with_a_secret_typed__is_refused_and_nothing_is_left(connected, idp):
    before = connected.snapshot()
    client = connected.ctl_in_terminal(*connected.connect_words(idp, "--client-secret"))
    client.expect_exact("it is not shown): ")
    client.sendline(SECRET)
    client.expect_exact("nothing was changed")
    client.wait()
    assert client.exitstatus == DENIED and secret_files(connected) == [] and connected.snapshot() == before


def test_connect__after_a_disconnect__what_is_not_given_is_kept(connected):
    connected.configure(connected.config_text.replace("#refresh_after = 15m", "refresh_after = 5m"))
    connected.store("disconnect")
    assert connected.ctl("connect", "--rule", "developer=~dev.*").code == OK
    text = connected.config_text
    assert "\nrefresh_after = 5m\n" in text and "\ndeveloper=~dev.*\n" in text and "\nadmin=admins\n" not in text


@pytest.mark.parametrize("mode, expected", ((0o600, 0o600), (0o640, 0o640), (0o644, 0o644)))
def test_connect__a_stricter_mode__is_kept(rig, idp, mode, expected):
    (rig.folder / "conf/cosmo-sso.conf").chmod(mode)
    assert rig.connect(idp).code == OK
    assert rig.config_mode() == expected


def test_connect__no_configuration_file__makes_one(rig, idp):
    (rig.folder / "conf/cosmo-sso.conf").unlink()
    assert rig.connect(idp).code == OK
    assert rig.config_mode() == 0o644 and rig.ctl("check-config").code == OK


def test_connect__configuration_that_others_may_write__is_not_used(rig, idp):
    (rig.folder / "conf/cosmo-sso.conf").chmod(0o666)
    done = rig.connect(idp)
    assert done.code == INTERNAL and "[unsafe_file]" in done.err
    assert not idp.requests


def test_connect__a_later_step_fails__the_old_configuration_is_back(rig, idp):
    """The durable state cannot be written: what was the file before is the file after."""
    assert rig.connect(idp).code == OK
    rig.store("disconnect")
    (rig.folder / "state/private/integration.next/in-the-way").mkdir(parents=True)
    before = rig.config_text
    done = rig.connect(idp, rule="viewer=everybody")
    assert done.code == INTERNAL and "nothing was changed" in done.err
    assert rig.config_text == before


# The client's secret.

SECRET = "s3cret-of-the-test"


def sent_secret(idp):
    return idp.requests[-1].headers.get("authorization")


def test_connect__secret_file__is_used_and_never_shown(rig, idp):
    path = rig.put_conf("client-secret", SECRET + "\n", 0o600)
    done = rig.connect(idp, client_secret_file=path)
    assert done.code == OK and SECRET not in done.said + rig.config_text + "".join(rig.log())
    assert sent_secret(idp).startswith("Basic ")
    assert f"\nclient_secret_file = {path}\n" in rig.config_text


@pytest.mark.parametrize("mode, text", ((0o644, SECRET), (0o640, SECRET), (0o620, SECRET), (0o600, "")))
def test_connect__secret_file_that_others_read_or_empty__is_refused(rig, idp, mode, text):
    path = rig.put_conf("client-secret", text, mode)
    words = rig.connect_words(idp, client_secret_file=path)
    before = rig.snapshot()
    done = rig.ctl(*words)
    assert done.code in (INTERNAL, MISCONFIGURED) and path in done.err and "0600" in done.err, done
    assert SECRET not in done.said and not idp.requests and rig.snapshot() == before


def test_connect__secret_file_of_somebody_else__is_refused(rig, idp):
    path = rig.put_conf("client-secret", SECRET, 0o600)
    os.chown(rig.folder / "conf/client-secret", NOBODY, NOBODY)
    done = rig.connect(idp, client_secret_file=path)
    assert done.code == INTERNAL and path in done.err and "root's own" in done.err and not idp.requests


def secret_files(rig):
    return sorted(path for path in (rig.folder / "conf").glob("client-secret.*"))


def test_connect__secret_typed__is_not_shown_and_kept_for_root_alone(rig, idp):
    client = rig.ctl_in_terminal(*rig.connect_words(idp, "--client-secret"))
    client.expect_exact("it is not shown): ")
    client.sendline(SECRET)
    client.expect_exact("Connected.")
    client.wait()
    assert client.exitstatus == OK and SECRET not in client.before
    (path,) = secret_files(rig)
    assert path.read_text() == SECRET + "\n" and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert f"\nclient_secret_file = {rig.conf_dir}/{path.name}\n" in rig.config_text
    assert sent_secret(idp).startswith("Basic ")


def test_connect__secret_typed_and_a_check_fails__nothing_is_left(rig, idp):
    idp.script("/device", Answer(401, {"error": "invalid_client"}))
    words = rig.connect_words(idp, "--client-secret")
    before = rig.snapshot()
    client = rig.ctl_in_terminal(*words)
    client.expect_exact("it is not shown): ")
    client.sendline(SECRET)
    client.expect_exact("nothing was changed")
    client.wait()
    assert client.exitstatus == MISCONFIGURED and secret_files(rig) == [] and rig.snapshot() == before


NO_SECRET = {
    "empty": ("\r", "No client secret was typed", USAGE),
    "control": ("a\x01b\r", "No client secret was typed", USAGE),
    "interrupt": ("half\x03", "The client secret was not given", DENIED),
    "end": ("\x04", "The client secret was not given", DENIED),
}


@pytest.mark.parametrize("typed, says, code", NO_SECRET.values(), ids=NO_SECRET.keys())
def test_connect__no_secret_typed__is_refused(rig, idp, typed, says, code):
    client = rig.ctl_in_terminal(*rig.connect_words(idp, "--client-secret"))
    client.expect_exact("it is not shown): ")
    client.send(typed)
    client.expect_exact(says)
    client.expect_exact("nothing was changed")
    client.wait()
    assert client.exitstatus == code and secret_files(rig) == [] and not idp.requests


def test_connect__secret_without_a_terminal__says_what_to_do(rig, idp):
    words = rig.connect_words(idp, "--client-secret")
    done = subprocess.run(["setsid", "--wait", *map(str, rig._ctl_command(words))], input=SECRET, text=True,
                          capture_output=True, env=rig._environment(), timeout=60)
    assert done.returncode == USAGE and "--client-secret-file FILE" in done.stderr and secret_files(rig) == []


def test_connect__secret_as_a_word__is_neither_taken_nor_repeated(rig, idp):
    for words in (["--client-secret=" + SECRET], ["--client-secret", SECRET], ["--secret=" + SECRET]):
        done = rig.connect(idp, *words)
        assert done.code == USAGE and SECRET not in done.said and not idp.requests


# status, user, boot, apply.


def test_status__not_connected__exit_1_and_the_next_step(rig):
    done = rig.ctl("status")
    assert (done.code, done.err) == (DENIED, "") and "never connected: run `cosmo-ssoctl connect`" in done.out
    document = rig.ctl("status", "--json").json
    assert document["connected"] is False and document["since"] == 0 and document["issuer"] is None


def test_status__configuration_broken_later__is_told(connected):
    connected.configure(connected.config_text + "\n[nonsense]\n")
    done = connected.ctl("status")
    assert done.code == OK and re.search(r"cosmo-sso\.conf:\d+: .*nonsense", done.out)
    assert connected.ctl("status", "--json").json["problem"]


def test_user__nobody__says_so(connected):
    assert "nobody has signed in yet" in connected.ctl("user", "list").out
    assert connected.ctl("user", "list", "--json").json == []
    done = connected.ctl("user", "show", "ada", "--json")
    assert "cosmo-ssoctl user list" in error_of(done, DENIED, "not_found")["detail"]


@pytest.mark.parametrize("command", ["user", "session"])
def test_list__cannot_be_had__is_no_empty_table(rig, command):
    assert rig.ctl(command, "list").out.count("\n") == 2  # the head, and that there is nobody
    done = rig.ctl(command, "list", user=NOBODY)
    assert (done.code, done.out) == (INTERNAL, "") and "[not_root]" in done.err


def sign_in(rig):
    rig.false_judge("show(); identity()")
    assert rig.sign_in().result() == "OK"


def test_user__somebody__is_shown_whole(rig):
    rig.configure(config())
    rig.store("connect")
    sign_in(rig)
    (ada,) = rig.ctl("user", "list", "--json").json
    assert ada["name"] == "ada" and ada["roles"] == ada["effective_roles"] == ["admin"] and ada["reason"] == "ok"
    assert ada["locked"] is False and ada["listed"] is False and ada["sub"] == "1000" and ada["home"] == "/home/ada"
    assert rig.ctl("user", "show", "ada", "--json").json == [ada]
    text = rig.ctl("user", "show", "ada").out
    assert str(ada["uid"]) in text and "admin" in text and "/home/ada" in text
    assert re.search(rf"^ada +{ada['uid']} .* admin$", rig.ctl("user", "list").out, re.M)
    error_of(rig.ctl("user", "add", "ada", "--json"), DENIED, "exists")


def test_user_add__a_free_name__is_listed_once(connected):
    done = connected.ctl("user", "add", "grace", "--json")
    assert done.code == OK and done.json == {"name": "grace", "listed": True, "taken_back": False}
    (grace,) = connected.ctl("user", "list", "--json").json
    assert grace["name"] == "grace" and grace["listed"] is True and grace["uid"] is None
    assert "grace" in connected.ctl("user", "list").out
    assert "listed for enrolment" in connected.ctl("user", "show", "grace").out
    again = connected.ctl("user", "add", "grace", "--json")
    assert error_of(again, DENIED, "exists")["detail"] == "this name is listed already"
    assert "heide is listed" in connected.ctl("user", "add", "heide").out


NAMES = {
    "empty": ("", DENIED, "name_form"),
    "upper_case": ("Ada", DENIED, "name_form"),
    "digit": ("1ada", DENIED, "name_form"),
    "path": ("../root", DENIED, "name_form"),
    "colon": ("a:b", DENIED, "name_form"),
    "line": ("ada\nroot", DENIED, "name_form"),
    "escape": ("a\x1b[2J", DENIED, "name_form"),
    "domain": ("ada@example.com", DENIED, "name_form"),
    "dot": ("ada.", DENIED, "name_form"),
    "long": ("a" * 33, DENIED, "name_form"),
    "very_long": ("a" * 5000, DENIED, "name_form"),
    "root": ("root", DENIED, "name_reserved"),
    "local": ("tess", DENIED, "name_reserved"),
    "local_group": ("crew", DENIED, "name_reserved"),
    "package": ("postgres", DENIED, "name_reserved"),
    "role_group": ("cosmo-admin", DENIED, "name_reserved"),
    "users_group": ("cosmo-users", DENIED, "name_reserved"),
    "configured": ("robot", DENIED, "name_reserved"),
}


@pytest.mark.parametrize("name, code, error", NAMES.values(), ids=NAMES.keys())
def test_user_add__a_name_that_cannot_be__is_refused_with_the_reason(connected, name, code, error):
    connected.local(users=["tess:x:1000:1000::/home/tess:/bin/bash"], groups=["crew:x:1001:"])
    connected.configure(connected.config_text.replace("#reserved = backup-operator, ci", "reserved = robot"))
    before = connected.snapshot()
    done = connected.ctl("user", "add", name)
    assert done.code == code and f"[{error}]" in done.err and done.out == "", done
    assert no_raw_control(done.err) and connected.snapshot() == before
    error_of(connected.ctl("user", "add", name, "--json"), code, error)


def test_apply_and_boot__do_what_they_say(connected):
    assert connected.ctl("apply").code == OK
    assert connected.ctl("boot").code == OK
    connected.configure(connected.config_text + "\n[nonsense]\n")
    done = connected.ctl("apply")
    assert done.code == MISCONFIGURED and re.search(r":\d+: .*nonsense", done.err)


def test_boot__never_connected__opens_nothing(rig):
    assert rig.ctl("boot").code == OK
    assert rig.ctl("status", "--json").json["gate"] == "closed"


# check-config.

BROKEN = {
    "key": ("[integration]\nissuer = https://i.example\nisuer = x\n", 3, "isuer"),
    "section": ("[integrations]\n", 1, "integrations"),
    "value": ("[prompt]\nqr = big\n", 2, "utf8"),
    "duration": ("[roles]\n\nrole_lease = soon\n", 3, "role_lease"),
    "range": ("[limits]\nunknown_flows = -1\n", 2, "unknown_flows"),
    "twice": ("[roles]\nno_match = deny\nno_match = viewer\n", 3, "no_match"),
    "no_section": ("qr = off\n", 1, "before the first [section]"),
    "no_pair": ("[roles]\nnonsense\n", 2, "key = value"),
    "carriage_return": ("[roles]\r\n", 1, "carriage return"),
    "control": ("[integration]\nclient_id = a\x1bb\n", 2, "control character"),
    "access": ("[access]\nsshd = boss\n", 2, "boss"),
    "privileged": ("[role admin]\nlocal_groups = sudo\n", 1, "allow_privileged"),
}


# case: rule: a privileged local group needs allow_privileged in so many words
@pytest.mark.parametrize("text, line, says", BROKEN.values(), ids=BROKEN.keys())
def test_check_config__an_error__line_and_what_is_allowed(rig, text, line, says):
    path = rig.put_conf("other.conf", text)
    done = rig.ctl("check-config", path)
    assert done.code == MISCONFIGURED and f"{path}:{line}: " in done.err and says in done.err, done
    assert done.out == "" and no_raw_control(done.err)
    assert f"{path}:{line}: " in error_of(rig.ctl("check-config", "--json", path), MISCONFIGURED, "config")["detail"]


# case: rule: a bad pattern is refused with its column
@pytest.mark.parametrize("pattern, says", (("(a", "column"), ("a**+[", "column"), ("[z-a]", "column")))
def test_check_config__a_bad_pattern__line_and_column(rig, pattern, says):
    path = rig.put_conf("other.conf", f"[rules]\nviewer = x\nadmin = ~{pattern}\n")
    done = rig.ctl("check-config", path)
    assert done.code == MISCONFIGURED and f"{path}:3: " in done.err and says in done.err, done


def test_check_config__good_ones__and_standard_input(connected):
    connected.configure(connected.config_text.replace("\nadmin=admins\n", "\nadmin=admins\ndeveloper=devs\n"))
    done = connected.ctl("check-config")
    assert (done.code, done.out, done.err) == (OK, f"{connected.conf_file}: no error.\n", "")
    assert connected.ctl("check-config", "-", stdin=shipped_config()).code == OK
    assert connected.ctl("check-config", "--json").json == {
        "file": connected.conf_file, "warnings": [], "findings": 0, "error": None, "message": None, "detail": None}  # fmt: skip


# case: rule: a role that no rule gives is warned of by check-config, apply and connect, and is no error
def test_check_config__a_role_without_a_rule__is_warned_of(rig, idp):
    assert rig.connect(idp, rule="admin=~.*").code == OK
    rig.configure(rig.config_text + "\n[role dba]\n")
    says = [f"no rule gives the role {role}: nobody has it" for role in ("developer", "dba")]
    warned = "".join(f"cosmo-ssoctl: warning: {line}\n" for line in says)
    done = rig.ctl("check-config")
    assert (done.code, done.out.splitlines()[0], done.err) == (OK, f"{rig.conf_file}: no error.", warned)
    assert rig.ctl("check-config", "--json").json["warnings"] == says
    done = rig.ctl("apply")
    assert (done.code, done.err) == (OK, warned) and "in effect" in done.out
    rig.store("disconnect")
    done = rig.connect(idp, "--yes", rule="admin=~.*")
    assert done.code == OK and all(f"- {line}\n" in done.out for line in says)
    rig.configure(rig.config_text.replace("\nadmin=~.*\n", "\nadmin=~.*\ndeveloper = x\ndba = ~y\n"))
    assert rig.ctl("check-config").err == rig.ctl("apply").err == ""


# case: rule: a role that no rule gives is warned of by check-config, apply and connect, and is no error
def test_check_config__viewer_without_a_rule__is_warned_of_where_nothing_else_gives_it(rig):
    rules = "[rules]\nadmin = x\ndeveloper = x\n"
    for roles, warned in (("", False), ("[roles]\nno_match = deny\n", True),
                          ("[roles]\nno_match = deny\nno_claim = viewer\n", False)):  # fmt: skip
        done = rig.ctl("check-config", "-", stdin=roles + rules)
        assert (done.code, "role viewer" in done.err) == (OK, warned), done


# case: rule: a group in local_groups that the host does not have is warned of by check-config, apply and connect
def test_check_config__a_local_group_that_is_not_there__is_warned_of(rig, idp):
    assert rig.connect(idp).code == OK
    rig.local(groups=["plugdev:x:46:"])
    rig.configure(rig.config_text.replace("\nadmin=admins\n", "\nadmin=admins\ndeveloper=x\ndba=x\n") +
                  "\n[role dba]\nlocal_groups = plugdev tapes\n[role admin]\nlocal_groups = scanners\n")  # fmt: skip
    says = [f"the role {role} names the local group {group}, which this host does not have: nobody gets it"
            for role, group in (("admin", "scanners"), ("dba", "tapes"))]
    done = rig.ctl("check-config", "--json")
    assert done.code == OK and done.json["warnings"] == says
    assert rig.ctl("apply").err == "".join(f"cosmo-ssoctl: warning: {line}\n" for line in says)
    rig.store("disconnect")
    done = rig.ctl("connect", "--yes")
    assert done.code == OK and all(f"- {line}\n" in done.out for line in says), done
    rig.local(groups=["plugdev:x:46:", "tapes:x:47:", "scanners:x:48:"])
    assert rig.ctl("check-config").err == rig.ctl("apply").err == ""


# case: rule: a local group with the gid of sudo, docker or the like is refused without allow_privileged, whatever its name
def test_check_config__a_group_with_the_gid_of_a_privileged_one__is_refused(rig, idp):
    assert rig.connect(idp).code == OK
    rig.local(groups=["tape:x:27:", "sudo:x:27:", "plugdev:x:46:"])
    rig.configure(rig.config_text + "\n[role dba]\nlocal_groups = plugdev tape\n")
    line = rig.config_text.splitlines().index("[role dba]") + 1

    def is_refused(*words):
        before = rig.snapshot()
        done = rig.ctl(*words)
        assert done.code == MISCONFIGURED and "[config]" in done.err and "gid 27 of sudo" in done.err, done
        assert f":{line}: " in done.err and "allow_privileged = yes" in done.err
        assert rig.snapshot() == before

    is_refused("check-config")
    is_refused("apply")
    refused = rig.config_text
    rig.configure(refused.replace("[role dba]\n", "[role dba]\nallow_privileged = yes\n"))
    assert rig.ctl("apply").code == OK
    rig.configure(refused)  # and not put into effect by a sign-in either
    rig.false_judge(f"show(); identity(ISSUER={idp.issuer!r})")
    assert rig.sign_in().result() == "E_CONFIG" and rig.records() == []
    rig.store("disconnect")
    is_refused("connect", "--yes")


def test_check_config__too_large_or_not_there__is_said(rig):
    path = rig.put_conf("large.conf", "#" * 300_000)
    done = rig.ctl("check-config", path)
    assert done.code == USAGE and "larger than" in done.err
    (rig.folder / "conf/cosmo-sso.conf").unlink()
    done = rig.ctl("check-config")
    assert done.code == MISCONFIGURED and f"{rig.conf_file}: there is no such file" in done.err


# roles test.

RULES = r"""
[integration]
issuer = https://i.example
client_id = x
claim = groups
[role operator]
local_groups = dialout
[rules]
admin = admins
developer = ~(dev|qa)-.*
operator = ops
operator = ~cn=\w+\\[a-z]{2},ou=(x|y)
"""
CASES = {
    "exact": ({"groups": ["admins"]}, OK, ["admin"], ["cosmo-users", "cosmo-admin"], "ok"),
    "pattern": ({"groups": ["qa-1"]}, OK, ["developer"], ["cosmo-users", "cosmo-developer"], "ok"),
    "union": ({"groups": ["x", "dev-2", "admins"]}, OK, ["developer", "admin"], None, "ok"),
    "one_string": ({"groups": "admins"}, OK, ["admin"], None, "ok"),
    "object": ({"groups": {"ops": {}}}, OK, ["operator"], ["cosmo-users", "cosmo-operator", "dialout"], "ok"),
    "whole_value": ({"groups": ["xadmins", "dev-1\nx", "adminsx"]}, OK, ["viewer"], ["cosmo-users", "cosmo-viewer"], "ok"),
    "equals_and_backslashes": ({"groups": ["cn=it\\db,ou=y"]}, OK, ["operator"], None, "ok"),
    "names_of_local_groups": ({"groups": ["sudo", "docker", "root", "dialout"]}, OK, ["viewer"],
                              ["cosmo-users", "cosmo-viewer"], "ok"),
    "two_hundred": ({"groups": [f"g{n}" for n in range(199)] + ["admins"]}, OK, ["admin"], None, "ok"),
    "look_alike": ({"groups": ["admins"], "preferred_username": "\u0430da"}, DENIED, None, None, "name_form"),
    "no_match": ({"groups": []}, OK, ["viewer"], None, "ok"),
    "no_claim": ({"groups": None}, DENIED, None, None, "role_claim_missing"),
    "wrong_type": ({"groups": 7}, DENIED, None, None, "role_claim_type"),
    "overage": (
        {"groups": None, "_claim_names": {"groups": "s"}, "_claim_sources": {"s": {}}}, DENIED, None, None, "role_claim_overage"),
    "no_name": ({"groups": ["admins"], "preferred_username": None}, DENIED, None, None, "name_claim_missing"),
    "no_subject": ({"groups": ["admins"], "sub": None}, DENIED, None, None, "token_sub"),
    "form": ({"groups": ["admins"], "preferred_username": "ada lovelace"}, DENIED, None, None, "name_form"),
    "foreign_domain": ({"groups": ["admins"], "preferred_username": "ada@else.example"}, DENIED, None, None, "name_form"),
    "reserved": ({"groups": ["admins"], "preferred_username": "root"}, DENIED, None, None, "name_reserved"),
}  # fmt: skip


# case: rule: a value or pattern must match the whole value, and blanks around it are cut off
# case: rule: backslashes and equals signs stand for themselves behind the first equals sign
# case: rule: names of groups at the provider never become local groups
# case: rule: all rules that match apply, and any value may match
# case: claim: groups as array, string or names of an object are its values; a number is refused
@pytest.mark.parametrize("claims, code, roles, groups, result", CASES.values(), ids=CASES.keys())
def test_roles_test__each_case__roles_and_groups_or_the_refusal(rig, claims, code, roles, groups, result):
    rig.configure(RULES)
    person = {name: value for name, value in ({"preferred_username": "ada", "sub": "1"} | claims).items() if value is not None}
    done = rig.ctl("roles", "test", "--json", stdin=json.dumps(person))
    document = done.json
    assert (done.code, document["result"]) == (code, result), done
    assert document["error"] == (None if result == "ok" else result)
    assert bool(document["message"]) is (result != "ok")
    if roles:
        assert sorted(document["roles"]) == sorted(roles)
    if groups:
        assert document["groups"] == groups
    if code:
        assert not document.get("groups")
    text = rig.ctl("roles", "test", stdin=json.dumps(person))
    assert text.code == code and ("would be admitted" in text.out) is (code == OK)
    assert not code or f"[{result}]" in text.err


def test_roles_test__each_rule_that_matched__is_named_with_its_value(rig):
    rig.configure(RULES)
    path = rig.put_conf("claims.json", json.dumps(ADA | {"groups": ["admins", "dev-" + HOSTILE]}))
    document = rig.ctl("roles", "test", "--json", path).json
    assert document["matches"][0] == {"rule": "admin = admins", "value": "admins"}
    assert document["matches"][1]["rule"] == "developer = ~(dev|qa)-.*" and document["claim"] == "present"
    done = rig.ctl("roles", "test", path)
    assert "rule     admin = admins\n         matched admins\n" in done.out and no_raw_control(done.said), ascii(done.said)


def test_roles_test__what_is_no_claims__is_refused(rig):
    rig.configure(RULES)
    for text in ("", "[]", "{", '{"a":1,"a":2}', "\xff"):
        done = rig.ctl("roles", "test", "--json", stdin=text.encode("latin-1"))
        assert done.code not in (OK, INTERNAL) and done.json["error"], (text, done)
        assert "server" not in done.json["message"], done.json
    done = rig.ctl("roles", "test", "--json", stdin=" " * 300_000)
    error_of(done, USAGE, "usage")


def test_roles_test__no_rules_or_a_wrong_one__is_a_matter_of_the_configuration(rig):
    done = rig.ctl("roles", "test", "--json", stdin=json.dumps(ADA))
    assert (done.code, done.json["result"]) == (MISCONFIGURED, "rules_empty")
    rig.configure(RULES + "admin = ~(a\n")
    done = rig.ctl("roles", "test", "--json", stdin=json.dumps(ADA))
    assert (done.code, done.json["result"]) == (MISCONFIGURED, "rule_pattern") and "(a" in done.json["detail"]


# token verify.


@pytest.fixture(scope="module")
def keys():
    return Keys("RS256", "ES256", "EdDSA")


@pytest.fixture(scope="module")
def token_rig(keys):
    with CtlRig() as rig:
        rig.jwks = rig.put_conf("jwks.json", json.dumps(keys.jwks()))
        yield rig


def claims(**changes):
    now = int(time.time())
    made = {"iss": "https://i.example", "aud": "me", "sub": "1000", "iat": now, "exp": now + 300} | changes
    return {name: value for name, value in made.items() if value is not None}


def verify(rig, token, *more):
    words = ["token", "verify", "--jwks", rig.jwks, "--issuer", "https://i.example", "--client-id", "me", *more]
    return rig.ctl(*words, stdin=token)


@pytest.mark.parametrize("alg", ("RS256", "ES256", "EdDSA"))
def test_token_verify__a_good_one__each_check_is_named(token_rig, keys, alg):
    token = keys.token(claims(), alg)
    done = verify(token_rig, token + "\n")
    assert (done.code, done.err) == (OK, "") and "the token is good" in done.out
    assert re.search(r"^ok +signature$", done.out, re.M) and done.out.count("ok  ") > 5
    document = verify(token_rig, token, "--json").json
    assert document["good"] is True and "signature" in document["passed"] and document["error"] is None
    assert verify(token_rig, token, "--alg", alg).code == OK


def spoilt(token):
    head, body, signature = token.split(".")
    return f"{head}.{body}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"


NOW = time.time()
TOKENS = {
    "empty": (lambda keys: "", "token_form"),
    "words": (lambda keys: "not a token", "token_form"),
    "five_parts": (lambda keys: "a.b.c.d.e", "token_form"),
    "blank_in_front": (lambda keys: " " + keys.token(claims()), "token_form"),
    "none": (lambda keys: keys.token(claims(), "none", kid=None), "token_alg"),
    "hmac": (lambda keys: keys.token(claims(), "HS256", kid="RS256-1"), "token_alg"),
    "crit": (lambda keys: keys.token(claims(), crit=["x"], x=1), "token_crit"),
    "unknown_key": (lambda keys: keys.token(claims(), kid="other"), "token_key_unknown"),
    "key_of_another_kind": (lambda keys: keys.token(claims(), "ES256", kid="RS256-1"), "token_key_unknown"),
    "signature": (lambda keys: spoilt(keys.token(claims())), "token_signature"),
    "issuer": (lambda keys: keys.token(claims(iss="https://i.example/")), "token_iss"),
    "audience": (lambda keys: keys.token(claims(aud=["you"])), "token_aud"),
    "party": (lambda keys: keys.token(claims(aud=["me", "you"], azp="you")), "token_azp"),
    "expired": (lambda keys: keys.token(claims(exp=int(NOW) - 3600)), "token_expired"),
    "early": (lambda keys: keys.token(claims(nbf=int(NOW) + 3600)), "token_not_yet_valid"),
    "no_subject": (lambda keys: keys.token(claims(sub=None)), "token_sub"),
    "no_expiry": (lambda keys: keys.token(claims(exp=None)), "token_claim"),
    "expiry_text": (lambda keys: keys.token(claims(exp="tomorrow")), "token_claim"),
}


@pytest.mark.parametrize("make, error", TOKENS.values(), ids=TOKENS.keys())
def test_token_verify__each_fault__its_reason_and_exit_1(token_rig, keys, make, error):
    token = make(keys)
    token_rig.log()
    done = verify(token_rig, token)
    assert done.code == DENIED and f"refused  {error}\n" in done.out and f"[{error}]" in done.err, done
    document = error_of(verify(token_rig, token, "--json"), DENIED, error)
    assert document["good"] is False
    if len(token) > 50:
        parts = [part for part in token.split(".") if len(part) > 20]
        assert not [part for part in parts if part in done.said + "".join(token_rig.log())]


def test_token_verify__only_the_algorithms_allowed(token_rig, keys):
    token = keys.token(claims(), "ES256")
    error_of(verify(token_rig, token, "--json", "--alg", "RS256,EdDSA"), DENIED, "token_alg")
    assert verify(token_rig, token, "--alg", "RS256, ES256").code == OK
    for wrong in ("none", "HS256", "RS", "RS256,", "S256", "RS256;ES256", "", "x" * 400):
        done = verify(token_rig, token, "--json", "--alg", wrong)
        if wrong == "RS256,":
            error_of(done, DENIED, "token_alg")
        else:
            assert "RS256, RS384" in error_of(done, USAGE, "usage")["message"]


def test_token_verify__nothing_demanded__says_what_was_not_checked(token_rig, keys):
    done = token_rig.ctl("token", "verify", "--jwks", token_rig.jwks, stdin=keys.token(claims()))
    assert done.code == OK and "iss: not checked" in done.out and "aud, azp: not checked" in done.out


@pytest.mark.parametrize("text", ("", "{}", "[]", "nonsense", '{"keys": []}', '{"keys": 7}'))
def test_token_verify__what_is_no_key_set__is_the_words_fault(token_rig, keys, text):
    path = token_rig.put_conf("other.json", text)
    done = token_rig.ctl("token", "verify", "--json", "--jwks", path, stdin=keys.token(claims()))
    assert done.code in (USAGE, DENIED) and done.json["good"] is False, done
    assert "sign-in server" not in done.err or done.json["error"] == "token_key_unknown", done


def test_token_verify__hostile_header__is_not_shown_raw(token_rig, keys):
    for token in (keys.token(claims(), kid=HOSTILE), keys.token(claims(iss=HOSTILE)), keys.token(claims(aud=HOSTILE))):
        done = verify(token_rig, token)
        assert done.code == DENIED and no_raw_control(done.said), ascii(done.said)
        assert verify(token_rig, token, "--json").json["error"]


def test_token_verify__too_large__is_refused(token_rig):
    error_of(verify(token_rig, "x" * 70_000, "--json"), USAGE, "usage")


# What stands in the way.


def test_helper_missing__is_a_fault_of_the_host(rig):
    for path in (rig.folder / "libexec").glob("*helper"):
        path.unlink()
    error_of(rig.ctl("status", "--json"), INTERNAL, "spawn")


def test_judge_missing__is_a_fault_of_the_host(rig, idp):
    for path in (rig.folder / "libexec").glob("*judge"):
        path.unlink()
    done = rig.connect(idp)
    assert done.code == INTERNAL and "nothing was changed" in done.err


def test_store_locked__is_busy(connected):
    lock = next((connected.folder / "state").rglob("lock"))
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        error_of(connected.ctl("user", "add", "grace", "--json"), BUSY, "busy")
        error_of(connected.ctl("user", "rebind", "grace", "--yes", "--json"), BUSY, "busy")
