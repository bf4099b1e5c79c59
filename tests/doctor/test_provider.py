# SPDX-License-Identifier: MIT
"""On a booted host: what is wrong at the provider is found by doctor and told by connect, each by its own words, and gone
when the provider has mended it. The provider is scripted, for a real one is seldom wrong at will."""

import contextlib
import json

import pytest

from support import port, provider_faults
from support.fake_idp import Answer, FakeIdp
from support.host import TestHost
from support.site import CA_FILE, CONFIG

CHECKS = ("dns", "proxy", "ca", "discovery", "keys", "client")


class Provider:
    """A host, and the scripted provider that it is to be connected to."""

    def __init__(self, host, idp):
        self.host, self.idp = host, idp

    def connect(self, *options, issuer=None):
        words = ["cosmo-ssoctl", "connect", "--issuer", issuer or self.idp.issuer, "--client-id", self.idp.CLIENT_ID, "--ca-file", CA_FILE,
                 "--claim", "groups", "--rule", "admin=admins", *options, "--yes"]
        return self.host.run(words, check=False)

    def doctor(self):
        """The exit code, and the last finding of each check."""
        words = [word for name in CHECKS for word in ("--check", name)]
        done = self.host.run(["cosmo-ssoctl", "doctor", *words, "--json"], check=False)
        return done.returncode, {finding["check"]: finding for finding in json.loads(done.stdout)}


@pytest.fixture(scope="module")
def provider(build_dir):
    with FakeIdp() as idp, TestHost() as host:
        host.install(build_dir)
        host.boot()
        host.put(CA_FILE, idp.ca_pem.decode())
        provider = Provider(host, idp)
        done = provider.connect()
        assert done.returncode == 0, done
        provider.kept = host.read(CONFIG)
        yield provider


@pytest.fixture
def asked(provider):
    provider.idp.requests.clear()
    provider.idp._scripts.clear()
    yield provider
    provider.idp._scripts.clear()


@pytest.mark.parametrize("check, answers, says, mend", provider_faults.DOCTOR.values(), ids=provider_faults.DOCTOR.keys())
def test_doctor__a_fault_of_the_provider__is_found_and_gone_when_it_is_mended(asked, check, answers, says, mend):
    for path, answer in answers(asked.idp).items():
        asked.idp.script(path, *(answer if isinstance(answer, list) else [answer]))
    code, found = asked.doctor()
    assert (code, found[check]["state"]) == (1, "wrong") and says in found[check]["what"], found
    assert mend is None or found[check]["mend"].startswith(mend), found
    code, found = asked.doctor()
    assert code == 0 and {finding["state"] for finding in found.values()} == {"ok"}, found


@pytest.mark.parametrize("prepare, code, error, says", provider_faults.CONNECT.values(), ids=provider_faults.CONNECT.keys())
def test_connect__a_fault_of_the_provider__is_told_and_nothing_changed(asked, prepare, code, error, says):
    asked.host.run(["cosmo-ssoctl", "disconnect"])
    prepare(asked.idp)
    done = asked.connect()
    assert done.returncode == code and f"[{error}]" in done.stderr and says in done.stderr, done
    assert done.stderr.rstrip().endswith("nothing was changed") and asked.host.read(CONFIG) == asked.kept
    assert asked.host.run(["cosmo-ssoctl", "status"], check=False).returncode == 1
    asked.idp._scripts.clear()
    done = asked.connect()
    assert done.returncode == 0 and "Connected" in done.stdout, done


# Between the host and the provider: the issuer then, and the certificate that the host trusts if it is another one.


@contextlib.contextmanager
def unknown_name(_):
    yield "https://no-such-host.invalid", None


@contextlib.contextmanager
def refused(_):
    with port.hold() as held:
        yield f"https://localhost:{port.number_of(held)}", None


@contextlib.contextmanager
def no_tls(_):
    with provider_faults.answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as issuer:
        yield issuer, None


@contextlib.contextmanager
def silent(idp):
    idp.script(provider_faults.DISCOVERY, *[Answer(hold=True)] * 2)
    yield idp.issuer, None
    idp.release()


def certified(kind, is_trusted):
    @contextlib.contextmanager
    def way(_):
        with FakeIdp(kind) as other:
            yield other.issuer, other.ca_pem.decode() if is_trusted else None

    return way


@contextlib.contextmanager
def other_name(idp):
    yield idp.issuer.replace("localhost", "127.0.0.2"), None


TRUST = (provider_faults.MISCONFIGURED, "idp_tls_trust", "--ca-file", "ca")
AWAY = provider_faults.UNREACHABLE
# id: (the way, connect's exit code, error and advice, doctor's check, what it finds, how its advice begins)
WAYS = {
    "unknown_name": (unknown_name, AWAY, "idp_dns", "resolver", "dns", "no-such-host.invalid", "Edit /etc/resolv.conf"),
    "refused": (refused, AWAY, "idp_connect", "--proxy", "discovery", "nothing answers at the provider's address", "Edit "),
    "no_tls": (no_tls, AWAY, "idp_tls", "must speak TLS", "discovery", "does not speak TLS as it should", "At the provider: speak TLS 1.2"),
    "silent": (silent, AWAY, "idp_timeout", "firewalls", "discovery", "the provider does not answer in time", "Edit "),
    "other_ca": (certified("other_ca", False), *TRUST, "the provider's certificate is not trusted", "Edit "),
    "expired": (certified("expired", True), *TRUST, "expired", "At the provider: renew the certificate."),
    "early": (certified("early", True), *TRUST, "not yet valid", "At the provider: make the certificate good from now on."),
    "other_name": (other_name, *TRUST, "the provider's certificate is not trusted", "At the provider: have the host's name in the certificate."),
}  # fmt: skip


@pytest.mark.parametrize("way, code, error, advice, check, says, mend", WAYS.values(), ids=WAYS.keys())
def test_doctor_and_connect__the_way_to_the_provider__is_told_and_gone_when_it_is_mended(asked, way, code, error, advice, check, says, mend):
    host, good_ca = asked.host, asked.idp.ca_pem.decode()
    with way(asked.idp) as (issuer, ca):
        host.put(CA_FILE, ca or good_ca)
        host.put(CONFIG, asked.kept.replace(asked.idp.issuer, issuer))
        ended, found = asked.doctor()
        host.put(CONFIG, asked.kept)
        host.run(["cosmo-ssoctl", "disconnect"])
        done = asked.connect(issuer=issuer)
    host.put(CA_FILE, good_ca)
    assert (ended, found[check]["state"]) == (1, "wrong") and says in found[check]["what"], found
    assert found[check]["mend"].startswith(mend), found
    assert done.returncode == code and f"[{error}]" in done.stderr and advice in done.stderr, done
    assert done.stderr.rstrip().endswith("nothing was changed") and host.read(CONFIG) == asked.kept
    assert asked.connect().returncode == 0
    ended, found = asked.doctor()
    assert ended == 0 and {finding["state"] for finding in found.values()} == {"ok"}, found
