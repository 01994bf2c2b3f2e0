"""PAY, PRO and CARE as histories: whatever happens, in whatever order, the rules and the naive account agree after every step.

Hypothesis invents the history of one member: applications, reviews and purchases, money and declines, methods that come
and go, cancellations, switches, a termination; events come late, twice, before what they are about, and ticks may be late.
The naive account (`audit/fees`) was written from the terms a second time; a difference is a fault of one of the two.

A longer search: `MEMBERSHIPS_SEARCH=5000 pytest tests/models/test_naive_fees_machine.py` tries that many histories.
"""

import os
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec import to_builtins

from audit.fees import Fees
from audit.paid import Stored, differing
from models.events import Event
from models.fees.state import Invoice
from models.outputs import ChargeRequested, RefundRequested
from models.outputs.notifications import Notification
from models.policies import STANDARD, Policies
from models.state import Member, decode
from tests.models.world import (
    Fact,
    World,
    added,
    applied_for,
    at,
    care_bought,
    event,
    failed,
    gear,
    paid,
    removed,
    updated,
)

HISTORIES = int(os.environ.get("MEMBERSHIPS_SEARCH", "400"))
STEPS = 40
ME = "ann"
LATE = st.sampled_from(
    [timedelta()] * 8
    + [timedelta(minutes=9), timedelta(hours=30), timedelta(days=4), timedelta(days=18), timedelta(days=40)]
    + [timedelta(days=-3), timedelta(days=-20), timedelta(days=-40)]
)
"""How long before the present an event says that it happened; less than nothing: a clock was wrong."""
PAUSES = st.sampled_from(
    [timedelta(hours=h) for h in (1, 20)] + [timedelta(days=d) for d in (1, 2, 3, 5, 7, 11, 20, 31, 61, 300)]
)
NEAR = st.sampled_from([timedelta(days=d, hours=h) for d in (-30, -20, -15, -14, -1, 0, 1, 3) for h in (-1, 1)])
NUMBERS = st.sampled_from(["1", "1", "2", "3"])
PROGRAMMES = st.sampled_from(["pro", "pro", "care"])
AMOUNTS = {
    "pro": st.sampled_from(["100.00"] * 6 + ["99.99", "130.00"]),
    "care": st.sampled_from(["179.99"] * 6 + ["1.00"]),
}
REASONS = st.sampled_from(["insufficient_funds"] * 4 + ["stolen", "processor_error"])
METHODS = st.sampled_from(["card-1", "card-2", "paypal-3"])
MONTHS = st.sampled_from([None, "2026-05", "2027-02", "2027-03", "2035-12"])


