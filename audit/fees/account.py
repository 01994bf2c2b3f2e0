"""A second account of fees and paid memberships, kept the naive way: facts in lists, and everything found by looking.

Written from the terms (PAY, PRO-1 to PRO-8, CARE-1 to CARE-8) and the decision on paid memberships
(docs/adr/0007-paid-memberships.md), to be compared with the rules in ``models/fees``, ``models/pro`` and ``models/care``.
It shares the reader of events, the settings' values and the making of long names with them, and nothing else. There is no
schedule: what is due is the first of all there is; which round is at hand, which charge is open and whether a fee is
wanted are worked out anew each time from what was told and asked.

What was asked stays a fact, with the instant when it was asked: so the account has to be told every tick that something
was due at, and not only the last (``next_due``).
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from audit.account.seen import Seen
from audit.fees import care, life, payments, pro
from audit.fees.facts import Facts, Membership
from models.policies import STANDARD, Policies

HANDLERS: Final[Mapping[str, Callable[[Facts, Any], None]]] = MappingProxyType(
    {
        "pro.applied.v1": pro.apply,
        "pro.reviewed.v1": pro.review,
        "pro.cancel_requested.v1": pro.cancel,
        "pro.auto_renew_changed.v1": pro.switch,
        "pro.terminated.v1": pro.terminate,
        "care.purchased.v1": care.buy,
        "guest.care_claimed.v1": care.claim,
        "care.cancel_requested.v1": care.cancel,
        "care.auto_renew_changed.v1": care.switch,
        "payment.succeeded.v1": payments.succeed,
        "payment.failed.v1": payments.fail,
        "guest.payment_succeeded.v1": payments.succeed_as_guest,
        "guest.payment_failed.v1": payments.fail_as_guest,
        "method.added.v1": payments.add,
        "method.updated.v1": payments.change,
        "method.removed.v1": payments.remove,
    }
)
"""What each event means; all others mean nothing to fees."""
TERMS_KEPT: Final = 20
"""The latest that a member's document shows."""


@dataclass(init=False, eq=False)
class Fees:
    """One member's account. Events and ticks are told in the order in which they were handled."""

    facts: Facts
    _seen: Seen
    not_followed: frozenset[str]
    """Programmes of which the account does not know enough any more."""

    def __init__(self, member: str, policies: Policies = STANDARD, seen: Seen | None = None) -> None:
        """``seen``: the ids that are spent, where several accounts share them."""
        self.facts = Facts(policies, member=member)
        self._seen = Seen(policies) if seen is None else seen
        self.not_followed = frozenset()

    def note(self, event: Any, now: datetime | None) -> None:
        """Take notice of an event as it came, perhaps once more. ``now``: the partition's, None before its first tick."""
        if self._seen.is_news(event, now):
            self.take(event, now)

    def take(self, event: Any, now: datetime | None) -> None:
        """Take notice of news."""
        self.facts.now = now
        self._apply(event, None)

    def _apply(self, event: Any, patience: datetime | None) -> None:
        facts = self.facts
        facts.room.patience = patience
        if care.goes_beyond(event):
            self.not_followed = frozenset({"care"})
        elif payments.programme_of(event) in self.not_followed:
            payments.retire(facts, event)
        elif handle := HANDLERS.get(event.type):
            handle(facts, event)
        for one in facts.room.no_longer_waiting(facts.now):
            self._apply(one.event, one.until)

    def tick(self, now: datetime) -> None:
        """GEN-4 The partition's time has come to ``now``: what is due happens, in the order in which it was due."""
        self.begin(now)
        while (first := self.first) and first[0] <= now:
            self.act(first)

    def begin(self, now: datetime) -> None:
        """The time, and who has waited in vain."""
        facts = self.facts
        facts.now = now
        facts.room.start_counting(now)
        for event in facts.room.in_vain(now):
            payments.in_vain(facts, event)

    def act(self, first: tuple[datetime, str, str]) -> None:
        """It happens."""
        at, what, programme = first
        life.act(self.facts, self.facts.memberships[programme], at, what)

    @property
    def next_due(self) -> datetime | None:
        """When the first of all that is to come is due; None: nothing is."""
        waiting = [one.until for some in self.facts.room.waiting.values() for one in some if one.until]
        return min([*waiting, *([self.first[0]] if self.first else [])], default=None)

    @property
    def first(self) -> tuple[datetime, str, str] | None:
        """The first of all that is to come: when, what, of which programme."""
        found = [
            (at, what, programme)
            for programme, of in self.facts.memberships.items()
            for at, what in life.deadlines(self.facts, of)
        ]
        return min(found, default=None)

    @property
    def memberships(self) -> dict[str, dict[str, Any]]:
        """By programme, from the first word about it on."""
        return {name: _shown(of) for name, of in self.facts.memberships.items()}

    @property
    def methods(self) -> dict[str, dict[str, Any]]:
        """PAY-1 What is known of each method, also of those that are gone."""
        return {
            card.id: {"place": card.place, "good through": card.month, "on file": card.on_file, "retired": card.retired}
            for card in self.facts.cards.known.values()
        }

    @property
    def invoices(self) -> dict[str, dict[str, Any]]:
        """Cents of each invoice of which anything is known: what pays it, what pays nothing, and what of that goes back."""
        return {
            one.id: {
                "paid": one.paid.cents if one.paid else None,
                "spare": sum(money.cents for money in one.spare),
                "given back": sum(one.refunds),
                "given back for": one.reimbursed[0] if one.reimbursed else None,
            }
            for one in self.facts.invoices.values()
            if one.is_known or one.spare
        }

    @property
    def charges(self) -> Counter[tuple[str, int, str]]:
        """PAY-9 How often each was asked for: (invoice, round, method)."""
        asked = [(one, charge) for one in self.facts.invoices.values() for charge in one.charges]
        return Counter((one.id, charge.round, charge.method) for one, charge in asked if charge.round is not None)

    @property
    def refunds(self) -> dict[str, list[int]]:
        """Cents of each refund that was asked for, by invoice; the smallest first."""
        return {one.id: sorted(one.refunds) for one in self.facts.invoices.values() if one.refunds}

    @property
    def remedies(self) -> dict[str, list[int]]:
        """REP-9 Cents of each refund for a repair that was too slow, by invoice."""
        return {one.id: [one.reimbursed[1]] for one in self.facts.invoices.values() if one.reimbursed}

    @property
    def told(self) -> Counter[tuple[str, str]]:
        """How often the member was told (kind, of which invoice or programme)."""
        return self.facts.told


def _shown(of: Membership) -> dict[str, Any]:
    unpaid = of.runs and of.suspended_at is not None
    causes = [cause for cause, is_one in (("loan", of.default), ("payment", unpaid)) if is_one]
    return {
        "status": ("suspended" if causes else "active") if of.runs else of.stage,
        "causes": causes,
        "terms": [tuple(term) for term in of.terms][-TERMS_KEPT:],
        "auto-renewal": of.auto,
        "told of too late": of.uncharged,
        "cancelled": of.cancelled_at,
        "over": of.over[1] if of.over else None,
        "suspended": of.suspended_at,
        "renewal": of.fee.id if of.fee else None,
    }
