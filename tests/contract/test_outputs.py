"""Outputs: what is written is read back equal, the envelope is a structured CloudEvent, the ledger's chain holds."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import orjson
import pytest
from cloudevents.core.formats.json import JSONFormat
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from models.outputs import (
    REQUESTS,
    Balance,
    Body,
    Cause,
    ChargeRequested,
    Decided,
    EventRef,
    LedgerEntry,
    Notification,
    RefundItem,
    RefundRequested,
    addressed,
    dead_letter_headers,
    decision_id,
    encode,
    read,
    traceback_of,
    verify,
)
from models.outputs.base import B
from models.outputs.dead_letters import TRACEBACK_BYTES
from models.values import permanent_id
from tests.contract.samples import EXAMPLES

NOW = datetime(2026, 3, 14, 9, 27, tzinfo=UTC)
CAUSE = Cause(source="/store", id="1")
ID = permanent_id("x")
OUTPUTS: dict[str, type[Body]] = {kind.TYPE: kind for kind in (Notification, Decided, LedgerEntry, *REQUESTS)}


def notification(**changes: Any) -> Notification:
    fields: dict[str, Any] = {
        "kind": "points.earned",
        "program": "points",
        "legal_class": "transactional",
        "not_before": NOW,
        "clause": "MS-3",
        "cause": CAUSE,
        "params": {"points": 5},
    }
    return Notification(**fields | changes)


def sent(body: B, output_id: str = ID, member_id: str = "member-1", now: datetime | None = NOW) -> bytes:
    return encode(addressed(body, output_id, member_id, now))


@pytest.mark.parametrize("name", OUTPUTS)
def test_examples_are_read_and_written_unchanged(name: str) -> None:
    raw = orjson.dumps(EXAMPLES[name])

    written = encode(read(raw, OUTPUTS[name]))

    if OUTPUTS[name].ADDED:  # the example is an earlier release's: what came since is there, and empty
        message = orjson.loads(written)
        assert all(message["data"].pop(field) in ([], None) for field in OUTPUTS[name].ADDED)
        assert message == EXAMPLES[name]
    else:
        assert written == raw


@pytest.mark.parametrize("name", OUTPUTS)
def test_written_in_the_words_of_the_cloudevents_library(name: str) -> None:
    output = read(orjson.dumps(EXAMPLES[name]), OUTPUTS[name])

    event = JSONFormat().read(None, encode(output))

    assert (event.get_id(), event.get_type()) == (output.id, name)
    assert (event.get_subject(), event.get_time()) == (output.subject, output.time)


def test_decision_has_all_coordinates_and_keys_where_nothing_could_be_read() -> None:
    reference = EventRef(source=None, id=None, type=None, topic="orders", partition=0, offset=7)
    decided = Decided(
        event=reference,
        seq=1,
        now=None,
        outcome="dead_lettered",
        reason="not_json",
        says="Not JSON.",
        rules_version="1",
    )

    envelope = orjson.loads(sent(decided, member_id="?", now=None))

    assert "time" not in envelope
    assert envelope["data"]["event"] == {
        "source": None,
        "id": None,
        "type": None,
        "topic": "orders",
        "partition": 0,
        "offset": 7,
    }
    assert envelope["data"].keys() >= {"seq", "now", "outcome", "reason", "says", "clause", "ledger", "notifications"}


def test_notification_on_the_wire() -> None:
    data = orjson.loads(sent(notification(not_after=NOW + timedelta(days=1))))["data"]

    assert data == {
        "notification": "points.earned",
        "program": "points",
        "class": "transactional",
        "not_before": "2026-03-14T09:27:00Z",
        "not_after": "2026-03-15T09:27:00Z",
        "replaces": [],
        "clause": "MS-3",
        "cause": {"source": "/store", "id": "1"},
        "ledger": [],
        "params": {"points": 5},
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "points.gained"},
        {"legal_class": "ad"},
        {"clause": "MS3"},
        {"clause": "XX-1"},
        {"replaces": ("1",)},
        {"not_before": datetime(2026, 3, 14)},  # noqa: DTZ001 - without a zone, which is the point
        {"params": {"amount": 1.5}},
        {"params": {"lines": [{"amount": 0.1}]}},
        {"cause": Cause(source="", id="1")},
        {"cause": Cause(source="a", id="\x00")},
    ],
)
def test_a_notification_that_breaks_the_contract_is_not_read(changes: dict[str, Any]) -> None:
    assert read(sent(notification()), Notification).data == notification()
    with pytest.raises(ValueError):
        read(sent(notification(**changes)), Notification)


@pytest.mark.parametrize("wrong", [{"output_id": "1"}, {"member_id": ""}, {"member_id": " ann"}])
def test_an_envelope_that_breaks_the_contract_is_not_read(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        read(sent(notification(), **wrong), Notification)


@pytest.mark.parametrize("name", OUTPUTS)
def test_every_key_is_there_and_no_other(name: str) -> None:
    for key in EXAMPLES[name]["data"]:
        less = deepcopy(EXAMPLES[name])
        del less["data"][key]
        with pytest.raises(ValueError):
            read(orjson.dumps(less), OUTPUTS[name])
    more = deepcopy(EXAMPLES[name])
    more["data"]["colour"] = "red"
    with pytest.raises(ValueError):
        read(orjson.dumps(more), OUTPUTS[name])


@pytest.mark.parametrize("name", OUTPUTS)
def test_extension_attributes_of_an_envelope_are_accepted(name: str) -> None:
    raw = orjson.dumps(EXAMPLES[name])
    assert read(orjson.dumps(EXAMPLES[name] | {"traceparent": "x"}), OUTPUTS[name]) == read(raw, OUTPUTS[name])


def test_outputs_do_not_change() -> None:
    with pytest.raises(AttributeError):
        notification().kind = "points.expired"  # type: ignore[misc]


def test_money_in_requests() -> None:
    fields: dict[str, Any] = {"clause": "PAY-1", "cause": CAUSE, "invoice_id": "i"}
    refund = RefundRequested(**fields, refund_id="r", amount="0.05", items=(RefundItem(what="Fee", amount="179.99"),))

    data = orjson.loads(sent(refund))["data"]

    assert (data["amount"], data["items"]) == ("0.05", [{"what": "Fee", "amount": "179.99"}])
    for wrong in ("-1.00", "10000000.00", 1.5, 500, "5.0", "5"):
        charge = ChargeRequested(**fields, attempt_id="a", method_id="m", amount=wrong, program="care", round=0)
        with pytest.raises(ValueError):
            read(sent(charge), ChargeRequested)


def test_read_refuses_what_is_no_such_output() -> None:
    for raw in (b"{}", b"[]", b"null", b"{", orjson.dumps(EXAMPLES["decision.v1"]), b'{"type": "notification.v1"}'):
        with pytest.raises(ValueError):
            read(raw, Notification)


def test_ids_do_not_move_between_releases() -> None:
    """NTF-1: a later release must call the same thing by the same id, or readers would take it for another."""
    assert decision_id("orders", 3, 41, "settled") == "8937958315c5969c434676def8c90daf"
    assert permanent_id("ledger", "a|b", "50%") == "642ecf6491035a84aa57e6f48ae5dff3"


# The ledger.


def entries(*points: int) -> list[LedgerEntry]:
    made: list[LedgerEntry] = []
    total = 0
    for n, amount in enumerate(points):
        total += amount
        made.append(
            LedgerEntry(
                entry_id=permanent_id(str(n)),
                at=NOW,
                booked_at=NOW if n else None,
                kind="adjust",
                points=amount,
                lot_id=None if n else '日本 "lot" \\ é \u2028'.strip(),
                clause="MS-18",
                cause=CAUSE,
                balance_after=Balance(available=max(total, 0), debt=max(-total, 0), reserved=0),
                previous=made[-1].hash if made else None,
            )
        )
    return made


def bodies(*points: int) -> list[dict[str, Any]]:
    return [orjson.loads(sent(entry))["data"] for entry in entries(*points)]


@given(st.lists(st.integers(-1_000, 1_000), max_size=6))
def test_chain_of_entries_verifies(points: list[int]) -> None:
    """MS-20: the sum of a member's entries = available + reserved - debt."""
    assert verify(bodies(*points)) is None


