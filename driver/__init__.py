"""Faust on librdkafka, exactly once: what a batch causes and the batch's offsets commit in one Kafka transaction.

Knows nothing of what it is used for. See README.md for the argument.
"""

from driver.app import App
from driver.config import Config, Limits
from driver.failstop import Exit, RefusedError
from driver.metrics import Metrics
from driver.records import Batch, Headers, Record
from driver.table import NotAssignedError, PartitionTable, Table

__all__ = [
    "App",
    "Batch",
    "Config",
    "Exit",
    "Headers",
    "Limits",
    "Metrics",
    "NotAssignedError",
    "PartitionTable",
    "Record",
    "RefusedError",
    "Table",
]
