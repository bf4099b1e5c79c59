# SPDX-License-Identifier: MIT
"""The `case:` tags of the tests: what can happen at a sign-in, and which test shows what holds then.

Above a test, and above its decorators, stands one comment for each case that it shows:

    # case: GROUP: one plain sentence        (Python)
    /* case: GROUP: one plain sentence */    (C)
"""
import ast
import dataclasses
import io
import pathlib
import re
import tokenize

# Group -> what its cases are about.
GROUPS = {
    "grant": "What an identity provider can answer while a code is asked for and waited on.",
    "token": "What can be wrong with the proof of who somebody is.",
    "claim": "What can be said, or left out, about the person.",
    "rule": "How groups become roles.",
    "conversation": "What the person and their SSH client can do while the code is shown.",
    "console": "Signing in at a terminal of the host itself, and changing to another user there.",
    "caller": "What the program that calls the module can be, have or lack, and what can be done to it.",
    "budget": "How many sign-ins may be under way, and what floods do to the others.",
    "message": "What a person is told.",
    "stack": "What the shipped PAM stacks let through.",
    "account": "Whom a record belongs to: names, ids, and what changes them.",
    "refresh": "How roles are confirmed between sign-ins, when somebody comes in.",
    "recent": "What a sign-in of a moment ago is worth, at the terminal where it was made and elsewhere.",
    "peer": "What another process of the exchange can send.",
}

_PYTHON = re.compile(r"#\s?(.*)", re.DOTALL)
_TAG = re.compile(r"case: ([a-z]+): (\S(?:.*\S)?)", re.DOTALL)
_LIKE_A_TAG = re.compile(r"\W*cases?\s*[:=]", re.IGNORECASE)
_C_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)
_C_TEST = re.compile(r"(?:static )?(?:void|int) (test_\w+)\(")
_SUITES = ("unit", "integration", "valgrind", "e2e")
_SENTENCE_MAX = 160


@dataclasses.dataclass(frozen=True)
class Tag:
    """One sentence above one test; `test` is FILE::FUNCTION, FILE below tests/."""

    group: str
    sentence: str
    test: str


def _mistake(text):
    """What is wrong with the words of a comment that looks like a tag; None if nothing is."""
    found = _TAG.fullmatch(text)
    if not found:
        return "not of the form `case: GROUP: one plain sentence`"
    group, sentence = found.groups()
    if group not in GROUPS:
        return f"there is no group {group}; the groups are {' '.join(GROUPS)}"
    if sentence.endswith((".", ",", ";", ":")):
        return "the sentence stands without a mark at its end"
    if len(sentence) > _SENTENCE_MAX:
        return f"the sentence has more than {_SENTENCE_MAX} characters"
    if re.search(r"\s\s|[`|<>]", sentence):
        return "the sentence has blanks in a row, or one of ` | < >, which mean something in the document"
    return None


class _File:
    """The tags of one file; those above nothing that is a test are mistakes."""

    def __init__(self, name):
        self.name, self.tags, self.mistakes = name, [], []

    def take(self, line, text, test):
        """A comment that looks like a tag: its text, and the test right below it or None."""
        wrong = _mistake(text)
        if not wrong and not test:
            wrong = "it does not stand right above a test function"
        if wrong:
            self.mistakes.append(f"{self.name}:{line}: {wrong}")
        else:
            group, sentence = _TAG.fullmatch(text).groups()
            self.tags.append(Tag(group, sentence, f"{self.name.removeprefix('tests/')}::{test}"))


def _python_tests(source):
    """First line of each test (its decorators included) -> its name, as pytest collects them."""
    found = {}
    for node in ast.parse(source).body:
        members = node.body if isinstance(node, ast.ClassDef) and node.name.startswith("Test") else [node]
        for member in members:
            if isinstance(member, ast.FunctionDef) and member.name.startswith("test_"):
                first = min([member.lineno, *(decorator.lineno for decorator in member.decorator_list)])
                found[first] = member.name if member is node else f"{node.name}::{member.name}"
    return found


def _read_python(file, source):
    tests = _python_tests(source) if pathlib.PurePath(file.name).name.startswith("test_") else {}
    comments = {token.start[0]: _PYTHON.fullmatch(token.string).group(1).strip()
                for token in tokenize.generate_tokens(io.StringIO(source).readline)
                if token.type == tokenize.COMMENT and token.line.lstrip().startswith("#")}
    for line, text in comments.items():
        if _LIKE_A_TAG.match(text):
            below = line + 1
            while below in comments:
                below += 1
            file.take(line, text, tests.get(below))


def _c_text(comment):
    """The words of a comment, in one line however it is wrapped."""
    inside = comment[2:].removesuffix("*/")
    return " ".join(line.strip().removeprefix("*").strip() for line in inside.splitlines()).strip()


def _c_test_below(source, at, ends):
    """The name of the test that follows a comment, with nothing but comments and no empty line between."""
    while True:
        gap = re.compile(r"[ \t]*\n").match(source, at)
        if not gap:
            return None
        at = ends.get(gap.end(), gap.end())
        if at == gap.end():
            break
    test = _C_TEST.match(source, at)
    is_run = test and len(re.findall(rf"\b{test.group(1)}\b", source)) > 1
    return test.group(1) if is_run else None


def _read_c(file, source):
    comments = [match for match in _C_COMMENT.finditer(source) if match.group().startswith(("/*", "//"))]
    ends = {match.start(): match.end() for match in comments}
    for match in comments:
        text = _c_text(match.group())
        if _LIKE_A_TAG.match(text):
            line = source.count("\n", 0, match.start()) + 1
            file.take(line, text, _c_test_below(source, match.end(), ends))


def scan(tree):
    """(tags, mistakes) of everything below TREE/tests, in a lasting order."""
    tags, mistakes = [], []
    paths = [path for kind in ("*.py", "*.c") for path in (tree / "tests").rglob(kind)]
    for path in sorted(paths, key=lambda path: (_rank(path.relative_to(tree)), str(path))):
        file = _File(str(path.relative_to(tree)))
        (_read_python if path.suffix == ".py" else _read_c)(file, path.read_text())
        tags += file.tags
        mistakes += file.mistakes
    return tags, mistakes


def _rank(path):
    """Small tests first: the sentence is easiest to look up there."""
    part = path.parts[1]
    return _SUITES.index(part) if part in _SUITES else len(_SUITES)


def empty_groups(tags):
    return [group for group in GROUPS if not any(tag.group == group for tag in tags)]


_HEAD = """\
# What can happen at a sign-in

Each line is a case and what holds then, followed by the tests that show it (below `tests/`).
This file is written by `tools/sign-in-cases` out of the comments above the tests; do not edit it.
"""


def document(tags):
    """The text of docs/sign-in-cases.md."""
    parts = [_HEAD]
    for group, about in GROUPS.items():
        cases = {}
        for tag in tags:
            if tag.group == group and tag.test not in cases.setdefault(tag.sentence, []):
                cases[tag.sentence].append(tag.test)
        lines = [f"- {_escaped(sentence)}: {', '.join(f'`{test}`' for test in tests)}"
                 for sentence, tests in cases.items()]
        parts.append("\n".join([f"## {group.capitalize()}", "", about, "", *lines]).rstrip() + "\n")
    return "\n".join(parts)


def _escaped(sentence):
    """What Markdown would take for emphasis or a link stands for itself."""
    return re.sub(r"((?<!\w)_|_(?!\w)|[*\[\]\\])", r"\\\1", sentence)