def test_chain_shows_a_gap_a_swap_a_change_and_a_wrong_balance() -> None:
    whole = bodies(5, 6, 7)
    changed = deepcopy(whole)
    changed[1]["points"] = 60
    unhashed = deepcopy(whole)
    del unhashed[2]["hash"]

    assert verify(whole) is None
    assert "entry 1" in str(verify([whole[0], whole[2]]))
    assert "entry 0" in str(verify(whole[1:]))
    assert "entry 0" in str(verify([whole[1], whole[0], whole[2]]))
    assert "entry 1" in str(verify([whole[0], whole[0]]))
    assert "was changed" in str(verify(changed))
    assert "was changed" in str(verify(unhashed))


def test_chain_shows_a_balance_that_does_not_add_up() -> None:
    entry = entries(5)[0]
    wrong = replace(entry, balance_after=Balance(available=6, debt=0, reserved=0), hash=UNSET)

    assert "does not add up" in str(verify([orjson.loads(encode(wrong))]))


def test_entry_with_another_hash_is_not_read() -> None:
    envelope = deepcopy(EXAMPLES["ledger_entry.v1"])
    envelope["data"]["points"] += 1

    with pytest.raises(ValueError, match="its hash is not that of its content"):
        read(orjson.dumps(envelope), LedgerEntry)


