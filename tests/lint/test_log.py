# SPDX-License-Identifier: MIT
"""The table of events in the manual against the code: which there are, and which fields their lines may have.

The code is read as text: a field belongs to an event if a function that sends the event, or one that it may call, gives
the member of that name a value. So a field that a line has is always found, whatever decides whether it has it.
"""
import pathlib
import re
import subprocess

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
HELPER = SOURCE / "pam_cosmo_sso/helper"
REPORT = (SOURCE / "pam_cosmo_sso/module/report.c").read_text()
IN_EVERY_LINE = {"event", "reason"}


def rows():
    """(events, fields) of each row of the table."""
    page = (SOURCE / "docs/man/pam_cosmo_sso.8.scd").read_text().replace("\\", "")
    text = re.search(r"^# LOG$\n(.*?)^# ", page, re.MULTILINE | re.DOTALL).group(1)
    listed = re.findall(r"^\|  ([a-z_, ]+)\n:  .+\n:  ([a-z_, ]+)$", text, re.MULTILINE)
    assert len(listed) == text.count("\n|  "), "a row that cannot be read"
    return [(events.split(", "), [] if fields == "none" else fields.split(", ")) for events, fields in listed]


def events():
    """Symbol -> id."""
    return dict(re.findall(r'^\tX\((\w+), "(\w+)"\)', (HELPER / "audit.h").read_text(), re.MULTILINE))


def order():
    """The fields of a line, in their order; each is the member of struct audit_line that has its name."""
    appended = re.findall(r'log_append\(ret, ret_size, "(\w+)"', (HELPER / "audit.c").read_text())
    members = re.search(r"struct audit_line \{\n(.*?)^\}", (HELPER / "audit.h").read_text(), re.MULTILINE | re.DOTALL).group(1)
    fields = [name for name in appended if name not in IN_EVERY_LINE | {"name_hash"}]
    assert all(re.search(rf"\b{name};", members) for name in fields)
    return fields


def unbroken(text):
    """With the first argument of a call on the line of its parenthesis."""
    return re.sub(r"\(\n\s+", "(", text)


def functions():
    """(file, name) -> text, of the helper."""
    listed = subprocess.run(["ctags", "-x", "--language-force=C", "--kinds-C=f", "--fields=+ne", "--_xformat=%F\t%N\t%n\t%{end}",
                             *map(str, HELPER.glob("*.c"))], check=True, capture_output=True, text=True).stdout
    found = {}
    for line in listed.splitlines():
        path, name, first, last = line.split("\t")
        text = "".join(pathlib.Path(path).read_text().splitlines(True)[int(first) - 1:int(last)])
        found[pathlib.Path(path).name, name] = unbroken(text)
    return found


TEXTS = functions()
PUBLIC = {name: (file, name) for (file, name), text in TEXTS.items() if not text.startswith("static ")}


def named_in(function):
    """What it may call, be it by a pointer: whatever has a name that stands in it."""
    words = set(re.findall(r"\w+", TEXTS[function])) - {function[1]}
    return {(function[0], word) for word in words if (function[0], word) in TEXTS} | {
        PUBLIC[word] for word in words if word in PUBLIC and (function[0], word) not in TEXTS}


def reached_from(function):
    reached, new = {function}, {function}
    while new:
        new = set().union(*map(named_in, new)) - reached
        reached |= new
    return reached


def events_of(function):
    """Named in it, in what picks one for it, or in what hands it one."""
    near = {other for other in named_in(function) if TEXTS[other].startswith("static enum audit_event ")}
    if "enum audit_event event" in TEXTS[function].split("\n{\n")[0]:
        near |= {other for other in TEXTS if other[0] == function[0] and function in named_in(other)}
    symbols = set(re.findall(r"\bAUDIT_(\w+)", "".join(TEXTS[each] for each in near | {function})))
    return {events()[symbol] for symbol in symbols if symbol in events()}


def given(text, line):
    """The members of `line` that get a value, as it is made or later."""
    made = "".join(re.findall(rf"\b{line} = (\{{.*?\}});", text, re.DOTALL))
    return set(re.findall(r"\.(\w+) = ", made) + re.findall(rf"\b{line}(?:\.|->)(\w+) = ", text)) & set(order())


def begun():
    """What every line of an exchange with the module has from its beginning."""
    made = re.search(r"\.line = (\{.*?\})", TEXTS["exchange.c", "exchange_init"], re.DOTALL).group(1)
    return set(re.findall(r"\.(\w+) = ", made)) & set(order())


SENDERS = {"audit_send(&line)", "audit_send(&exchange->line)", "exchange_log(exchange, "}


def callers_of(function):
    """Up to, and without, what hands out the exchanges."""
    found, new = set(), {function}
    while new:
        new = {other for other in TEXTS if other[0] != "serve.c" and named_in(other) & new} - found - {function}
        found |= new
    return found


def filled_for(function):
    """The members that an exchange's line may have by then. Serving it may go on after the answer, with the same line:
    what does so is called from the file of what answered."""
    files = {file for file, _ in callers_of(function)}
    reached = set().union(*map(reached_from, [other for other in TEXTS if other[0] in files]), reached_from(function))
    return begun().union(*(given(TEXTS[each], "exchange->line") for each in reached))


def senders():
    """(events, fields) of each function that sends a line."""
    for function, text in TEXTS.items():
        if "audit_send(&line)" in text:
            yield events_of(function), given(text, "line")
        elif "exchange_log(exchange, " in text:
            yield events_of(function), filled_for(function)


def logged():
    """Event -> the fields that a line of it may have."""
    found = {"module_refused": set(re.findall(r'log_append\(line, sizeof\(line\), "(\w+)"', REPORT)) - IN_EVERY_LINE}
    for sent, fields in senders():
        for event in sent:
            found[event] = found.get(event, set()) | fields
    return found


LOGGED = logged()


def test_log__events__are_those_of_the_list_and_the_modules_in_the_code_and_the_manual():
    known = sorted([*events().values(), *re.findall(r'"event", "(\w+)"', REPORT)])
    assert sorted(LOGGED) == known
    assert sorted(event for of_row, _ in rows() for event in of_row) == known


@pytest.mark.parametrize("event", LOGGED)
def test_log__fields_of_an_event__are_those_that_its_lines_may_have(event):
    (fields,) = [fields for of_row, fields in rows() if event in of_row]
    in_order = order()
    in_order.insert(in_order.index("service") + 1, "phase")
    assert fields == sorted(LOGGED[event], key=in_order.index)


def test_log__lines__are_sent_in_those_ways_alone_that_are_read_here():
    for path in sorted((SOURCE / "pam_cosmo_sso").rglob("*.c")) + sorted((SOURCE / "ctl").rglob("*.c")):
        text = unbroken(path.read_text())
        calls = re.findall(r"\b(?:audit_send|exchange_log)\((?!const |struct )[^,)]*(?:\)|, )", text)
        assert set(calls) <= SENDERS, path
        assert "audit_send(&line)" not in text or text.count("struct audit_line line = {") >= text.count("audit_send(&line)")
        sends = len(re.findall(r"\blog_send\(", text))
        assert sends == (path.name in ("audit.c", "report.c")), path
