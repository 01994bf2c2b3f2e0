"""What a person sees of a member: everything that fits, nothing of it taken for markup or control codes."""

import io
from typing import Any

from rich.console import Console, RenderableType

from cli import cards

DOCUMENT: dict[str, Any] = {
    "member_id": "m-1",
    "generation": 1,
    "revision": 7,
    "updated_at": "2026-03-10T12:00:00Z",
    "as_of": {"orders-0": 5},
    "points": {
        "available": 1_234,
        "reserved": 0,
        "debt": 5,
        "next_expiry": {"expires_on": "2028-03-09", "points": 119},
    },
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


def explanation(**changes: Any) -> dict[str, Any]:
    return {
        "time": "2026-03-10T12:00:00Z",
        "cause": {"source": "/s", "id": "e-1"},
        "event": {
            "type": "order.placed.v1",
            "id": "e-1",
            "source": "/s",
            "topic": "orders",
            "partition": 0,
            "offset": 1,
        },
        "outcome": "applied",
        "reason": None,
        "says": "Order o-1 earned 7 points.",
        "ledger": [{"points": 7, "kind": "earn"}],
        "notifications": [{"notification": "points.earned"}],
    } | changes


def test_a_member_in_full() -> None:
    text = shown(cards.member("m-1", DOCUMENT))

    for part in (
        "available 1,234",
        "debt 5",
        "points 119",
        "suspended",
        "causes payment",
        "from 2025-03-10",
        "r-1",
        "r-2",
    ):
        assert part in text
    assert "revision 7, updated 2026-03-10T12:00:00Z" in text
    assert "orders-0" not in text


def test_a_member_of_nothing_yet() -> None:
    assert "m-1" in shown(cards.member("m-1", DOCUMENT | {"points": None, "memberships": {}, "repairs": []}))


def test_why_tells_cause_answer_and_effects() -> None:
    text = shown(cards.why("m-1", [explanation()]))

    assert "2026-03-10 12:00  order.placed e-1  applied" in text
    assert "Order o-1 earned 7 points." in text
    assert "+7 points (earn); told points.earned" in text


def test_why_tells_deadlines_and_what_could_not_be_read() -> None:
    due = explanation(event=None, outcome="due", cause={"source": "/memberships", "id": "pro@2026"}, time=None)
    unreadable = explanation(event={"type": None, "id": None}, outcome="dead_lettered", reason="not_json")
    text = shown(cards.why("m-1", [due, unreadable]))

    assert "before the first tick  pro@2026  due" in text
    assert "unreadable" in text
    assert "dead_lettered not_json" in text


def test_data_is_neither_markup_nor_control_code() -> None:
    evil = "[bold red]x[/] \x1b[2J"
    text = shown(cards.why(evil, [explanation(says=evil)])) + shown(
        cards.member(evil, DOCUMENT | {"repairs": [{"status": evil, "model": evil}]})
    )

    assert "\x1b" not in text
    assert text.count("[bold red]x[/]") == 5