@given(st.text(max_size=40), st.integers(-5, 5))
def test_the_hash_is_that_of_the_canonical_form(text: str, points: int) -> None:
    """Whatever is in it: the hash of the JSON with sorted keys, without spaces and without `hash`."""
    entry = LedgerEntry(
        entry_id=ID, at=NOW, booked_at=NOW, kind="adjust", points=points, lot_id=text, clause="MS-18", previous=None,
        cause=Cause(source=text, id=text), balance_after=Balance(available=0, debt=0, reserved=0),
    )  # fmt: skip
    data = orjson.loads(encode(entry))
    stated = data.pop("hash")

    assert stated == entry.hash == sha256(orjson.dumps(data, option=orjson.OPT_SORT_KEYS)).hexdigest()


# Dead letters.


def test_dead_letter_headers() -> None:
    own: list[tuple[str, bytes | None]] = [
        ("content-type", b"x"),
        ("dl_error", b"old"),
        ("empty", None),
        ("content-type", b"y"),
    ]

    headers = dead_letter_headers(
        own,
        topic="orders",
        partition=3,
        offset=41,
        error_class="invalid",
        error="data.lines: required \ud800",
        first_seen="2026-03-14T09:27:00Z",
        rules_version="1",
    )

    assert headers[:3] == [("content-type", b"x"), ("empty", None), ("content-type", b"y")]
    assert dict(headers[3:]) == {
        "dl_topic": b"orders",
        "dl_partition": b"3",
        "dl_offset": b"41",
        "dl_error_class": b"invalid",
        "dl_error": b"data.lines: required ?",
        "dl_first_seen": b"2026-03-14T09:27:00Z",
        "dl_rules_version": b"1",
    }


@pytest.mark.parametrize("letter", ["x", "é", "日"])
def test_traceback_is_cut_in_its_middle(letter: str) -> None:
    def fail(message: str) -> str:
        try:
            raise RuntimeError(message + " the end")
        except RuntimeError as error:
            return traceback_of(error)

    short, long = fail("short"), fail(letter * 20_000)

    assert short.endswith("RuntimeError: short the end\n")
    assert len(long.encode()) <= TRACEBACK_BYTES
    assert len(long.encode()) > TRACEBACK_BYTES - 10
    assert long.startswith("Traceback")
    assert "... cut ..." in long
    assert long.endswith("the end\n")
