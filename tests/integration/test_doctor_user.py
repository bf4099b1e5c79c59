# SPDX-License-Identifier: MIT
"""cosmo-ssoctl doctor --user NAME: for each thing that keeps a person out, break just that, see it named with what mends
it, mend it so, and see it gone. The built command and helper; no IdP is asked.

Needs root and COSMO_BUILD_DIR."""

import dataclasses
import pathlib
import shlex
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.ctl_rig import NamesRig  # noqa: E402
from support.helper_site import config  # noqa: E402
from support.program import built  # noqa: E402

OK, DENIED, USAGE = 0, 1, 2
ADA = ("connect", "user=ada,admin")
SIGN_IN = "This user signs in again, with a code."
FIRST_SIGN_IN = "This user signs in, with a code."


@dataclasses.dataclass
class Told:
    code: int
    findings: list

    def of(self, check, word=""):
        """The one finding of `check` that says `word`."""
        found = [f for f in self.findings if f["check"] == check and word in f["what"]]
        assert len(found) == 1, (check, word, self.findings)
        return found[0]

    def state(self, check, word=""):
        return self.of(check, word)["state"]

    def service(self, name):
        return self.of("service", f"{name}: ")

    @property
    def wrong(self):
        return [f for f in self.findings if f["state"] == "wrong"]


class Rig(NamesRig):
    def __enter__(self):
        super().__enter__()
        self.configure(config(client="host"))
        return self

    def ask(self, name="ada"):
        done = self.ctl("doctor", "--user", name, "--json")
        assert done.err == "", done
        return Told(done.code, done.json)

    def mend(self, command, *more):
        """As an administrator does who reads it."""
        condition, name, words = command.partition("cosmo-ssoctl ")
        assert name and (condition == "" or condition.startswith("Only if that is the same person"))
        words = [name, *shlex.split(words)]
        done = self.ctl(*words[1:], *more)
        assert done.code == OK, done

    def gate(self):
        return self.folder / "run/gate"


@pytest.fixture
def rig():
    with Rig() as running:
        yield running


def test_user__that_nothing_is_wrong_with__gets_in_everywhere(rig):
    rig.store(*ADA)
    rig.ask()  # what every helper makes at its first use is there
    before = rig.snapshot()
    rig.log()
    told = rig.ask()
    assert (told.code, told.wrong) == (OK, [])
    assert told.of("host")["what"] == "this host is connected"
    assert "ada is enrolled, uid " in told.of("person")["what"] and "subject ada" in told.of("person")["what"]
    assert told.of("roles")["what"] == "ada has the roles: admin"
    assert "`sudo -l -U ada` shows it" in told.of("groups")["what"]
    assert {f["mend"] for f in told.findings if f["state"] == "ok"} == {None}
    for name, asked in (("sshd", "; asked for, by code"), ("login", "; asked for, by code"), ("sudo", ""), ("su", "")):
        assert told.service(name)["what"] == f"{name}: ada gets in{asked}"
        assert told.service(name)["state"] == "ok"
    assert told.of("key")["what"] == "an SSH key of ada's would open sshd"
    assert rig.snapshot() == before and rig.log() == []
    text = rig.ctl("doctor", "--user", "ada")
    assert text.code == OK and all(f["what"] in text.out for f in told.findings) and text.out.endswith("\nNothing is wrong.\n")


