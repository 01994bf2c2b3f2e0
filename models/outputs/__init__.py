"""Everything this service writes, as types: notifications, decisions, ledger entries, requests, dead letters."""

from models.outputs.base import HEADERS, SOURCE, Body, Cause, Output, addressed, encode, read
from models.outputs.dead_letters import dead_letter_headers, traceback_of
from models.outputs.decisions import Decided, EventRef, Outcome, decision_id
from models.outputs.ledger import Balance, LedgerEntry, verify
from models.outputs.notifications import Kind, NoticeClass, Notification
from models.outputs.requests import (
    REQUESTS,
    ChargeRequested,
    InvoiceCancelled,
    InvoiceIssued,
    RefundItem,
    RefundRequested,
    Request,
)

__all__ = [
    "HEADERS",
    "REQUESTS",
    "SOURCE",
    "Balance",
    "Body",
    "Cause",
    "ChargeRequested",
    "Decided",
    "EventRef",
    "InvoiceCancelled",
    "InvoiceIssued",
    "Kind",
    "LedgerEntry",
    "NoticeClass",
    "Notification",
    "Outcome",
    "Output",
    "RefundItem",
    "RefundRequested",
    "Request",
    "addressed",
    "dead_letter_headers",
    "decision_id",
    "encode",
    "read",
    "traceback_of",
    "verify",
]
