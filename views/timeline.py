"""Joins a member's decisions, ledger entries and notifications into explanations (GEN-5)."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, Final, TypeAlias, TypedDict

Line: TypeAlias = dict[str, Any]
"""A stored output: its body, with the envelope's ``id`` and ``time``."""


DEADLINES: Final = "/memberships/deadlines/"
"""What the source of a deadline's cause starts with; the cause's id is ``which@due``."""


class Explanation(TypedDict):
    """One thing that happened: an event was decided, a held one settled, or a deadline came. Ready for JSON."""

    time: str | None
    """The partition's now when it was decided (RFC 3339); None before its first tick."""
    cause: dict[str, str | None]
    """``source`` and ``id`` of the event, or the name of the deadline."""
    event: dict[str, Any] | None
    """Source, id, type and coordinates of the record; None for a deadline, and where the decision is not kept here."""
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
    """What the member was told."""
    rules_version: str | None


def explanations(decisions: Sequence[Line], ledger: Sequence[Line], notifications: Sequence[Line]) -> list[Explanation]:
    """All that happened, oldest first. Each argument is in the order of its topic.

    What no decision names was caused by a deadline (ticks get no decision), or its decision is older than what is kept:
    such lines are joined by their cause. At one instant deadlines come before decisions, as the tick that brings a new
    now works off what is due first.
    """
    entries = {line["id"]: line for line in ledger}
    notices = {line["id"]: line for line in notifications}
    decided = [_of_decision(line, entries, notices) for line in decisions]
    named = {id_ for line in decisions for id_ in chain(line["ledger"], line["notifications"])}
    due = _of_causes(
        [line for line in ledger if line["id"] not in named],
        [line for line in notifications if line["id"] not in named],
    )
    return sorted([*due, *decided], key=lambda one: (one["time"] or "", -1 if one["seq"] is None else one["seq"]))


def _of_decision(line: Line, entries: dict[str, Line], notices: dict[str, Line]) -> Explanation:
    # An id whose line is missing is older than what is kept, or its topic is not fed that far yet.
    booked = [_plain(entries[id_]) for id_ in line["ledger"] if id_ in entries]
    event = line["event"]
    return Explanation(
        time=line["time"],
        cause={"source": event["source"], "id": event["id"]},
        event=event,
        seq=line["seq"],
        outcome=line["outcome"],
        reason=line.get("reason"),
        clause=line.get("clause"),
        says=line["says"],
        ledger=booked,
        balance_after=booked[-1]["balance_after"] if booked else None,
        notifications=[_plain(notices[id_]) for id_ in line["notifications"] if id_ in notices],
        rules_version=line.get("rules_version"),
    )


def _of_causes(ledger: Iterable[Line], notifications: Iterable[Line]) -> list[Explanation]:
    found: dict[tuple[Any, ...], Explanation] = {}
    for kind, line in chain((("ledger", one) for one in ledger), (("notifications", one) for one in notifications)):
        cause = line["cause"]
        one = found.setdefault((line["time"], cause["source"], cause["id"]), _of_cause(line))
        if kind == "ledger":
            one["ledger"].append(_plain(line))
            one["balance_after"] = line["balance_after"]
        else:
            one["notifications"].append(_plain(line))
    return list(found.values())


def _of_cause(line: Line) -> Explanation:
    source, name = line["cause"]["source"], line["cause"]["id"]
    if what := source.removeprefix(DEADLINES) if source.startswith(DEADLINES) else None:
        which, _, at = name.rpartition("@")
        outcome, says = "due", f"A date came ({what}{which and f' of {which}'}): {at}."
    else:
        outcome, says = "applied", f"What followed from {name}; the decision itself is not kept here."
    return Explanation(
        time=line["time"],
        cause=line["cause"],
        event=None,
        seq=None,
        outcome=outcome,
        reason=None,
        clause=line["clause"],
        says=says,
        ledger=[],
        balance_after=None,
        notifications=[],
        rules_version=None,
    )


def _plain(line: Line) -> Line:
    """Without the feed's own two fields."""
    return {name: value for name, value in line.items() if name not in ("generation", "revision")}
