"""What must hold of a member's paid memberships, by an account of its own.

It is told the events as they arrive and the outputs as they are written, shares no rule with `models`, and is asked after
each tick whether the member's state is what it should be. Terms as the programme's rules have them: PAY, PRO, CARE, GEN-4.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from models.state import Member
from tests.simulation.partition import Json, Message
from tests.simulation.people import FEES, HARD, PACIFIC

ROUNDS, SILENCE, UNPAID = (0, 3, 7, 14), 7, 60
CARDS = ("card", "credit_card", "debit_card")
OF_A_FEE = (
    "pro.renewal_notice",
    "care.renewal_notice",
    "payment.failed",
    "payment.final_notice",
    "membership.suspended",
)
"""Notices that do not outlive what they are about."""
ENDINGS = ("pro.lapsed", "pro.ended", "pro.terminated", "care.ended")


def start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, PACIFIC).astimezone(UTC)


def day_of(instant: datetime) -> date:
    return instant.astimezone(PACIFIC).date()


def later(instant: datetime, days: int) -> datetime:
    """The same time of day there, days later."""
    return (instant.astimezone(PACIFIC) + timedelta(days=days)).astimezone(UTC)


def anniversary(anchor: date, year: int) -> date:
    """29 Feb becomes 28 Feb in common years, and comes back."""
    try:
        return anchor.replace(year=year)
    except ValueError:
        return anchor.replace(year=year, day=28)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def cents(amount: str) -> int:
    return int(amount.replace(".", ""))


@dataclass
class Card:
    kind: str
    position: int
    expires: str | None
    renewed: datetime
    on_file: bool = True


@dataclass
class Charge:
    id: str
    method: str
    round: int
    asked: datetime
    failed: datetime | None = None
    answered: bool = False
    declined: bool = False


@dataclass
class Fee:
    """An invoice: of an application or a purchase where `due` is None."""

    id: str
    due: datetime | None = None
    told_at: datetime | None = None
    charges: list[Charge] = field(default_factory=list)
    failed_rounds: list[int] = field(default_factory=list)
    failed_at: datetime | None = None
    """When the first round had failed."""
    final: int = 0
    paid: datetime | None = None
    seen: set[Any] = field(default_factory=set)
    came: int = 0
    used: int = 0
    owed_back: int = 0
    refunded: int = 0

    @property
    def uncharged(self) -> bool:
        """CARE-5 Told of in less than 20 days before."""
        return bool(self.due and self.told_at and self.told_at > later(self.due, -20))

    @property
    def first_failure(self) -> datetime | None:
        times = [charge.failed for charge in self.charges if charge.failed]
        times += [self.failed_at] if self.failed_at else []
        return min(times, default=None)

    def begun(self, now: datetime) -> int:
        """PAY-2 The last round that has begun."""
        first = self.first_failure
        return max(n for n, days in enumerate(ROUNDS) if not n or (first and later(first, days) <= now))


class Own:
    """A member's PRO or Care."""

    def __init__(self, program: str) -> None:
        self.program = program
        self.fee = cents(FEES[program])
        self.stage: str | None = None
        """`applied`, `rejected`, `open` (also when that is over), `terminated`."""
        self.first = self.end = self.anchor = date.min
        self.ends: list[tuple[date, date]] = []
        self.word: tuple[datetime, bool] = (datetime.min.replace(tzinfo=UTC), True)
        self.cancelled: datetime | None = None
        self.over_was = datetime.min.replace(tzinfo=UTC)
        """When an earlier membership was over."""
        self.terminated: datetime | None = None
        self.fees: dict[str, Fee] = {}
        self.at_hand = Fee("")
        self.applications: dict[str, Json] = {}
        self.current = ""
        self.paid_by, self.before = "", (date.min, date.min, date.min)
        """The fee that paid the last year, and the year before it."""

    # By its dates.

    @property
    def due(self) -> datetime:
        return start_of(self.end)

    @property
    def stop_by(self) -> datetime:
        """CARE-4 15 days before, PRO-7 the day before is the last day to stop a renewal."""
        return start_of(self.end - timedelta(days=14 if self.program == "care" else 0))

    @property
    def wanted(self) -> bool:
        """PAY-1 Whether the renewal at hand is to be charged."""
        if self.at_hand.uncharged or (self.cancelled and not self.stop_by <= self.cancelled < self.due):
            return False
        said, on = self.word
        return on or said >= self.stop_by

    def over(self) -> tuple[datetime, str] | None:
        """When it is over by what is known, and as what."""
        if self.terminated:
            return self.terminated, "terminated"
        if self.cancelled and not self.wanted:
            return max(self.due, self.cancelled), "ended"
        if not self.wanted:
            return self.due, "lapsed"
        if self.at_hand.failed_at:
            return later(self.at_hand.failed_at, UNPAID), "ended" if self.cancelled else "lapsed"
        return None

    def is_over(self, at: datetime) -> bool:
        over = self.over() if self.stage == "open" else None
        return over is not None and over[0] <= at

    def status(self, now: datetime) -> str | None:
        if self.stage != "open":
            return self.stage
        over = self.over()
        if over and over[0] <= now:
            return over[1]
        return "suspended" if self.at_hand.failed_at else "active"

    @property
    def collecting(self) -> bool:
        """Due, wanted, unpaid."""
        return self.stage == "open" and self.wanted

    # What happens.

    def open(self, paid_on: date, at: datetime, *, renews: bool) -> None:
        """PRO-4, CARE-2 A first year."""
        self.stage, self.cancelled, self.word, self.anchor = "open", None, (at, renews), paid_on
        self.run(paid_on, anniversary(paid_on, paid_on.year + 1))

    def run(self, first: date, end: date) -> None:
        """A paid year, and the renewal that follows it."""
        if self.ends:
            assert first >= self.ends[-1][1] or self.at_hand.id == "", "terms overlap"
        self.first, self.end = first, end
        self.ends.append((first, end))

    def renew(self, paid_at: datetime, *, late_moves: bool) -> None:
        """PRO-6, CARE-4"""
        paid_on, self.before = day_of(paid_at), (self.first, self.end, self.anchor)
        if late_moves and paid_on > self.end:
            self.anchor = paid_on
            self.run(paid_on, anniversary(paid_on, paid_on.year + 1))
        else:
            self.run(self.end, anniversary(self.anchor, self.end.year + 1))


