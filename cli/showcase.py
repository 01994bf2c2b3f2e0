"""Runs the demo: an installation of its own on free ports, tied to this process, from nothing to the last notification."""

import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import orjson

import audit
from agents import topics
from agents.settings import Settings
from cli import lines, talk, totals
from cli.errors import check_failed
from cli.options import settings
from cli.publisher import Publisher
from cli.wire import connected, input_topics
from local.kafka import Kafka
from local.supervise import Supervisor
from local.valkey import Valkey
from samples import generated
from views import progress, query

PARTITIONS = 4
SESSION_TIMEOUT_MS = 3_000
"""Short, so that a killed worker's successor need not wait long."""
CATCH_UP_S = 60.0
POLL_S = 0.05


def run(data: Path | None, kills: int) -> dict[str, Any]:
    """The whole demo; what it shows, as data. All that it started has ended when it returns or raises."""
    started = time.monotonic()
    with ExitStack() as stack:
        directory = data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="memberships-demo-")))
        config = _services(stack, directory)
        worker = _processes(stack, directory, config)
        items = [*_items(config), *(lines.Raw(*broken) for broken in generated.broken(generated.MONTH, PARTITIONS))]
        published = _publish(config, _killing(items, kills, worker), len(items))
        worker.check()
        if not progress.caught_up(config, CATCH_UP_S):
            hint = f"see {directory / 'views.log'}"
            raise check_failed("views_behind", f"the views did not catch up within {CATCH_UP_S:g} s", hint)
        books = audit.run(config) if kills else None
        return {
            "sample": "generated",
            "published": published,
            "written": totals.read(config).as_json(),
            "members": {member_id: _story(config, member_id) for member_id in generated.SHOWN},
            "asked": {asked: query.why(config, generated.SAVER, asked) for asked in generated.ASKED},
            "kills": kills,
            "worker_restarts": worker.restarts,
            "audit": books.model_dump(mode="json") if books else None,
            "seconds": round(time.monotonic() - started, 1),
        }


def _services(stack: ExitStack, directory: Path) -> Settings:
    talk.say("starting Valkey and Kafka")
    valkey = stack.enter_context(Valkey(directory / "valkey"))
    kafka = stack.enter_context(Kafka(directory / "kafka"))
    config = settings(
        bootstrap_servers=kafka.bootstrap_servers,
        redis_url=valkey.url,
        clock="external",
        data=directory / "worker",
        partitions=PARTITIONS,
        topic_prefix="",
        session_timeout_ms=SESSION_TIMEOUT_MS,
    )
    topics.apply(config)
    topics.demand(config)
    return config


def _processes(stack: ExitStack, directory: Path, config: Settings) -> Supervisor:
    """The worker and the feeder, each started again when it falls over."""
    talk.say("starting a worker and the views")
    environment = {**os.environ} | _as_environment(config)  # noqa: TID251 - what our own children are started with
    worker, views = (
        stack.enter_context(
            Supervisor([sys.executable, "-m", "cli", command], log=directory / f"{command}.log", env=environment)
        )
        for command in ("worker", "views")
    )
    del views
    return worker


def _as_environment(config: Settings) -> dict[str, str]:
    given = config.model_dump(include=config.model_fields_set, mode="json", exclude_none=True)
    return {f"MEMBERSHIPS_{name.upper()}": str(value) for name, value in given.items()}


def _items(config: Settings) -> Iterator[lines.Item]:
    """The sample, read the way `publish` reads a file."""
    known = input_topics(config)
    for number, line in enumerate(generated.month(), 1):
        yield lines.parse(orjson.dumps(line), number, known)


def _publish(config: Settings, items: Iterable[lines.Item], total: int) -> dict[str, Any]:
    with connected(config) as wire, talk.progress("publishing March 2026", total) as advance:
        publisher = Publisher(wire, advance=advance)
        publisher.publish(items)
    return publisher.summary()


def _killing(items: list[lines.Item], kills: int, worker: Supervisor) -> Iterator[lines.Item]:
    """Passes the items on; at `kills` places evenly spread over them the worker is killed without warning."""
    places = {len(items) * number // (kills + 1) for number in range(1, kills + 1)}
    for number, item in enumerate(items):
        if number in places:
            os.kill(_living(worker), signal.SIGKILL)
        yield item


def _living(worker: Supervisor) -> int:
    """The worker's process, waited for if it is just being started again."""
    while (pid := worker.pid) is None:
        worker.check()
        time.sleep(POLL_S)
    return pid


def _story(config: Settings, member_id: str) -> dict[str, Any]:
    return {"document": query.member(config, member_id), "timeline": query.why(config, member_id)}
