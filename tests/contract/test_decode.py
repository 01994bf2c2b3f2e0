"""Raw records: each reason on its own, which reason counts where several hold, and what the sentence says and hides."""

from typing import Any

import orjson
import pytest
from cloudevents.core.bindings import kafka as binding
from cloudevents.core.formats.json import JSONFormat

from models.care.events import TRANSFERS
from models.catalogue import INPUT_BYTES, INPUTS
from models.envelope import Event, Tick, Unreadable, decode
from models.partitioning import partition_of
from tests.contract.samples import EVENT_TYPES, PARTITIONS, STRUCTURED, example, order, place, read, refused

KEY = b"member-1"
HOME = partition_of(KEY, PARTITIONS)
ORDER = orjson.dumps(order({}))


def orders(value: bytes | None, *, key: bytes | None = KEY, partition: int = HOME, headers: Any = STRUCTURED) -> Any:
    return decode("orders", partition, PARTITIONS, key, value, headers)


def test_an_event_in_its_place() -> None:
    event = orders(ORDER)

    assert isinstance(event, Event)
    assert (event.source, event.id, event.subject) == ("/store", "order.placed.v1/1", "member-1")


@pytest.mark.parametrize(
    ("value", "reason", "error"),
    [
        (None, "null_value", "value: expected a CloudEvent, found none"),
        (b"", "not_json", "value: expected one JSON document"),
        (b"{", "not_json", "value: expected one JSON document"),
        (ORDER + b"{}", "not_json", "value: expected one JSON document"),
        (b"\xef\xbb\xbf" + ORDER, "not_json", "value: expected one JSON document"),
        (b"[" * 100_000, "not_json", "value: expected one JSON document"),
        (ORDER.replace(b'"A"', b'"\\ud800"'), "not_json", "value: expected one JSON document"),
        (b'{"id": "\xff"}', "not_utf8", "value: expected UTF-8, found something else at byte 8"),
        (b"[]", "invalid", "value: expected an object"),
        (b"null", "invalid", "value: expected an object"),
        (b"{}", "invalid", "type: required, found nothing"),
        (ORDER.replace(b'"A"', b"NaN"), "invalid", "data.lines.0.sku: expected a string"),
        (
            ORDER.replace(b"placed.v1", b"placed.v2"),
            "unknown_type",
            "type: expected one of this contract's event types",
        ),
    ],
)
def test_unreadable_values(value: bytes | None, reason: str, error: str) -> None:
    found = orders(value)

    assert (found.reason, found.error) == (reason, error)


def test_size_limit() -> None:
    def padded(size: int) -> bytes:
        return ORDER + b" " * (size - len(ORDER))

    assert isinstance(orders(padded(INPUT_BYTES)), Event)
    assert orders(padded(INPUT_BYTES + 1)).reason == "too_large"


def test_places() -> None:
    assert orders(ORDER, key=None).reason == "null_key"
    assert orders(ORDER, key=b"member-2").reason == "key_mismatch"
    assert orders(ORDER, key=b"").reason == "key_mismatch"
    assert orders(ORDER, key=b"\xff").reason == "key_mismatch"
    assert orders(ORDER, partition=(HOME + 1) % PARTITIONS).reason == "wrong_partition"
    found = decode("returns", HOME, PARTITIONS, KEY, ORDER, STRUCTURED)
    assert isinstance(found, Unreadable)
    assert (found.reason, found.error) == (
        "wrong_topic",
        "type: order.placed.v1 belongs on topic orders, found on returns",
    )
    assert (found.source, found.id, found.type, found.subject) == (
        "/store",
        "order.placed.v1/1",
        "order.placed.v1",
        "member-1",
    )


def test_precedence() -> None:
    """Content before topic, topic before key, key before partition."""
    away = (HOME + 1) % PARTITIONS
    wrong_type = ORDER.replace(b"placed.v1", b"placed.v2")

    assert decode("returns", away, PARTITIONS, None, wrong_type, STRUCTURED).reason == "unknown_type"  # type: ignore[union-attr]
    assert decode("returns", away, PARTITIONS, None, ORDER, STRUCTURED).reason == "wrong_topic"  # type: ignore[union-attr]
    assert orders(ORDER, key=None, partition=away).reason == "null_key"
    assert orders(ORDER, key=b"member-2", partition=away).reason == "key_mismatch"


@pytest.mark.parametrize("key", [None, b"", b"*", b"member-1"])
def test_what_concerns_everybody_is_right_on_every_partition(key: bytes | None) -> None:
    value = orjson.dumps(example("force_majeure.declared.v1"))

    for partition in range(PARTITIONS):
        assert isinstance(decode("memberships", partition, PARTITIONS, key, value, STRUCTURED), Event)


@pytest.mark.parametrize("name", [kind.TYPE for kind in TRANSFERS])
def test_internal_events_are_not_accepted_from_outside(name: str) -> None:
    event = example(name)
    home, partition, key = place(event)
    assert home == "transfers"

    for topic in (topic.role for topic in INPUTS):
        found = decode(topic, partition, PARTITIONS, key, orjson.dumps(event), STRUCTURED)
        assert isinstance(found, Unreadable)
        assert found.reason == "wrong_topic"
    assert isinstance(decode("transfers", partition, PARTITIONS, key, orjson.dumps(event), STRUCTURED), Event)


