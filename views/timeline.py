"""Joins a member's decisions, ledger entries and notifications into explanations (GEN-5)."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, TypeAlias, TypedDict

from views import deadlines

Line: TypeAlias = dict[str, Any]
"""A stored output: its body, with the envelope's ``id`` and ``time``."""


class Came(TypedDict):
    """A deadline: its name, what of, and when it was due (RFC 3339)."""

    what: str
    which: str
    due: str


class Explanation(TypedDict):
    """One thing that happened: an event was decided, a held one settled, or a deadline came. Ready for JSON."""

    time: str | None
    """The partition's now when it was decided (RFC 3339); None before its first tick."""
    cause: dict[str, str | None]
    """``source`` and ``id`` of the event, or the name of the deadline."""
    event: dict[str, Any] | None
    """Source, id, type and coordinates of the record; None for a deadline, and where the decision is not kept here."""
    at: str | None
    """When the event happened by its own word, as what followed from it says; None where nothing did, and for a deadline."""
    deadline: Came | None
    """The deadline whose date came; it acts with that date, however late it was handled."""
    seq: int | None
    """Place in the partition's order; None where there is no decision."""
    outcome: str
    """As the decision says; ``due`` for a deadline, ``applied`` for what followed from a decision not kept here."""
    reason: str | None
    clause: str | None
    says: str
    """The arithmetic or the refusal in plain words."""
    ledger: list[Line]
    """The entries it booked, in order, each with its ``balance_after``."""
    balance_after: dict[str, int] | None
    """The points balance after the last of them; None if it booked nothing."""
    notifications: list[Line]
    """What the member was told; each with ``earlier`` (the notices it replaces or withdraws) and ``ended_by`` (the one
    that replaced or withdrew it since; None: it stands)."""
    rules_version: str | None


def explanations(decisions: Sequence[Line], ledger: Sequence[Line], notifications: Sequence[Line]) -> list[Explanation]:
    """All that happened, oldest first. Each argument is in the order of its topic.

    What no decision names was caused by a deadline (ticks get no decision), or its decision is older than what is kept:
    such lines are joined by their cause. At one instant deadlines come before decisions, as the tick that brings a new
    now works off what is due first.
    """
    entries = {line["id"]: _plain(line) for line in ledger}
    notices = _standing(notifications)
    decided = [_of_decision(line, entries, notices) for line in decisions]
    named = {id_ for line in decisions for id_ in chain(line["ledger"], line["notifications"])}
    others = _of_causes(
        [line for id_, line in entries.items() if id_ not in named],
        [line for id_, line in notices.items() if id_ not in named],
    )
    return sorted([*others, *decided], key=_order)


def _order(one: Explanation) -> tuple[str, int, str]:
    return (
        one["time"] or "",
        -1 if one["seq"] is None else one["seq"],
        one["deadline"]["due"] if one["deadline"] else "",
    )


def _of_decision(line: Line, entries: Mapping[str, Line], notices: Mapping[str, Line]) -> Explanation:
    # An id whose line is missing is older than what is kept, or its topic is not fed that far yet.
    booked = [entries[id_] for id_ in line["ledger"] if id_ in entries]
    told = [notices[id_] for id_ in line["notifications"] if id_ in notices]
    event = line["event"]
    happened = [entry["at"] for entry in booked] + [notice["not_before"] for notice in told]
    return Explanation(
        time=line["time"],
        cause={"source": event["source"], "id": event["id"]},
        event=event,
        at=happened[0] if happened else None,
        deadline=None,
        seq=line["seq"],
        outcome=line["outcome"],
        reason=line.get("reason"),
        clause=line.get("clause"),
        says=line["says"],
        ledger=booked,
        balance_after=booked[-1]["balance_after"] if booked else None,
        notifications=told,
        rules_version=line.get("rules_version"),
    )


def _of_causes(ledger: Iterable[Line], notifications: Iterable[Line]) -> list[Explanation]:
    """Lines that no decision names, by their cause, in the order in which it acted."""
    found: dict[tuple[Any, ...], tuple[list[Line], list[Line]]] = {}
    for place, lines in enumerate((ledger, notifications)):
        for line in lines:
            cause = (line["time"], line["cause"]["source"], line["cause"]["id"])
            found.setdefault(cause, ([], []))[place].append(line)
    return [_of_cause(booked, told) for booked, told in found.values()]


def _of_cause(booked: list[Line], told: list[Line]) -> Explanation:
    first = (booked or told)[0]
    came = deadlines.deadline(first["cause"])
    if came:
        outcome, says = "due", deadlines.says(came, booked, told)
    else:
        outcome = "applied"
        says = f"What followed from {first['cause']['id']}; the decision itself is not kept here."
    return Explanation(
        time=first["time"],
        cause=first["cause"],
        event=None,
        at=None,
        deadline=Came(what=came.what, which=came.which, due=came.due) if came else None,
        seq=None,
        outcome=outcome,
        reason=None,
        clause=first["clause"],
        says=says,
        ledger=booked,
        balance_after=booked[-1]["balance_after"] if booked else None,
        notifications=told,
        rules_version=None,
    )


def _standing(notifications: Iterable[Line]) -> dict[str, Line]:
    """The notices by id, each with those it ended and the one that ended it."""
    found = {line["id"]: _plain(line) | {"earlier": [], "ended_by": None} for line in notifications}
    for notice in found.values():
        ended = [*notice.get("replaces", ()), *filter(None, [notice.get("params", {}).get("retracts")])]
        for id_ in ended:
            earlier = found.get(id_)
            notice["earlier"].append(_name(earlier) if earlier else {"id": id_, "notification": None, "time": None})
            if earlier and earlier["ended_by"] is None:
                earlier["ended_by"] = _name(notice)
    return found


def _name(notice: Line) -> Line:
    return {name: notice[name] for name in ("id", "notification", "time")}


def _plain(line: Line) -> Line:
    """Without the feed's own two fields."""
    return {name: value for name, value in line.items() if name not in ("generation", "revision")}