class Account:
    """One member. `counts` is shared: how often something happened that makes the simulation worth its while."""

    def __init__(self, name: str, counts: Counter[str]) -> None:
        self.name, self.counts = name, counts
        self.story: list[str] = []
        self.own = {program: Own(program) for program in FEES}
        self.words: list[tuple[datetime, int, str, Json]] = []
        self.hard: dict[str, datetime] = {}
        self.waiting: dict[str, list[tuple[datetime, Message]]] = defaultdict(list)
        """Money and reviews whose invoice or application is not known yet, with the now at which they came."""
        self.returned: dict[str, Fee] = {}
        """Those whose money has waited in vain: an application may still name them."""
        self.seen: set[str] = set()
        self.now = datetime.min.replace(tzinfo=UTC)
        """The partition's; an event may be of a later time than the latest tick."""
        self.told: dict[str, Json] = {}
        self.standing: dict[str, Json] = {}
        self.suspended = dict.fromkeys(FEES, False)
        """As the notices have it."""

    # What arrives.

    def event(self, message: Message, now: datetime) -> None:
        """An event, before it is handled."""
        self.story.append(
            f"{message.arrives:%Y-%m-%d %H:%M}  <- {message.kind} of {message.time:%m-%d %H:%M} {message.data}"
        )
        if message.id in self.seen:
            self.counts["redelivered"] += 1
            return
        self.seen.add(message.id)
        self._event(message, now)

    def _event(self, message: Message, now: datetime) -> None:
        kind, data = message.kind, message.data
        if kind.startswith("method."):
            self.words.append((message.time, len(self.words), kind, data))
            return
        own = self.own[data.get("program") or kind.split(".")[0]]
        rule = getattr(self, "_" + kind.replace(".", "_"))
        rule(own, data, message, now)

    def _pro_applied(self, own: Own, data: Json, message: Message, now: datetime) -> None:
        lacks = len(data["bodies"]) < 2 or len(data["lenses"]) < 3 or data["state"] == "PR"
        barred = own.stage in ("applied", "terminated") or (own.stage == "open" and not own.is_over(message.time))
        barred = barred or message.time < own.over_was
        self.counts["applied again"] += bool(own.applications)
        own.applications[data["application_id"]] = {
            "invoice": data["invoice_id"], "rejected": lacks or barred, "approved": None, "at": message.time,
            "auto": data["auto_renew"],
        }  # fmt: skip
        fee = own.fees[data["invoice_id"]] = self.returned.pop(data["invoice_id"], Fee(data["invoice_id"]))
        if not lacks and not barred:
            over = own.over() if own.stage == "open" else None
            own.over_was = over[0] if over else own.over_was
            own.stage, own.current = "applied", data["application_id"]
        elif own.stage in (None, "rejected"):
            own.stage = "rejected"
        self._known(data["application_id"], now)
        self._known(fee.id, now)

    def _pro_reviewed(self, own: Own, data: Json, message: Message, now: datetime) -> None:
        application = own.applications.get(data["application_id"])
        if application is None:
            self.waiting[data["application_id"]].append((now, message))
            return
        application["approved"] = data["approved"]
        if not data["approved"] and not application["rejected"]:
            application["rejected"] = True
            own.stage = "rejected"
        self._opens(own, application)

    def _opens(self, own: Own, application: Json) -> None:
        """PRO-3, PRO-4"""
        fee = own.fees[application["invoice"]]
        if application["rejected"]:
            fee.owed_back, fee.used = fee.owed_back + fee.used, 0
            self.counts["application refunded"] += bool(fee.owed_back)
        elif application["approved"] and fee.paid:
            own.at_hand = Fee("")
            own.open(day_of(fee.paid), application["at"], renews=application["auto"])
            own.paid_by = fee.id
            self._next_fee(own)

    def _next_fee(self, own: Own) -> None:
        own.at_hand = Fee(f"{own.program}-{self.name}-{own.end}", own.due)
        own.fees[own.at_hand.id] = own.at_hand
        self.counts["29 Feb"] += (own.anchor.month, own.anchor.day) == (2, 29)

    def _care_purchased(self, own: Own, data: Json, message: Message, now: datetime) -> None:
        barred = own.stage == "open" and not own.is_over(message.time)
        fee = own.fees[data["invoice_id"]] = self.returned.pop(data["invoice_id"], Fee(data["invoice_id"]))
        own.applications[fee.id] = {"invoice": fee.id, "rejected": barred or data["state"] == "PR"}
        if not own.applications[fee.id]["rejected"]:
            own.at_hand = Fee("")
            own.open(day_of(message.time), message.time, renews=True)
            self._next_fee(own)
        self._known(fee.id, now)

    def _payment_succeeded(self, own: Own, data: Json, message: Message, now: datetime) -> None:
        fee, paid_at, amount = own.fees.get(data["invoice_id"]), _instant(data["paid_at"]), cents(data["amount"])
        if fee is None:
            self.waiting[data["invoice_id"]].append((now, message))
            return
        same = data.get("attempt_id") or (paid_at, amount)
        if same in fee.seen:
            self.counts["success told twice"] += 1
            return
        fee.seen.add(same)
        fee.came += amount
        for charge in fee.charges:
            if charge.id == data.get("attempt_id"):
                self.counts["late success"] += message.time > later(charge.asked, SILENCE)
                charge.answered = True
        if amount < own.fee:
            fee.owed_back += amount
            self.counts["less than the fee"] += 1
        elif fee.paid:
            self._paid_twice(own, fee, paid_at, amount)
        elif fee.due is None:
            self._first_fee(own, fee, paid_at, amount)
        elif why := self._not_renewed(own, fee, paid_at):
            fee.owed_back += amount
            self.counts[f"refund: {why}"] += 1
        else:
            self.counts["paid by hand"] += "attempt_id" not in data
            self._renewed(own, fee, paid_at, amount, now)

    def _renewed(self, own: Own, fee: Fee, paid_at: datetime, amount: int, now: datetime) -> None:
        fee.paid, fee.used = paid_at, amount
        if own.stage == "terminated":
            return
        self.counts["reinstated"] += own.status(paid_at) == "suspended"
        self.counts["taken back"] += own.is_over(now)
        self.counts["paid late"] += day_of(paid_at) > own.end
        own.renew(paid_at, late_moves=own.program == "pro" and own.word[1])
        own.paid_by = fee.id
        self._next_fee(own)

    def _paid_twice(self, own: Own, fee: Fee, paid_at: datetime, amount: int) -> None:
        fee.owed_back += amount
        self.counts["paid twice"] += 1
        if fee.paid and paid_at < fee.paid:
            fee.paid = paid_at
            self._told_of_earlier_money(own, fee)

    def _told_of_earlier_money(self, own: Own, fee: Fee) -> None:
        """PRO-6 A term that began on the day of a payment begins on that of the earlier one."""
        if own.program == "care" or own.stage != "open" or own.paid_by != fee.id or not fee.paid:
            return
        first, end = own.ends.pop()
        own.first, own.end, own.anchor = own.before
        if fee.due is None:
            own.anchor = day_of(fee.paid)
            own.run(own.anchor, anniversary(own.anchor, own.anchor.year + 1))
        else:
            own.renew(fee.paid, late_moves=True)
        if (first, end) != own.ends[-1]:
            self.counts["earlier money"] += 1
            del own.fees[own.at_hand.id]
            self._next_fee(own)

    def _first_fee(self, own: Own, fee: Fee, paid_at: datetime, amount: int) -> None:
        application = next(one for one in own.applications.values() if one["invoice"] == fee.id)
        if application["rejected"]:
            fee.owed_back += amount
            return
        fee.paid, fee.used = paid_at, amount
        if own.program == "pro":
            self._opens(own, application)

    def _not_renewed(self, own: Own, fee: Fee, paid_at: datetime) -> str | None:
        if fee is not own.at_hand or own.stage in ("applied", "rejected"):
            return "of an earlier membership"
        if own.cancelled and paid_at >= own.cancelled and not own.wanted:
            return "cancelled"
        over = own.over()
        return over[1] if over and paid_at >= over[0] else None

    def _payment_failed(self, own: Own, data: Json, message: Message, _now: datetime) -> None:
        fee = own.fees.get(data["invoice_id"])
        charge = next((one for one in fee.charges if one.id == data["attempt_id"]), None) if fee else None
        if fee is None or charge is None:
            return  # a first fee's
        self.counts["failure after success"] += fee.paid is not None
        if charge.declined:
            return
        charge.failed, charge.answered, charge.declined = charge.failed or message.time, True, True
        is_hard = data.get("hard") or data["reason"] in HARD
        self.counts["hard decline" if is_hard else "soft decline"] += 1
        if is_hard:
            method = data["method_id"]
            self.hard[method] = max(self.hard.get(method, message.time), message.time)

    def _switched(self, own: Own, data: Json, message: Message, now: datetime) -> None:
        if own.stage != "open" or own.cancelled or message.time < own.word[0] or message.time >= own.due:
            return
        self.counts["switched"] += own.word[1] != data["on"]
        self.counts["switched late"] += own.word[1] != data["on"] and now >= own.due
        own.word = (message.time, data["on"])

    _pro_auto_renew_changed = _care_auto_renew_changed = _switched

    def _cancelled(self, own: Own, _data: Json, message: Message, _now: datetime) -> None:
        if own.stage != "open" or own.cancelled or own.is_over(message.time):
            return
        own.cancelled = message.time
        self.counts["cancelled too late" if own.wanted else "cancelled"] += 1
        self.counts["cancelled while suspended"] += bool(own.at_hand.failed_at)

    _pro_cancel_requested = _care_cancel_requested = _cancelled

    def _pro_terminated(self, own: Own, _data: Json, message: Message, _now: datetime) -> None:
        if own.stage not in ("applied", "open"):
            return
        self.counts["terminated"] += 1
        if own.stage == "applied":
            application = own.applications[own.current]
            application["rejected"] = True
            self._opens(own, application)
        own.stage, own.terminated = "terminated", message.time

    def _known(self, what: str, now: datetime) -> None:
        for _, message in sorted(self.waiting.pop(what, []), key=lambda held: (held[1].time, held[1].id)):
            self.counts["held"] += 1
            self._event(message, now)

    # What is written.

    def output(self, topic: str, event: Json, now: datetime, at: datetime) -> None:
        """An output; `at` is when it is acted: now, or the event's time if that is later."""
        self.now = now
        data = event["data"]
        if topic == "decisions":
            self.story.append(f"{'':18}{data['outcome']} {data['reason'] or ''}: {data['says']}")
            return
        assert event["id"] not in self.told, f"NTF-1: an id was given twice, {data}"
        self.told[event["id"]] = data
        if topic == "requests":
            self.story.append(f"{at:%Y-%m-%d %H:%M}  -> {event['type']} {data}")
            (self._charge if event["type"] == "charge.requested.v1" else self._refund)(data, at)
        elif topic == "notifications":
            self.story.append(f"{at:%Y-%m-%d %H:%M}  -> {data['notification']} {data['params']}")
            self._notice(event["id"], data, at)

    def _charge(self, data: Json, at: datetime) -> None:
        own = self.own[data["program"]]
        fee, number = own.at_hand, data["round"]
        assert data["invoice_id"] == fee.id, "only the invoice at hand is charged"
        assert own.due <= at, "PAY-1: nothing is asked before it is due"
        assert own.collecting, "PAY-1, PAY-8: not with auto-renewal off, after cancellation or when it is over"
        over = own.over()
        assert not over or at < over[0], "PAY-6: not when it is over"
        assert not fee.paid, "PAY-8: not when it is paid"
        assert cents(data["amount"]) == own.fee
        assert fee.told_at, "CARE-5: told of"
        assert later(own.due, -45) <= fee.told_at <= later(own.due, -20), "CARE-5: in its window"
        assert data["attempt_id"] not in [charge.id for charge in fee.charges], "PAY-9: not twice"
        assert not self._open(fee, at), "PAY-9: one open charge"
        begun, asked_before = fee.begun(self.now), any(charge.round == number for charge in fee.charges)
        assert number == begun or (asked_before and number < begun and number not in fee.failed_rounds), "PAY-2"
        best = self._next_method(own, fee, number, at)
        assert best == data["method_id"], f"PAY-1: {best} is next"
        self.counts["asked at once"] += number in fee.failed_rounds
        self.counts["charge"] += 1
        self.counts["charge of a later round"] += number > 0
        fee.charges.append(Charge(data["attempt_id"], data["method_id"], number, at))

    def _refund(self, data: Json, _at: datetime) -> None:
        self._give_up(self.now)
        known = [own.fees for own in self.own.values()] + [self.returned]
        fees = [fees[data["invoice_id"]] for fees in known if data["invoice_id"] in fees]
        assert fees, "money of an invoice that nobody knows"
        fees[0].refunded += cents(data["amount"])
        assert data["amount"] == data["items"][0]["amount"]
        self.counts["refund"] += 1

    def _notice(self, notice_id: str, data: Json, at: datetime) -> None:
        kind, params, own = data["notification"], data["params"], self.own[data["program"]]
        for gone in [*data["replaces"], *([params["retracts"]] if kind == "retracted" else [])]:
            assert gone in self.told, "NTF-2: replaces what was never sent"
            replaced = self.standing.pop(gone, None)
            assert replaced or kind != "retracted", "NTF-3: withdrawn twice"
            if replaced and replaced["notification"] == "membership.suspended":
                self.suspended[own.program] = False
        if kind == "retracted":
            self.counts["retracted"] += 1
            return
        self.standing[notice_id] = data
        fee = own.fees.get(params.get("invoice_id", ""))
        self.counts[kind] += 1
        if kind.endswith(".renewal_notice"):
            assert fee is own.at_hand, "of the renewal ahead"
            assert not fee.told_at, "told once"
            assert later(own.due, -30) <= at, "CARE-5: not before it is due"
            fee.told_at = at
            self.counts["told too late"] += fee.uncharged
            assert params["charged"] == own.wanted, params
        elif kind == "payment.failed":
            assert fee is own.at_hand
            self._round_failed(own, fee, params, at)
        elif kind == "payment.final_notice":
            assert fee is own.at_hand
            fee.final += 1
            assert fee.final == 1, "PAY-6: exactly once"
            assert fee.failed_rounds[-1] == 3, "PAY-6: after the last round"
        elif kind == "membership.suspended":
            assert fee is own.at_hand
            assert own.due <= at, "PAY-3: never before the paid term ends"
            assert not fee.paid, "PAY-5: never when it is paid"
            self.suspended[own.program] = True
        elif kind == "payment.method_expiring":
            assert later(own.due, -30) <= at < own.due, "PAY-7"
            assert own.wanted, "PAY-1: no PAY-7 with auto-renewal off"
            card = self._cards()[params["method_id"]]
            assert card.on_file
            assert card.expires is not None
            assert card.expires < f"{own.end:%Y-%m}"
            assert own.program == "pro" or card.kind in CARDS, "CARE-8"

    def _round_failed(self, own: Own, fee: Fee, params: Json, at: datetime) -> None:
        number = params["round"]
        assert number not in fee.failed_rounds, "PAY-2: told once a round"
        assert not self._open(fee, at), "a charge is open"
        assert self._next_method(own, fee, number, at) is None, "PAY-1: not every method was asked"
        of_round = [charge for charge in fee.charges if charge.round == number]
        self.counts["round without a method"] += not of_round
        if not fee.failed_rounds:
            assert number == 0
            fee.failed_at = max([own.due, *[charge.failed for charge in of_round if charge.failed]])
        else:
            assert number <= fee.begun(self.now), "PAY-2: not before its day"
        fee.failed_rounds.append(number)

    # Methods.

    def _cards(self) -> dict[str, Card]:
        """PAY-1 The latest word on each, by its time."""
        cards: dict[str, Card] = {}
        for at, _, kind, data in sorted(self.words, key=lambda word: word[:2]):
            known = cards.get(data["method_id"])
            if kind == "method.added":
                cards[data["method_id"]] = Card(data["kind"], data["position"], data.get("expires"), at)
            elif known and kind == "method.updated":
                known.expires, known.renewed = data.get("expires") or known.expires, at
            elif known:
                known.on_file = False
        return cards

    def _next_method(self, own: Own, fee: Fee, number: int, at: datetime) -> str | None:
        """PAY-1 The first usable one in the member's order that was not asked in this round since it was renewed."""
        tried = [(charge.method, charge.asked) for charge in fee.charges if charge.round == number]
        found = [
            (card.position, name)
            for name, card in self._cards().items()
            if card.on_file
            and (own.program == "pro" or card.kind in CARDS)
            and (card.expires is None or f"{day_of(at):%Y-%m}" <= card.expires)
            and not (name in self.hard and self.hard[name] >= card.renewed)
            and not any(method == name and asked >= card.renewed for method, asked in tried)
        ]
        return min(found)[1] if found else None

    def _open(self, fee: Fee, at: datetime) -> list[Charge]:
        """PAY-9 Asked, and neither answered nor silent for 7 days."""
        for charge in fee.charges:
            if not charge.answered and not charge.failed and later(charge.asked, SILENCE) <= at:
                charge.failed = later(charge.asked, SILENCE)
                self.counts["silence"] += 1
        return [charge for charge in fee.charges if not charge.answered and not charge.failed]

    # After a tick.

    def check(self, now: datetime, member: Member | None) -> None:
        """What must hold at now."""
        self._give_up(now)
        for own, found in ((self.own["pro"], member and member.pro), (self.own["care"], member and member.care)):
            status = own.status(now)
            assert (found.status if found else None) == status, f"{own.program}: should be {status}"
            if found is None:
                continue
            if own.ends:
                kept = [(term.first, term.end) for term in found.terms]
                assert kept == own.ends[-len(kept) :], f"{own.program}: terms should be {own.ends}"
            if own.stage == "open":
                self._fee_moves_on(own, status, now)
                assert found.causes == (["payment"] if status == "suspended" else []), "GEN-3"
                if status == "suspended":
                    assert found.suspended_at == own.at_hand.failed_at, "PAY-3"
            assert self.suspended[own.program] == (status == "suspended"), "notices and state disagree"
            self._notices_fit(own, status, now)
            for fee in own.fees.values():
                assert fee.refunded == fee.owed_back, f"{fee.id}: {fee.owed_back} cents should have gone back"
                assert fee.came == fee.used + fee.owed_back, f"{fee.id}: money is lost"
        for due in member.due if member else []:
            assert due.at > now, f"GEN-4: {due} has passed"

    def _give_up(self, now: datetime) -> None:
        """GEN-2 What has waited for 30 days: money goes back."""
        for what, held in list(self.waiting.items()):
            over = [message for since, message in held if since + timedelta(days=30) <= now]
            self.waiting[what] = [(since, message) for since, message in held if message not in over]
            self.counts["waited in vain"] += len(over)
            for data in [message.data for message in over if message.kind == "payment.succeeded"]:
                fee, amount = self.returned.setdefault(what, Fee(what)), cents(data["amount"])
                fee.seen.add((_instant(data["paid_at"]), amount))
                fee.came, fee.owed_back = fee.came + amount, fee.owed_back + amount

    def _fee_moves_on(self, own: Own, status: str | None, now: datetime) -> None:
        """A fee that is due is being asked for, or its round has failed: it never just lies there."""
        fee = own.at_hand
        if status == "active" and now >= own.due:
            assert self._open(fee, now), "PAY-1: nobody is asked"
        if status == "suspended" and not self._open(fee, now):
            assert self._next_method(own, fee, max(fee.failed_rounds), now) is None, (
                "PAY-5: a usable method is not asked"
            )
            assert max(fee.failed_rounds) == fee.begun(now), "PAY-2: a round was left out"
        if status == "active" and own.due > now >= later(own.due, -30) and not own.cancelled:
            assert fee.told_at, "CARE-5: not told of"
        if status == "lapsed" and fee.failed_at and own.wanted and not fee.final:
            self.counts["lapsed without a final notice"] += 1

    def _notices_fit(self, own: Own, status: str | None, now: datetime) -> None:
        """NTF-3"""
        standing = [notice for notice in self.standing.values() if notice["program"] == own.program]
        of_fee = {notice["params"]["invoice_id"] for notice in standing if notice["notification"] in OF_A_FEE}
        assert of_fee <= {own.at_hand.id}, "a notice of another fee stands"
        kinds = Counter(notice["notification"] for notice in standing)
        dunned = kinds["payment.failed"] + kinds["payment.final_notice"]
        if status == "suspended":
            assert kinds["membership.suspended"] == 1
            assert dunned >= 1
        else:
            assert kinds["membership.suspended"] == dunned == 0, "NTF-3: it is dunned for nothing"
        if status != "suspended" and (status != "active" or (own.cancelled and not own.wanted)):
            assert not of_fee, "NTF-3: told of a renewal that does not come"
        for notice in standing:
            if notice["notification"] == "payment.method_expiring" and notice["params"]["charge_on"] > f"{day_of(now)}":
                assert status == "active", "NTF-3: warned of a charge that does not come"
                assert own.wanted, "NTF-3: warned of a charge that does not come"
                assert notice["params"]["charge_on"] == str(own.end)
        assert kinds[f"{own.program}.cancelled"] <= (own.cancelled is not None and status in ("active", "suspended"))
