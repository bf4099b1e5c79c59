# SPDX-License-Identifier: MIT
"""cosmo-ssoctl doctor, the checks that ask the IdP: break just one thing, see it named with what mends it, mend it so, and
see it gone. The built command, helper, judge and fetch, and a scripted IdP.

Needs root and COSMO_BUILD_DIR."""

import email.utils
import pathlib
import re
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support import provider_faults  # noqa: E402
from support.ctl_rig import CtlRig  # noqa: E402
from support.fake_idp import Answer, FakeIdp  # noqa: E402
from support.fake_proxy import FakeProxy  # noqa: E402
from support.helper_site import RefreshSite  # noqa: E402
from support.provider_faults import DISCOVERY, answering, document, oauth  # noqa: E402
from support.rotating_idp import RotatingIdp  # noqa: E402
from support.wire import ERROR_NUMBERS  # noqa: E402

OK, DENIED = 0, 1
CHECKS = ("dns", "proxy", "ca", "discovery", "keys", "client", "clock", "lease")


class Site(RefreshSite):
    """`text()` is what the host is connected with; configure() is what an editor makes of the file since."""

    def check(self, name, code=None):
        """What the one check says."""
        done = self.rig.ctl("doctor", "--check", name, "--json")
        assert done.err == "" and (code is None or done.code == code), done
        found = done.json
        assert found and {f["check"] for f in found} == {name}, done
        return found

    def all(self):
        """The exit code, and the last finding of each check."""
        done = self.rig.ctl("doctor", "--json", *[word for name in CHECKS for word in ("--check", name)])
        assert done.err == "", done
        return done.code, {f["check"]: f for f in done.json}

    def one(self, name):
        (found,) = self.check(name)
        return found

    def good(self, *names):
        for name in names:
            assert {f["state"] for f in self.check(name, OK)} <= {"ok", "note"}, name

    def edit(self, **options):
        """Other values in [integration]; None takes one out."""
        text = self.text()
        for key, value in options.items():
            text = re.sub(rf"^{key} = .*\n", "", text, flags=re.M)
            if value is not None:
                text = text.replace("[integration]\n", f"[integration]\n{key} = {value}\n")
        self.rig.configure(text)

    def line_of(self, key):
        lines = self.rig.config_text.split("\n")
        return 1 + next(at for at, line in enumerate(lines) if line.startswith(f"{key} ="))


@pytest.fixture(scope="module")
def shared():
    with FakeIdp() as idp, CtlRig() as rig:
        site = Site(rig, idp)
        assert site.sign_in() == "OK"
        yield site


@pytest.fixture
def site(shared):
    shared.idp.requests.clear()
    shared.idp._scripts.clear()
    shared.rig.configure(shared.text())
    (shared.rig.folder / "conf/ca.pem").write_bytes(shared.idp.ca_pem)
    yield shared


def test_doctor__of_an_idp_that_is_as_it_should_be__asks_it_once(site):
    before = site.rig.snapshot()
    site.rig.log()
    code, told = site.all()
    assert code == OK and {told[name]["state"] for name in CHECKS} == {"ok"}
    assert told["dns"]["what"] == "localhost resolves" and told["proxy"]["what"] == "no proxy is set"
    assert told["discovery"]["what"] == f"{site.idp.issuer} answers, names itself so and offers the device grant"
    assert told["keys"]["what"] == "the provider publishes 1 usable signing key(s)"
    assert "the client cosmo-test " in told["client"]["what"] and told["ca"]["what"] == "the provider's certificate is trusted"
    assert told["clock"]["what"] == "this host's clock agrees with the provider's"
    assert told["lease"]["what"] == "roles hold 1 d 0 h without the provider"
    assert [request.path for request in site.idp.requests] == [DISCOVERY, "/jwks", "/device"]
    assert site.rig.snapshot() == before and site.rig.log() == []


# At the provider: one answer is wrong, and the next one is not.


@pytest.mark.parametrize("check, answers, says, mend", provider_faults.DOCTOR.values(), ids=provider_faults.DOCTOR.keys())
def test_doctor__a_fault_of_the_provider__is_named_with_what_mends_it(site, check, answers, says, mend):
    for path, answer in answers(site.idp).items():
        site.idp.script(path, *(answer if isinstance(answer, list) else [answer]))
    code, told = site.all()
    assert code == DENIED and told[check]["state"] == "wrong"
    assert says in told[check]["what"]
    assert mend is None or told[check]["mend"].startswith(mend)
    at = CHECKS.index(check)
    assert [told[name]["state"] for name in CHECKS[:at]] == ["ok"] * at
    for name in CHECKS[at + 1 : 6]:
        assert (told[name]["state"], told[name]["what"]) == ("not_checked", f"it did not come to that: see {check}")
    assert told["clock"]["state"] == ("ok" if at > 3 else "not_checked")
    site.good(check)


