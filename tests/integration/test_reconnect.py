#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Connecting once more, to the same IdP and to another: what comes back, for whom, and what never does.

Needs root and COSMO_BUILD_DIR."""

import pathlib
import re
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support.ctl_rig import CtlRig, shipped_config  # noqa: E402
from support.fake_idp import FOREVER, Answer, FakeIdp  # noqa: E402

OK, DENIED, BUSY = 0, 1, 5


@pytest.fixture
def idp():
    with FakeIdp() as idp:
        yield idp


@pytest.fixture
def other():
    with FakeIdp() as idp:
        yield idp


@pytest.fixture
def rig(idp):
    with CtlRig() as rig:
        rig.configure(shipped_config())
        connect(rig, idp)
        for name in ("ada", "bob"):
            signs_in(rig, idp, name)
        rig.log()
        yield rig


def connect(rig, idp, *more):
    done = rig.connect(idp, *more)
    assert done.code == OK, done.said
    return done


def signs_in(rig, idp, name, expected="OK", sub=None):
    idp.vouch_for(name, sub or f"sub-of-{name}", "admins")
    assert rig.sign_in(name).result() == expected


def user(rig, name):
    (shown,) = rig.ctl("user", "show", name, "--json").json
    return shown


def integration(rig):
    return rig.ctl("status", "--json").json["integration"]


def test_reconnect__same_idp__roles_at_each_ones_own_next_sign_in(rig, idp):
    first, ada, bob = integration(rig), user(rig, "ada"), user(rig, "bob")
    rig.store("disconnect")
    assert user(rig, "ada")["effective_roles"] == ["viewer"]
    done = connect(rig, idp, "--json")
    assert done.json["rebind_needed"] == [] and integration(rig) not in (first, None)
    for name in ("ada", "bob"):
        assert user(rig, name)["effective_roles"] == ["viewer"]
        assert rig.ask("ACCOUNT", USER=name, SERVICE="sudo").result() == "E_INTEGRATION_CHANGED"
    (event,) = [event for event in rig.events() if event["event"] in ("connect", "reconnect")]
    assert (event["event"], event["reason"], event["detail"]) == ("reconnect", "ok", f"same issuer {idp.issuer}")
    assert event["by"]

    signs_in(rig, idp, "ada")
    now = user(rig, "ada")
    assert (now["effective_roles"], now["uid"], now["rebind_needed"]) == (["admin"], ada["uid"], False)
    assert rig.ask("ACCOUNT", USER="ada", SERVICE="sudo").result() == "OK"
    assert user(rig, "bob")["effective_roles"] == ["viewer"] and user(rig, "bob")["uid"] == bob["uid"]


UNREADABLE = {
    "store_damaged": lambda record: record.write_bytes(record.read_bytes()[:-20]),
    "unsafe_file": lambda record: record.chmod(0o666),
}


@pytest.mark.parametrize("error", UNREADABLE)
def test_reconnect__what_it_is_connected_to_cannot_be_read__disconnect_first(rig, idp, error):
    """It may be that a disconnect has steps left: nobody is to be connected over them."""
    record = rig.folder / "state/private/integration"
    UNREADABLE[error](record)
    before = rig.snapshot()
    idp.requests.clear()
    done = rig.connect(idp, "--json")
    assert (done.code, done.json["error"]) == (6, error) and "cosmo-ssoctl disconnect" in done.json["detail"]
    assert rig.snapshot() == before and not idp.requests
    assert rig.ctl("disconnect").code == OK
    connect(rig, idp)
    assert user(rig, "ada")["effective_roles"] == ["viewer"] and integration(rig)


@pytest.mark.parametrize("name", ["ada", "newcomer"])
def test_reconnect__a_code_shown_before__is_dead(rig, idp, name):
    before = rig.records()
    idp.pending = FOREVER
    idp.vouch_for(name, f"sub-of-{name}", "admins")
    exchange = rig.sign_in(name)
    assert exchange.recv().type == "SHOW"
    rig.store("disconnect")
    connect(rig, idp)
    idp.pending = 0
    assert exchange.result() == "E_INTEGRATION_CHANGED"
    assert rig.records() == before
    assert user(rig, "ada")["effective_roles"] == ["viewer"]


def test_reconnect__another_idp__lists_who_needs_a_rebind_and_asks(rig, idp, other):
    rig.store("disconnect")
    before = rig.config_text
    done = rig.connect(other)
    assert done.code == DENIED and "nothing was changed" in done.err and "--yes" in done.err
    assert "2 user(s)" in done.err and rig.config_text == before and not other.requests
    for name in ("ada", "bob"):
        assert f"  {name} " in done.out and idp.issuer in done.out
    refused = rig.connect(other, "--json").json
    assert refused["error"] == "cancelled" and sorted(refused["rebind_needed"]) == ["ada", "bob"]
    rehearsed = rig.connect(other, "--dry-run", "--json").json
    assert rehearsed["error"] is None and sorted(rehearsed["rebind_needed"]) == ["ada", "bob"]
    assert rig.ctl("status", "--json").json["connected"] is False
    assert not any(shown["rebind_needed"] for shown in rig.ctl("user", "list", "--json").json)


def test_reconnect__another_idp_and_many_users__some_are_named_and_the_rest_counted(rig, idp, other):
    rig.store("connect", *(f"user=u{number:02}" for number in range(23)), "disconnect")
    done = rig.ctl(*rig.connect_words(other, "--dry-run"))
    named = re.findall(r"^  \w+ +\d+  https://", done.out, re.MULTILINE)
    assert done.code == OK and len(named) == 20, done
    assert "  and 5 more: `cosmo-ssoctl user list` names them all\n" in done.out  # ada and bob are bound as well


def test_reconnect__another_idp__refused_until_rebound_with_the_same_uid(rig, idp, other):
    uid = user(rig, "ada")["uid"]
    rig.store("disconnect")
    connect(rig, other, "--yes")
    (event,) = [event for event in rig.events() if event["event"] == "reconnect"]
    assert event["detail"] == f"other issuer {other.issuer}, was {idp.issuer}"
    assert all(shown["rebind_needed"] for shown in rig.ctl("user", "list", "--json").json)
    assert rig.ctl("user", "list").out.count("needs `user rebind`") == 2

    # The same subject at another IdP is another person, until somebody says otherwise.
    before = rig.state()
    signs_in(rig, other, "ada", "E_OTHER_ISSUER")
    assert rig.state() == before
    (refused,) = rig.events()
    assert (refused["reason"], refused["subject"]) == ("other_issuer", "sub-of-ada")
    assert idp.issuer in refused["detail"] and "cosmo-ssoctl user rebind ada" in refused["detail"]

    assert rig.ctl("user", "rebind", "ada", "--yes").code == OK
    signs_in(rig, other, "ada")
    now = user(rig, "ada")
    assert (now["uid"], now["issuer"], now["rebind_needed"]) == (uid, other.issuer, False)
    assert now["effective_roles"] == ["admin"]
    signs_in(rig, other, "bob", "E_OTHER_ISSUER")
    assert user(rig, "bob")["rebind_needed"] is True and user(rig, "bob")["effective_roles"] == ["viewer"]


def test_reconnect__a_code_of_the_former_idp__is_dead_at_the_next(rig, idp, other):
    idp.pending = FOREVER
    idp.vouch_for("ada", "sub-of-ada", "admins")
    exchange = rig.sign_in("ada")
    assert exchange.recv().type == "SHOW"
    rig.store("disconnect")
    connect(rig, other, "--yes")
    before = rig.state()
    idp.pending = 0
    assert exchange.result() == "E_INTEGRATION_CHANGED"
    assert rig.state() == before


def unchanged(rig, idp, act):
    """What `act` returns, which has changed nothing and asked nobody."""
    before, asked = rig.snapshot(), len(idp.requests)
    done = act()
    assert rig.snapshot() == before and len(idp.requests) == asked
    return done


@pytest.mark.parametrize("word", ["break-off", "close"])
def test_reconnect__a_disconnect_has_steps_left__refused_so_that_they_are_not_forgotten(rig, idp, word):
    rig.store(word)
    done = unchanged(rig, idp, lambda: rig.connect(idp, "--yes", "--json"))
    assert (done.code, done.json["error"], done.json["connected"]) == (BUSY, "busy", False)
    assert "steps left" in done.err and "run `cosmo-ssoctl disconnect`" in done.err
    assert rig.ctl("disconnect").code == OK
    connect(rig, idp)


def test_reconnect__the_gate_is_gone__refused_until_it_is_made_again(rig, idp):
    (rig.folder / "run/gate").unlink()
    done = unchanged(rig, idp, lambda: rig.connect(idp, "--yes"))
    assert done.code == DENIED and "[exists]" in done.err and "run `cosmo-ssoctl boot`" in done.err
    assert rig.ctl("boot").code == OK
    assert rig.connect(idp, "--json").json["already"] is True


def test_reconnect__disconnected_while_a_connected_host_is_asked__nothing_is_connected(rig, idp):
    """The client saw a connected host, and has asked nobody whether to go on with another IdP's."""
    rig.store("disconnect")
    exchange = rig.start("ctl")
    exchange.peer.send("CTL_CONNECT", CONFIG=rig.config_text, STANDING=1)
    assert unchanged(rig, idp, exchange.recv).error == "E_DISCONNECTED"
    exchange.all_gone()


MEANWHILE = {
    "connected_so": ("", (), ["STATUS_ITEM", "OK"]),
    "connected_otherwise": ("# with other words\n", (), ["E_EXISTS"]),
    "connected_and_half_disconnected": ("", ("break-off",), ["E_BUSY"]),
}


@pytest.mark.parametrize("more, words, expected", MEANWHILE.values(), ids=MEANWHILE.keys())
def test_reconnect__something_stands_when_the_idp_has_answered__is_left_alone(rig, idp, more, words, expected):
    rig.store("disconnect")
    idp.script("/device", Answer(body=idp.device_authorization(), hold=True))
    exchange, asked = rig.start("ctl"), len(idp.requests)
    exchange.peer.send("CTL_CONNECT", CONFIG=rig.config_text + more)
    idp.wait_for(asked + 3)
    connect(rig, idp)
    if words:
        rig.store(*words)
    before = rig.snapshot()
    idp.release()
    answers = []
    while not answers or answers[-1].type != "RESULT":
        answers.append(exchange.recv())
    exchange.all_gone()
    said = [answer.type for answer in answers if answer.type not in ("PROGRESS", "RESULT")]
    assert said + [answers[-1].error if answers[-1].ERR else "OK"] == expected
    assert rig.snapshot() == before
