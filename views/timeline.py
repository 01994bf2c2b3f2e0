"""Joins a member's decisions, ledger entries, notifications and requests into explanations (GEN-5)."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple, TypeAlias, TypedDict

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
    requests: list[Line]
    """What payment, commerce or finance was asked for; each with ``request``, its type without version."""
    rules_version: str | None


def line(kind: str, output: Mapping[str, Any]) -> Line:
    """An output as a line: its body under its id, without the rest of the envelope.

    Requests are of several types, so these keep theirs: `charge.requested` and so on.
    """
    request = {"request": output["type"].removesuffix(".v1")} if kind == "requests" else {}
    return {"id": output["id"], "time": output.get("time"), **request, **output["data"]}


def explanations(
    decisions: Iterable[Line], ledger: Iterable[Line], notifications: Iterable[Line], requests: Iterable[Line]
) -> list[Explanation]:
    """All that happened, oldest first. Each argument is in the order of its topic.

    What no decision names was caused by a deadline (ticks get no decision), or its decision is older than what is kept:
    such lines are joined by their cause. At one instant deadlines come before decisions, as the tick that brings a new
    now works off what is due first.
    """
    decisions = list(decisions)
    did = Done(_by_id(ledger), _standing(notifications), _by_id(requests))
    named = [_named(line) for line in decisions]
    decided = [_of_decision(line, did.only(names)) for line, names in zip(decisions, named, strict=True)]
    return sorted([*_of_causes(did.without(chain.from_iterable(named))), *decided], key=_order)


class Done(NamedTuple):
    """What was done: entries booked, notices told, requests made; each by its id, in the order of its topic."""

    booked: dict[str, Line]
    told: dict[str, Line]
    asked: dict[str, Line]

    def only(self, names: Sequence[str]) -> "Done":
        """What is named. A name whose line is missing is older than what is kept, or its topic is not fed that far yet."""
        return Done(*({name: lines[name] for name in names if name in lines} for lines in self))

    def without(self, names: Iterable[str]) -> "Done":
        """What is not named."""
        gone = set(names)
        return Done(*({name: line for name, line in lines.items() if name not in gone} for lines in self))

    @property
    def first(self) -> Line:
        """Any of it, the entries before the notices before the requests."""
        return next(line for lines in self for line in lines.values())

    @property
    def balance_after(self) -> dict[str, int] | None:
        """The points balance after the last entry."""
        entries = list(self.booked.values())
        return entries[-1]["balance_after"] if entries else None


def _order(one: Explanation) -> tuple[str, int, str]:
    return (
        one["time"] or "",
        -1 if one["seq"] is None else one["seq"],
        one["deadline"]["due"] if one["deadline"] else "",
    )


def _named(decision: Line) -> list[str]:
    # A decision of an earlier release names no requests.
    return [*decision["ledger"], *decision["notifications"], *decision.get("requests", ())]


def _of_decision(line: Line, did: Done) -> Explanation:
    event = line["event"]
    happened = [entry["at"] for entry in did.booked.values()] + [one["not_before"] for one in did.told.values()]
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
        ledger=list(did.booked.values()),
        balance_after=did.balance_after,
        notifications=list(did.told.values()),
        requests=list(did.asked.values()),
        rules_version=line.get("rules_version"),
    )


def _of_causes(did: Done) -> list[Explanation]:
    """What no decision names, by its cause, in the order in which it acted."""
    found: dict[tuple[Any, ...], Done] = {}
    for place, lines in enumerate(did):
        for id_, line in lines.items():
            cause = (line["time"], line["cause"]["source"], line["cause"]["id"])
            found.setdefault(cause, Done({}, {}, {}))[place][id_] = line
    return [_of_cause(one) for one in found.values()]


def _of_cause(did: Done) -> Explanation:
    first = did.first
    booked, told, asked = (list(lines.values()) for lines in did)
    came = deadlines.deadline(first["cause"])
    if came:
        outcome, says = "due", deadlines.says(came, booked, told, asked)
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
        balance_after=did.balance_after,
        notifications=told,
        requests=asked,
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


def _by_id(lines: Iterable[Line]) -> dict[str, Line]:
    return {line["id"]: _plain(line) for line in lines}


def _name(notice: Line) -> Line:
    return {name: notice[name] for name in ("id", "notification", "time")}


def _plain(line: Line) -> Line:
    """Without the feed's own two fields."""
    return {name: value for name, value in line.items() if name not in ("generation", "revision")}
