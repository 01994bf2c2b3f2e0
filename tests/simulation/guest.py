"""What must hold at the key of a guest's email: whose purchase it is, and that its fee goes on or back, once (CARE-3)."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from models.state import Member
from tests.simulation.dates import cents, day_of, instant, start_of
from tests.simulation.partition import Json, Message


@dataclass
class Purchase:
    """`waiting`, `claimed`, `missed` or `refused`."""

    id: str
    at: datetime
    until: datetime
    stage: str = "waiting"
    payments: dict[tuple[str, str], int] = field(default_factory=dict)
    """What was told of the fee, each once: when it was paid and how much, and its cents."""
    refunded: int = 0
    handed_on: int = 0
    claims: int = 0

    @property
    def owed_back(self) -> int:
        return sum(self.payments.values()) if self.stage in ("missed", "refused") else 0


class GuestAccount:
    """One key; asked like an `Account`. `counts` is shared."""

    suspended = timedelta()

    def __init__(self, counts: Counter[str]) -> None:
        self.story: list[str] = []
        self._counts = counts
        self._seen: set[str] = set()
        self._purchases: list[Purchase] = []
        """The last of those that were not refused is the one at hand."""
        self._early: list[Message] = []
        """Money that came before its purchase."""
        self._opened: datetime | None = None
        self._standing: dict[str, str] = {}

    def time_passes(self, _now: datetime) -> None:
        """Nothing here is decided but by what comes."""

    def event(self, message: Message, _now: datetime) -> None:
        """An event, before it is handled."""
        self.story.append(
            f"{message.arrives:%Y-%m-%d %H:%M}  <- {message.kind} of {message.time:%m-%d %H:%M} {message.data}"
        )
        if message.id in self._seen:
            return
        self._seen.add(message.id)
        if message.kind == "care.purchased":
            self._bought(message)
        elif message.kind == "guest.account_opened":
            opened = instant(message.data["opened_at"])
            self._opened = min(opened, self._opened or opened)
            self._claim()
        elif message.kind == "payment.succeeded":
            self._paid(message)

    def output(self, topic: str, event: Json, now: datetime, at: datetime) -> None:
        """An output."""
        self._time_passes(now)
        data = event["data"]
        self.story.append(f"{at:%Y-%m-%d %H:%M}  -> {topic} {data}")
        if topic == "requests":
            self._of(data["invoice_id"]).refunded += cents(data["amount"])
            self._counts["guest: refund"] += 1
        elif topic == "notifications":
            self._notice(event["id"], data)

    def sent(self, kind: str, data: Json) -> None:
        """A transfer to the account."""
        if kind == "guest.care_claimed":
            self._of(data["purchase"]["invoice_id"]).claims += 1
        else:
            self._of(data["payment"]["invoice_id"]).handed_on += 1

    def handled(self, _member: Member | None, _at: datetime) -> None:
        """Nothing more is asked of a message."""

    def check(self, now: datetime, member: Member | None) -> None:
        """What must hold at now, after its tick."""
        self._time_passes(now)
        at_hand = self._at_hand()
        for purchase in self._purchases:
            claimed = purchase.stage == "claimed"
            assert purchase.claims == claimed, f"CARE-3: {purchase.id} is {purchase.stage}"
            assert purchase.handed_on == (len(purchase.payments) if claimed else 0), "CARE-3: the fee goes with it"
            assert purchase.refunded == purchase.owed_back, f"CARE-3: {purchase.owed_back} cents should have gone back"
        asked = [kind for kind in self._standing.values() if kind == "care.claim_account"]
        waits = at_hand is not None and at_hand.stage == "waiting"
        assert len(asked) == waits, "CARE-3: the guest is asked to open an account as long as that helps"
        for due in member.due if member else []:
            assert due.at > now, f"GEN-4: {due} has passed"

    def _bought(self, message: Message) -> None:
        purchase = Purchase(
            message.data["invoice_id"], message.time, start_of(day_of(message.time) + timedelta(days=31))
        )
        waiting = self._at_hand()
        if waiting and waiting.stage == "waiting" and waiting.until <= message.time:
            waiting.stage = "missed"
        if message.data["state"] == "PR" or (waiting and waiting.stage == "waiting"):
            purchase.stage = "refused"
        self._purchases.append(purchase)
        self._counts["guest: bought"] += 1
        early, self._early = self._early, []
        self._claim()
        for money in early:
            self._paid(money)

    def _claim(self) -> None:
        """It is the account's if that was opened in time, unless money has gone back (GEN-6)."""
        purchase = self._at_hand()
        if not purchase or not self._opened or self._opened >= purchase.until:
            self._counts["guest: opened too late"] += bool(purchase and self._opened)
            return
        if purchase.stage == "waiting" or (purchase.stage == "missed" and not purchase.refunded):
            self._counts["guest: claimed"] += 1
            self._counts["guest: claimed after all"] += purchase.stage == "missed"
            purchase.stage = "claimed"

    def _paid(self, message: Message) -> None:
        data = message.data
        found = [one for one in self._purchases if one.id == data["invoice_id"]]
        if not found:
            self._early.append(message)
            return
        found[0].payments[data["paid_at"], data["amount"]] = cents(data["amount"])

    def _notice(self, notice_id: str, data: Json) -> None:
        kind, params = data["notification"], data["params"]
        self._counts[f"guest: {kind}"] += 1
        for gone in [*data["replaces"], *([params["retracts"]] if kind == "retracted" else [])]:
            assert self._standing.pop(gone, None), "NTF-3: withdrawn twice"
        if kind == "retracted":
            return
        self._standing[notice_id] = kind
        purchase = self._of(params["invoice_id"])
        should_be = {"care.claim_account": "waiting", "care.claim_missed": "missed", "care.refused": "refused"}
        assert purchase.stage == should_be[kind], f"CARE-3: {purchase.id} is {purchase.stage}"

    def _time_passes(self, now: datetime) -> None:
        for purchase in self._purchases:
            if purchase.stage == "waiting" and purchase.until <= now:
                purchase.stage = "missed"

    def _at_hand(self) -> Purchase | None:
        return next((one for one in reversed(self._purchases) if one.stage != "refused"), None)

    def _of(self, invoice_id: str) -> Purchase:
        return next(one for one in self._purchases if one.id == invoice_id)
