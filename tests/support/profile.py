# SPDX-License-Identifier: MIT
"""What a provider says on the wire, one file each in profiles/: where, with which status, words, fields and claims, and
the public page that each part was read in. A new file there is a new provider for all tests of test_profiles.py.

A text may have {host} (of the IdP), {issuer}, {code}, {device_code}, {sub}, {name}, {Name} and {group} in it; the text
"{groups}" is a list of groups, "{first}" the first of them, and a member named "{group}" one for each.
"""

import configparser
import dataclasses
import pathlib
import re
import tomllib

FOLDER = pathlib.Path(__file__).parent / "profiles"
PAGES = pathlib.Path(__file__).resolve().parents[2] / "docs/idp"
# Every part has a source, and no part has anything that nobody reads.
PARTS = {
    "discovery": {"issuer", "device_authorization_endpoint", "token_endpoint", "jwks_uri"},
    "device": {"answer"},
    "errors": {"pending", "denied", "expired", "disabled"},
    "gone": {"says", "refresh"},
    "tokens": {"refresh_token", "rotates", "id_token_at_refresh"},
    "claims": {"id_token"},
    "groups": {"claim", "mapped", "unmapped", "roles"},
    "over": {"says"},
}
OPTIONAL = {
    "discovery": {"userinfo_endpoint", "revocation_endpoint", "scopes_supported", "grant_types_supported"},
    "errors": {"slow_down", "unknown"},
    "gone": {"device", "lives"},
    "claims": {"userinfo"},
    "over": {"answer", "count", "id_token"},
}
TOP = {"page", "block", "words", *PARTS}


def fill(value, words, groups=()):
    """The same value with what stands in braces put in."""
    if value == "{groups}":
        return list(groups)
    if value == "{first}":
        return groups[0]
    if isinstance(value, str):
        return re.sub(r"\{(\w+)\}", lambda found: str(words[found[1]]), value)
    if isinstance(value, list):
        return [fill(item, words, groups) for item in value]
    if isinstance(value, dict) and "{group}" in value:
        return {group: fill(value["{group}"], words | {"group": group}, groups) for group in groups}
    if isinstance(value, dict):
        return {name: fill(item, words, groups) for name, item in value.items()}
    return value


def blocks(page):
    """The configurations that a page of docs/idp shows."""
    return re.findall(r"^```ini\n(.*?)^```$", (PAGES / page).read_text(), re.MULTILINE | re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Profile:
    """Profile("okta"): each part of the file is a dictionary."""

    name: str

    def __post_init__(self):
        read = tomllib.loads((FOLDER / f"{self.name}.toml").read_text())
        assert set(read) <= TOP and set(PARTS) <= set(read), f"{self.name}: {set(read) ^ set(PARTS)}"
        for part, needed in PARTS.items():
            told = set(read[part]) - {"source"}
            assert needed <= told <= needed | OPTIONAL.get(part, set()), f"{self.name}: [{part}] {told ^ needed}"
            assert read[part]["source"].startswith("https://"), f"{self.name}: [{part}] has no source"
        object.__setattr__(self, "parts", read)

    def __getattr__(self, part):
        return self.parts[part]

    def block(self):
        """The configuration that the page shows, with the words of this file in place of those it leaves open."""
        shown = blocks(self.page)[self.parts.get("block", 1) - 1]
        for word, value in self.parts.get("words", {}).items():
            assert word in shown, f"{self.page} does not say {word}"
            shown = shown.replace(word, value)
        return shown

    def settings(self):
        """(section, key) and value of what the block sets; rules are not in it."""
        parser = configparser.RawConfigParser(strict=False, delimiters="=")
        parser.read_string(self.block())
        return {(section, key): value for section in parser.sections() if section != "rules"
                for key, value in parser.items(section)}

    def rules(self):
        """Those of the block, one a line, backslashes and all."""
        return re.split(r"^\[rules\]\n", self.block(), flags=re.MULTILINE)[1].strip().splitlines()


def names():
    return sorted(path.stem for path in FOLDER.glob("*.toml"))
