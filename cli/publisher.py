"""Sends events and ticks in the order of a file, and waits for what the workers decide about them.

Decisions are matched to records by topic, partition and offset. Before and after a tick everything sent is settled, with
what it made one key tell another, so a file with ticks means the same however fast it is sent.
"""

import time
from collections import Counter
from collections.abc import Iterable
from typing import Any, Protocol

import orjson

from cli import lines
from cli.errors import UP, CommandError, check_failed
from cli.lanes import Lanes
from cli.talk import Advance
from cli.tally import Coordinates, Tally, Verdict
from cli.wire import Decided, Sent
from models.catalogue import TRANSFER

WAIT_S = 0.02
PATIENCE_S = 60.0
WINDOW = 20_000
"""Most events on their way or waiting at a time: bounds the memory of a long run."""
POLL_EVERY = 200
NAMED = 5
HOPS = 2
"""How often a key tells another for one event: an account the key of its email, and that key the account."""
START_WORKER = "is a worker running? start one with `memberships worker`"


class Wiring(Protocol):
    """What the publisher needs of `cli.wire.Wire`."""

    partitions: dict[str, int]

    def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        partition: int | None = None,
        headers: Any = (),
        tag: str | None = None,
    ) -> None:
        """Hand a record over."""

    def poll(self, wait_s: float) -> list[Sent | Decided]:
        """What has happened since."""

    def behind(self, topic: str) -> dict[int, int]:
        """The workers' next offset in each partition where something is left to handle."""