def test_doctor__a_provider_known_by_its_issuer__is_told_where_its_switch_is(site):
    issuer = f"{site.idp.issuer}/realms/staff"
    site.edit(issuer=issuer)
    site.idp.script(f"/realms/staff{DISCOVERY}", document(site.idp, issuer=issuer, device_authorization_endpoint=None))
    mend = site.one("discovery")["mend"]
    assert mend.startswith("At the provider: switch the device authorization grant on. ") and "Keycloak" in mend
    site.edit()
    site.good("discovery")


# On this host, and between.


def test_doctor__a_name_that_does_not_resolve__is_a_matter_of_dns(site):
    site.edit(issuer="https://no-such-host.invalid")
    found = site.one("dns")
    assert found["state"] == "wrong" and "no-such-host.invalid" in found["what"]
    assert "/etc/resolv.conf" in found["mend"] and "/etc/hosts" in found["mend"]
    assert site.one("ca")["what"] == "it did not come to that: see dns"
    site.edit()
    site.good("dns")


def test_doctor__a_port_where_nothing_listens__is_refused(site):
    site.edit(issuer="https://localhost:9")
    found = site.one("discovery")
    assert found["state"] == "wrong" and found["what"].startswith("nothing answers at the provider's address")
    assert "[integration]: name the proxy" in found["mend"]
    assert site.one("ca")["what"] == "it did not come to that: see discovery"
    site.edit()
    site.good("discovery")


def test_doctor__what_does_not_speak_tls__is_named(site):
    with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as issuer:
        site.edit(issuer=issuer)
        found = site.one("discovery")
        assert found["state"] == "wrong" and "does not speak TLS as it should" in found["what"]
        assert found["mend"].startswith("At the provider: speak TLS 1.2 or later")
    site.edit()
    site.good("discovery")


def test_doctor__a_provider_that_says_nothing__is_given_up(site):
    site.idp.script(DISCOVERY, Answer(hold=True))
    found = site.one("discovery")
    assert found["state"] == "wrong" and found["what"].startswith("the provider does not answer in time")
    site.idp.release()
    site.good("discovery")


@pytest.mark.parametrize("status", [0, 403])
def test_doctor__a_proxy_that_refuses__is_named_with_its_line(site, status):
    with FakeProxy() as proxy:
        site.edit(proxy=f"http://user:secret@{proxy.address}")
        assert site.one("proxy")["what"] == f"the proxy {proxy.address} lets this host through"
        assert site.one("dns")["what"].startswith("the proxy resolves localhost")
        proxy.status = status
        found = site.one("proxy")
        assert found["state"] == "wrong" and "does not let this host through" in found["what"]
        assert f"/cosmo-sso.conf, line {site.line_of('proxy')}: write the URL of a proxy" in found["mend"]
        assert "secret" not in str(found)
    assert site.one("proxy")["state"] == "wrong"  # it does not answer at all
    site.edit()
    site.good("proxy")


CERTIFICATES = {
    "expired": ("expired", "expired", "At the provider: renew the certificate."),
    "early": ("early", "not yet valid", "At the provider: make the certificate good from now on."),
    "other_ca": ("other_ca", "", "Edit "),
}


@pytest.mark.parametrize("certificate, says, mend", CERTIFICATES.values(), ids=CERTIFICATES.keys())
def test_doctor__a_certificate_that_is_not_trusted__says_why(site, certificate, says, mend):
    with FakeIdp(certificate) as other:
        site.edit(issuer=other.issuer)
        if certificate != "other_ca":
            (site.rig.folder / "conf/ca.pem").write_bytes(other.ca_pem)
        found = site.one("ca")
    assert found["state"] == "wrong" and found["what"].startswith("the provider's certificate is not trusted")
    assert says in found["what"] and found["mend"].startswith(mend)
    (site.rig.folder / "conf/ca.pem").write_bytes(site.idp.ca_pem)
    site.edit()
    site.good("ca")


def test_doctor__a_certificate_for_another_name__says_so(site):
    site.edit(issuer=f"https://127.0.0.2:{site.idp.port}")
    found = site.one("ca")
    assert found["state"] == "wrong" and found["mend"].startswith("At the provider: have the host's name in the certificate.")
    site.edit()
    site.good("ca")


