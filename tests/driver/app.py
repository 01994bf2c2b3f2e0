"""A small app for the driver's tests: a running balance per account, moved by deposits and withdrawals.

Run as a program: ``python app.py '<json>'``; the object has ``prefix``, the fields of Config, and maybe ``misbehave``
(what the agents do at a record with the value ``bad``: see `misbehaviour`).
"""

import asyncio
import atexit
import json
import sys
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import faust
from confluent_kafka import KafkaError, KafkaException, Producer

import driver.engine
import driver.transaction
from driver import App, Batch, Config, Limits, PartitionTable, Table

SIGN = {"deposits": 1, "withdrawals": -1}
BAD = b"bad"


def make(spec: dict[str, Any]) -> App:
    """Build the app; its topics are the prefix with deposits, withdrawals, out, and two changelogs."""
    prefix, misbehave = spec.pop("prefix"), spec.pop("misbehave", "")
    driver.engine.MOST_REWINDS = spec.pop("most_rewinds", driver.engine.MOST_REWINDS)
    let_the_coordinator_move(spec.pop("coordinator_moves", 0))
    spec["limits"] = Limits(**spec.get("limits", {}))
    if "data_dir" in spec:
        spec["data_dir"] = Path(spec["data_dir"])
    app = App(f"{prefix}app", config=Config(topic_order=tuple(prefix + name for name in SIGN), **spec))
    balances, totals = app.Table("balances"), app.Table("totals")

    async def work(batches: AsyncIterator[Batch], sign: int) -> None:
        async for batch in batches:
            if any(record.value == BAD for record in batch.records):
                await misbehaviour(app, misbehave, balances, batch)
            handle(batch, sign, prefix, balances.at(batch.partition), totals.at(batch.partition))

    @app.agent(app.topic(f"{prefix}deposits"), name="deposits")
    async def deposits(batches: Any) -> None:
        await work(batches, SIGN["deposits"])

    @app.agent(app.topic(f"{prefix}withdrawals"), name="withdrawals")
    async def withdrawals(batches: Any) -> None:
        await work(batches, SIGN["withdrawals"])

    @app.on_restored
    def restored(partition: int) -> None:
        sys.stderr.write(f"restored {partition}: {len(balances.at(partition))} balances\n")

    if misbehave == "task-write":
        app.task(partial(stray, app, balances))

    return app


def handle(batch: Batch, sign: int, prefix: str, balance: PartitionTable, total: PartitionTable) -> None:
    """Move the balances, count the records, tell each new balance."""
    for record in batch.records:
        amount = 0 if record.value == BAD else int(record.value)
        after = int(balance.get(record.key) or 0) + sign * amount
        if after:
            balance.put(record.key, b"%d" % after)
        else:
            balance.delete(record.key)
        total.put(b"n", b"%d" % (int(total.get(b"n") or 0) + 1))
        cause = [record.topic.removeprefix(prefix), record.partition, record.offset]
        batch.emit(f"{prefix}out", record.key, json.dumps({"cause": cause, "after": after}).encode())


def let_the_coordinator_move(times: int) -> None:
    """Answer the third and following transactions' offsets with NOT_COORDINATOR, so many times."""
    answers = iter([None, None, *[KafkaError.NOT_COORDINATOR] * times])

    class Moving(Producer):
        def send_offsets_to_transaction(self, *args: Any) -> None:
            if code := next(answers, None):
                raise KafkaException(KafkaError(code))
            super().send_offsets_to_transaction(*args)

    driver.transaction.Producer = Moving  # type: ignore[misc]


async def stray(app: App, balances: Table) -> None:
    """Write a table outside of any batch."""
    while not app.assigned:
        await asyncio.sleep(0.05)
    balances.at(min(app.assigned)).put(b"stray", b"1")
    sys.stderr.write("strayed\n")


async def misbehaviour(app: App, kind: str, balances: Any, batch: Batch) -> None:
    """What an agent must not do."""
    if kind == "raise":
        raise ValueError("bad record")
    if kind == "cancel":
        raise asyncio.CancelledError
    if kind == "return":
        raise StopAsyncIteration
    if kind == "block":
        time.sleep(3600)
    if kind == "hang":
        await asyncio.sleep(3600)
    if kind == "send":
        await app.send(f"{batch.topic}", value=b"1")
    if kind == "stranger":
        balances.at(min(app.assigned - {batch.partition})).put(b"stray", b"1")
    if kind == "late-topic":
        app.stream(app.topic("comes-too-late"))


if __name__ == "__main__":
    made = make(json.loads(sys.argv[1]))
    atexit.register(lambda: sys.__stderr__.write(f"{made.metrics}\n"))  # type: ignore[union-attr]
    faust.Worker(made, loglevel="INFO").execute_from_commandline()
