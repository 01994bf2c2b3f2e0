"""What a rule sees and may do: read and change working copies, tell, book, ask, schedule; and what it answers.

A `Case` is one cause on a desk: the event, a held event that settles, or a deadline.
"""

from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

from msgspec import Struct, field

from models.calendar import Calendar
from models.desk import Desk, Record, S
from models.events import EVENT_MODELS, Event
from models.follow import DEPTH, FollowUp
from models.outputs.base import SOURCE, Cause, Fact, addressed
from models.outputs.decisions import Outcome
from models.outputs.ledger import LedgerEntry
from models.outputs.notifications import CLASS_OF, Kind, Notification
from models.outputs.requests import Request
from models.payload import Payload
from models.policies import Policies
from models.state import FLAGS, Due, Flag, Member
from models.values import Program, permanent_id


class Ruling(Struct, frozen=True):
    """A rule's answer (GEN-5): outcome, plain words, clause, and a code where it is not simply yes."""

    outcome: Outcome
    says: str
    clause: str | None = None
    reason: str | None = None


def applied(says: str, clause: str, reason: str | None = None) -> Ruling:
    """The event has its effect; `reason` says why that is nothing, where it is."""
    return Ruling("applied", says, clause, reason)


def refused(reason: str, says: str, clause: str) -> Ruling:
    """The terms do not allow it."""
    return Ruling("refused", says, clause, reason)


def superseded(reason: str, says: str, clause: str) -> Ruling:
    """What is known already has answered it (GEN-2)."""
    return Ruling("superseded", says, clause, reason)


def duplicate(reason: str, says: str, clause: str) -> Ruling:
    """The same fact once more."""
    return Ruling("duplicate", says, clause, reason)


NOT_SUPPORTED_YET: Final = "not_supported_yet"
TOO_MANY_HELD: Final = "too_many_held"
AHEAD_OF_NOW: Final = "ahead_of_now"
NOT_SPENT: Final = frozenset({NOT_SUPPORTED_YET, TOO_MANY_HELD, AHEAD_OF_NOW})
"""Reasons that speak of our limits, not of the event: its id is not remembered, so that it can be sent again."""


def not_supported_yet(what: str, clause: str | None = None) -> Ruling:
    """This release does not decide it. Its id is not remembered, so that a later release accepts it sent again."""
    return Ruling("refused", f"{what} is not supported yet: nothing was changed.", clause, NOT_SUPPORTED_YET)


def retold(known: bytes, data: Payload, what: str) -> Ruling:
    """GEN-1 for business ids: another event told `what` before; equal content is a duplicate, else a conflict."""
    if known == digest(data):
        return duplicate("already_known", f"{what} was told before by another event, with the same content.", "GEN-1")
    says = f"{what} was told before by another event, with other content: the first one stands."
    return Ruling("conflict", says, "GEN-1", "other_content")


def digest(data: Payload) -> bytes:
    """8 bytes that are equal for equal data."""
    return blake2b(data.content, digest_size=8).digest()


