"""A small app for the driver's tests: a running balance per account, moved by deposits and withdrawals.

Run as a program: ``python app.py '<json>'`` with ``bootstrap_servers``, ``prefix``, ``worker`` and other fields of Config.
"""

import json
import sys
from pathlib import Path

import faust

from driver import App, Batch, Config, Limits

SIGN = {"deposits": 1, "withdrawals": -1}


def make(spec: dict[str, object]) -> App:
    spec = dict(spec)
    prefix = str(spec.pop("prefix"))
    poison = str(spec.pop("poison", "")).encode()
    options = dict(spec.pop("limits", {}))  # type: ignore[call-overload]
    if spec.get("data_dir"):
        spec["data_dir"] = Path(str(spec["data_dir"]))
    order = tuple(f"{prefix}-{name}" for name in SIGN)
    app = App(f"{prefix}-app", config=Config(topic_order=order, limits=Limits(**options), **spec))  # type: ignore[arg-type]
    balances = app.Table("balances")
    totals = app.Table("totals")

    def handle(batch: Batch, sign: int) -> None:
        balance, total = balances.at(batch.partition), totals.at(batch.partition)
        for record in batch.records:
            assert record.key is not None and record.value is not None
            if poison and record.value == poison:
                raise ValueError("poison")
            amount = sign * int(record.value)
            after = int(balance.get(record.key) or 0) + amount
            if after:
                balance.put(record.key, b"%d" % after)
            else:
                balance.delete(record.key)
            total.put(b"n", b"%d" % (int(total.get(b"n") or 0) + 1))
            cause = f"{record.topic}/{record.partition}/{record.offset}"
            batch.emit(f"{prefix}-out", record.key, json.dumps({"cause": cause, "after": after}).encode())

    @app.agent(app.topic(f"{prefix}-deposits"), name="deposits")
    async def deposits(batches: faust.Stream[Batch]) -> None:
        async for batch in batches:
            handle(batch, 1)

    @app.agent(app.topic(f"{prefix}-withdrawals"), name="withdrawals")
    async def withdrawals(batches: faust.Stream[Batch]) -> None:
        async for batch in batches:
            handle(batch, -1)

    @app.on_restored
    def restored(partition: int) -> None:
        sys.stderr.write(f"restored {partition} n={balances.at(partition).__len__()}\n")

    return app


if __name__ == "__main__":
    faust.Worker(make(json.loads(sys.argv[1])), loglevel="INFO").execute_from_commandline()
