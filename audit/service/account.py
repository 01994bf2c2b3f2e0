"""A second account of repairs, cleanings, loans and their promises, kept the naive way: facts in lists, worked out anew.

Written from the terms (REP, CLN, LOAN, PRO-9 to PRO-11) and from the decision on promises (docs/adr/0008-promises.md), to
be compared with the rules in ``models/repairs``, ``models/cleaning``, ``models/loans``, ``models/products`` and
``models/pro``. It shares the reader of events, the settings' values and the making of long names with them, and nothing else.
Nothing is remembered of a thing but facts, and what deadlines have decided, as that stands whatever is told afterwards
(GEN-4, GEN-6).

It knows nothing of fees: whether PRO is active, which year a visit counts in, and whose fee goes back it asks whoever keeps
that account (``facts.Pro``). Like that one it has to be told every tick that something was due at (``next_due``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from audit.service import loans, repairs, visits
from audit.service.days import end_of_day_after
from audit.service.facts import Facts, Pro
from audit.service.majeure import Majeure
from models.policies import STANDARD, Policies

Handler = Callable[[Facts, Pro, Any], None]

HANDLERS: Final[Mapping[str, Handler]] = MappingProxyType(
    {
        "product.registered.v1": visits.register,
        "repair.requested.v1": repairs.request,
        "repair.received.v1": repairs.tell,
        "repair.diagnosed.v1": repairs.tell,
        "repair.warranty_validated.v1": repairs.tell,
        "repair.parts_unavailable.v1": repairs.tell,
        "repair.parts_available.v1": repairs.tell,
        "repair.estimate_issued.v1": repairs.tell,
        "repair.estimate_answered.v1": repairs.tell,
        "repair.payment_accepted.v1": repairs.tell,
        "repair.completed.v1": repairs.tell,
        "repair.handed_to_carrier.v1": repairs.tell,
        "repair.delivered.v1": loans.delivered,
        "loaner.requested.v1": repairs.tell,
        "loaner.unavailable.v1": repairs.tell,
        "loan.requested.v1": loans.request,
        "loan.approved.v1": loans.tell,
        "loan.declined.v1": loans.tell,
        "loan.insurance_proved.v1": loans.tell,
        "loan.shipped.v1": loans.tell,
        "loan.recalled.v1": loans.tell,
        "loan.returned.v1": loans.tell,
        "loan_invoice.paid.v1": loans.pay,
        "cleaning.booked.v1": visits.book,
        "cleaning.cancelled.v1": visits.tell,
        "cleaning.done.v1": visits.tell,
    }
)
"""What each event means; all others mean nothing here."""

MAJEURE_DAYS: Final = 15
"""PRO-11"""
MAY_LEAVE: Final = "majeure.may_terminate"


@dataclass(init=False, eq=False)
class Service:
    """One member's account. Events and ticks are told in the order in which they were handled."""

    facts: Facts

    def __init__(self, member: str, policies: Policies = STANDARD) -> None:
        self.facts = Facts(policies, member=member)

    def take(self, event: Any, now: datetime | None, pro: Pro) -> None:
        """Take notice of news."""
        self.facts.now = now
        self._apply(event, None, pro)

    def _apply(self, event: Any, patience: datetime | None, pro: Pro) -> None:
        facts = self.facts
        facts.room.patience = patience
        if handle := HANDLERS.get(event.type):
            handle(facts, pro, event)
        self._settle(pro)

    def _settle(self, pro: Pro) -> None:
        for one in self.facts.room.no_longer_waiting(self.facts.now):
            self._apply(one.event, one.until, pro)

    def hear(self, majeure: Majeure, pro: Pro) -> None:
        """PRO-11 With an event of the member's, or a tick: what was said to everybody counts from now on, for who has PRO."""
        facts = self.facts
        if not self.has_to_hear(majeure, pro):
            return
        facts.heard, facts.pauses = len(majeure.said), majeure.pauses()
        self._may_leave_from()
        for which in sorted(facts.running):
            repairs.settle(facts, facts.repairs[which])

    def has_to_hear(self, majeure: Majeure, pro: Pro) -> bool:
        """Whether something was said that does not count yet."""
        return self.facts.heard < len(majeure.said) and pro.is_known

    def tick(self, now: datetime, pro: Pro) -> None:
        """GEN-4 The partition's time has come to ``now``: what is due happens, in the order in which it was due."""
        self.begin(now, pro)
        while (first := self.first) and first[0] <= now:
            self.act(first, pro)

    def begin(self, now: datetime, pro: Pro) -> None:
        """The time, and who has waited in vain: a loan whose repair or cleaning never came is refused (GEN-2)."""
        facts = self.facts
        facts.now = now
        facts.room.start_counting(now)
        for event in facts.room.in_vain(now):
            if event.type == "loan.requested.v1":
                loans.begin(facts, pro, event)
        self._settle(pro)

    @property
    def first(self) -> tuple[datetime, str, str] | None:
        """The first of all that is to come: when, what, of which thing."""
        return min([(at, what, which) for (what, which), at in self.facts.dues.items()], default=None)

    def act(self, first: tuple[datetime, str, str], pro: Pro) -> None:
        """It happens."""
        at, what, which = first
        if what == MAY_LEAVE:
            self._may_leave(at, pro)
        elif what.startswith("loan"):
            loans.act(self.facts, pro, what, which, at)
        else:
            repairs.act(self.facts, pro, what, which, at)
        self._settle(pro)

    @property
    def next_due(self) -> datetime | None:
        """When the first of all that is to come is due; None: nothing is."""
        waiting = [one.until for some in self.facts.room.waiting.values() for one in some if one.until]
        return min([*waiting, *([self.first[0]] if self.first else [])], default=None)

    def _may_leave_from(self) -> None:
        found = self._longest()
        self.facts.set_due(MAY_LEAVE, "pro", found and found[1])

    def _may_leave(self, at: datetime, pro: Pro) -> None:
        """PRO-11 Whoever has PRO then may leave, and is told so, once."""
        facts = self.facts
        if found := self._longest():
            facts.decided = found[0]
            if pro.status_at(at) != "none":
                facts.told["force_majeure.may_terminate", facts.decided.isoformat()] += 1
        self._may_leave_from()

    def _longest(self) -> tuple[datetime, datetime] | None:
        """PRO-11 The first force majeure that was not decided yet and lasts to the end of its fifteenth day: since when, and
        that end."""
        facts = self.facts
        for since, until, _ in facts.pauses:
            due = end_of_day_after(since, MAJEURE_DAYS, facts.zone)
            if (facts.decided is None or facts.decided < since) and (until is None or due <= until):
                return since, due
        return None
