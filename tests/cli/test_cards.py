"""What a person sees of a member: everything that fits, nothing of it taken for markup or control codes."""

import io
import re
from typing import Any

import pytest
from rich.console import Console, RenderableType

from cli import cards
from cli.cards import DAYS, LISTED

POINTS: dict[str, Any] = {
    "available": 1_234,
    "reserved": 0,
    "reservations": [],
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


@pytest.mark.parametrize(("products", "more"), [(LISTED, False), (LISTED + 1, True)])
def test_what_is_listed_of_a_membership_has_a_line_each_up_to_a_limit(products: int, more: bool) -> None:
    listed = [{"serial": f"S-{number}", "until": "2028-03-01"} for number in range(products)]
    text = shown(cards.member("m-1", DOCUMENT | {"memberships": {"care": {"status": "active", "products": listed}}}))

    assert text.count("products: serial S-") == LISTED
    assert "products: serial S-0  until 2028-03-01" in text
    assert ("and 1 more products (--json)" in text) == more


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


def test_ms_8_reserved_points_are_said_to_be_in_no_schedule() -> None:
    def told(*ids: str) -> str:
        reservations = [{"reservation_id": s, "until": f"2026-03-08T18:{n:02}:00Z"} for n, s in enumerate(ids)]
        points = POINTS | {"reserved": 1_500, "reservations": reservations}
        return " ".join(shown(cards.member("m-1", DOCUMENT | {"points": points})).replace("│", " ").split())

    assert (
        "reserved 1,500 points are set aside at checkout until 2026-03-08 18:00 UTC at the latest, for s-1 "
        "not among those that expire until they are claimed or free again (MS-8) expires 119 after 2028-03-09"
    ) in told("s-1")
    assert "until 2026-03-08 18:00 to 2026-03-08 18:04 UTC at the latest, for a, b, c and 2 more (--json)" in told(
        *"abcde"
    )
    assert "MS-8" not in shown(cards.member("m-1", DOCUMENT))


def test_ms_16_a_membership_that_has_ended_is_shown() -> None:
    former = [{"program": "points", "from": "2026-03-01T20:00:00Z", "to": "2026-03-19T07:00:00Z"}]
    text = shown(cards.member("m-1", DOCUMENT | {"points": None, "memberships": {}, "former": former}))

    assert "program points  from 2026-03-01 20:00 UTC  to 2026-03-19 07:00 UTC" in text


def test_a_membership_that_is_ending_says_when_and_what_is_lost() -> None:
    text = shown(cards.member("m-1", DOCUMENT | {"points": POINTS | {"ends_at": "2026-03-13T07:00:00Z"}}))

    assert "2026-03-13 07:00 UTC, as asked for: all points, reservations and debt are void then (MS-16)" in text
    assert "(MS-16)" not in shown(cards.member("m-1", DOCUMENT))


def test_data_is_neither_markup_nor_control_code() -> None:
    evil = "[bold red]x[/] \x1b[2J"
    text = shown(cards.member(evil, DOCUMENT | {"repairs": [{"repair_id": "r-1", "status": evil, "model": evil}]}))

    assert "\x1b" not in text
    assert text.count("[bold red]x[/]") == 3


@pytest.mark.parametrize(
    ("since", "words"), [("2026-03-10T11:00:00Z", "since 2026-03-10 11:00 UTC"), (None, "since before the first tick")]
)
def test_a_member_who_is_set_aside_has_the_way_back_on_the_card(since: str | None, words: str) -> None:
    text = shown(cards.member("m-1", DOCUMENT | {"quarantined": {"reason": "BooksDoNotBalanceError", "since": since}}))
    assert f"{words}: a rule or the state failed (BooksDoNotBalanceError)" in text
    assert "memberships dlq list --member m-1 has what waits" in text
    assert "quarantined" not in shown(cards.member("m-1", DOCUMENT | {"quarantined": None}))