def test_doctor__a_ca_file_that_is_not_root_s_alone__is_mended_by_its_mode(site):
    ca = site.rig.folder / "conf/ca.pem"
    ca.chmod(0o666)
    found = site.one("ca")
    assert found["state"] == "wrong" and found["what"].endswith("/ca.pem is not a file of root's alone to write")
    assert re.fullmatch(r"chown root:root (/\S+/ca\.pem) && chmod 0644 \1", found["mend"])
    assert site.one("client")["what"] == "nobody was asked: see ca"
    ca.chmod(0o644)
    site.good("ca")


def test_doctor__a_ca_file_that_is_missing__is_named_with_its_line(site):
    site.edit(ca_file=f"{site.rig.conf_dir}/nowhere.pem")
    found = site.one("ca")
    assert found["state"] == "wrong" and found["what"].endswith("/nowhere.pem is missing, empty or too big")
    assert f"line {site.line_of('ca_file')}: name a file with the certificate" in found["mend"]
    site.edit()
    site.good("ca")


def test_doctor__a_secret_file__is_root_s_alone_and_not_empty(site):
    path = site.rig.put_conf("secret", "hush\n", 0o644)
    site.edit(client_secret_file=path)
    found = site.one("client")
    assert found["state"] == "wrong" and found["what"].endswith("is not a file of root's alone to read and write")
    assert found["mend"] == f"chown root:root {path} && chmod 0600 {path}"
    site.rig.put_conf("secret", "", 0o600)
    found = site.one("client")
    assert found["what"].endswith("is missing, empty or too big") and "the client's secret" in found["mend"]
    site.rig.put_conf("secret", "hush\n", 0o600)
    site.good("client")
    site.edit()


@pytest.mark.parametrize("ahead_s, state, says", [(-300, "wrong", "300 s ahead of the provider's, and skew allows 60 s: sign-ins are refused"),
                                                  (300, "wrong", "s behind the provider's, and skew allows 60 s"),
                                                  (-30, "note", "s ahead of the provider's; skew allows 60 s")])  # fmt: skip
def test_doctor__a_clock_that_differs__is_told_by_how_much(site, ahead_s, state, says):
    date = email.utils.formatdate(time.time() + ahead_s, usegmt=True)
    site.idp.script("/device", Answer(body=site.idp.device_authorization(), headers={"Date": date}))
    found = site.one("clock")
    apart = int(re.search(r"clock is (\d+) s ", found["what"]).group(1))
    assert found["state"] == state and abs(apart - abs(ahead_s)) < 30 and says.split("300 s ")[-1] in found["what"]
    assert re.match("(systemctl restart|timedatectl set-ntp true|date --set=@)", found["mend"])
    site.good("clock")


@pytest.mark.parametrize("program, mend", [("chronyd", "systemctl restart chronyd && chronyc makestep"), ("ntpd", "systemctl restart ntpd")])
def test_doctor__a_clock_that_differs__is_set_by_whoever_keeps_the_time(site, monkeypatch, program, mend):
    site.rig.put_conf(program, "", 0o755)
    date = email.utils.formatdate(time.time() - 1000, usegmt=True)
    grafts = [*site.rig._grafts(), f"{site.rig.folder}/conf/{program}=/usr/sbin/{program}"]
    monkeypatch.setattr(site.rig, "_grafts", lambda: grafts)
    site.idp.script("/device", Answer(body=site.idp.device_authorization(), headers={"Date": date}))
    assert site.one("clock")["mend"] == mend


def test_doctor__a_provider_without_a_date__tells_no_time(site):
    for path, body in ((DISCOVERY, site.idp.discovery()), ("/jwks", site.idp.keys.jwks()), ("/device", site.idp.device_authorization())):
        site.idp.script(path, Answer(body=body, headers={"Date": None}))
    found = site.one("clock")
    assert (found["state"], found["what"]) == ("not_checked", "the provider does not tell its time")


def test_doctor__a_configuration_without_a_provider__asks_nobody(site):
    site.rig.configure("")
    assert {site.one(name)["what"] for name in CHECKS[:6]} == {"the configuration names no provider"}
    site.rig.configure("nonsense")
    assert {site.one(name)["what"] for name in CHECKS[:6]} == {"the configuration cannot be used"}
    assert site.idp.requests == []


def test_doctor__without_the_processes_that_ask__is_not_checked(site):
    judge = next((site.rig.folder / "libexec").glob("*judge"))
    kept = judge.rename(judge.with_suffix(".kept"))
    assert site.one("client")["what"].startswith("the processes that ask could not be started: ")
    kept.rename(judge)
    helper = next((site.rig.folder / "libexec").glob("*helper"))
    kept = helper.rename(helper.with_suffix(".kept"))
    assert site.one("client")["what"].startswith("nobody could be asked: ")
    assert site.one("lease")["what"].startswith("the helper does not tell: ")
    kept.rename(helper)
    site.good("client")


