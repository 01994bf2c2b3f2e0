"""What a person sees of a member: everything that fits, nothing of it taken for markup or control codes."""

import io
import re
from typing import Any

import pytest
from rich.console import Console, RenderableType

from cli import cards
from cli.cards import DAYS

POINTS: dict[str, Any] = {
    "available": 1_234,
    "reserved": 0,
    "debt": 5,
    "next_expiry": {"expires_on": "2028-03-09", "points": 119},
    "expiry_schedule": [{"expires_on": "2028-03-09", "points": 119}, {"expires_on": "2028-03-10", "points": 1_115}],
    "ends_at": None,
    "lifetime": {"earned": 2_000, "redeemed": 766},
}
DOCUMENT: dict[str, Any] = {
    "member_id": "m-1",
    "generation": 1,
    "revision": 7,
    "updated_at": "2026-03-10T12:00:00Z",
    "as_of": {"orders-0": 5},
    "points": POINTS,
    "memberships": {
        "pro": {"status": "suspended", "causes": ["payment"], "auto_renew": True, "term": {"from": "2025-03-10"}}
    },
    "methods": [],
    "repairs": [{"repair_id": "r-1", "status": "received"}, {"repair_id": "r-2", "status": "diagnosed"}],
    "promises": [],
}


def shown(card: RenderableType) -> str:
    console = Console(file=io.StringIO(), width=120)
    console.print(card)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_a_member_in_full() -> None:
    text = shown(cards.member("m-1", DOCUMENT))

    for part in (
        "available 1,234",
        "debt 5",
        "119 after 2028-03-09",
        "earned 2,000  redeemed 766",
        "suspended",
        "causes payment",
        "from 2025-03-10",
        "r-1",
        "r-2",
    ):
        assert part in text
    assert "revision 7, updated 2026-03-10 12:00 UTC" in text
    assert "orders-0" not in text


def test_a_member_of_nothing_yet() -> None:
    assert "m-1" in shown(cards.member("m-1", DOCUMENT | {"points": None, "memberships": {}, "repairs": []}))


def days(count: int) -> list[dict[str, Any]]:
    return [{"expires_on": f"2028-{1 + day // 28:02}-{1 + day % 28:02}", "points": 1_000 + day} for day in range(count)]


def with_days(schedule: list[dict[str, Any]] | None) -> str:
    return shown(cards.member("m-1", DOCUMENT | {"points": POINTS | {"expiry_schedule": schedule}}))


def test_the_schedule_by_day() -> None:
    text = with_days(days(DAYS))

    assert "expires   1,000 after 2028-01-01   1,001 after 2028-01-02" in text
    assert all(f"{1_000 + day:,} after" in text for day in range(DAYS))
    assert "further days" not in text


def test_a_long_schedule_is_shortened_and_says_by_how_much() -> None:
    text = with_days(days(DAYS + 20))

    assert text.count(" after ") == DAYS - 1
    rest = sum(1_000 + day for day in range(DAYS - 1, DAYS + 20))
    assert f"and {rest:,} on 21 further days to {days(DAYS + 20)[-1]['expires_on']} (--json)" in text


@pytest.mark.parametrize(("schedule", "words"), [([], "nothing"), (None, "not at hand at this moment")])
def test_no_schedule(schedule: list[dict[str, Any]] | None, words: str) -> None:
    assert re.search(f"expires +{words}", with_days(schedule))


def test_a_membership_that_is_ending_says_when_and_what_is_lost() -> None:
    text = shown(cards.member("m-1", DOCUMENT | {"points": POINTS | {"ends_at": "2026-03-13T07:00:00Z"}}))

    assert "2026-03-13 07:00 UTC, as asked for: all points, reservations and debt are void then (MS-16)" in text
    assert "(MS-16)" not in shown(cards.member("m-1", DOCUMENT))


def test_data_is_neither_markup_nor_control_code() -> None:
    evil = "[bold red]x[/] \x1b[2J"
    text = shown(cards.member(evil, DOCUMENT | {"repairs": [{"status": evil, "model": evil}]}))

    assert "\x1b" not in text
    assert text.count("[bold red]x[/]") == 3
