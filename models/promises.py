"""One notion for every deadline of every programme: who owes what to whom by when, and how that was worked out (REP-10).

A promise is read off the state that has the deadline; nothing is remembered of it besides. JSON-ready.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

from models.calendar import CountedDay, rfc3339
from models.outputs.base import Cause
from models.values import Program

Who: TypeAlias = Literal["sony", "member"]
State: TypeAlias = Literal["open", "stopped", "extended", "kept", "missed", "void"]
"""`stopped`: the clock stands still, nobody knows for how long. `extended`: there is no deadline any more (REP-7). `void`: nothing
is owed any more."""


def promise(
    what: str,
    *,
    of: Program | None,
    kind: str,
    ref: str,
    clause: str,
    state: State,
    due: datetime | None,
    by: Who = "sony",
    started_at: datetime | None = None,
    started_by: Cause | None = None,
    counts: str | None = None,
    days: Sequence[CountedDay] = (),
    calendar: str | None = None,
    options: Sequence[str] = (),
    remedy: str | None = None,
) -> dict[str, Any]:
    """A promise as it is shown.

    what: what is to happen, in words. of: None where nobody knows which programme it concerns (GEN-2). kind: the name of its
    deadline, such as `repair.turnaround`; with `ref`, what it is about, it names the promise. due: the first instant that is too
    late; None while there is no deadline. by: who owes it; the other one it is owed to. started_at, started_by: the event that set the clock going. counts: what is counted from
    there, in words (`3 business days`). days: the working of a business-day clock. calendar: its version. options: what can
    still be done, and by whom. remedy: what follows if it is missed.
    """
    return {
        "what": what,
        "due": due and rfc3339(due),
        "clause": clause,
        "state": state,
        "kind": kind,
        "ref": ref,
        "program": of,
        "by": by,
        "to": "member" if by == "sony" else "sony",
        "started_at": started_at and rfc3339(started_at),
        "started_by": started_by and {"source": started_by.source, "id": started_by.id},
        "counts": counts,
        "days": [{"day": day.isoformat(), "skipped": skipped} for day, skipped in days],
        "calendar": calendar,
        "options": list(options),
        "remedy": remedy,
    }


def days_from(start: datetime, due: datetime) -> str:
    """What is counted in calendar days, in words: the nearest number, as a day of daylight saving is longer or shorter."""
    return f"{round((due - start) / timedelta(days=1))} days"


def soonest_first(one: dict[str, Any]) -> tuple[bool, str, str, str]:
    """The order of promises: by their instants; those without a deadline last."""
    due = one["due"]
    return due is None, (due or "").removesuffix("Z"), one["kind"], one["ref"]
