# SPDX-License-Identifier: MIT
"""What people are told stands in one file, and in docs/messages.md as it stands there."""
import os
import pathlib
import re

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("COSMO_BUILD_DIR", "/nonexistent"))
MODULE = sorted((SOURCE / "pam_cosmo_sso/module").glob("*.[ch]"))
HELPER = sorted((SOURCE / "pam_cosmo_sso/helper").glob("*.[ch]"))


def code(path):
    """A file's text without comments and the names of headers."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    return re.sub(r"^\s*#\s*include.*$", "", text, flags=re.MULTILINE)


def literals(text):
    return re.findall(r'"((?:\\.|[^"\\])*)"', text)


def calls(text, function):
    """The arguments of each call, as they are written."""
    return [" ".join(found.split()) for found in re.findall(rf"\b{function}\(((?:[^()]|\([^()]*\))*)\)", text)]


# case: message: the document of all messages is what the program says
def test_messages__document__is_what_the_build_writes():
    built = BUILD / "docs/messages.md"
    assert (SOURCE / "docs/messages.md").read_text() == built.read_text(), f"cp {built} docs/messages.md"


# case: message: no file of the module but the one of all messages has a word for people
def test_messages__module__has_no_sentence_of_its_own():
    found = [f"{path.name}: {text}" for path in MODULE for text in literals(code(path)) if re.search(r"\w\s+\w", text)]
    assert not found


# case: message: what the helper has the module say is the sentence of the failure, or one with more
def test_messages__helper__tells_the_module_nothing_but_the_failure():
    texts = {path.name: [call for call in calls(code(path), "message_put_str") if "FIELD_TEXT" in call]
             for path in HELPER}
    assert texts.pop("serve.c") == ["result, FIELD_TEXT, text ? text : cosmo_err_text(outcome)"]
    fills = {path.name: calls(code(path), "user_text_fill") for path in HELPER}
    assert [call.split(",")[0] for call in fills["refusal_text.c"]] == [
        "USER_TEXT_TRY_AGAIN", "since[0] ? USER_TEXT_DISCONNECTED_SINCE : USER_TEXT_DISCONNECTED_ON"]
    assert [call.split(",")[0] for call in fills["lease_text.c"]] == ["USER_TEXT_LEASE_OVER_SINCE", "USER_TEXT_ON_LEASE"]
    assert {name for name, found in fills.items() if found} == {"refusal_text.c", "lease_text.c"}
    assert {name for name, found in texts.items() if found} == {"admin.c"}  # speaks with ctl


def test_messages__person__is_spoken_to_by_these_files_only():
    """Whoever else called PAM's conversation would have to be looked at."""
    callers = {path.name for path in MODULE if calls(code(path), r"conversation_(?:tell|ask|fail)")}
    assert callers == {"conversation.c", "conversation.h", "report.c", "sign_in.c"}
    assert [path.name for path in MODULE if re.search(r"->conv\(|pam_(?:v?prompt|v?info|v?error)\(", code(path))] == [
        "conversation.c"]


def test_messages__conversation__is_never_given_a_literal():
    arguments = [call for path in MODULE for call in calls(code(path), r"conversation_(?:tell|ask|fail)")]
    assert arguments and not [call for call in arguments if '"' in call]