@pytest.mark.parametrize("key", [None, b"", b"anything"])
def test_ticks_have_no_place(key: bytes | None) -> None:
    tick = decode("clock", 3, PARTITIONS, key, b'{"at": "2026-03-14T01:26:53-08:00"}', [])

    assert isinstance(tick, Tick)
    assert tick.at.isoformat() == "2026-03-14T09:26:53+00:00"


@pytest.mark.parametrize(
    "value", [b"", b"{}", b'{"at": "2026-03-14T01:26:53"}', b'{"at": "2026-03-14T01:26:53Z", "by": 1}']
)
def test_broken_ticks(value: bytes) -> None:
    assert isinstance(decode("clock", 3, PARTITIONS, b"", value, []), Unreadable)


def test_names_that_can_still_be_read_are_told() -> None:
    broken = example("order.shipped.v1")
    broken["data"] = {"order_id": 7}
    found = refused(broken)
    assert (found.source, found.id, found.type, found.subject) == (
        "/store",
        "order.shipped.v1/1",
        "order.shipped.v1",
        "member-1",
    )

    found = refused(broken | {"source": 7, "id": "\x00", "subject": "x" * 300})
    assert (found.source, found.id, found.type, found.subject) == (None, None, "order.shipped.v1", None)


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("points.joined.v1", "birth_date", "1990-02-30"),
        ("points.joined.v1", "birth_date", "28 February 1990"),
        ("account.opened.v1", "email_hash", "jo@example.com"),
        ("payment.succeeded.v1", "paid_at", "2026-02-30T00:00:00Z"),
        ("payment.failed.v1", "reason", "card 4111111111111111 stolen"),
        ("payment.failed.v1", "jo@example.com 1990-02-28", True),
    ],
)
def test_no_value_is_repeated(name: str, field: str, value: Any) -> None:
    event = example(name)
    event["data"][field] = value

    found = refused(event)

    assert str(value) not in found.error
    assert "jo@example.com" not in found.error


# Binary mode, written by the cloudevents library as an independent second implementation.


def binary(event: dict[str, Any]) -> tuple[bytes, list[tuple[str, bytes | None]]]:
    message = binding.to_binary(JSONFormat().read(None, orjson.dumps(event)), JSONFormat())
    return message.value, list(message.headers.items())


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_binary_mode_is_the_same_event(name: str) -> None:
    event = example(name)
    value, headers = binary(event)
    topic, partition, key = place(event)

    found = decode(topic, partition, PARTITIONS, key, value, headers)

    assert found == read(event)
    assert isinstance(found, Event)
    assert found.content_hash() == read(event).content_hash()  # type: ignore[union-attr]


def changed(headers: list[tuple[str, bytes | None]], name: str, value: bytes | None) -> list[tuple[str, bytes | None]]:
    return [(key, value if key == name else old) for key, old in headers]


@pytest.mark.parametrize(
    ("name", "value", "reason", "error"),
    [
        ("ce_id", None, "invalid", "id: required, found nothing"),
        ("ce_id", b"\xff", "invalid", "id: required, found nothing"),
        ("ce_type", b"x", "unknown_type", "type: expected one of this contract's event types"),
        ("ce_time", b"yesterday", "invalid", None),
        ("ce_specversion", b"0.3", "invalid", "specversion: expected '1.0'"),
        (
            "content-type",
            b"text/plain",
            "invalid",
            "content-type: expected application/cloudevents+json or application/json",
        ),
    ],
)
def test_broken_headers(name: str, value: bytes | None, reason: str, error: str | None) -> None:
    body, headers = binary(order({}))

    found = orders(body, headers=changed(headers, name, value))

    assert isinstance(found, Unreadable)
    assert found.reason == reason
    assert error in (None, found.error)


@pytest.mark.parametrize(
    ("body", "reason"),
    [(b"\xff", "not_utf8"), (b"{", "not_json"), (b"[" * 900 + b"]" * 900, "not_json"), (b"1", "invalid")],
)
def test_broken_binary_bodies(body: bytes, reason: str) -> None:
    _, headers = binary(order({}))

    found = orders(body, headers=headers)

    assert isinstance(found, Unreadable)
    assert found.reason == reason
    assert (found.id, found.type) == ("order.placed.v1/1", "order.placed.v1")


def test_a_body_cannot_break_out_of_its_place() -> None:
    _, headers = binary(order({}))

    assert orders(b'{}, "subject": "member-2"', headers=headers).reason == "not_json"


def test_the_content_type_decides() -> None:
    body, headers = binary(order({}))

    assert isinstance(orders(ORDER, headers=[("Content-Type", b"Application/CloudEvents+JSON"), *headers[:3]]), Event)
    assert isinstance(orders(ORDER, headers=[]), Event), "no content type and no ce_ headers: structured"
    assert isinstance(orders(body, headers=[h for h in headers if h[0] != "content-type"]), Event), (
        "ce_ headers: binary"
    )
    assert orders(ORDER, headers=[("content-type", b"application/json")]).error == "type: required, found nothing"
    for other in (b"application/cloudevents-batch+json", b"application/cloudevents+avro"):
        assert orders(ORDER, headers=[("content-type", other)]).error.startswith("content-type: ")
