"""Running a worker: topics checked, logs in JSON, metrics served, then Faust's own worker until it is stopped."""

import faust

from agents import topics
from agents.app import Worker
from agents.logs import configure_logs
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