# What an administrator or the IdP has taken: the store, the finding, what mends it, and whether signing in gets one in.
TAKEN = {
    "locked": ("locked", "an administrator has locked this user", "cosmo-ssoctl user unlock ada", False),
    "removed": ("removed", "an administrator has removed this user", "cosmo-ssoctl user add ada", False),
    "signed_out": ("reason-signed_out", "an administrator has signed this user out", SIGN_IN, True),
    "refused": ("reason-invalid_grant", "the provider has refused to confirm this user",
                f"At the provider: enable the account. Then: {SIGN_IN}", True),
    "interrupted": ("reason-refresh_interrupted", "a refresh broke off", SIGN_IN, True),
    "renamed": ("reason-renamed", "knows this person by another login name now", "The person signs in by the new name;", False),
    "other_subject": ("reason-other_subject", "is another person's at the provider now",
                      "Only if that is the same person, or one who is to have this account's files: cosmo-ssoctl user rebind ada",
                      False),
    "no_role": ("reason-no_role", "none of this user's groups is in a rule", "At the provider: put the person into a group", True),
    "no_claim": ("reason-role_claim_missing", "did not send the claim", "At the provider: have it send the claim", True),
    "lease": ("lapsed", "this user's lease is over", SIGN_IN, True),
    "taken_over": ("reason-not_enrolled", "this user has not signed in here yet", FIRST_SIGN_IN, True),
}  # fmt: skip


@pytest.mark.parametrize("what, says, mend, by_sign_in", TAKEN.values(), ids=TAKEN.keys())
def test_user__whose_roles_were_taken__reads_why_and_what_mends_it(rig, what, says, mend, by_sign_in):
    rig.store("connect", f"user=ada,admin,{what}")
    told = rig.ask()
    assert told.code == DENIED
    assert told.state("roles") == "wrong" and says in told.of("roles")["what"]
    assert told.of("roles")["mend"].startswith(mend)
    # Who is a viewer for the time being gets in where [access] names viewer; nobody else does.
    is_viewer = what in ("lapsed", "reason-signed_out")
    for name in ("sshd", "login"):
        line = told.service(name)
        if is_viewer:
            assert (line["state"], line["what"]) == ("ok", f"{name}: ada gets in by code, as what the provider then says")
        elif by_sign_in:
            assert line["state"] == "note" and "gets in by signing in with a code" in line["what"] and says in line["what"]
        else:
            assert line["state"] == "wrong" and says in line["what"] and line["mend"] == told.of("roles")["mend"]
    assert told.service("sudo")["state"] == "wrong" and says in told.service("sudo")["what"]
    assert not is_viewer or told.of("key")["what"] == "an SSH key of ada's would open sshd, as a viewer"
    assert told.state("key") == ("ok" if is_viewer else "note" if what == "reason-not_enrolled" else "wrong")
    if "cosmo-ssoctl user" in mend:
        rig.mend(mend, *(["--yes"] if " add " not in mend else []))
        after = rig.ask()
        assert after.findings != told.findings
        if what == "reason-other_subject":  # the next person who signs in has the name
            assert "another person may take ada over until" in after.of("person", "until")["what"]
            rig.mend(after.of("person", "until")["mend"], "--yes")
            assert rig.ask().findings == told.findings
        else:
            assert after.state("roles") in ("ok", "wrong") and says not in str(after.findings)


CHANGES = {"disconnect": "signed out", "lock": "locked", "remove": "removed"}


@pytest.mark.parametrize("command, done", CHANGES.items())
def test_user__changed_by_an_administrator__reads_what_when_and_why(rig, command, done):
    rig.store(*ADA)
    assert rig.ctl("user", command, "ada", "--reason", "left the company", "--yes").code == OK
    line = rig.ask().of("person", f"an administrator has {done} ada at 2")
    assert line["state"] == "note" and line["what"].endswith(": left the company")


def spoil_gate(rig):
    rig.gate().unlink()


def freshen_gate(rig):
    rig.gate().write_bytes(built("pam_cosmo_sso/helper/gate.fresh").read_bytes())
    rig.gate().chmod(0o644)


HOSTS = {
    "disconnected": (lambda rig: rig.store("disconnect"), "this host is disconnected", "this host is disconnected", "cosmo-ssoctl connect"),
    "no_gate": (spoil_gate, "the gate is missing", "the gate is missing", "cosmo-ssoctl boot"),
    "fresh": (freshen_gate, "the gate was not opened since the boot", "the gate was not opened after the boot", "cosmo-ssoctl boot"),
    "copied": (lambda rig: rig._file("machine-id", "f" * 32 + "\n"), "the store is of another machine",
               "the users are another machine's", "cosmo-ssoctl adopt"),
}  # fmt: skip