# The lease.


@pytest.fixture
def refreshed():
    with RotatingIdp() as idp, CtlRig() as rig:
        site = Site(rig, idp)
        assert site.sign_in() == "OK"
        yield site


def lease(site, word):
    found = [f for f in site.check("lease") if word in f["what"]]
    assert len(found) == 1, (word, found)
    return found[0]


def test_lease__refreshes_without_an_answer__are_told_with_the_end(refreshed):
    site = refreshed
    site.age(7200)
    site.show_ages()
    site.idp.script("/token", *[Answer(503)] * 4)
    site.rig.ctl("refresh", "ada")
    found = lease(site, "the provider confirms no roles since ")
    assert found["state"] == "wrong" and "(idp_status); the first lapse at " in found["what"]
    assert found["mend"] == "cosmo-ssoctl refresh --all"
    site.idp._scripts.clear()
    for path in (site.rig.folder / "run/private/refresh").iterdir():  # the pause after a failure
        path.unlink()
    assert site.rig.ctl("refresh", "--all").code == OK
    site.good("lease")


def age_run(site, **numbers):
    """The last run of refreshes was another one."""
    path = site.rig.folder / "run/private/refresh-run"
    site.rewrite(path, **numbers)


def test_lease__runs_that_do_not_come__are_told_with_who_waits(refreshed):
    site = refreshed
    assert site.rig.ctl("refresh", "--all").code == OK
    site.age(7200)
    site.show_ages()
    site.good("lease")
    age_run(site, began=int(time.time()) - 3600)
    found = lease(site, "1 user(s) are overdue to be confirmed; the last run since the boot: 2")
    assert found["state"] == "wrong" and found["mend"].startswith("systemctl restart cosmo-sso-refresh.timer && ")
    assert site.rig.ctl(*found["mend"].split(" && ")[1].split()[1:]).code == OK
    site.good("lease")
    age_run(site, outcome=ERROR_NUMBERS["E_MASS_REFUSAL"])
    found = lease(site, "was stopped: the provider refused too many")
    assert (found["state"], found["mend"]) == ("wrong", "cosmo-ssoctl refresh --all")
    assert site.rig.ctl("refresh", "--all").code == OK
    site.good("lease")


def test_lease__users_whose_lease_is_over_or_who_were_refused__are_counted(refreshed):
    site = refreshed
    site.age(2 * 24 * 3600)
    site.show_ages()
    assert lease(site, "1 user(s) have no lease any more")["state"] == "note"
    site.age(7200)
    site.show_ages()
    site.idp.script("/token", oauth("invalid_grant"))
    site.rig.ctl("refresh", "ada")
    assert lease(site, "1 user(s) were refused by the provider")["state"] == "note"


def test_lease__a_check_without_an_answer_or_with_a_no__is_told(refreshed):
    site = refreshed
    site.idp.script(DISCOVERY, Answer(503))
    site.rig.ctl("check")
    found = lease(site, "could not be asked about this host since ")
    assert (found["state"], found["mend"]) == ("wrong", "cosmo-ssoctl check") and "(idp_status)" in found["what"]
    assert site.rig.ctl("check").code == OK
    site.good("lease")
    site.idp.script("/token", oauth("invalid_client", 401))
    site.rig.ctl("check")
    found = lease(site, "1 times in a row that it does not know this host")
    assert found["state"] == "wrong" and "doctor --check client" in found["mend"]
    assert site.rig.ctl("check").code == OK
    site.good("lease")


def test_lease__where_nothing_is_to_be_told__says_why(refreshed):
    site = refreshed
    site.rig.configure("nonsense")
    assert site.one("lease")["what"] == "the configuration cannot be used"
    site.rig.store("disconnect")
    assert site.one("lease")["what"] == "this host is not connected: see store"
    assert site.one("lease")["state"] == "not_checked"


def test_lease__a_provider_without_refresh_tokens__bounds_roles_by_it():
    class Forgetful(FakeIdp):
        def discovery(self):
            return super().discovery() | {"scopes_supported": ["openid"]}

    with Forgetful() as idp, CtlRig() as rig:
        found = Site(rig, idp).one("lease")
    assert (found["state"], found["what"]) == (
        "note", "the provider gives no offline_access: without refresh tokens roles hold 1 d 0 h from each sign-in")
