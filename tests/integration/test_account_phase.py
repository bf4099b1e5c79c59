# SPDX-License-Identifier: MIT
"""The tables of the account phase in cosmo-sso-errors(7), row by row: the built module and helper come to what stands
there.

Needs root and COSMO_BUILD_DIR."""

import pathlib
import re
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import messages  # noqa: E402
from support.errors_page import account_answers, account_words  # noqa: E402
from support.helper_site import config  # noqa: E402
from support.pam_rig import NAMES  # noqa: E402
from support.sign_in_rig import SignInRig  # noqa: E402

# What makes ada somebody of whom this is so, by store_maker.c; None: she never signed in.
STORES = {
    "ok": ["user=ada,admin"],
    "service_not_allowed": ["user=ada,viewer"],
    "locked": ["user=ada,admin,locked"],
    "removed": ["user=ada,admin,removed"],
    "not_enrolled": [],
    "disconnected": ["user=ada,admin", "disconnect"],
    "integration_changed": ["user=ada,admin", "disconnect", "connect"],
    "lease_over": ["user=ada,admin,lapsed"],
}
# The same by what her record says.
REASONS = ("invalid_grant", "role_claim_missing", "no_role", "other_subject", "signed_out", "refresh_interrupted", "renamed")
STORES |= {word: [f"user=ada,admin,reason-{word}"] for word in REASONS}
SERVICES = ("sshd", "sudo", "cron", "not root")
# Who is not enrolled is one of ours at sshd by what NSS says to it alone, which is not asked here.
TRIED = [(word, service) for word in STORES for service in SERVICES if (word, service) != ("not_enrolled", "sshd")]


@pytest.fixture(scope="module")
def rig():
    with SignInRig() as rig:
        rig.configure(config())
        for service in ("sshd", "sudo", "cron"):
            rig.service(service)
        yield rig


def account(rig, service, *words):
    """PAM's code, what the person is told, and what was logged."""
    rig.log()
    report = rig.caller(service, "ada", *words, "account")
    (code,) = re.findall(r"^account (\d+)$", report, re.MULTILINE)
    return NAMES[int(code)], re.findall(r"^message \d (.*)$", report, re.MULTILINE), rig.events()


def test_account__words_of_both_tables__are_those_tried_here():
    assert list(account_answers()) == list(account_words())
    assert set(account_answers()) == set(STORES)


# case: message: what refuses somebody in the account phase does so by service, with the PAM result, event and text of the manual
@pytest.mark.parametrize(("word", "service"), TRIED)
def test_account__each_cause_and_kind_of_service__as_the_manual_says(rig, word, service):
    rig.clean_store()
    rig.store("connect", *STORES[word])
    rootless = service == "not root"
    code, told, events = account(rig, "sudo" if rootless else service, *(["uid=65534"] if rootless else []))
    kinds, pam = account_answers()[word]
    if service in kinds:
        assert (code, told) == ("SUCCESS", [])
        assert rootless or [event["event"] for event in events] == ["account_ok"]
        return
    event, text = account_words()[word]
    assert code == pam
    assert told == [text] or (word == "disconnected" and not rootless)
    messages.check(*told)
    assert [(line["event"], line["reason"]) for line in events] == [("module_refused" if rootless else event, word)]