@pytest.mark.parametrize("change, says, store, mend", HOSTS.values(), ids=HOSTS.keys())
def test_user__of_a_host_that_is_not_connected__is_told_so(rig, change, says, store, mend):
    """And so is whoever asks about the host."""
    rig.store(*ADA)
    change(rig)
    done = rig.ctl("doctor", "--check", "store", "--json")
    (line,) = done.json
    assert (done.code, line["state"], line["mend"]) == (DENIED, "wrong", mend) and line["what"].startswith(store), done
    told = rig.ask()
    assert told.code == DENIED and told.state("host") == "wrong"
    assert says in told.of("host")["what"] and told.of("host")["mend"] == mend
    if mend == "cosmo-ssoctl boot":
        rig.mend(mend)
        assert rig.ask().of("host")["what"] == "this host is connected"
    elif mend == "cosmo-ssoctl adopt":
        rig.mend(mend)
        assert rig.ask().of("host")["what"].startswith("this host is disconnected")


@pytest.mark.parametrize("more", ["", "nonsense"], ids=["whole", "broken"])
def test_store__of_a_host_that_never_was_connected__is_a_note(rig, more):
    assert rig.ctl("apply").code == OK  # as after the first boot
    rig.configure(config(client="host", more=more))
    done = rig.ctl("doctor", "--check", "store", "--json")
    (line,) = done.json
    assert (done.code, line["state"], line["what"]) == (OK, "note", "this host was never connected to a provider"), done
    assert line["mend"] == "cosmo-ssoctl connect"
    assert rig.ctl("doctor", "--check", "store").out.endswith("\n0 wrong, 1 to be noted, 0 not looked at.\n")


def test_store__disconnected_with_a_broken_configuration__is_wrong(rig):
    rig.store(*ADA, "disconnect")
    rig.configure("nonsense")
    done = rig.ctl("doctor", "--check", "store", "--json")
    assert (done.code, [line["what"] for line in done.json]) == (DENIED, ["this host is disconnected: everybody is a viewer"]), done


def test_user__of_an_integration_before__signs_in_again(rig):
    rig.store(*ADA, "connect")
    told = rig.ask()
    assert "this host was connected anew" in told.of("roles")["what"] and told.of("roles")["mend"] == SIGN_IN


def test_user__bound_to_another_issuer__is_to_be_bound_anew(rig):
    rig.store("issuer=https://old.example.org", *ADA, "disconnect")
    rig.store("connect")
    told = rig.ask()
    line = told.of("person")
    assert line["state"] == "wrong" and "of a provider that this host is not connected to any more" in line["what"]
    rig.mend(line["mend"], "--yes")
    assert rig.ask().state("person", "another person may take ada over") == "note"


def test_user__whom_look_ups_show_otherwise__is_applied(rig):
    rig.store(*ADA)
    record = rig.folder / "state/private/users/ada"
    kept = record.read_bytes()
    assert rig.ctl("user", "lock", "ada", "--yes").code == OK
    record.write_bytes(kept)
    told = rig.ask()
    line = told.of("roles")
    assert line["state"] == "wrong" and "look-ups do not show ada as the records have it (locked)" == line["what"]
    for command in line["mend"].split(" && "):
        rig.mend(command)
    assert rig.ask().wrong == []


def test_user__whose_record_is_damaged__is_told_what_mends_it(rig):
    rig.store(*ADA)
    (rig.folder / "state/private/users/ada").write_bytes(b"damage")
    told = rig.ask()
    assert told.code == DENIED and "what is stored of this user is damaged" in told.of("person")["what"]
    assert told.of("person")["mend"] == "cosmo-ssoctl repair"


# Names that are nobody's of ours.


def test_user__that_is_local__is_left_alone(rig):
    rig.store("connect")
    rig.local(users=["carl:x:1000:1000::/home/carl:/bin/sh"])
    for name in ("carl", "root"):
        told = rig.ask(name)
        (line,) = told.findings
        assert (told.code, line["state"], line["check"]) == (OK, "ok", "name")
        assert line["what"].startswith(f"{name} is a local user: single sign-on leaves the account alone")
    rig.store("disconnect")
    rig.gate().unlink()
    assert rig.ask("carl").findings == rig.ask("carl").findings and rig.ask("carl").code == OK


