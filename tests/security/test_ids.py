"""An id or a text made by somebody else names no other key, runs nothing, steers no terminal, and is no markup."""

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from cli.cards import member
from cli.talk import printable
from models.values import ID_PATTERN
from views.keys import KINDS, TIMELINES, Keys

HOSTILE = [
    "../../etc/passwd",
    "*",
    "a:b",
    "feed:status",
    "index:sony:1",
    "m}{1",
    "'; redis.call('FLUSHALL') --",
    "$(reboot)",
    "[red]x[/red]",
    "[link=https://example.org]x[/link]",
    "\x1b[2J\x1b]0;x\x07",
    "\x1b]8;;https://example.org\x07x",
    "a\r\nX-Y: z",
    "a\x00b",
    "\u202egnp.exe",
    "\x9b2J",
]
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
"""Colours, which are ours."""


def shown(thing: object) -> str:
    console = Console(file=io.StringIO(), force_terminal=True, width=200, color_system="truecolor")
    console.print(thing)
    return console.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_card_shows_it_as_text(text: str) -> None:
    document = {"member_id": text, "revision": 1, "updated_at": "2026-03-01T12:00:00Z", text: {"note": text}}
    document["flags"] = [{"code": text, "about": text, "at": "2026-03-01T12:00:00Z", "says": text}]
    printed = ESCAPES.sub("", shown(member(text, document)))
    assert not [char for char in printed if char != "\n" and not char.isprintable()]
    assert "https://example.org" not in text or "example.org" in printed
    if text.startswith("[red]"):
        assert text in printed


@given(st.text())
def test_what_is_printable_steers_no_terminal(text: str) -> None:
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]", printable(text))
    assert len(printable(text)) == len(text)


@pytest.mark.parametrize("text", [text for text in HOSTILE if not text.isprintable() and "\u202e" not in text])
def test_an_id_with_control_characters_is_none(text: str) -> None:
    assert not re.fullmatch(ID_PATTERN, text)


@given(st.text(), st.text(), st.from_regex(r"[A-Za-z0-9._-]{0,8}", fullmatch=True))
def test_no_member_id_names_another_key(one: str, other: str, prefix: str) -> None:
    """Whatever two ids are, and whatever else is kept: a key belongs to one kind of one member."""
    keys = Keys(prefix, 1)
    every = [
        (kind, member_id, key(member_id))
        for member_id in {one, other}
        for kind, key in [
            ("member", keys.member),
            ("lots", keys.lots),
            *((kind, lambda member_id, kind=kind: keys.timeline(kind, member_id)) for kind in TIMELINES),
        ]
    ]
    own = [keys.feed, keys.status, *(keys.index(name) for name in ("sony", "member", "flags", "of"))]
    names = [key for *_, key in every] + own
    assert len(set(names)) == len(names)
    assert len({kind for kind, *_ in every}) == len(KINDS)
