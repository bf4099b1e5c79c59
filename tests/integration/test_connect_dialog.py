#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""`connect` on a terminal, which asks for what neither an option nor the configuration says; and without one.

Needs root and COSMO_BUILD_DIR."""

import io
import os
import pathlib
import re
import signal
import stat
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support.ctl_fixtures import idp, rig  # noqa: E402, F401
from support.ctl_rig import NOBODY  # noqa: E402

OK, DENIED, USAGE, MISCONFIGURED = 0, 1, 2, 4
ISSUER, CLIENT, SECRET, CLAIM, RULE = "Issuer", "Client id", "Client secret: ", "Claim with groups or roles ", "First rule"
UNSEEN = "it is not shown): "
SIGN_IN = "Sign in now"
TYPED = "s3cret-of-the-test"
COMMAND = "The same as one command: cosmo-ssoctl connect"


class Dialog:
    """with Dialog(rig, *words) as dialog: dialog.answer(ISSUER, idp.issuer)"""

    def __init__(self, rig, *words):
        self.client = rig.ctl_in_terminal("connect", *words)
        self.client.delaybeforesend = None
        self.client.logfile_read = self._log = io.StringIO()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close(force=True)

    def said(self):
        """All that was shown until now."""
        return self._log.getvalue()

    def answer(self, question, text, *sayings):
        """Once it is asked, after `sayings` about the answer before."""
        for says in sayings:
            self.client.expect_exact(says)
        self.client.expect_exact(question)
        self.client.expect_exact(": ")
        self.client.sendline(text)

    def type(self, question, keys):
        self.client.expect_exact(question)
        self.client.send(keys)

    def end(self, *sayings):
        """The exit code, and all that was shown."""
        for says in sayings:
            self.client.expect_exact(says)
        self.client.read()
        self.client.wait()
        return self.client.exitstatus, self.said()


def ca_words(rig, idp, *more):
    return ["--ca-file", rig.put_conf("ca.pem", idp.ca_pem), *more]


def settings(rig):
    return {line for line in rig.config_text.splitlines() if line and line[0] not in "#["}


def secret_files(rig):
    return sorted((rig.folder / "conf").glob("client-secret.*"))


def test_dialog__all_answered__connects_and_names_the_options(rig, idp):
    with Dialog(rig, *ca_words(rig, idp)) as dialog:
        dialog.answer(ISSUER, idp.issuer)
        dialog.answer(CLIENT, f"  {idp.CLIENT_ID} ")
        dialog.answer(SECRET, "")
        dialog.answer(CLAIM + "[ssoGroups]", "groups")
        dialog.answer(RULE, "admin=~linux-(a|b)")
        options = (f"--issuer {idp.issuer} --client-id {idp.CLIENT_ID} --ca-file {rig.conf_dir}/ca.pem --claim groups "
                   "--rule 'admin=~linux-(a|b)'")
        dialog.answer(SIGN_IN, "no", f"{COMMAND} {options}\r\n", "Connected.")
        code, said = dialog.end()
    assert code == OK and "cosmo-ssoctl enable" in said and "cosmo-ssoctl login-test" in said, said
    assert rig.ctl("status", "--json").json["connected"] is True
    assert settings(rig) == {f"issuer = {idp.issuer}", f"client_id = {idp.CLIENT_ID}", "claim = groups",
                             f"ca_file = {rig.conf_dir}/ca.pem", "admin=~linux-(a|b)"}


def test_dialog__half_is_known__asks_for_the_rest_alone(rig, idp):
    """And for nothing that a default does for where nothing has to be asked."""
    rig.configure(f"[integration]\nissuer = {idp.issuer}\nclaim = groups\n")
    with Dialog(rig, *ca_words(rig, idp, "--client-id", idp.CLIENT_ID, "--dry-run")) as dialog:
        dialog.answer(SECRET, "")
        assert ISSUER not in dialog.said() and CLIENT not in dialog.said()
        dialog.answer(RULE, "admin=admins")
        assert "Claim" not in dialog.said()
        options = f"--client-id {idp.CLIENT_ID} --ca-file {rig.conf_dir}/ca.pem --rule admin=admins --dry-run"
        assert dialog.end(f"{COMMAND} {options}\r\n", "All checks passed")[0] == OK
    with Dialog(rig, *ca_words(rig, idp, "--client-id", idp.CLIENT_ID, "--rule", "admin=x", "--dry-run")) as dialog:
        code, said = dialog.end("All checks passed")
    assert code == OK and "Client secret" not in said and COMMAND not in said


# What becomes of the sign-in that is offered at the end, and whom the host knows then.
SIGN_INS = {
    "yes": ("", {"groups": ["admins"]}, ["Would be let in."], ["ada"]),
    "refused": ("yes", {"groups": None}, ["[role_claim_missing]", "the host is connected all the same"], []),
    "no": ("no", {}, [], []),
}  # fmt: skip


@pytest.mark.parametrize("answer, claims, says, known", SIGN_INS.values(), ids=SIGN_INS.keys())
def test_dialog__sign_in_offered__connected_whatever_comes_of_it(rig, idp, answer, claims, says, known):
    idp.vouch_for("ada", "1000", "admins")
    idp.claims = {key: value for key, value in (idp.claims | claims).items() if value is not None}
    with Dialog(rig, *ca_words(rig, idp, "--issuer", idp.issuer, "--client-id", idp.CLIENT_ID, "--claim", "groups")) as dialog:
        dialog.answer(SECRET, "")
        dialog.answer(RULE, "admin=admins")
        dialog.answer(SIGN_IN, answer, "Connected.")
        code, said = dialog.end(*says)
    assert code == OK, said
    assert rig.ctl("status", "--json").json["connected"] is True
    assert [user["name"] for user in rig.ctl("user", "list", "--json").json] == known


def test_dialog__enter_typed_ahead__does_not_sign_in(rig, idp):
    """The keys came while the provider was asked about this host, and are no answer to a question that nobody had seen."""
    idp.vouch_for("ada", "1000", "admins")
    with Dialog(rig, *ca_words(rig, idp, "--issuer", idp.issuer, "--client-id", idp.CLIENT_ID, "--claim", "groups")) as dialog:
        dialog.answer(SECRET, "")
        dialog.answer(RULE, "admin=admins\n\nyes")
        dialog.answer(SIGN_IN, "no", "Connected.")
        code, said = dialog.end()
    assert code == OK and "this takes yes or no" not in said and "Waiting" not in said, said
    assert rig.ctl("user", "list", "--json").json == []


def test_dialog__sign_in_ended_twice__connected_all_the_same(rig, idp):
    idp.vouch_for("ada", "1000", "admins")
    idp.pending = 100_000
    with Dialog(rig, *ca_words(rig, idp, "--issuer", idp.issuer, "--client-id", idp.CLIENT_ID, "--claim", "groups")) as dialog:
        dialog.answer(SECRET, "")
        dialog.answer(RULE, "admin=admins")
        dialog.answer(SIGN_IN, "", "Connected.")
        dialog.client.expect_exact("Ctrl-C ends it")
        dialog.client.kill(signal.SIGTERM)
        dialog.client.sendintr()
        code, said = dialog.end("the host is connected all the same")
    assert (code, dialog.client.signalstatus) == (OK, None), said


def test_dialog__auth0_without_its_slash__is_taken_with_it(rig):
    """It is said at once, and not after all the other questions by a provider that names itself otherwise."""
    with Dialog(rig, "--client-id", "x", "--claim", "c", "--rule", "admin=a", "--dry-run", "--proxy", "http://127.0.0.1:9") as dialog:
        dialog.answer(ISSUER, "https://tenant.eu.auth0.com")
        dialog.answer(SECRET, "", "ends in: https://tenant.eu.auth0.com/\r\n")
        code, said = dialog.end("- asking https://tenant.eu.auth0.com/\r\n")
    assert code == 3, said


WRONG_ISSUERS = ("http://localhost", "localhost", "https://u:p@localhost", "https://localhost/?a=b",
                 "https://localhost/.well-known/other")  # fmt: skip


def test_dialog__wrong_answers__are_told_and_asked_again(rig, idp):
    readable = rig.put_conf("readable", TYPED, 0o644)
    empty = rig.put_conf("empty", "", 0o600)
    good = rig.put_conf("client-secret", TYPED, 0o600)
    foreign = rig.put_conf("foreign", TYPED, 0o600)
    os.chown(rig.folder / "conf/foreign", NOBODY, NOBODY)
    with Dialog(rig, *ca_words(rig, idp)) as dialog:
        dialog.answer(ISSUER, "")
        dialog.answer(ISSUER, "https://a\x16\x1b[2Jb", "there is no default for this")  # Ctrl-V takes the next as it is
        dialog.answer(ISSUER, "x" * 2000, "this has control characters")
        dialog.answer(ISSUER, WRONG_ISSUERS[0], "this is too long")
        for wrong in WRONG_ISSUERS[1:]:
            dialog.answer(ISSUER, wrong, "an https:// URL without user")
        dialog.answer(ISSUER, f"{idp.issuer}/.well-known/openid-configuration?x=1", "an https:// URL without user")
        dialog.answer(CLIENT, "x" * 256, f"taken without /.well-known/openid-configuration: {idp.issuer}\r\n")
        dialog.answer(CLIENT, idp.CLIENT_ID, "255 bytes")
        dialog.answer(SECRET, f"/{'x' * 300}")
        dialog.answer(SECRET, "/nowhere", "it cannot be read")
        for path, says in ((readable, "there is no such file"), (foreign, "nobody else may read"), (empty, "nobody else may read"),
                           (good, "it is empty")):
            dialog.answer(SECRET, path, says)
        dialog.answer(CLAIM, "x" * 256)
        dialog.answer(CLAIM, "", "255 bytes")
        for rule, says in (("admins", ()), ("[rules]=x", ("a rule reads ROLE=VALUE",)), ("boss=x", ("a rule reads ROLE=VALUE",)),
                           ("admin=~(a", ("boss",)), ("admin=admins", ("[rule_pattern]", "column"))):
            dialog.answer(RULE, rule, *says)
        dialog.answer(SIGN_IN, "perhaps", "Connected.")
        dialog.answer(SIGN_IN, "n", "this takes yes or no")
        code, said = dialog.end()
    assert code == OK, said
    assert settings(rig) == {f"issuer = {idp.issuer}", f"client_id = {idp.CLIENT_ID}", f"client_secret_file = {good}",
                             f"ca_file = {rig.conf_dir}/ca.pem", "admin=admins"}


def test_dialog__secret_typed__is_not_shown_and_kept_for_root_alone(rig, idp):
    with Dialog(rig, *ca_words(rig, idp, "--issuer", idp.issuer, "--client-id", idp.CLIENT_ID)) as dialog:
        dialog.answer(SECRET, "-")
        dialog.answer(UNSEEN[:-2], "")
        dialog.answer(SECRET, "-", "No client secret was typed")
        dialog.answer(UNSEEN[:-2], TYPED)
        assert secret_files(rig) == []
        dialog.answer(CLAIM, "groups")
        assert secret_files(rig) == []
        dialog.answer(RULE, "admin=admins")
        dialog.type("--claim groups --rule admin=admins --client-secret\r\n", "")
        dialog.type(SIGN_IN, "\x04")
        code, said = dialog.end()
    assert code == OK and TYPED not in said
    (path,) = secret_files(rig)
    assert path.read_text() == TYPED + "\n" and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert idp.requests[-1].headers["authorization"].startswith("Basic ")


def test_dialog__known_provider__its_claim_is_the_default(rig):
    """Up to the network: nobody answers there."""
    with Dialog(rig, "--issuer", "https://login.microsoftonline.com/T/v2.0", "--client-id", "x", "--proxy",
                "http://127.0.0.1:9") as dialog:
        dialog.answer(SECRET, "")
        dialog.answer(CLAIM + "[groups, as this provider needs]", "")
        dialog.answer(RULE, "admin=a")
        code, said = dialog.end("- claim = groups: what login.microsoftonline.com needs", "nothing was changed")
    assert code == 3 and settings(rig) == set(), said


def test_dialog__password_of_a_proxy__is_not_shown(rig):
    """Nor does the command that is shown leave a given option out."""
    words = ("--issuer", "https://login.microsoftonline.com/T/v2.0", "--username-claim", "upn", "--scopes", "openid email",
             "--client-secret-file", rig.put_conf("client-secret", TYPED, 0o600), "--rule", "admin=a", "--rule", "viewer=b")  # fmt: skip
    with Dialog(rig, *words, "--proxy", f"http://user:{TYPED}@127.0.0.1:9") as dialog:
        dialog.answer(CLIENT, "x")
        dialog.answer(CLAIM, "")
        code, said = dialog.end(
            f"{COMMAND} --issuer https://login.microsoftonline.com/T/v2.0 --client-id x --client-secret-file "
            f"{rig.conf_dir}/client-secret --proxy PROXY --username-claim upn --scopes 'openid email' --rule admin=a "
            "--rule viewer=b\r\n", "nothing was changed")
    assert code == 3 and TYPED not in said, said


ENDINGS = {
    "interrupt": lambda dialog, question: dialog.type(question, "half of it\x03"),
    "quit": lambda dialog, question: dialog.type(question, "\x1c"),
    "end": lambda dialog, question: dialog.type(question, "\x04"),
    "term": lambda dialog, question: (dialog.type(question, ""), dialog.client.kill(signal.SIGTERM)),
}


@pytest.mark.parametrize("end", ENDINGS.values(), ids=ENDINGS.keys())
@pytest.mark.parametrize("question", (ISSUER, UNSEEN, RULE))
def test_dialog__ended__says_so_and_changes_nothing(rig, idp, question, end):
    words = ca_words(rig, idp)
    before = rig.snapshot()
    with Dialog(rig, *words) as dialog:
        for asked, text in ((ISSUER, idp.issuer), (CLIENT, "x"), (SECRET, "-"), (UNSEEN, TYPED), (CLAIM, "")):
            if asked == question:
                break
            dialog.type(asked, text + "\r")
        end(dialog, question)
        code, said = dialog.end("nothing was changed")
        assert code == DENIED and "[cancelled]" in said and "Not all of the questions were answered" in said, said
        assert TYPED not in said
    assert rig.snapshot() == before and idp.requests == []


def test_dialog__the_provider_refuses__nothing_is_left(rig, idp):
    words = ca_words(rig, idp)
    before = rig.snapshot()
    with Dialog(rig, *words) as dialog:
        for asked, text in ((ISSUER, idp.issuer + "/no"), (CLIENT, "x"), (SECRET, "-"), (UNSEEN, TYPED), (CLAIM, ""),
                            (RULE, "admin=a")):
            dialog.type(asked, text + "\r")
        code, said = dialog.end("[idp_gone]", "nothing was changed")
    assert code == MISCONFIGURED and rig.snapshot() == before, said


def test_dialog__a_file_that_is_wrong__is_told_before_anything_is_asked(rig, idp):
    rig.configure("[integration]\nnonsense = 1\n")
    with Dialog(rig) as dialog:
        code, said = dialog.end("cosmo-sso.conf (as it would be written):2: ")
    assert code == MISCONFIGURED and ISSUER not in said and "nonsense" in said


# Without a terminal nothing is asked.

LACKING = {
    "all": ({"issuer": None, "client_id": None, "rule": None}, "say --issuer URL, --client-id ID, --rule ROLE=VALUE, or set it in "),
    "issuer": ({"issuer": None}, "say --issuer URL, or set it in "),
    "client": ({"client_id": None}, "say --client-id ID, or set it in "),
    "rules": ({"rule": None}, "say --rule ROLE=VALUE, or set it in "),
}  # fmt: skip


# case: rule: no rules at all are refused, and never mean everybody
@pytest.mark.parametrize("changes, says", LACKING.values(), ids=LACKING.keys())
def test_connect__no_terminal_and_an_answer_lacks__names_the_option(rig, idp, changes, says):
    words = rig.connect_words(idp, **changes)
    before = rig.snapshot()
    done = rig.ctl(*words, stdin=f"{idp.issuer}\nx\n\n\nadmin=a\n")
    assert (done.code, done.out) == (USAGE, "") and says in done.err and done.err.endswith("nothing was changed\n"), done
    document = rig.ctl(*words, "--json").json
    assert document["error"] == "usage" and says in document["message"] and document["connected"] is False
    assert rig.snapshot() == before and idp.requests == []


@pytest.mark.parametrize("flag", ("--json", "--yes"))
def test_connect__a_terminal_where_no_question_is_wanted__asks_none(rig, flag):
    with Dialog(rig, flag) as dialog:
        code, said = dialog.end("say --issuer URL")
    assert code == USAGE and not re.search(rf"{ISSUER},|{CLIENT},", said)
