"""Whatever a record holds, `decode` answers (fault 10), and content equality is what GEN-1 says."""

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st
from kafka.partitioner.default import murmur2

from models.catalogue import ALL
from models.envelope import Event, Tick, Unreadable, decode
from models.partitioning import partition_of
from models.values import cents, dollars, isoformat, joined
from tests.contract.samples import EVENT_TYPES, EXAMPLES, PARTITIONS, STRUCTURED, accepted, place, read

TOPICS = st.sampled_from([topic.role for topic in ALL])
HEADERS = st.lists(
    st.tuples(
        st.one_of(
            st.sampled_from(["content-type", "ce_id", "ce_type", "ce_source", "ce_specversion", "CE_data"]), st.text()
        ),
        st.one_of(
            st.none(), st.binary(max_size=40), st.sampled_from([b"application/json", b"application/cloudevents+json"])
        ),
    ),
    max_size=8,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
VALID = st.sampled_from([orjson.dumps(EXAMPLES[name]) for name in EVENT_TYPES])


def answered(found: Any) -> bool:
    return isinstance(found, Event | Tick) or (isinstance(found, Unreadable) and 0 < len(found.error) < 400)


@given(TOPICS, st.integers(0, 11), st.none() | st.binary(max_size=20), st.none() | st.binary(), HEADERS)
def test_any_bytes_are_answered(topic: str, partition: int, key: Any, value: Any, headers: Any) -> None:
    assert answered(decode(topic, partition, PARTITIONS, key, value, headers))


@given(TOPICS, JSON, HEADERS)
def test_any_json_is_answered(topic: str, value: Any, headers: Any) -> None:
    raw = json.dumps(value).encode()  # unlike orjson it writes NaN, huge integers and halves of surrogate pairs
    assert answered(decode(topic, 0, PARTITIONS, b"member-1", raw, headers))


@given(VALID, st.data())
def test_any_damage_to_bytes_is_answered(raw: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(len(raw), start + 8)))
    damaged = raw[:start] + data.draw(st.binary(max_size=8)) + raw[end:]

    assert answered(decode("orders", 0, PARTITIONS, b"member-1", damaged, STRUCTURED))


def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    return [path] * bool(path) + [found for step, part in inner for found in places(part, (*path, step))]


@settings(max_examples=300)
@given(st.sampled_from(EVENT_TYPES), JSON, st.data())
def test_any_change_to_a_field_is_answered(name: str, value: Any, data: st.DataObject) -> None:
    event = deepcopy(EXAMPLES[name])
    *path, last = data.draw(st.sampled_from(places(event)))
    target = event
    for step in path:
        target = target[step]
    target[last] = value
    raw = json.dumps(event).encode()
    topic, partition, key = place(EXAMPLES[name])

    assert answered(decode(topic, partition, PARTITIONS, key, raw, STRUCTURED))


# Content (GEN-1: equal type, subject, time and data after parsing).


def shuffled(document: Any, draw: Any) -> Any:
    if isinstance(document, dict):
        return {key: shuffled(document[key], draw) for key in draw(st.permutations(list(document)))}
    if isinstance(document, list):
        return [shuffled(part, draw) for part in document]
    return document


@settings(max_examples=200)
@given(st.sampled_from(EVENT_TYPES), st.data(), st.integers(-14 * 60, 14 * 60))
def test_content_is_what_is_said_and_not_how(name: str, data: st.DataObject, offset: int) -> None:
    """Other order of keys, other white space, another id, the same instant in another zone."""
    event = EXAMPLES[name]
    instant = datetime.fromisoformat(event["time"]).astimezone(timezone(timedelta(minutes=offset)))
    other = shuffled(event, data.draw) | {"id": "another", "source": "/another", "time": instant.isoformat()}
    topic, partition, key = place(event)

    found = decode(topic, partition, PARTITIONS, key, orjson.dumps(other, option=orjson.OPT_INDENT_2), STRUCTURED)

    assert isinstance(found, Event)
    assert found.content_hash() == accepted(event).content_hash()


@settings(max_examples=200)
@given(st.sampled_from(EVENT_TYPES), st.data())
def test_another_value_is_other_content(name: str, data: st.DataObject) -> None:
    event = deepcopy(EXAMPLES[name])
    paths = [path for path in places(event) if path[0] in ("data", "time")]
    *path, last = data.draw(st.sampled_from(paths))
    target = event
    for step in path:
        target = target[step]
    target[last] = data.draw(
        st.one_of(
            st.just(target[last]), st.integers(0, 9), st.booleans(), st.none(), st.text(max_size=3), st.dates().map(str)
        )
    )
    before, after = accepted(EXAMPLES[name]), read(event)

    if isinstance(after, Event):
        same = (before.time, before.data) == (after.time, after.data)
        assert same == (before.content_hash() == after.content_hash())


def test_content_hash_is_16_bytes_and_does_not_move_between_releases() -> None:
    hashed = accepted(EXAMPLES["return.completed.v1"]).content_hash()

    assert (len(hashed), hashed.hex()) == (16, "942bb86567147c51f810df12a76098b4")


# Values.


@given(st.integers(0, 999_999_999))
def test_money_is_exact(amount: int) -> None:
    assert cents(dollars(amount)) == amount


@given(
    st.integers(0, 99 * 365 * 86_400 * 10**6).map(
        lambda micros: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
    )
)
def test_gen_1_an_instant_has_the_text_of_the_standard_library(instant: datetime) -> None:
    assert isoformat(instant) == instant.isoformat().encode()
    assert isoformat(instant.replace(microsecond=0)) == instant.replace(microsecond=0).isoformat().encode()


@given(st.lists(st.text(), min_size=1), st.lists(st.text(), min_size=1))
def test_joined_parts_are_unambiguous(one: list[str], other: list[str]) -> None:
    assert (joined(*one) == joined(*other)) == (one == other)


@given(
    st.lists(st.text(alphabet="a|%7C25", max_size=4), min_size=1),
    st.lists(st.text(alphabet="a|%7C25", max_size=4), min_size=1),
)
def test_joined_parts_are_unambiguous_where_it_is_hard(one: list[str], other: list[str]) -> None:
    assert (joined(*one) == joined(*other)) == (one == other)


def test_partition_is_the_one_java_computes() -> None:
    """Kafka's own test vectors of murmur2 (org.apache.kafka.common.utils.UtilsTest)."""
    vectors = {
        b"21": -973932308,
        b"foobar": -790332482,
        b"a-little-bit-long-string": -985981536,
        b"a-little-bit-longer-string": -1486304829,
        b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
        b"abc": 479470107,
    }
    for key, hashed in vectors.items():
        assert murmur2(key) & 0xFFFFFFFF == hashed & 0xFFFFFFFF
        assert partition_of(key, 12) == (hashed & 0x7FFFFFFF) % 12


def test_instants_are_utc_inside() -> None:
    event = accepted(EXAMPLES["order.placed.v1"])

    assert event.at == datetime(2026, 3, 14, 9, 26, 53, 589_000, tzinfo=UTC)
    assert event.at.tzinfo is UTC
    assert event.time == datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
