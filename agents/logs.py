"""How every process that runs until it is stopped logs."""

import logging
import sys

import structlog

from models.outputs.dead_letters import traceback_of


def _traceback(exc_info: structlog.typing.ExcInfo) -> str:
    return traceback_of(exc_info[1])


def configure_logs() -> None:
    """One JSON line per event on stderr, from our code and from Faust's alike."""
    shared: list[structlog.types.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(_traceback),
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
