# SPDX-License-Identifier: MIT
"""What finds messages that no test brings about: it finds all where nothing was said, and none that was."""
import json
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support import said  # noqa: E402

CLOCK = "doctor_clock.c: this host's clock is %u s %s the provider's; skew allows %u s"
TOLD = "this host's clock is 30 s behind the provider's; skew allows 60 s"
FORMS = {
    "line": f"note clock {TOLD}\n",
    "wrapped": "note clock " + TOLD.replace(" the", "\n   the") + "\r\n",
    "json": json.dumps([{"check": "clock", "what": TOLD}]),
}


@pytest.fixture
def kept(tmp_path, monkeypatch):
    place = tmp_path / "said"
    place.touch()
    monkeypatch.setenv(said.WHERE, str(place))
    return place


def test_said__nothing__all_are_missing(kept):
    missing, count = said.unsaid(kept)
    assert len(missing) == count > 300 and CLOCK in missing


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS.keys())
def test_said__in_any_form__is_not_missing(kept, text):
    said.note(["cosmo-ssoctl", "doctor"], text)
    missing, count = said.unsaid(kept)
    assert CLOCK not in missing and len(missing) == count - 1


def test_said__by_another_program_or_otherwise__is_missing(kept):
    said.note(["sudo", "-l"], FORMS["line"])
    said.note(["cosmo-ssoctl", "doctor"], TOLD.replace("allows", "has"))
    assert CLOCK in said.unsaid(kept)[0]