class Case(Struct):
    """One cause being decided."""

    desk: Desk
    cause: Cause
    at: datetime
    """The cause's business time."""
    event: Event[Any] | None = None
    record: Record | None = None
    """Both None where the cause is a deadline, or an earlier event that counts only now."""
    is_deadline: bool = False
    """Whether the cause is a deadline, which acts at `at` however late it comes up."""
    held_since: datetime | None = None
    ledger: list[str] = field(default_factory=list)
    """Ids of the entries booked."""
    notices: list[str] = field(default_factory=list)
    """Ids of the notifications sent."""
    requests: list[str] = field(default_factory=list)
    """Ids of the requests made."""
    standing: list[str] = field(default_factory=list)
    """Those of them that a later notice can replace: all but retractions."""

    @property
    def member(self) -> Member:
        """The working copy of the hot value."""
        return self.desk.member

    @property
    def policies(self) -> Policies:
        """The policy settings in force."""
        return self.desk.policies

    @property
    def calendar(self) -> Calendar:
        """The programme's calendar."""
        return self.desk.policies.calendar

    @property
    def acted_at(self) -> datetime:
        """When what is done now is done: not before now, whatever the date of its cause."""
        return max(self.at, self.desk.moment.now or self.at)

    def find(self, kind: type[S], entry_id: str) -> S | None:
        """The working copy of an entry, if there is one."""
        return self.desk.find(kind, entry_id)

    def get(self, kind: type[S], entry_id: str) -> S:
        """The working copy of an entry that must be there; KeyError says that the state is broken."""
        found = self.desk.find(kind, entry_id)
        if found is None:
            raise KeyError(f"{kind.__name__} {entry_id} is missing from the state")
        return found

    def take(self, kind: type[S], entry_id: str) -> S:
        """Like `get`, and the entry is deleted: its value moves into the hot value."""
        found = self.get(kind, entry_id)
        self.desk.drop(kind, entry_id)
        return found

    def put(self, entry_id: str, value: Struct) -> None:
        """Keep an entry."""
        self.desk.put(entry_id, value)

    def arrived(self, kind: str, entry_id: str) -> None:
        """Say that something is known now: events held for it settle in the same decision (GEN-2)."""
        self.desk.arrivals.append((kind, entry_id))

    def follow(self, what: FollowUp) -> str:
        """Let the other programmes know, at once. Returns what they have to say to it, as sentences behind a space."""
        desk = self.desk
        if desk.depth >= DEPTH:
            raise RecursionError(f"{what} follows from what follows from it")
        desk.depth += 1
        said = [handler(self, what) for handler in desk.followers.get(type(what), ())]
        desk.depth -= 1
        return "".join([f" {words}" for words in said if words])

    def schedule(self, at: datetime, what: str, ref: str) -> None:
        """GEN-4 Set a deadline, in place of an earlier one for the same thing."""
        self.member.schedule(Due(at, what, ref))

    def unschedule(self, what: str, ref: str) -> None:
        """Drop a deadline."""
        self.member.unschedule(what, ref)

    def flag(self, code: str, about: str, clause: str, says: str) -> str:
        """GEN-6 Show it to support, with the code and the words of the answer. Returns the words for that.

        Dated when it is raised: what is told late would be among those that have long been looked at.
        """
        others = [flag for flag in self.member.flags if (flag.code, flag.about) != (code, about)]
        self.member.flags = [*others, Flag(self.acted_at, code, about, clause, says)][-FLAGS:]
        return f"{says}: support has to look at it ({clause})."

    def unflag(self, code: str, about: str) -> None:
        """What was wrong is mended."""
        self.member.flags = [flag for flag in self.member.flags if (flag.code, flag.about) != (code, about)]

    def book(self, entry: LedgerEntry) -> None:
        """Append a ledger entry, chained to the member's last."""
        desk, entry_id = self.desk, entry.entry_id
        desk.member.ledger_head = entry.hash
        desk.out.ledger.append(addressed(entry, entry_id, desk.member_id, desk.moment.now))
        self.ledger.append(entry_id)

    def notify(
        self,
        program: Program,
        kind: Kind,
        about: str,
        clause: str,
        params: dict[str, Fact],
        *,
        not_after: datetime | None = None,
        replaces: Sequence[str] = (),
        cause: Cause | None = None,
        named_after: Cause | None = None,
    ) -> str:
        """Tell the member; returns the notice's id: f(cause, kind, about) (NTF-1).

        not_after: the instant from which on it is of no use to the member, or not lawful, any more (NTF-2).
        `cause` is this case's, unless the notice belongs to an earlier event whichever event completes it. `named_after`
        takes its place in the id of what is told once, whichever of several events brings it about.
        """
        desk, cause = self.desk, cause or self.cause
        notice_id = self.notice_id(named_after or cause, kind, about)
        notice = Notification(
            kind=kind,
            program=program,
            legal_class=CLASS_OF[kind],
            not_before=self.at,
            not_after=not_after,
            replaces=tuple(replaces),
            clause=clause,
            cause=cause,
            ledger=tuple(self.ledger),
            params=params,
        )
        desk.out.notifications.append(addressed(notice, notice_id, desk.member_id, desk.moment.now))
        self.notices.append(notice_id)
        self.standing.append(notice_id)
        return notice_id

    def retract(self, program: Program, notice_id: str, why: str, clause: str) -> None:
        """NTF-3 Withdraw a notice whose reason is gone."""
        said = self.notify(program, "retracted", notice_id, clause, {"retracts": notice_id, "why": why})
        self.standing.remove(said)

    def request(
        self, kind: type[Request], about: str, clause: str, facts: dict[str, Any], *, cause: Cause | None = None
    ) -> None:
        """Ask payment, commerce or finance for something; final once emitted (GEN-6). Ids as in `notify`."""
        desk, cause = self.desk, cause or self.cause
        request_id = permanent_id(kind.TYPE, desk.member_id, cause.source, cause.id, about)
        request = kind(clause=clause, cause=cause, **facts)
        desk.out.requests.append(addressed(request, request_id, desk.member_id, desk.moment.now))
        self.requests.append(request_id)

    def send(self, to: str, data: Payload, about: str, *, at: datetime, cause: Cause) -> None:
        """Tell another key, by an event that is decided there like any other, once. `cause` names it, as in `notify`.

        at: its business time. It must follow from the cause alone, like the data.
        """
        event_id = permanent_id(data.TYPE, self.desk.member_id, cause.source, cause.id, about)
        sent = EVENT_MODELS[data.TYPE](
            specversion="1.0", id=event_id, source=SOURCE, type=data.TYPE, subject=to, time=at, data=data
        )
        self.desk.out.transfers.append(sent)

    def notice_id(self, cause: Cause, kind: Kind, about: str) -> str:
        """NTF-1 The permanent id of a notice to this member: f(member, cause, kind, about).

        The member is part of it because one event can concern everybody (subject `*`).
        """
        return permanent_id("notification", self.desk.member_id, cause.source, cause.id, kind, about)
