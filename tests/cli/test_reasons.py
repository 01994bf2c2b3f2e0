"""What support sees of `why`: the story in brief, one thing in full; nothing of it taken for markup or control codes."""

import io
import re
from typing import Any

import pytest
from rich.console import Console, RenderableType

from cli import reasons
from cli.reasons import MOVES

NOTICE: dict[str, Any] = {
    "id": "5" * 32,
    "time": "2026-03-10T12:00:00Z",
    "notification": "points.earned",
    "clause": "MS-3",
    "params": {"order_id": "o-1", "points": 1_207},
    "earlier": [],
    "ended_by": None,
}
ENTRY: dict[str, Any] = {
    "id": "abcdef01" + "0" * 24,
    "kind": "earn",
    "points": 1_207,
    "reserved": 0,
    "lot_id": "o-1",
    "order_id": "o-1",
    "line_id": None,
    "clause": "MS-3",
    "balance_after": {"available": 1_300, "reserved": 40, "debt": 0},
}
AFTER = ENTRY["balance_after"]


def explanation(**changes: Any) -> Any:
    place = {"topic": "orders", "partition": 3, "offset": 17}
    return {
        "time": "2026-03-10T12:00:00Z",
        "cause": {"source": "/shop", "id": "e-1"},
        "event": {"type": "order.placed.v1", "id": "e-1", "source": "/shop", **place},
        "at": "2026-03-10T12:00:00Z",
        "deadline": None,
        "seq": 41,
        "outcome": "applied",
        "reason": None,
        "clause": "MS-3",
        "says": "Order o-1 earned 1207 points.",
        "ledger": [ENTRY],
        "balance_after": AFTER,
        "notifications": [NOTICE],
        "requests": [],
        "rules_version": "1",
    } | changes


def deadline(**changes: Any) -> Any:
    came = {"what": "points.expire", "which": "2026-03-31", "due": "2026-04-01T07:00:00Z"}
    cause = {"source": "/memberships/deadlines/points.expire", "id": "2026-03-31@2026-04-01T07:00:00Z"}
    told = {
        "event": None,
        "at": None,
        "seq": None,
        "outcome": "due",
        "deadline": came,
        "cause": cause,
        "clause": "MS-6",
    }
    return explanation(**told | changes)


def shown(card: RenderableType) -> str:
    console = Console(file=io.StringIO(), width=400)
    console.print(card)
    return console.file.getvalue()  # type: ignore[attr-defined]


def story(*told: Any) -> str:
    return shown(reasons.story("m-1", told))


def details(*told: Any) -> str:
    return shown(reasons.details("m-1", "e-1", told))


@pytest.mark.parametrize("card", [story, details])
def test_every_answer_has_its_cause_outcome_clause_and_arithmetic(card: Any) -> None:
    text = card(
        explanation(), explanation(outcome="refused", reason="signed_out", clause="MS-4", says="No: not signed in.")
    )

    assert "2026-03-10 12:00  order.placed e-1  applied  MS-3" in text
    assert "Order o-1 earned 1207 points." in text
    assert "order.placed e-1  refused signed_out  MS-4" in text
    assert "No: not signed in." in text


@pytest.mark.parametrize(
    ("at", "says"), [("2026-03-09T18:30:00Z", "  happened 2026-03-09 18:30"), ("2026-03-10T12:00:59Z", ""), (None, "")]
)
def test_what_was_told_late_has_its_own_time_too(at: str | None, says: str) -> None:
    """The time at the front is that of the decision; the event's own follows where it is another minute."""
    [head] = [one for one in story(explanation(at=at)).splitlines() if "order.placed" in one]
    assert head.rstrip(" │").endswith(f"MS-3{says}")


def test_a_story_tells_moves_balance_and_what_was_told() -> None:
    taken = ENTRY | {"kind": "take_back", "points": -5, "lot_id": None}
    aside = ENTRY | {"kind": "reserve", "points": 0, "reserved": 40, "lot_id": "f" * 32}
    text = story(explanation(ledger=[ENTRY, taken, aside]))

    assert (
        "earn +1,207 of lot o-1; take_back -5 of debt; reserve 40 of lot ffffffff  balance 1,300, 40 reserved" in text
    )
    assert "told points.earned" in text


CHARGE: dict[str, Any] = {
    "id": "7" * 32,
    "time": "2026-03-10T12:00:00Z",
    "request": "charge.requested",
    "clause": "PAY-1",
    "cause": {"source": "/memberships/deadlines/fee.due", "id": "i-1@2026-03-10T08:00:00Z"},
    "invoice_id": "i-1",
    "attempt_id": "i-1-0-visa",
    "method_id": "visa",
    "amount": "100.00",
    "program": "pro",
    "round": 0,
}
REFUND: dict[str, Any] = {
    "id": "8" * 32,
    "time": "2026-03-10T12:00:00Z",
    "request": "refund.requested",
    "clause": "PRO-3",
    "cause": {"source": "/shop", "id": "e-1"},
    "refund_id": "r-1",
    "invoice_id": "i-1",
    "amount": "99.00",
    "items": [{"what": "membership fee paid", "amount": "100.00"}, {"what": "gift", "amount": "-1.00"}],
}


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ({"request": "invoice.issued", "amount": "12998.00"}, "asked for an invoice of $12998.00, invoice i-1"),
        ({"request": "invoice.cancelled"}, "asked for an invoice to be cancelled, invoice i-1"),
    ],
)
def test_an_invoice_is_issued_or_cancelled(request_: dict[str, str], says: str) -> None:
    head = {name: CHARGE[name] for name in ("id", "time", "clause", "cause", "invoice_id")}
    assert says in story(explanation(requests=[head | request_]))


