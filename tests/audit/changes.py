"""What can be changed in the topics of a shop behind the workers' back."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import orjson

from audit import transport
from audit.shard import Shard
from audit.topics import Stored
from models import state
from tests.audit.world import World


def partition_with(shop: World, topic: str, least: int) -> int:
    """A partition with at least that many records of the topic."""
    return next(shard.number for shard in shop.shards() if len(shard.outputs[topic]) >= least)


def changed(shop: World, topic: str, change: Callable[[Stored], Any]) -> tuple[list[Shard], Stored]:
    """The shop's shards with a record of an output topic changed (None: gone; a list: instead of it): the first that no
    deadline has caused."""
    shards = shop.shards()
    places = [(s, number) for s in shards for number, one in enumerate(s.outputs[topic]) if not from_deadline(one)]
    shard, number = places[0]
    first = shard.outputs[topic][number]
    result = change(first)
    new = [] if result is None else result if isinstance(result, list) else [result]
    shard.outputs[topic] = [*shard.outputs[topic][:number], *new, *shard.outputs[topic][number + 1 :]]
    return shards, first


def from_deadline(record: Stored) -> bool:
    return transport.DEADLINES.encode() in (record.value or b"")


def edited(change: Callable[[dict[str, Any]], Any], *, rehash: bool = False) -> Callable[[Stored], Stored]:
    """A record with its data edited in place."""

    def edit(record: Stored) -> Stored:
        envelope = orjson.loads(record.value or b"")
        change(envelope["data"])
        if rehash:
            content = {name: value for name, value in envelope["data"].items() if name != "hash"}
            canonical = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
            envelope["data"]["hash"] = hashlib.sha256(canonical).hexdigest()
        return replace(record, value=orjson.dumps(envelope))

    return edit


def moved(letter: Stored) -> Stored:
    """The letter with other coordinates."""
    headers = tuple((name, b"999" if name == "dl_offset" else value) for name, value in letter.headers)
    return replace(letter, headers=headers)


def data_id(record: Stored) -> str:
    return str(orjson.loads(record.value or b"")["id"])


def older(table: str, raw: bytes) -> bytes:
    """The value as the first version of the state wrote it."""
    content = msgspec.msgpack.decode(raw[1:])
    return b"\x01" + msgspec.msgpack.encode(content[:-1] if table == state.MEMBERS else content)
