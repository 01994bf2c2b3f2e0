"""One partition in memory with events that are quick to write down, for the tests of the handling path."""

from datetime import UTC, datetime
from typing import Any

import orjson

from agents.handle import PartitionHandler
from cli.lines import Message
from models import state
from models.events import EVERYBODY
from tests.system import outcome, scenario
from tests.system.memory import Installation, Record

ALARM = "quarantined"


def at(text: str) -> datetime:
    """`2026-03-02 12:00` in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Partition(Installation):
    """An installation of one partition. `joined`, `ordered` and `returned` append an event; `work` handles all."""

    def __init__(self, **options: Any) -> None:
        super().__init__(1, **options)
        self._sent = 0

    @property
    def handler(self) -> PartitionHandler:
        return self.handlers[0]

    def ticked(self, now: str, *, received: str | None = None) -> None:
        """Append a tick, which the broker got at `received` (by default just then)."""
        value = orjson.dumps({"at": at(now)})
        self.append("clock", None, value, partition=0, at=at(received or now))

    def event(
        self,
        topic: str,
        kind: str,
        member: str,
        data: dict[str, Any],
        event_id: str | None = None,
        source: str = "/tests",
    ) -> Record:
        self._sent += 1
        body = {
            "specversion": "1.0",
            "id": event_id or f"e{self._sent}",
            "source": source,
            "type": f"{kind}.v1",
            "subject": member,
            "time": "2026-03-02T12:00:00Z",
            "data": data,
        }
        return self.send(Message(topic, member, orjson.dumps(body)))

    def joined(self, member: str) -> Record:
        data = {"birth_date": "1990-05-05", "state": "CA"}
        return self.event("memberships", "points.joined", member, data)

    def opened_pro(self, member: str) -> None:
        """Applied for, approved and paid, on 2 March 2026."""
        for kind in ("pro.applied", "payment.succeeded", "pro.reviewed"):
            data = {"application_id": f"app-{member}"} if kind != "payment.succeeded" else {}
            data |= {"invoice_id": f"fee-{member}"} if kind != "pro.reviewed" else {}
            self.send(scenario.message(kind, member, data, at("2026-03-02 12:00"), f"{kind} {member}", "/tests"))

    def majeure(self, what: str, when: str) -> None:
        """Force majeure is `declared` or has `ended`, for everybody."""
        event_id = f"{what} {when}"
        said = scenario.message(f"force_majeure.{what}", EVERYBODY, {"program": "pro"}, at(when), event_id, "/tests")
        self.send(said)

    def released(self, member: str) -> Record:
        return self.event("memberships", "member.released", member, {"reason": "mended", "actor": "op-1"})

    def ordered(self, member: str, order_id: str) -> Record:
        line = {
            "line_id": "1",
            "sku": "NP-FZ100",
            "category": "accessory",
            "quantity": 1,
            "unit_price": "50.00",
            "qualifying": True,
        }
        data = {
            "order_id": order_id,
            "signed_in": True,
            "placed_at": "2026-03-02T13:00:00Z",
            "payment_method": "card",
            "lines": [line],
            "points_redeemed": 0,
        }
        return self.event("orders", "order.placed", member, data)

    def returned(self, member: str, order_id: str) -> Record:
        """Comes before its order: held for 30 days, which is a deadline."""
        data = {
            "return_id": f"back-{order_id}",
            "order_id": order_id,
            "lines": [{"line_id": "1", "quantity": 1}],
            "in_window": True,
        }
        return self.event("returns", "return.completed", member, data)

    # What came of it.

    @property
    def outputs(self) -> dict[str, list[Record]]:
        return {topic.role: self.read(topic.role) for topic in self.catalogue.outputs}

    def told(self, member: str) -> outcome.Told:
        return outcome.members(self.outputs, self.table("members"))[member]

    def answers(self, member: str) -> list[tuple[str, str | None]]:
        """(outcome, reason) of the member's decisions, in order."""
        return [(d["data"]["outcome"], d["data"]["reason"]) for d in self.told(member).decisions]

    @property
    def letters(self) -> list[outcome.Letter]:
        return outcome.letters(self.read("dead-letters"))

    @property
    def alarms(self) -> int:
        return sum(count for (name, _), count in self.handler.counts.items() if name == ALARM)

    @property
    def woken(self) -> list[str]:
        """Members whose held event was given up, in that order."""
        decisions = [orjson.loads(record.value or b"") for record in self.read("decisions")]
        return [d["subject"] for d in decisions if d["data"]["reason"] == "partner_never_arrived"]

    def due(self, member: str) -> list[datetime]:
        raw = self.table("members")[state.member_key(member)]
        return [due.at for due in state.decode(raw, state.Member).due]
