"""A small installation in memory: input records, the workers' handling path on dictionaries, and all it left behind.

What a test gets are shards as the audit reads them, or the same records written to a real broker.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from types import MappingProxyType
from typing import Any

import orjson

from agents.dictionary import Dictionary
from agents.handle import PartitionHandler
from audit.books import QUESTIONS as BOOKS
from audit.compare import QUESTIONS as REPLAY
from audit.ids import Ids
from audit.own import QUESTIONS as OWN
from audit.plain import Shapes, pack, unpack
from audit.report import Check, Findings
from audit.run import examine
from audit.shard import DEAD_LETTERS, OUTPUTS, Shard, last_values
from audit.start import Start
from audit.topics import Headers, Stored
from audit.transfers import QUESTIONS as TRANSFERS
from audit.transfers import Transfers
from audit.transport import QUESTIONS as TRANSPORT
from models.catalogue import APP, TABLES, Catalogue
from models.partitioning import partition_of
from models.policies import STANDARD, Policies
from tests.audit import depot

START = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
STRUCTURED: Headers = (("content-type", b"application/cloudevents+json"),)
Place = tuple[str, int]


class World:
    """Topics by (name, partition). ``publish`` and ``tick`` append; ``handle`` works off what was not handled yet."""

    def __init__(self, prefix: str = "", partitions: int = 2) -> None:
        self.catalogue = Catalogue(prefix, partitions)
        self.topics: dict[Place, list[Stored]] = defaultdict(list)
        self.committed: dict[Place, int] = defaultdict(int)
        self.now = START
        self._ids = count(1)
        self._handlers = {}
        for number in range(partitions):
            stores = {table: Dictionary({}) for table in TABLES}
            logged = {name: _Logged(self, table, name, number) for name, table in stores.items()}
            self._handlers[number] = PartitionHandler(number, logged, self.catalogue, STANDARD, "external")

    def publish(self, topic: str, kind: str, subject: str, data: Mapping[str, Any], **envelope: Any) -> dict[str, Any]:
        """Append an event, one minute after the last thing that happened; returns it, to be sent again as it is."""
        self.now += timedelta(minutes=1)
        event = {
            "specversion": "1.0",
            "id": f"e{next(self._ids)}",
            "source": "/tests",
            "type": kind,
            "subject": subject,
            "time": self.now.isoformat(),
            "data": dict(data),
        } | envelope
        self.send(topic, event)
        return event

    def send(self, topic: str, event: Mapping[str, Any]) -> None:
        """Append an event where it belongs."""
        key = str(event["subject"]).encode()
        self.append(topic, partition_of(key, self.catalogue.partitions), key, orjson.dumps(event), STRUCTURED)

    def append(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, Any]] = (),
    ) -> None:
        """Append any record."""
        name = self.catalogue.name(topic)
        records = self.topics[name, partition]
        stamp = int(self.now.timestamp() * 1000)
        records.append(Stored(name, partition, len(records), stamp, 0, key, value, tuple(headers)))

    def say(self, what: str) -> None:
        """Force majeure is `declared` or has `ended`: to every partition."""
        self.now += timedelta(minutes=1)
        kind = f"force_majeure.{what}.v1"
        event = {"specversion": "1.0", "id": f"e{next(self._ids)}", "source": "/tests", "type": kind, "subject": "*"}
        event |= {"time": self.now.isoformat(), "data": {"program": "pro"}}
        for partition in range(self.catalogue.partitions):
            self.append("memberships", partition, b"*", orjson.dumps(event), STRUCTURED)

    def tick(self, later: timedelta = timedelta()) -> None:
        """Let time pass, for every partition."""
        self.now += later
        for partition in range(self.catalogue.partitions):
            self.append("clock", partition, None, orjson.dumps({"at": self.now.isoformat()}))

    def handle(self) -> None:
        """Handle what is there, topic by topic in catalogue order, as workers do with one poll."""
        for topic in self.catalogue.handled:
            for partition, handler in self._handlers.items():
                place = topic.name, partition
                fresh = self.topics[place][self.committed[place] :]
                if fresh:
                    handler.handle(fresh, self._emit)
                    self.committed[place] += len(fresh)

    def join(self, member: str, state: str = "CA", born: str = "1990-05-01") -> dict[str, Any]:
        """``points.joined``."""
        return self.publish("memberships", "points.joined.v1", member, {"birth_date": born, "state": state})

    def order(self, member: str, order_id: str, *lines: Mapping[str, Any], **data: Any) -> dict[str, Any]:
        """``order.placed``, signed in, by default with one line: 3 pieces at 9.99."""
        content = {
            "order_id": order_id,
            "signed_in": True,
            "placed_at": (self.now + timedelta(minutes=1)).isoformat(),
            "payment_method": "card",
            "lines": list(lines) or [line("1")],
            "points_redeemed": 0,
        }
        return self.publish("orders", "order.placed.v1", member, content | data)

    def bring_back(self, member: str, return_id: str, order_id: str, **pieces: int) -> dict[str, Any]:
        """``return.completed``; pieces by line id, as ``l1=2``."""
        lines = [{"line_id": name.removeprefix("l"), "quantity": quantity} for name, quantity in pieces.items()]
        data = {"return_id": return_id, "order_id": order_id, "lines": lines, "in_window": True}
        return self.publish("returns", "return.completed.v1", member, data)

    def open_pro(self, member: str, *methods: str, paid_ago: timedelta = timedelta(days=340)) -> None:
        """An application that is approved and was paid 340 days ago, unless told otherwise: the year ends in 25 days."""
        for place, method in enumerate(methods):
            data = {"method_id": method, "kind": "card", "position": place}
            self.publish("payments", "method.added.v1", member, data)
        application = {
            "application_id": f"a-{member}",
            "invoice_id": f"i-{member}",
            "birth_date": "1990-05-01",
            "state": "CA",
            "business": {"employment": "employee", "url": "https://example.org"},
            "bodies": [{"model": "ILCE-1", "serial": "1"}, {"model": "ILCE-9M3", "serial": "2"}],
            "lenses": [{"model": "SEL50F12GM", "serial": str(n)} for n in (3, 4, 5)],
            "auto_renew": True,
        }
        self.publish("memberships", "pro.applied.v1", member, application)
        self.publish("memberships", "pro.reviewed.v1", member, {"application_id": f"a-{member}", "approved": True})
        self.pay(member, "pro", f"i-{member}", "100.00", self.now - paid_ago)

    def buy_care(self, member: str, *methods: str, **more: Any) -> None:
        """Care that was bought 340 days ago: the year ends in 25 days."""
        for place, method in enumerate(methods):
            data = {"method_id": method, "kind": "card", "position": place}
            self.publish("payments", "method.added.v1", member, data)
        when = self.now - timedelta(days=340)
        purchase = {
            "email_hash": "c" * 64,
            "birth_date": "1990-05-01",
            "state": "CA",
            "purchased_at": when.isoformat(),
            "invoice_id": f"i-{member}",
        }
        self.publish("memberships", "care.purchased.v1", member, purchase | more)
        self.pay(member, "care", f"i-{member}", "179.99", when)

    def pay(
        self, member: str, program: str, invoice: str, amount: str, when: datetime | None = None, **more: Any
    ) -> dict[str, Any]:
        """``payment.succeeded``, now unless told otherwise."""
        paid_at = (when or self.now + timedelta(minutes=1)).isoformat()
        data = {"invoice_id": invoice, "method_id": "card", "program": program, "amount": amount, "paid_at": paid_at}
        return self.publish("payments", "payment.succeeded.v1", member, data | more)

    def last_charge(self, member: str) -> dict[str, Any]:
        """What was asked of the payment service last."""
        name = self.catalogue.name("requests")
        records = self.topics[name, partition_of(member.encode(), self.catalogue.partitions)]
        found = [orjson.loads(record.value or b"") for record in records if record.key == member.encode()]
        data: dict[str, Any] = found[-1]["data"]
        return data

    def answer(self, member: str, charge: Mapping[str, Any], *, paid: bool) -> None:
        """What the payment service says to a charge."""
        if paid:
            attempt = charge["attempt_id"]
            self.pay(member, charge["program"], charge["invoice_id"], charge["amount"], attempt_id=attempt)
        else:
            data = {name: charge[name] for name in ("invoice_id", "attempt_id", "method_id", "program")}
            self.publish("payment-failures", "payment.failed.v1", member, data | {"reason": "insufficient_funds"})

    def ends(self) -> dict[Place, int]:
        """Up to where an audit of now reads: what it is not through with is for the next."""
        handled = {topic.name for topic in self.catalogue.handled}
        compacted = {topic.name for topic in self.catalogue.topics if topic.compacted}
        return {
            place: self.committed[place] if place[0] in handled else len(records)
            for place, records in list(self.topics.items())
            if place[0] not in compacted
        }

    def shards(self, begin: Mapping[Place, int] = MappingProxyType({})) -> list[Shard]:
        """All partitions, as the audit reads them from there on."""
        return [self.shard(number, begin) for number in range(self.catalogue.partitions)]

    def shard(self, number: int, begin: Mapping[Place, int] = MappingProxyType({})) -> Shard:
        """One partition, as the audit reads it."""
        name = self.catalogue.name

        def records(topic: str, end: int | None = None) -> list[Stored]:
            return list(self.topics[topic, number][begin.get((topic, number), 0) : end])

        done = {topic.role: self.committed[topic.name, number] for topic in self.catalogue.handled}
        return Shard(
            number,
            self.catalogue,
            inputs={role: records(name(role), end) for role, end in done.items()},
            later_ticks=self.topics[name("clock"), number][done["clock"] :],
            transfers=records(name("transfers")),
            outputs={role: records(name(role)) for role in OUTPUTS},
            dead_letters=records(name(DEAD_LETTERS)),
            tables={table: last_values(records(self.catalogue.changelog(table))) for table in TABLES},
        )

    def _emit(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        headers: Sequence[tuple[str, bytes | None]] = (),
        partition: int | None = None,
    ) -> None:
        assert partition is not None
        self.append(self.catalogue.role(topic), partition, key, value, headers)


class _Logged:
    """A table whose writes also go to its changelog."""

    def __init__(self, world: World, table: Dictionary, name: str, partition: int) -> None:
        self._world, self._table, self._name, self._partition = world, table, name, partition
        self.get, self.items = table.get, table.items

    def put(self, key: bytes, value: bytes, /) -> None:
        self._table.put(key, value)
        self._world.append(f"{APP}-{self._name}-changelog", self._partition, key, value)

    def delete(self, key: bytes, /) -> None:
        self._table.delete(key)
        self._world.append(f"{APP}-{self._name}-changelog", self._partition, key, None)


def line(line_id: str, price: str = "9.99", quantity: int = 3, **more: Any) -> dict[str, Any]:
    """An order line, qualifying unless told otherwise."""
    return {
        "line_id": line_id,
        "sku": f"SKU-{line_id}",
        "category": "audio",
        "quantity": quantity,
        "unit_price": price,
        "qualifying": True,
    } | more


class Auditor:
    """Audits shards; what it is given next begins where those ended."""

    def __init__(self, policies: Policies = STANDARD) -> None:
        self.starts: dict[int, Start] = defaultdict(Start)
        self.ids, self.transfers = Ids(), Transfers()
        self._policies = policies

    def audited(self, shards: Sequence[Shard]) -> dict[str, Check]:
        """What the audit finds in those shards, by the name of the check."""
        findings = Findings({**TRANSPORT, **REPLAY, **TRANSFERS, **BOOKS, **OWN})
        for shard in shards:
            replayed = examine(shard, self.starts[shard.number], self.ids, self._policies, "external", findings)
            self.transfers.add(shard, replayed)
        self.transfers.check(findings)
        return {check.name: check for check in findings.checks()}

    def saved(self) -> "Auditor":
        """Another one, with what this one would save."""
        again = Auditor(self._policies)
        for start in self.starts.values():
            start.end()
        self.ids.settle()
        again.starts |= {number: copied(start, self._policies) for number, start in self.starts.items()}
        again.ids, again.transfers = copied((self.ids, self.transfers), self._policies)
        return again


def copied(value: Any, policies: Policies = STANDARD) -> Any:
    """As it comes back from a file."""
    shapes: Shapes = {}
    return unpack(pack(value, shapes), shapes, policies)


def audited(shards: Sequence[Shard]) -> dict[str, Check]:
    """What the audit finds in those shards, by the name of the check."""
    return Auditor().audited(shards)


def differing(shards: Sequence[Shard]) -> dict[str, str]:
    """The first difference of each check that is not clean."""
    return {name: check.differences[0] for name, check in audited(shards).items() if check.state != "clean"}


def email(name: str) -> str:
    """The hash of somebody's email."""
    return sha256(name.encode()).hexdigest()


