"""One member's history of fees, told to the rules and to the naive account (`audit/fees`), which must agree after every step."""

from datetime import datetime, timedelta
from typing import Any

from msgspec import to_builtins

from audit.fees import Fees
from audit.paid import Stored, differing
from models.events import Event
from models.fees.state import Invoice
from models.outputs import ChargeRequested, RefundRequested
from models.outputs.notifications import Notification
from models.policies import STANDARD, Policies
from models.state import Member, decode
from tests.models.facts import Fact, added, applied_for, at, care_bought, failed, gear, paid, removed, updated
from tests.models.world import World, event

ME = "ann"
FEE = {"pro": "100.00", "care": "179.99"}
NOW = timedelta()
MINUTE = timedelta(minutes=1)


class TwoAccounts:
    """Each public method is a step: something happens, and some time (`late`) passes before it is told.

    `late` less than nothing: the clock of who says it is ahead.
    """

    def __init__(self, **settings: Any) -> None:
        policies = Policies(**settings)
        self.present = at("2026-03-02 18:00")
        self.world, self.fees, self.stored = World(now=None, policies=policies), Fees(ME, policies), Stored()
        self.asked: list[ChargeRequested] = []
        self.story: list[str] = []
        """What was sent and answered, for the reader of a failed test."""
        self._sent: list[Event[Any]] = []
        self._read = 0
        self._ids: set[str] = set()

    def tick(self) -> None:
        self.world.tick(f"{self.present:%Y-%m-%d %H:%M}")
        assert self.world.now is not None
        self.story.append(f"tick {self.world.now:%Y-%m-%d %H:%M}")
        self.fees.tick(self.world.now)

    def wait(self, pause: timedelta, ticked: bool) -> None:
        self.present += pause
        if ticked:
            self.tick()

    def wait_for_the_end(self, program: str, offset: timedelta, ticked: bool) -> None:
        """To some time before or after the end of the paid term, if that is not over yet."""
        if end := self._end(program):
            self.wait(max(NOW, end + offset - self.present), ticked)

    def apply(self, number: str, invoice: str, auto: bool, lacks: str, late: timedelta) -> None:
        more: dict[str, Any] = {"lens": {"lenses": gear("SEL2470GM2")}, "age": {"birth_date": "2015-01-01"}}
        self._send(applied_for(f"a{number}", f"i{invoice}", auto_renew=auto, **more.get(lacks, {})), late)

    def review(self, number: str, approved: bool, late: timedelta) -> None:
        self._send(("pro.reviewed", {"application_id": f"a{number}", "approved": approved}), late)

    def buy(self, number: str, state: str, late: timedelta) -> None:
        self._send(care_bought(f"c{number}", self._when(late), state=state), late)

    def pay_first(self, program: str, number: str, amount: str, late: timedelta) -> None:
        """An application, or a purchase of Care."""
        self._pay(program, f"{'i' if program == 'pro' else 'c'}{number}", amount, late)

    def pay_renewal(self, program: str, amount: str, late: timedelta) -> None:
        self._pay(program, self._renewal(program), amount, late)

    def answer(self, answer: str, before: int, late: timedelta) -> None:
        """A charge is answered: the last that was asked, or one `before` it."""
        if not self.asked:
            return
        charge = self.asked[max(0, len(self.asked) - 1 - before)]
        if answer == "paid":
            self._pay(charge.program, charge.invoice_id, charge.amount, late, attempt_id=charge.attempt_id)
        else:
            more = {"method_id": charge.method_id, "program": charge.program, "reason": answer}
            self._send(failed(charge.invoice_id, charge.attempt_id, **more), late)

    def stray(self, program: str, number: str, method: str, reason: str, first: bool, late: timedelta) -> None:
        """A failure of what we have not asked."""
        invoice = f"{'i' if program == 'pro' else 'c'}{number}" if first else self._renewal(program)
        self._send(failed(invoice, f"t{number}", method_id=method, program=program, reason=reason), late)

    def add(self, method: str, place: int, month: str | None, late: timedelta) -> None:
        kind, data = added(method, place, month)
        self._send((kind, data | {"kind": method[:-2]}), late)

    def change(self, method: str, place: int | None, month: str | None, late: timedelta) -> None:
        more: dict[str, Any] = {"position": place} if place is not None else {}
        self._send(updated(method, **more, **({"expires": month} if month else {})), late)

    def remove(self, method: str, late: timedelta) -> None:
        self._send(removed(method), late)

    def say(self, program: str, word: str, late: timedelta) -> None:
        """On, off, cancel; or Sony terminates PRO."""
        said: dict[str, Fact] = {
            "on": (f"{program}.auto_renew_changed", {"on": True}),
            "off": (f"{program}.auto_renew_changed", {"on": False}),
            "cancel": (f"{program}.cancel_requested", {"refund_requested": False} if program == "care" else {}),
            "terminate": ("pro.terminated", {"reason": "breach"}),
        }
        self._send(said[word], late)

    def tell_late(self, program: str, what: str, offset: timedelta) -> None:
        """What happened about the end of the paid term is told now."""
        end = self._end(program)
        if end is None:
            return
        late = max(NOW, self.present + MINUTE - end - offset)
        if what == "pay":
            self.pay_renewal(program, FEE[program], late)
        elif what == "fail":
            self._send(failed(self._renewal(program), f"t{len(self._sent)}", program=program), late)
        else:
            self.say(program, what, late)

    def again(self, place: float) -> None:
        """GEN-1 The same event once more."""
        if self._sent:
            self._receive(self._sent[int(place * len(self._sent))])

    def both_agree(self) -> None:
        """On the member's state, and on all that was asked for and told."""
        new, self._read = self.world.outputs[self._read :], len(self.world.outputs)
        for output in new:
            assert output.id not in self._ids, "NTF-1, PAY-9: an id was given twice"
            self._ids.add(output.id)
            match output.data:
                case ChargeRequested() as charge:
                    self.story.append(f"   asks {charge.attempt_id}")
                    self.asked.append(charge)
                    self.stored.said.take_request(to_builtins(charge))
                case RefundRequested() as refund:
                    self.story.append(f"   gives back {refund.invoice_id} {refund.amount}")
                    self.stored.said.take_request(to_builtins(refund))
                case Notification() as notice:
                    self.story.append(f"   tells {notice.kind} {notice.params}")
                    self.stored.said.take_notice(to_builtins(notice))
        raw = self.world.read("members", ME.encode())
        self.stored.take_member(decode(raw, Member) if raw else Member())
        self.stored.invoices.clear()
        for (table, key), value in self.world.tables.items():
            if table == "entries" and key.startswith(b"invoice|"):
                self.stored.take_invoice(decode(value, Invoice))
        differences = [sentence for _, found in differing(self.fees, self.stored) for _, sentence in found]
        assert not differences, "; ".join(differences)

    def _pay(self, program: str, invoice: str, amount: str, late: timedelta, **more: str) -> None:
        self._send(paid(invoice, self._when(late), amount, program=program, **more), late)

    def _send(self, fact: Fact, late: timedelta) -> None:
        self.present += MINUTE
        told = event(fact, event_id=f"e{len(self._sent)}", time=self.present - late, member=ME)
        self._sent.append(told)
        self._receive(told)

    def _receive(self, told: Event[Any]) -> None:
        answer = self.world.receive(told)
        content = told.data.content.decode()
        self.story.append(f"{told.at:%Y-%m-%d %H:%M} {told.type} {content}: {answer.outcome} {answer.says}")
        self.fees.note(told, self.world.now)

    def _when(self, late: timedelta) -> str:
        """When that which is sent next happened."""
        return (self.present + MINUTE - late).replace(tzinfo=None).isoformat(" ")

    def _renewal(self, program: str) -> str:
        of = self.fees.facts.memberships.get(program)
        return of.fee.id if of and of.fee else f"{program}-{ME}-2027-03-02"

    def _end(self, program: str) -> datetime | None:
        of = self.fees.facts.memberships.get(program)
        return STANDARD.calendar.start_of(of.terms[-1].end) if of and of.terms else None
