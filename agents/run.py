"""Running a worker: topics checked, logs in JSON, metrics served, then Faust's own worker until it is stopped."""

import logging
import sys

import faust
import structlog

from agents import topics
from agents.app import Worker
from agents.metrics import serve
from agents.settings import Settings


def run_worker(settings: Settings) -> None:
    """Run a worker until SIGTERM or SIGINT. Crash-only: it ends at once on anything unexpected (driver/README.md).

    Raises ``topics.SetupError`` before anything is started when the topics are not as they must be.
    """
    topics.demand(settings)
    configure_logs()
    worker = Worker(settings)
    if settings.metrics_port is not None:
        serve(worker, settings.metrics_host, settings.metrics_port)
    process = faust.Worker(worker.app, loglevel="INFO", override_logging=False, quiet=True)
    process.spinner = None  # it writes escapes to stdout even where there is no terminal
    process.execute_from_commandline()


def configure_logs() -> None:
    """One JSON line per event on stderr, from our code and from Faust's alike."""
    shared: list[structlog.types.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for chatty in ("faust", "mode", "driver.transport", "driver.app"):  # services that start and stop
        logging.getLogger(chatty).setLevel(logging.WARNING)
