"""`up` and `down`: Kafka and a Redis-compatible server of this machine, in the background."""

from pathlib import Path
from typing import Annotated

import typer

from cli import talk
from cli.options import AsJson, DataDir, examples, settings

Port = Annotated[
    int | None, typer.Option(min=1, max=65_535, help="Port to listen on; else a free one, kept for later.")
]


def register(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command(epilog=examples("memberships up", "memberships up --data ~/demo --kafka-port 9092 --redis-port 6379"))(
        up
    )
    app.command(epilog=examples("memberships down", "memberships down --data ~/demo"))(down)


def up(data: DataDir = None, kafka_port: Port = None, redis_port: Port = None, as_json: AsJson = False) -> None:
    """Start Kafka and a Redis-compatible server in the background.

    They run on this machine until `memberships down`. Prints one JSON line with their addresses.
    """
    del as_json  # the answer is one JSON line in any case, for scripts
    from local.services import up as start

    directory = _directory(data)
    talk.say(f"starting Kafka and Valkey on {directory}")
    addresses = start(directory, kafka_port, redis_port)
    config = settings()
    if (config.bootstrap_servers, config.redis_url) != (addresses.bootstrap_servers, addresses.redis_url):
        talk.say(
            "the other commands look elsewhere until told: export "
            f"MEMBERSHIPS_BOOTSTRAP_SERVERS={addresses.bootstrap_servers} MEMBERSHIPS_REDIS_URL={addresses.redis_url}"
        )
    talk.print_json(
        {
            "bootstrap_servers": addresses.bootstrap_servers,
            "redis_url": addresses.redis_url,
            "data": str(directory),
        }
    )


def down(data: DataDir = None, as_json: AsJson = False) -> None:
    """Stop what `up` started on this data directory. The data stays."""
    from local.services import down as stop

    directory = _directory(data)
    stopped = stop(directory)
    talk.answer(
        {"data": str(directory), "stopped": list(stopped)},
        as_json,
        lambda: f"stopped {' and '.join(stopped) or 'nothing: nothing ran'}; the data stays in {directory}",
    )


def _directory(data: Path | None) -> Path:
    return settings(data=data).data.expanduser().absolute()
