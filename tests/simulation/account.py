"""What must hold of a member's paid memberships, by an account of its own.

It is told the events as they arrive and the outputs as they are written, shares no rule with `models`, and is asked after
each tick whether the member's state is what it should be. Terms as the programme's rules have them: PAY, PRO, CARE, GEN-4.
`known` is what it knows; the modules beside it are its rules and checks, by subject.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from audit.service import Majeure
from models.care.state import Care
from models.pro.state import Pro
from models.state import Member
from models.view import view
from tests.models.promised import unpromised
from tests.simulation import charges, joining, leaving, money, refunds, shopping
from tests.simulation.dates import NEVER, cents
from tests.simulation.known import Known
from tests.simulation.notices import Notices
from tests.simulation.partition import Json, Message
from tests.simulation.service import shown, tally, told
from tests.simulation.service.account import AREAS, Desk
from tests.simulation.terms import Membership

RULES: Final[Mapping[str, Callable[[Known, Membership, Message], None]]] = {
    "pro.applied": joining.applied,
    "pro.reviewed": joining.reviewed,
    "pro.auto_renew_changed": leaving.switched,
    "pro.cancel_requested": leaving.asked,
    "pro.terminated": joining.terminated,
    "care.purchased": joining.bought,
    "care.auto_renew_changed": leaving.switched,
    "care.cancel_requested": refunds.asked,
    "care.claim_opened": shopping.claimed,
    "order.placed": shopping.ordered,
    "order.cancelled": shopping.called_off,
    "return.completed": shopping.came_back,
    "return.rejected": shopping.sent_on,
    "payment.succeeded": money.came,
    "payment.failed": charges.failed,
    "guest.care_claimed": joining.handed_over,
    "guest.payment_succeeded": joining.handed_on,
    "guest.payment_failed": joining.handed_on,
}


class Account:
    """One member. `counts` is shared: how often something happened that makes the simulation worth its while."""

    def __init__(self, name: str, counts: Counter[str], majeure: Majeure) -> None:
        self.story: list[str] = []
        self._known = Known(name, counts, self._handle)
        self._service = Desk(self._known, majeure)
        self._notices = Notices(self._known)
        self._seen: set[str] = set()
        self._looks = 0
        self._outputs: set[str] = set()

    def event(self, message: Message, now: datetime) -> None:
        """An event, before it is handled."""
        self.story.append(
            f"{message.arrives:%Y-%m-%d %H:%M}  <- {message.kind} of {message.time:%m-%d %H:%M} {message.data}"
        )
        if message.id in self._seen:
            self._known.counts["redelivered"] += 1
        else:
            self._seen.add(message.id)
            self.time_passes(now)
            self._handle(message)
        self._service.was_told()

    def _handle(self, message: Message) -> None:
        if message.kind.startswith("method."):
            self._known.wallet.hear(message)
            return
        if message.kind == "account.opened":
            return  # the key of the email is told, and decides (CARE-3)
        area = message.kind.partition(".")[0]
        if area in AREAS:
            self._service.event(message)
            return
        if message.kind == "pro.applied":
            self._service.pro.applied(message)
        own = self._known.own[message.data.get("program") or ("pro" if area == "pro" else "care")]
        RULES[message.kind](self._known, own, message)

    def output(self, topic: str, event: Json, now: datetime, at: datetime) -> None:
        """An output; `at` is when it is acted: now, or the event's time if that is later."""
        self.time_passes(now)
        data = event["data"]
        if topic == "decisions":
            self._known.counts["checklist incomplete"] += data["reason"] == "checklist_incomplete"
            self.story.append(f"{'':18}{data['outcome']} {data['reason'] or ''}: {data['says']}")
            return
        assert event["id"] not in self._outputs, f"NTF-1: an id was given twice, {data}"
        self._outputs.add(event["id"])
        if topic == "requests":
            self.story.append(f"{at:%Y-%m-%d %H:%M}  -> {event['type']} {data}")
            if event["type"] == "charge.requested.v1":
                charges.asked(self._known, data, at)
            elif event["type"].startswith("invoice."):
                self._service.request(event["type"], data)
            else:
                self._refund(data)
        elif topic == "notifications" and data["program"] in self._known.own:
            self.story.append(f"{at:%Y-%m-%d %H:%M}  -> {data['notification']} {data['params']}")
            self._notices.notice(event["id"], data, at)
            self._service.notice(event["id"], data)

    def handled(self, member: Member | None, at: datetime) -> None:
        """A message of that time, or a tick, was handled with all that comes of it."""
        for program, found in _memberships(member):
            suspensions = self._notices.suspensions[program]
            own = self._known.own[program]
            suspensions.told.decided(own.at_hand.failed_at if own.stage == "open" else None)
            if found:
                suspensions.seen.look(found, at)

    def check(self, now: datetime, member: Member | None) -> None:
        """What must hold at now, after its tick."""
        self.time_passes(now)
        for program, found in _memberships(member):
            own = self._known.own[program]
            status = own.status(now)
            assert (found.status if found else None) == status, f"{program}: should be {status}"
            if found:
                assert found.causes == own.causes(now), f"GEN-3: {program} should be suspended by {own.causes(now)}"
                self._check(own, found, own.status_of_fees(now), now)
        self._looks += 1
        if member and self._service.is_used and (self._service.is_news or self._looks % 10 == 0):
            self._service.is_news = False
            facts = self._service.account.facts
            shown.check(self._known, facts, view(self._known.name, member))
            told.check(facts, self._notices.standing.values())
            self._service.check()
        shopping.check(self._known)
        for due in member.due if member else []:
            assert due.at > now, f"GEN-4: {due} has passed"
        assert not member or unpromised(member) == [], "every deadline is a promise"

    def _check(self, own: Membership, found: Pro | Care, status: str | None, now: datetime) -> None:
        kept, years = [(term.first, term.end) for term in found.terms], [(year.first, year.end) for year in own.years]
        assert kept == years[len(years) - len(kept) :], f"{own.program}: terms should be {years}"
        assert bool(kept) == bool(years), f"{own.program}: terms should be {years}"
        if own.stage == "open":
            charges.move_on(self._known, own, status, now)
        self._notices.check(own, status, now)
        for fee in own.fees.values():
            assert fee.refunded == fee.owed_back, f"{fee.id}: {fee.owed_back} cents should have gone back"
            assert fee.came == fee.used + fee.owed_back, f"{fee.id}: money is lost"
        if isinstance(found, Care):
            refunds.check(self._known, own, found.asked_until, now)

    @property
    def quiet_until(self) -> datetime:
        """No tick before that decides anything of repairs, loans and visits."""
        return self._service.quiet_until

    def everybody(self) -> None:
        """PRO-11 Everybody is told something: the member hears of it at the next tick."""
        self._service.quiet_until = NEVER

    @property
    def seen(self) -> Counter[str]:
        """How often something happened to repairs, loans and visits."""
        return tally.of(self._service.account.facts)

    @property
    def suspended(self) -> timedelta:
        """How long any of the memberships was."""
        return sum([one.lasted for one in self._notices.suspensions.values()], timedelta())

    def _refund(self, data: Json) -> None:
        refunds.requested(self._known, data)
        known = [own.fees for own in self._known.own.values()] + [self._known.returned]
        fees = [fees[data["invoice_id"]] for fees in known if data["invoice_id"] in fees]
        assert fees, "money of an invoice that nobody knows"
        fees[0].refunded += cents(data["amount"])
        self._known.counts["refund"] += 1

    def time_passes(self, now: datetime) -> None:
        """What has waited long enough: for its partner (GEN-2), for what is still out (CARE-7)."""
        known, care = self._known, self._known.own["care"]
        known.now = now
        for what, message in known.waited_in_vain(now):
            if message.kind == "payment.succeeded":
                known.give_back_unclaimed(what, message)
            elif message.kind == "care.purchased":
                joining.not_sold(known, care, message.data["invoice_id"])
            elif message.kind == "care.claim_opened":
                shopping.bought_elsewhere(known, care, message)
        refunds.day_30_is_over(known, care, now)
        self._service.time_passes(now)


def _memberships(member: Member | None) -> list[tuple[str, Pro | Care | None]]:
    return [("pro", member.pro if member else None), ("care", member.care if member else None)]
