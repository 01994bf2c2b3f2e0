"""What the account knows of one member: all checks and rules of the simulation read and write this."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.simulation.dates import NEVER, cents, instant
from tests.simulation.fees import FEES, Fee
from tests.simulation.goods import Care
from tests.simulation.partition import Message
from tests.simulation.terms import Membership
from tests.simulation.wallet import Wallet


def _memberships() -> dict[str, Membership]:
    return {program: Membership(program) for program in FEES}


@dataclass
class Known:
    """One member. `counts` is shared: how often something happened that makes the simulation worth its while."""

    name: str
    counts: Counter[str]
    handle: Callable[[Message], None]
    """Have an event handled that has waited."""
    own: dict[str, Membership] = field(default_factory=_memberships)
    wallet: Wallet = field(default_factory=Wallet)
    care: Care = field(default_factory=Care)
    """What Care knows beyond its terms: orders, claims, fees asked back."""
    waiting: dict[str, list[tuple[datetime, Message]]] = field(default_factory=lambda: defaultdict(list))
    """Events by what they wait for, with the now at which they came."""
    returned: dict[str, Fee] = field(default_factory=dict)
    """Those whose money has waited in vain: an application may still name them."""
    reimbursed: dict[str, str] = field(default_factory=dict)
    """REP-9 Fee -> the repair that it was given back for."""
    now: datetime = NEVER
    """The partition's; an event may be of a later time than the latest tick."""

    def wait(self, what: str, message: Message) -> None:
        """GEN-2 It comes before what it is about."""
        self.waiting[what].append((self.now, message))

    def arrived(self, what: str) -> None:
        """What has waited for it is handled now, by its time."""
        for _, message in sorted(self.waiting.pop(what, []), key=lambda held: (held[1].time, held[1].id)):
            self.counts["held"] += 1
            self.handle(message)

    def waited_in_vain(self, now: datetime) -> list[tuple[str, Message]]:
        """GEN-2 Take out what has waited for 30 days: money first, as what would name its invoice is given up with it."""
        found = []
        for what, held in list(self.waiting.items()):
            over = [message for since, message in held if since + timedelta(days=30) <= now]
            self.waiting[what] = [(since, message) for since, message in held if message not in over]
            found += [(what, message) for message in over]
        self.counts["waited in vain"] += len(found)
        return sorted(found, key=lambda held: held[1].kind != "payment.succeeded")

    def new_fee(self, own: Membership, invoice_id: str) -> Fee:
        """The fee that an application or a purchase names."""
        fee = own.fees[invoice_id] = self.returned.pop(invoice_id, Fee(invoice_id))
        return fee

    def give_back_unclaimed(self, what: str, message: Message) -> None:
        """Money whose invoice nobody has named."""
        data = message.data
        fee, amount = self.returned.setdefault(what, Fee(what)), cents(data["amount"])
        fee.seen.add((instant(data["paid_at"]), amount))
        fee.came, fee.owed_back = fee.came + amount, fee.owed_back + amount