class Publisher:
    """`ordered` keeps each member's events in the order given, across topics; ticks are kept in order always.

    `patience_s` is how long nothing may be decided before it gives up (`CommandError`, exit 1).
    """

    def __init__(
        self, wire: Wiring, *, ordered: bool = True, patience_s: float = PATIENCE_S, advance: Advance | None = None
    ) -> None:
        self._wire = wire
        self._lanes = Lanes() if ordered else None
        self._patience_s = patience_s
        self._advance = advance
        self._unconfirmed = 0
        self._undecided: dict[Coordinates, str | None] = {}
        self._early: dict[Coordinates, Verdict] = {}
        self._started = self._quiet_since = time.monotonic()
        self.tally = Tally()

    def publish(self, items: Iterable[lines.Item]) -> None:
        """Sends all items; returns when each event is decided."""
        for count, item in enumerate(items, 1):
            self._put(item)
            if count % POLL_EVERY == 0:
                self._poll(0)
            while self._open > WINDOW:
                self._poll(WAIT_S)
        self.settle()

    def settle(self) -> None:
        """Waits until every event sent so far has its decision, and so has what they made one key tell another."""
        self._quiet_since = time.monotonic()
        while self._open:
            self._poll(WAIT_S)
        self._follow_transfers()

    def tick(self, at: str) -> None:
        """Settles, sends one tick to every partition, and waits until the workers have handled it.

        Where a tick makes more members due than one poll wakes, workers go on with further ticks of their own: handled it
        is when nothing is left on the clock.
        """
        self.settle()
        everywhere = range(self._wire.partitions["clock"])
        for partition in everywhere:
            self._wire.send("clock", None, orjson.dumps({"at": at}), partition=partition)
        sent: set[int] = set()
        while len(sent) < len(everywhere):
            sent |= {partition for topic, partition, _ in self._poll(WAIT_S) if topic == "clock"}
            self._mind_silence(f"Kafka has not confirmed the tick {at} on {len(everywhere) - len(sent)}", UP)
        self._follow("clock", f"the tick {at}")
        self._follow_transfers()
        self.tally.ticks += 1

    def _follow_transfers(self) -> None:
        for _ in range(HOPS):
            self._follow(TRANSFER.role, "what one key tells another")

    def _follow(self, topic: str, what: str) -> None:
        """Until the workers have handled what is on a topic; a partition that is done stays done: others write there too."""
        left, before = set(range(self._wire.partitions[topic])), dict[int, int]()
        while behind := {p: offset for p, offset in self._wire.behind(topic).items() if p in left}:
            if behind != before:
                self._quiet_since = time.monotonic()
            left, before = set(behind), behind
            self._mind_silence(f"no worker has handled {what} on {len(behind)}", START_WORKER)
            self._poll(WAIT_S)

    def _mind_silence(self, what: str, hint: str) -> None:
        if time.monotonic() - self._quiet_since > self._patience_s:
            raise check_failed("no_decision", f"{what} of {self._wire.partitions['clock']} partitions", hint)

    def summary(self) -> dict[str, Any]:
        """What became of everything so far, as data."""
        return self.tally.as_json(time.monotonic() - self._started)

    @property
    def _open(self) -> int:
        waiting = self._lanes.waiting if self._lanes else 0
        return self._unconfirmed + len(self._undecided) + waiting

    def _put(self, item: lines.Item) -> None:
        match item:
            case lines.Tick():
                self.tick(item.at)
            case lines.Raw():
                self._send(item, item.key, item.partition)
            case lines.Message(subject=lines.ALL_MEMBERS):
                self._put_everywhere(item)
            case lines.Message():
                if self._lanes is None or self._lanes.offer(item):
                    self._send_message(item)

    def _put_everywhere(self, message: lines.Message) -> None:
        self.settle()
        for partition in range(self._wire.partitions[message.topic]):
            self._send(message, message.subject.encode(), partition)
        self.settle()

    def _send_message(self, message: lines.Message) -> None:
        tag = message.subject if self._lanes else None
        self._unconfirmed += 1
        self.tally.sent += 1
        key = message.subject.encode()
        self._wire.send(message.topic, key, message.value, headers=message.headers, tag=tag)

    def _send(self, item: lines.Message | lines.Raw, key: bytes | None, partition: int | None) -> None:
        self._unconfirmed += 1
        self.tally.sent += 1
        self._wire.send(item.topic, key, item.value, partition=partition, headers=item.headers)

    def _poll(self, wait_s: float) -> list[Coordinates]:
        """Takes in reports and decisions, sends what they free, minds the time limit; returns what was confirmed."""
        confirmed = []
        for news in self._wire.poll(wait_s):
            match news:
                case Sent():
                    confirmed.append(news.at)
                    self._confirmed(news)
                case Decided():
                    self._told(news)
        if not self._unconfirmed:
            self._early.clear()
        if time.monotonic() - self._quiet_since > self._patience_s and self._open:
            raise self._gave_up()
        if self._advance is not None:
            summary_s = max(time.monotonic() - self._started, 0.001)
            self._advance(self.tally.decided, f"{self.tally.decided / summary_s:,.0f} events/s")
        return confirmed

    def _confirmed(self, sent: Sent) -> None:
        if sent.at[0] == "clock":
            return
        self._unconfirmed -= 1
        self._undecided[sent.at] = sent.tag
        early = self._early.pop(sent.at, None)
        if early is not None:
            self._decided(sent.at, early)

    def _told(self, decided: Decided) -> None:
        if decided.at in self._undecided:
            self._decided(decided.at, decided.verdict)
            return
        if self._unconfirmed:  # perhaps ours, and faster than its report
            self._early[decided.at] = decided.verdict
        self.tally.later(decided.at, decided.verdict)

    def _decided(self, at: Coordinates, verdict: Verdict) -> None:
        self._quiet_since = time.monotonic()
        subject = self._undecided.pop(at)
        self.tally.first(at, verdict)
        if subject is not None and self._lanes is not None:
            for message in self._lanes.decided(subject):
                self._send_message(message)

    def _gave_up(self) -> CommandError:
        per_topic = Counter(topic for topic, _, _ in self._undecided)
        counts = ", ".join(f"{count} on {topic}" for topic, count in sorted(per_topic.items())) or "none"
        first = ", ".join(
            f"{topic}-{partition}@{offset}" for topic, partition, offset in sorted(self._undecided)[:NAMED]
        )
        waiting = self._lanes.waiting if self._lanes else 0
        message = (
            f"nothing was decided for {self._patience_s:g} s. Undecided: {counts}{f' ({first} ...)' if first else ''}; "
            f"not confirmed by Kafka: {self._unconfirmed}; not sent yet: {waiting}"
        )
        return check_failed("no_decision", message, START_WORKER)