def test_user__of_another_source_of_names__is_left_alone(rig):
    rig.store("connect")
    told = rig.ask("carol")
    assert told.of("person")["what"].startswith("carol is of another source of names (uid 4711): ")
    assert told.code == OK and [f["check"] for f in told.findings] == ["host", "person"]


def test_user__whose_name_is_another_sources_as_well__is_told_so(rig):
    rig.store("connect", "user=carol,admin")
    line = rig.ask("carol").of("lookup")
    assert line["state"] == "wrong" and "another source of names has carol, with uid 4711" in line["what"]
    assert "/etc/nsswitch.conf" in line["mend"]
    rig.sources("files cosmo")
    assert rig.ask("carol").wrong == []


def test_user__that_the_name_services_do_not_show__is_told_what_makes_them(rig):
    rig.store(*ADA)
    rig.sources("files")
    line = rig.ask().of("lookup")
    assert line["state"] == "wrong" and line["what"] == "this host's name services do not know ada"
    assert line["mend"] == "cosmo-ssoctl enable nss"
    rig.sources("files cosmo")
    assert rig.ask().wrong == []


@pytest.mark.parametrize("enrolled", [True, False])
def test_user__whose_name_a_local_one_has__is_told_to_take_another(rig, enrolled):
    rig.store(*(ADA if enrolled else ("connect",)))
    if enrolled:
        rig.local(users=["ada:x:1000:1000::/home/ada:/bin/sh"])
    else:
        rig.local(groups=["ada:x:1000:"])
    told = rig.ask()
    line = told.of("name")
    assert told.code == DENIED and line["state"] == "wrong" and [line] == told.findings
    assert line["what"].startswith("ada is the name of a local user or group")
    assert line["mend"] == "At the provider: give the person another login name."
    rig.local()
    assert rig.ask().wrong == []


@pytest.mark.parametrize("name, mend", [("Ada", "Sign in by the name in lower case."), ("9ada", "At the provider: "),
                                        ("a" * 33, "At the provider: "), ("a\x1b[2Jb", "At the provider: "), ("", "At the provider: ")])  # fmt: skip
def test_user__with_an_impossible_name__is_told_the_form(rig, name, mend):
    rig.store("connect")
    told = rig.ask(name)
    (line,) = told.findings
    assert (told.code, line["check"]) == (DENIED, "name") and line["what"].startswith("nobody can have this login name")
    assert line["mend"].startswith(mend)
    assert "\x1b" not in rig.ctl("doctor", "--user", name).said


# Who has never signed in.


def test_user__never_seen__enrols_by_signing_in(rig):
    rig.store("connect")
    told = rig.ask("dora")
    assert told.code == OK and told.wrong == []
    assert told.of("person")["what"] == "dora has never signed in here: roles come with the first sign-in"
    assert told.service("sshd")["state"] == "note" and "gets in by signing in with a code" in told.service("sshd")["what"]
    assert told.of("key")["what"] == "no SSH key opens sshd before the first sign-in by code"


def test_user__never_seen_where_names_are_listed__is_to_be_listed(rig):
    rig.configure(config(client="host", more="[enroll]\nmode = listed\n"))
    rig.store("connect")
    told = rig.ask("dora")
    line = told.service("sshd")
    assert told.code == DENIED and "new users are not added to this host by themselves" in line["what"]
    rig.mend(line["mend"])
    after = rig.ask("dora")
    assert ", and is listed for it" in after.of("person")["what"] and after.service("sshd")["state"] == "note"


