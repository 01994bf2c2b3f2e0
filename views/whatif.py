"""What would happen to a member if these records came now, in the words of ``member`` and ``why``. Nothing happens."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypedDict

from structlog.testing import capture_logs

from models.calendar import rfc3339
from models.catalogue import TRANSFER, Catalogue
from models.policies import Policies
from models.state import Due
from views.timeline import Came, Explanation, Line, explanations
from views.trial import DEAD_LETTERS, Live, Supposed, Trace, Trial

DONE: Final = ("points-ledger", "notifications", "requests")
BALANCE: Final = ("available", "reserved", "debt")


class Change(TypedDict):
    """Something before and after; None: it is not there."""

    before: Any
    after: Any


class Moved(TypedDict):
    """A deadline that is another one after: before and after are RFC 3339. None before: it is new; None after: it came,
    or was called off."""

    what: str
    which: str
    before: str | None
    after: str | None


class Step(TypedDict):
    """What one record would do."""

    event: dict[str, Any] | None
    """The event's names, and where it would lie; None for a tick."""
    now: str | None
    """The partition's now, with it."""
    due: list[Came]
    """The deadlines that a tick makes due."""
    told: list[Explanation]
    """Decisions and deadlines with what they book, tell and ask for, as `why` has them."""
    sent_on: list[Line]
    """What it means for other keys: `to`, and the `event`."""
    set_aside: list[Line]
    """Its dead letters: `reason`, and the `error` in a sentence or as a traceback."""


class Outcome(TypedDict):
    """The answer, ready for JSON."""

    member: str
    now: Change
    """The partition's."""
    statuses: dict[str, Change]
    """Of every programme."""
    balance: Change
    deadlines: list[Moved]
    steps: list[Step]
    document: Change
    """The member as `member` shows one."""


def whatif(
    live: Live, records: Iterable[Supposed], until: datetime | None, catalogue: Catalogue, policies: Policies
) -> Outcome:
    """Let the records come one by one, and then time pass until that instant, each deadline at its own time.

    A tick among the records moves time at once, as if no other had come meanwhile, whatever a wall clock says. A rule that
    fails does what it would do: the member is set aside. Raises `state.UNREADABLE` if the hot value, or the partition's
    own state, cannot be read or is of a newer release.
    """
    with capture_logs():  # what fails here has not happened
        trial = Trial(live, catalogue, policies)
        now, member, document = trial.now, trial.member, trial.document
        for record in records:
            trial.take(record)
        if until is not None:
            trial.pass_time(until.astimezone(UTC))
        then = trial.member
    return Outcome(
        member=live.member_id,
        now=Change(before=_written(now), after=_written(trial.now)),
        statuses=_statuses(document, trial.document),
        balance=Change(before=_balance(document), after=_balance(trial.document)),
        deadlines=_moved(member.due if member else (), then.due if then else ()),
        steps=_steps(trial.traces),
        document=Change(before=document, after=trial.document),
    )


def _steps(traces: Sequence[Trace]) -> list[Step]:
    """The traces with their explanations: joined over all of them, as a notice may withdraw one of an earlier step."""

    def every(role: str) -> list[Line]:
        return [found for trace in traces for found in trace.emitted[role]]

    step_of: dict[Any, int] = {}
    """Of a decision's number, and of the id of whatever was done."""
    for number, trace in enumerate(traces):
        step_of |= {decision["seq"]: number for decision in trace.emitted["decisions"]}
        step_of |= {done["id"]: number for role in DONE for done in trace.emitted[role]}
    told: dict[int, list[Explanation]] = defaultdict(list)
    for one in explanations(every("decisions"), *map(every, DONE)):
        did = [*one["ledger"], *one["notifications"], *one["requests"]]
        told[step_of[did[0]["id"] if one["seq"] is None else one["seq"]]].append(one)
    return [_step(trace, told[number]) for number, trace in enumerate(traces)]


def _step(trace: Trace, told: list[Explanation]) -> Step:
    return Step(
        event=None if trace.tick else trace.emitted["decisions"][0]["event"],
        now=_written(trace.now),
        due=[Came(what=due.what, which=due.ref, due=rfc3339(due.at)) for due in trace.due],
        told=told,
        sent_on=trace.emitted[TRANSFER.role],
        set_aside=trace.emitted[DEAD_LETTERS],
    )


def _written(instant: datetime | None) -> str | None:
    return rfc3339(instant) if instant else None


def _statuses(before: dict[str, Any] | None, after: dict[str, Any] | None) -> dict[str, Change]:
    were, are = (document["memberships"] if document else {} for document in (before, after))
    return {
        program: Change(before=were.get(program, {}).get("status"), after=are.get(program, {}).get("status"))
        for program in {**were, **are}
    }


def _balance(document: dict[str, Any] | None) -> dict[str, int] | None:
    points = document and document["points"]
    return {name: points[name] for name in BALANCE} if points else None


def _moved(before: Iterable[Due], after: Iterable[Due]) -> list[Moved]:
    """The deadlines that differ, in the order of their time."""
    were, are = ({(due.what, due.ref): rfc3339(due.at) for due in dues} for dues in (before, after))
    moved = [
        Moved(what=what, which=which, before=were.get((what, which)), after=are.get((what, which)))
        for what, which in {**were, **are}
    ]
    return sorted(
        (one for one in moved if one["before"] != one["after"]), key=lambda one: one["after"] or one["before"] or ""
    )
