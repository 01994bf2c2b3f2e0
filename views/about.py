"""What somebody asks about, and which explanations answer: support has an event, an order, a day, or an id off a notice."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from itertools import chain
from typing import Any, Final
from zoneinfo import ZoneInfo

from views.ids import SHORT
from views.timeline import Explanation

THINGS: Final = "order|return|reservation|dispute|adjustment|application|invoice|purchase|repair|loan|lot"
"""What sentences name by an id, as in `Return r-1 of order o-1`."""


def is_about(one: Explanation, asked: str, zone: ZoneInfo) -> bool:
    """Whether an explanation is about one of these:

    an event (`id`, or `source|id`) with all that it became; a deadline by its name (`points.expire`) or its cause; a ledger
    entry, a lot or a notification by its id, or so much of the start as has 8 characters; an order, a return, a
    reservation or whatever else a sentence names; a day (`2026-03-31`) of the programme zone.
    """
    if day := _day(asked):
        return asked in _names(one) or day in {instant.astimezone(zone).date() for instant in _instants(one)}
    if asked in _names(one) or any(id_.startswith(asked) for id_ in _ids(one) if len(asked) >= SHORT):
        return True
    return re.search(rf"\b(?:{THINGS})[ |]{re.escape(asked)}(?![\w-])", one["says"], re.IGNORECASE) is not None


def _names(one: Explanation) -> set[Any]:
    """Everything that an explanation is called by."""
    source, id_ = one["cause"]["source"], one["cause"]["id"]
    found = {id_, f"{source}|{id_}"}
    if came := one["deadline"]:
        found |= {source, came["what"], came["which"]}
    for entry in one["ledger"]:
        found |= {entry.get(name) for name in ("lot_id", "order_id")}
    for notice in one["notifications"]:
        found |= {fact for name, fact in notice.get("params", {}).items() if name.endswith("_id")}
    for request in one["requests"]:
        found |= {request.get(name) for name in ("invoice_id", "attempt_id", "refund_id", "loan_id")}
        found |= set(request.get("attempt_ids", ()))
    for told in chain(one["notifications"], one["requests"]):
        found.add(told["cause"]["id"])  # of what another key told of, the event that it had been told by
    return found - {None, ""}


def _ids(one: Explanation) -> Iterator[str]:
    """Ids of our own making, which are long."""
    for line in chain(one["ledger"], one["notifications"], one["requests"]):
        yield line["id"]
        if lot := line.get("lot_id"):
            yield lot


def _instants(one: Explanation) -> Iterator[datetime]:
    """When it was handled, and the business time of what it booked."""
    due = one["deadline"]["due"] if one["deadline"] else None
    for text in (one["time"], due, *(entry.get("at") for entry in one["ledger"])):
        if text:
            yield datetime.fromisoformat(text)


def _day(asked: str) -> date | None:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", asked):
        return None
    try:
        return date.fromisoformat(asked)
    except ValueError:
        return None
