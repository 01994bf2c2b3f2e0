"""Committed records as values for Redis: a member's state as its document, a page of lots as what expires when, an output
as a line of a timeline.

A key counts on its home partition only. A decision on an input record that lay elsewhere may carry a member's key (what
the record claimed, not what is so), and its offset says nothing about the order of that member's own lines.
"""

import logging
from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import msgspec
import orjson

from models.partitioning import partition_of
from models.points.state import Page
from models.points.view import page_schedule
from models.state import Member, decode
from models.view import view
from views import index
from views.errors import Unfeedable
from views.keys import Keys, Kind, Timeline, sealed
from views.source import Batch, Record
from views.store import Place, Portion, Write
from views.timeline import line

_log = logging.getLogger(__name__)

PORTION: Final = 500
"""Most writes of one script call: Redis serves nobody else meanwhile, for some milliseconds."""


def portions(keys: Keys, kind: Kind, batch: Batch, start: int | None, partitions: int) -> Iterator[Portion]:
    """The batch as portions that follow each other from ``start`` to the batch's end. Raises Unfeedable.

    ``partitions`` is how many the topic has. Records without a key, or with one whose home is another partition, are
    passed over.
    """
    home = batch.place.partition
    records = [
        record for record in batch.records if record.key and partition_of(_owner(kind, record.key), partitions) == home
    ]
    if kind in ("member", "lots"):
        records = _newest(records)
    if not records and batch.end != start:  # transaction markers, or nothing for anybody's view
        yield Portion(batch.place, kind, start, batch.end, ())
    for first in range(0, len(records), PORTION):
        some = records[first : first + PORTION]
        last = first + PORTION >= len(records)
        end = batch.end if last else some[-1].offset + 1
        yield Portion(batch.place, kind, start, end, _writes(keys, kind, batch.place, some))
        start = end


def _newest(records: Sequence[Record]) -> list[Record]:
    """Only the last record of each key, in offset order: whatever is left out is older than one further on."""
    newest: dict[bytes | None, Record] = {}
    for record in records:
        newest.pop(record.key, None)
        newest[record.key] = record
    return list(newest.values())


def _owner(kind: Kind, key: bytes) -> bytes:
    """Whose record it is: the key itself, but for a page `lots|member|page` (`models.state.entry_key`)."""
    return unquote_to_bytes(key.split(b"|")[1]) if kind == "lots" else key


def _writes(keys: Keys, kind: Kind, place: Place, records: Sequence[Record]) -> list[Write]:
    writes = []
    for record in records:
        try:
            member_id = _owner(kind, record.key or b"").decode()
        except UnicodeDecodeError:
            continue  # the decision on an unreadable record: there is no member whose it is
        at = f"{place.topic}[{place.partition}]@{record.offset}"
        try:
            writes.append(_write(keys, kind, member_id, record))
        except msgspec.DecodeError as error:  # the workers set this one member aside; all others go on here, too
            _log.error(
                "%s: the state of member %s cannot be read (%s); their view stays as it was", at, member_id, error
            )
        except Exception as error:
            # Whatever it is: told with the record's place, and the end of the feeder. Going on would hide a stale view.
            raise Unfeedable(at, error) from error
    return writes


def _write(keys: Keys, kind: Kind, member_id: str, record: Record) -> Write:
    if kind == "member":
        return _document(keys, member_id, record)
    return _page(keys, member_id, record) if kind == "lots" else _line(keys, kind, member_id, record)


def _document(keys: Keys, member_id: str, record: Record) -> Write:
    """The member's document; its revision is the state's own."""
    if record.value is None:
        return Write(keys.member(member_id), 0, b"")
    state = decode(record.value, Member)
    document = view(member_id, state)
    del document["generation"], document["revision"]  # they go first
    lines = index.lines(member_id, document["promises"], document["flags"])
    if state.points and state.points.lots.branches:
        document = _schedule_first(document)
    if state.erased_at:
        document = {"erased_at": None} | document  # first, where the script looks
    body = sealed(keys.generation, state.revision, orjson.dumps(document))
    return Write(keys.member(member_id), state.revision, body, lines)


def _schedule_first(document: dict[str, Any]) -> dict[str, Any]:
    """The same document in the order in which the script finds what it fills in from the pages (see scripts.py)."""
    points = document["points"]
    first = {name: points[name] for name in ("next_expiry", "expiry_schedule", "available")}
    return {"points": None} | document | {"points": first | points}


def _page(keys: Keys, member_id: str, record: Record) -> Write:
    """What expires when of a page's lots: number, then ` day:points` for each day; the number alone if the page is gone."""
    number = (record.key or b"").split(b"|")[2]
    days = page_schedule(decode(record.value, Page)) if record.value is not None else []
    words = "".join([f" {day['expires_on']}:{day['points']}" for day in days])
    return Write(keys.lots(member_id), record.offset, number + words.encode())


def _line(keys: Keys, kind: Timeline, member_id: str, record: Record) -> Write:
    """The output as a line; its revision is the offset: a key counts on one partition."""
    body = orjson.dumps(line(kind, orjson.loads(record.value or b"")))
    return Write(keys.timeline(kind, member_id), record.offset, sealed(keys.generation, record.offset, body))