def test_requests_say_what_was_asked_of_whom() -> None:
    text = story(explanation(requests=[CHARGE, REFUND]))
    assert "asked for a charge of $100.00 from visa, invoice i-1, round 0" in text
    assert "asked for a refund of $99.00, invoice i-1" in text

    text = details(explanation(requests=[CHARGE, REFUND]))
    assert "77777777  charge.requested  PAY-1" in text
    assert "attempt id i-1-0-visa" in text
    assert "items what membership fee paid amount 100.00, what gift amount -1.00" in text


@pytest.mark.parametrize(("entries", "more"), [(MOVES, False), (MOVES + 1, True)])
def test_of_many_moves_a_story_counts_the_last(entries: int, more: bool) -> None:
    text = story(explanation(ledger=[ENTRY] * entries))
    assert text.count("earn +1,207") == MOVES
    assert ("; 1 more entries" in text) == more


def test_deadlines_have_their_own_name_and_say_when_they_were_due() -> None:
    text = story(deadline(), deadline(time="2026-04-01T07:00:00Z"))

    late, in_time = [text_line for text_line in text.splitlines() if "points.expire" in text_line]
    assert "2026-03-10 12:00  points.expire 2026-03-31  due  MS-6  was due 2026-04-01 07:00" in late
    assert "was due" not in in_time
    assert "cause /memberships/deadlines/points.expire 2026-03-31@2026-04-01T07:00:00Z" in details(deadline())


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ("retracted", "(withdrawn 2026-03-12 08:00)"),
        ("points.expired", "(replaced 2026-03-12 08:00 by points.expired)"),
    ],
)
def test_notices_that_stand_no_more_say_so(by: str, words: str) -> None:
    since = {"id": "6", "notification": by, "time": "2026-03-12T08:00:00Z"}
    told = explanation(notifications=[NOTICE | {"ended_by": since}])

    assert f"told points.earned {words}" in story(told)
    assert words.strip("()") in details(told)


def test_what_a_notice_replaces_or_withdraws_is_named() -> None:
    earlier = [{"id": "4" * 32, "notification": "points.expiring", "time": "2026-03-01T08:00:00Z"}]
    gone = [{"id": "3" * 32, "notification": None, "time": None}]
    withdrawal = NOTICE | {"notification": "retracted", "params": {"why": "used first", "retracts": "4" * 32}}
    told = explanation(notifications=[withdrawal | {"earlier": earlier}, NOTICE | {"earlier": gone}])

    assert "withdrew points.expiring of 2026-03-01 08:00; told points.earned" in story(told)
    text = details(told)
    assert "used first; withdraws points.expiring of 2026-03-01 08:00" in text
    assert "replaces notice 33333333, no longer kept here" in text


def test_details_have_each_entry_and_notice_and_the_record() -> None:
    debt = ENTRY | {"points": -1_300, "kind": "redeem", "lot_id": None, "line_id": "l-1"}
    text = details(explanation(ledger=[ENTRY, debt]))

    assert "cause /shop e-1, record orders-3 @ 17, decision 41 of its partition" in text
    rows = [re.split(r"\s{2,}", row.strip("│ ")) for row in text.splitlines() if "abcdef01" in row]
    assert rows == [
        ["abcdef01", "earn", "+1,207", "o-1", "o-1", "MS-3", "1,300", "40", "0"],
        ["abcdef01", "redeem", "-1,300", "(debt)", "o-1", "l-1", "MS-3", "1,300", "40", "0"],
    ]
    assert re.search(r"55555555 +points.earned +MS-3 +order id o-1; points 1,207 +stands", text)


def test_what_could_not_be_read_or_came_before_the_first_tick() -> None:
    record = {"type": None, "id": None, "source": None, "topic": "orders", "partition": 0, "offset": 1}
    none = {"ledger": [], "balance_after": None, "notifications": [], "clause": None}
    text = story(explanation(event=record, outcome="dead_lettered", reason="not_json", time=None, **none))

    assert "before the first tick  unreadable   dead_lettered not_json" in text
    assert "balance" not in text
    assert "record orders-0 @ 1" in details(explanation(event=record, **none))


def test_what_followed_from_a_decision_no_longer_kept_is_named_by_its_cause() -> None:
    assert "2026-03-10 12:00  e-1  applied  MS-3" in story(explanation(event=None, seq=None))


def test_data_is_neither_markup_nor_control_code() -> None:
    evil = "[bold red]x[/] \x1b[2J"
    told = explanation(
        says=evil,
        ledger=[ENTRY | {"lot_id": evil, "order_id": evil, "line_id": evil}],
        notifications=[NOTICE | {"params": {"order_id": evil}}],
        event={"type": evil, "id": evil, "source": evil, "topic": "orders", "partition": 0, "offset": 1},
    )
    text = shown(reasons.story(evil, [told])) + shown(reasons.details(evil, evil, [told]))

    assert "\x1b" not in text
    assert text.count("[bold red]x[/]") >= 12