class Histories(RuleBasedStateMachine):
    """What can happen to a member."""

    def __init__(self) -> None:
        super().__init__()
        self.present = at("2026-03-02 18:00")
        self.sent: list[Event[Any]] = []
        self.read = 0
        self.stored = Stored()
        self.asked: dict[str, ChargeRequested] = {}

    def send(self, fact: Fact, late: timedelta = timedelta()) -> None:
        self.present += timedelta(minutes=1)
        told = event(fact, event_id=f"e{len(self.sent)}", time=self.present - late, member=ME)
        self.sent.append(told)
        self.receive(told)

    def receive(self, told: Event[Any]) -> None:
        answer = self.world.receive(told)
        note(f"{told.at:%Y-%m-%d %H:%M} {told.type} {told.data.content}: {answer.outcome} {answer.says}")
        self.fees.note(told, self.world.now)

    @initialize(
        early=st.booleans(),
        grace=st.sampled_from([0, 0, 5]),
        ahead=st.sampled_from([30, 30, 1_000]),
        member=st.sampled_from(["pro", "pro", "care", "both", ""]),
        methods=st.sampled_from([(), ("card-1",), ("card-1", "paypal-3"), ("card-1", "card-2", "paypal-3")]),
    )
    def begin(self, early: bool, grace: int, ahead: int, member: str, methods: tuple[str, ...]) -> None:
        policies = Policies(ahead_days=ahead, grace_days=grace)
        self.world, self.fees = World(now=None, policies=policies), Fees(ME, policies)
        if not early:
            self.tick()
        if member in ("pro", "both"):
            self.send(applied_for())
            self.send(("pro.reviewed", {"application_id": "a1", "approved": True}))
            self.money("pro", "i1", "100.00", timedelta(), None)
        if member in ("care", "both"):
            self.buy("1", "CA", timedelta())
        for place, method in enumerate(methods):
            self.add(method, place, "2035-12", timedelta())

    def money(self, program: str, invoice: str, amount: str, late: timedelta, attempt: str | None) -> None:
        when = (self.present + timedelta(minutes=1) - late).replace(tzinfo=None).isoformat(" ")
        more = {"attempt_id": attempt} if attempt else {}
        self.send(paid(invoice, when, amount, program=program, **more), late)

    def renewal(self, program: str) -> str:
        of = self.fees.facts.memberships.get(program)
        return of.fee.id if of and of.fee else f"{program}-{ME}-2027-03-02"

    @rule(
        number=NUMBERS,
        invoice=NUMBERS,
        auto=st.sampled_from([True, True, False]),
        lacks=st.sampled_from(["", "", "", "lens", "age"]),
        late=LATE,
    )
    def apply(self, number: str, invoice: str, auto: bool, lacks: str, late: timedelta) -> None:
        more: dict[str, Any] = {"lenses": gear("SEL2470GM2")} if lacks == "lens" else {}
        more |= {"birth_date": "2015-01-01"} if lacks == "age" else {}
        self.send(applied_for(f"a{number}", f"i{invoice}", auto_renew=auto, **more), late)

    @rule(number=NUMBERS, approved=st.sampled_from([True, True, True, False]), late=LATE)
    def review(self, number: str, approved: bool, late: timedelta) -> None:
        self.send(("pro.reviewed", {"application_id": f"a{number}", "approved": approved}), late)

    @rule(number=NUMBERS, state=st.sampled_from(["CA", "CA", "CA", "PR"]), late=LATE)
    def buy(self, number: str, state: str, late: timedelta) -> None:
        when = (self.present + timedelta(minutes=1) - late).replace(tzinfo=None).isoformat(" ")
        self.send(care_bought(f"c{number}", when, state=state), late)

    @rule(program=PROGRAMMES, number=NUMBERS, data=st.data(), late=LATE)
    def pay_first(self, program: str, number: str, data: st.DataObject, late: timedelta) -> None:
        self.money(program, f"{'i' if program == 'pro' else 'c'}{number}", data.draw(AMOUNTS[program]), late, None)

    @rule(program=PROGRAMMES, data=st.data(), late=LATE)
    def pay_renewal(self, program: str, data: st.DataObject, late: timedelta) -> None:
        self.money(program, self.renewal(program), data.draw(AMOUNTS[program]), late, None)

    @precondition(lambda self: self.asked)
    @rule(
        data=st.data(),
        answer=st.sampled_from(["paid", "failed", "failed", "failed", "failed"]),
        reason=REASONS,
        late=LATE,
    )
    def answer(self, data: st.DataObject, answer: str, reason: str, late: timedelta) -> None:
        """Mostly the last one that was asked."""
        asked = list(self.asked)
        charge = self.asked[data.draw(st.sampled_from(asked[-1:] * 4 + asked))]
        if answer == "paid":
            self.money(charge.program, charge.invoice_id, charge.amount, late, charge.attempt_id)
        else:
            more = {"method_id": charge.method_id, "program": charge.program, "reason": reason}
            self.send(failed(charge.invoice_id, charge.attempt_id, **more), late)

    @rule(
        program=PROGRAMMES,
        number=NUMBERS,
        method=METHODS,
        reason=REASONS,
        first=st.sampled_from([False] * 4 + [True]),
        late=LATE,
    )
    def stray(self, program: str, number: str, method: str, reason: str, first: bool, late: timedelta) -> None:
        """A failure of what we have not asked."""
        invoice = f"{'i' if program == 'pro' else 'c'}{number}" if first else self.renewal(program)
        self.send(failed(invoice, f"t{number}", method_id=method, program=program, reason=reason), late)

    @rule(method=METHODS, place=st.integers(0, 3), month=MONTHS, late=LATE)
    def add(self, method: str, place: int, month: str | None, late: timedelta) -> None:
        kind, data = added(method, place, month)
        self.send((kind, data | {"kind": method[:-2]}), late)

    @rule(method=METHODS, place=st.none() | st.integers(0, 3), month=MONTHS, late=LATE)
    def change(self, method: str, place: int | None, month: str | None, late: timedelta) -> None:
        more: dict[str, Any] = {"position": place} if place is not None else {}
        self.send(updated(method, **more, **({"expires": month} if month else {})), late)

    @rule(method=METHODS, late=LATE)
    def remove(self, method: str, late: timedelta) -> None:
        self.send(removed(method), late)

    @rule(
        what=st.sampled_from(["pro.cancel_requested", "care.cancel_requested"] * 2 + ["pro.terminated"] + [""] * 6),
        late=LATE,
    )
    def leave(self, what: str, late: timedelta) -> None:
        """Seldom, as it ends most stories."""
        said: dict[str, Any] = {
            "care.cancel_requested": {"refund_requested": False},
            "pro.terminated": {"reason": "breach"},
        }
        if what:
            self.send((what, said.get(what, {})), late)

    @rule(program=PROGRAMMES, on=st.booleans(), late=LATE)
    def switch(self, program: str, on: bool, late: timedelta) -> None:
        self.send((f"{program}.auto_renew_changed", {"on": on}), late)

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def again(self, data: st.DataObject) -> None:
        """GEN-1 The same event once more."""
        self.receive(self.sent[data.draw(st.integers(0, len(self.sent) - 1))])

    @rule()
    def tick(self) -> None:
        self.world.tick(f"{self.present:%Y-%m-%d %H:%M}")
        assert self.world.now is not None
        note(f"tick {self.world.now:%Y-%m-%d %H:%M}")
        self.fees.tick(self.world.now)

    @rule(pause=PAUSES, ticked=st.sampled_from([True, True, True, False]))
    def wait(self, pause: timedelta, ticked: bool) -> None:
        self.present += pause
        if ticked:
            self.tick()

    @precondition(lambda self: any(of.runs for of in self.fees.facts.memberships.values()))
    @rule(data=st.data(), later=st.sampled_from([timedelta(minutes=1), timedelta(hours=7), timedelta(days=4)]))
    def fall_due(self, data: st.DataObject, later: timedelta) -> None:
        """PAY-1 A renewal that was told of in time is due."""
        ends = [of.terms[-1].end for of in self.fees.facts.memberships.values() if of.runs]
        end = STANDARD.calendar.start_of(data.draw(st.sampled_from(ends)))
        for then in (end - timedelta(days=29), end + later):
            self.present = max(self.present, then)
            self.tick()

    @precondition(lambda self: any(of.terms for of in self.fees.facts.memberships.values()))
    @rule(
        data=st.data(),
        what=st.sampled_from(["on", "off", "on", "off", "leave", "pay", "decline"]),
        offset=NEAR | st.sampled_from([timedelta(days=30), timedelta(days=59)]),
    )
    def tell_late(self, data: st.DataObject, what: str, offset: timedelta) -> None:
        """What happened about the end of a term is told now."""
        name = data.draw(st.sampled_from([name for name, of in self.fees.facts.memberships.items() if of.terms]))
        end = STANDARD.calendar.start_of(self.fees.facts.memberships[name].terms[-1].end)
        late = max(timedelta(), self.present + timedelta(minutes=1) - end - offset)
        if what in ("on", "off"):
            self.send((f"{name}.auto_renew_changed", {"on": what == "on"}), late)
        elif what == "leave":
            self.send((f"{name}.cancel_requested", {"refund_requested": False} if name == "care" else {}), late)
        elif what == "pay":
            self.money(name, self.renewal(name), "100.00" if name == "pro" else "179.99", late, None)
        else:
            self.send(failed(self.renewal(name), f"t{len(self.sent)}", program=name), late)

    @precondition(lambda self: self.asked)
    @rule(reason=REASONS, pause=st.sampled_from([timedelta(), timedelta(days=3), timedelta(days=4), timedelta(days=7)]))
    def decline(self, reason: str, pause: timedelta) -> None:
        """What was asked last fails, after some time."""
        self.present += pause
        self.tick()
        charge = list(self.asked.values())[-1]
        more = {"method_id": charge.method_id, "program": charge.program, "reason": reason}
        self.send(failed(charge.invoice_id, charge.attempt_id, **more))

    @precondition(lambda self: any(of.terms for of in self.fees.facts.memberships.values()))
    @rule(
        program=PROGRAMMES,
        offset=NEAR,
        noticed=st.sampled_from([True, True, False]),
        ticked=st.sampled_from([True, True, False]),
    )
    def wait_for_the_end(self, program: str, offset: timedelta, noticed: bool, ticked: bool) -> None:
        """Shortly before or after what is due about the end of a term, which was told of in time or not."""
        of = self.fees.facts.memberships.get(program)
        if of and of.terms:
            end = STANDARD.calendar.start_of(of.terms[-1].end)
            if noticed:
                self.present = max(self.present, end - timedelta(days=29))
                self.tick()
            self.present = max(self.present, end + offset)
            if ticked:
                self.tick()

    @invariant()
    def both_agree(self) -> None:
        new, self.read = self.world.outputs[self.read :], len(self.world.outputs)
        for output in new:
            match output.data:
                case ChargeRequested() as charge:
                    note(f"   asks {charge.attempt_id}")
                    self.asked[charge.attempt_id] = charge
                    self.stored.take_request(to_builtins(charge))
                case RefundRequested() as refund:
                    note(f"   gives back {refund.invoice_id} {refund.amount}")
                    self.stored.take_request(to_builtins(refund))
                case Notification() as notice:
                    note(f"   tells {notice.kind} {notice.params}")
                    self.stored.take_notice(to_builtins(notice))
        self.stored.take_member(self.member)
        self.stored.invoices.clear()
        for (table, key), value in self.world.tables.items():
            if table == "entries" and key.startswith(b"invoice|"):
                self.stored.take_invoice(decode(value, Invoice))
        for _, differences in differing(self.fees, self.stored):
            assert list(differences) == []

    @property
    def member(self) -> Member:
        raw = self.world.read("members", ME.encode())
        return decode(raw, Member) if raw else Member()


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=HISTORIES,
    stateful_step_count=STEPS,
    deadline=None,
    phases=set(Phase) - {Phase.explain},
    suppress_health_check=list(HealthCheck),
)