def buy_care_as_guest(world: World, name: str, invoice_id: str) -> str:
    """A guest buys Care and pays; returns the key."""
    key = f"guest:{email(name)}"
    at = (world.now + timedelta(minutes=1)).isoformat()
    person = {"email_hash": email(name), "birth_date": "1990-05-01", "state": "CA"}
    world.publish("memberships", "care.purchased.v1", key, person | {"purchased_at": at, "invoice_id": invoice_id})
    paid = {"invoice_id": invoice_id, "method_id": "card", "program": "care", "amount": "179.99", "paid_at": at}
    world.publish("payments", "payment.succeeded.v1", key, paid)
    return key


def open_account(world: World, member: str, name: str) -> None:
    """``account.opened`` with somebody's email."""
    person = {"email_hash": email(name), "birth_date": "1990-05-01", "state": "CA"}
    world.publish("memberships", "account.opened.v1", member, person)


def a_small_shop(prefix: str = "", partitions: int = 2, *, poison_clock: bool = True) -> World:
    """Members, guests, orders, returns before and after their orders, duplicates, poison, ticks: something of all."""
    world = World(prefix, partitions)
    world.tick()
    for member in ("ann", "bob", "cyd", "dan"):
        world.join(member)
    world.join("kid", state="AL", born="2008-01-01")
    world.open_pro("pam", "card", "card-2")
    world.open_pro("pim")
    world.buy_care("cat", "card")
    world.pay("cat", "care", "i-cat", "179.99")
    world.pay("pam", "pro", "i-pam", "100.00")
    depot.something_of_all(world, "pam")
    world.handle()
    again = world.order("ann", "A1", line("1"), line("2", "100.00", 1, bonus={"offer_id": "o", "points": 50}))
    world.order("bob", "B1", line("1", "12.34", 7), line("2", "5.00", 2, qualifying=False))
    world.order("cyd", "C1", signed_in=False)
    world.order("eve", "E1")
    world.bring_back("dan", "RD", "D1", l1=1)
    world.tick()
    world.handle()
    for number in (0, 1, 4):
        buy_care_as_guest(world, f"guest-{number}", f"C{number}")
    world.handle()
    open_account(world, "bob", "guest-0")
    open_account(world, "cyd", "guest-1")
    world.handle()
    world.send("orders", again)
    world.send("orders", again | {"time": START.isoformat()})
    world.bring_back("ann", "RA", "A1", l1=2, l2=1)
    world.bring_back("bob", "RB", "B1", l1=3)
    world.order("dan", "D1")
    fee = {
        "invoice_id": "i-none",
        "method_id": "card",
        "program": "pro",
        "amount": "100.00",
        "paid_at": START.isoformat(),
    }
    world.publish("payments", "payment.succeeded.v1", "cyd", fee)  # nobody knows the invoice: it goes back in the end
    world.handle()
    world.publish("returns", "return.rejected.v1", "ann", {"return_id": "RA"})
    world.publish("orders", "order.cancelled.v1", "bob", {"order_id": "B1", "before_shipment": False})
    world.bring_back("bob", "RX", "nowhere", l1=1)
    world.append("orders", 0, b"ann", b"not json")
    world.append("returns", 1, None, None)
    if poison_clock:
        world.append("clock", 0, None, b'{"at": 1}')
    world.handle()
    world.tick(timedelta(days=31))
    world.handle()
    world.order("cyd", "C2")
    for member, charge, paid in (("pam", world.last_charge("pam"), False), ("cat", world.last_charge("cat"), True)):
        world.answer(member, charge, paid=paid)
    world.tick()
    world.handle()
    return world