def test_user__never_seen_where_nobody_enrols__is_told_the_option(rig):
    rig.configure(config(client="host", more="[enroll]\nmode = off\n"))
    rig.store("connect")
    line = rig.ask("dora").service("sshd")
    assert line["state"] == "wrong" and "mode = listed" in line["mend"] and "/cosmo-sso.conf, line " in line["mend"]
    rig.configure(config(client="host", more="[enroll]\nmode = listed\n"))
    rig.mend(line["mend"].split("Then: ")[1])
    assert rig.ask("dora").service("sshd")["state"] == "note"


# What the configuration says of services and roles.


def test_user__without_the_role_for_a_service__is_told_which(rig):
    rig.store("connect", "user=bob,developer")
    line = rig.ask("bob").service("sudo")
    assert line["state"] == "note" and line["what"] == "sudo: bob does not get in: it lets in admin"
    assert "/cosmo-sso.conf, [access]: " in line["mend"]
    rig.configure(config(client="host", more="[access]\nsudo = developer\n"))
    assert rig.ask("bob").service("sudo")["state"] == "ok"
    rig.configure(config(client="host", more="[access]\nsudo = deny\n"))
    line = rig.ask("bob").service("sudo")
    assert line["what"].endswith("it lets in nobody") and "/cosmo-sso.conf, line " in line["mend"]


def test_user__where_a_service_signs_nobody_in__is_told_so(rig):
    rig.configure(config(client="host", more="[service sshd]\nauth = deny\n[service ftp]\nauth = device\n"))
    rig.store(*ADA)
    told = rig.ask()
    assert "sshd: ada passes, but cannot sign in by code: signing in is switched off" in told.service("sshd")["what"]
    assert told.service("ftp")["state"] == "ok"


def test_user__where_the_file_names_another_provider__is_told_so(rig):
    rig.store(*ADA)
    rig.configure(config(issuer="https://other.example.org", client="host"))
    line = rig.ask().service("sshd")
    assert line["state"] == "note" and "the configuration names another provider than the one" in line["what"]
    assert line["mend"] == "cosmo-ssoctl disconnect && cosmo-ssoctl connect"
    rig.configure(config(client="host"))
    assert rig.ask().service("sshd")["state"] == "ok"


def test_user__of_whom_a_first_method_is_asked__is_told_which(rig):
    rig.configure(config(client="host", more="[service sshd]\nrequire_first = publickey\n"))
    rig.store(*ADA)
    line = rig.ask().of("service", "before the code")
    assert (line["state"], line["what"]) == ("note", "sshd: before the code this must have succeeded: publickey")


def test_user__who_is_given_local_groups__is_told_which_are_root(rig):
    rig.local(groups=["dialout:x:20:", "sudo:x:27:"])
    role = "[role developer]\nlocal_groups = dialout{}\n{}"
    rig.configure(config(client="host", more=role.format("", "")))
    rig.store("connect", "user=bob,developer")
    line = rig.ask("bob").of("groups")
    assert line["state"] == "ok" and line["what"].startswith("with these roles come the local groups dialout; ")
    rig.configure(config(client="host", more=role.format(" sudo", "allow_privileged = yes\n")))
    line = rig.ask("bob").of("groups")
    assert line["state"] == "note" and "as good as root: sudo; `sudo -l -U bob` shows" in line["what"] and line["mend"] is None


def test_user__with_a_configuration_that_cannot_be_used__is_told_so(rig):
    rig.store(*ADA)
    rig.configure("[integration]\nisuer = x\n")
    told = rig.ask()
    line = told.of("config")
    assert line["state"] == "wrong" and "isuer" in line["what"] and line["mend"] == "cosmo-ssoctl check-config"
    rig.configure(config(client="host"))
    assert rig.ask().wrong == []


def test_user__of_a_host_without_a_helper__is_not_told(rig):
    for program in (rig.folder / "libexec").iterdir():
        program.unlink()
    told = rig.ask()
    (line,) = told.findings
    assert line["state"] == "not_checked" and line["what"].startswith("the helper does not tell: ")


def test_user__and_a_check__are_one_too_many(rig):
    done = rig.ctl("doctor", "--user", "ada", "--check", "files")
    assert done.code == USAGE and "--user looks at one person; leave --check out" in done.err
