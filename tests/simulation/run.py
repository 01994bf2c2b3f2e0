"""Ten years of a thousand members: days pass, events arrive, the clock ticks, and all of it is watched."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from audit.service import Majeure
from models.events import EVENT
from tests.simulation.account import Account
from tests.simulation.guest import GuestAccount
from tests.simulation.partition import DAY, Json, Message, Output, Partition
from tests.simulation.people import Person
from tests.simulation.post import Post
from tests.simulation.service.majeure import EVERYBODY, strike

START = datetime(2026, 1, 5, 8, tzinfo=UTC)


class DeviationError(AssertionError):
    """What must hold does not: seed, member, day and the member's story so far."""


@dataclass
class Simulation:
    """One run; `Simulation(seed).run()`."""

    seed: int = 1
    members: int = 1000
    years: int = 10
    counts: Counter[str] = field(default_factory=Counter)
    partition: Partition = field(default_factory=Partition)

    def run(self, each_day: Callable[[int], None] = lambda _day: None) -> Counter[str]:
        """Live through the years; what was seen how often. Raises DeviationError."""
        self._chance, self._post, days = Random(f"clock-{self.seed}"), Post(), self.years * 365 + self.years // 4
        names = [f"m{n}" for n in range(self.members)]
        self._people = {name: Person(name, self.seed, self._post) for name in names}
        majeure = Majeure()
        self._members = [Account(name, self.counts, majeure) for name in names]
        self._accounts: dict[str, Account | GuestAccount] = dict(zip(names, self._members, strict=True))
        for person in list(self._people.values()):
            self._people[person.guest] = person
            self._accounts[person.guest] = GuestAccount(self.counts)
        self._now = START
        self._changed: set[str] = set()
        for name in names:
            self._people[name].begin(START, days // 2)
        self._majeure = majeure
        strike(self._post, Random(f"majeure-{self.seed}"), START, self.years)
        self.partition.tick(START)
        dark = 0
        for day in range(days):
            if not dark and self._chance.random() < 0.004:
                dark = self._chance.choice((1, 2, 5, 9, 25))
                self._down = self._chance.random() < 0.5
                self.counts["outage"] += 1
            dark = max(0, dark - 1)
            self._day(START + day * DAY, dark=dark > 0)
            each_day(day)
        self._tick(START + days * DAY)
        self._look(list(self._accounts))
        self.counts["days suspended"] = sum([one.suspended for one in self._accounts.values()], timedelta()).days
        for account in self._members:
            self.counts.update(account.seen)
        self.counts["handled"] = self.partition.handled
        return self.counts

    def _day(self, begins: datetime, *, dark: bool) -> None:
        """Events of a day come before and after its tick. dark: no tick; if the system is down, no event either."""
        tick = begins + self._chance.uniform(0.1, 0.9) * DAY
        if dark:
            if not self._down:
                self._deliver(begins + DAY)
            return
        self._deliver(tick)
        self._tick(tick)
        self._look(sorted(self._changed))
        self._look(self._chance.sample(sorted(self._accounts), k=max(1, self.members // 100)))
        self._changed.clear()
        self._deliver(begins + DAY)

    def _tick(self, now: datetime) -> None:
        self._now = now
        for account in self._members:
            if account.quiet_until <= now:
                account.time_passes(now)
        outputs = self.partition.tick(now)
        self._take(outputs, now)
        for member in {output.event["subject"]: None for output in outputs}:
            self._handled(member, now)

    def _handled(self, member: str, at: datetime) -> None:
        with self._watching(member):
            self._accounts[member].handled(self.partition.member(member), at)

    def _deliver(self, until: datetime) -> None:
        while message := self._post.take(until):
            if message.member == EVERYBODY:
                self._everybody(message)
                continue
            with self._watching(message.member):
                self._accounts[message.member].event(message, self._now)
            self._changed.add(message.member)
            self._take(self.partition.send(message), max(self._now, message.time))
            self._handled(message.member, message.happened)

    def _everybody(self, message: Message) -> None:
        """PRO-11 What was due before is decided by what was known then."""
        for account in self._accounts.values():
            account.time_passes(self._now)
        self._majeure.take(EVENT.validate_json(message.value))
        for account in self._members:
            account.everybody()
        self.counts[message.kind] += 1
        self._take(self.partition.send(message), max(self._now, message.time))

    def _take(self, outputs: list[Output], at: datetime) -> None:
        for topic, event in outputs:
            member, data = event["subject"], event["data"]
            if member == EVERYBODY:
                continue
            if topic != "transfers":
                self._changed.add(member)
                with self._watching(member):
                    self._accounts[member].output(topic, event, self._now, at)
            if topic == "transfers":
                self._hand_over(event, at)
            elif topic == "notifications":
                self._people[member].told(data, at)
            elif event["type"] == "charge.requested.v1":
                self._people[member].charged(data, at)
            elif event["type"] == "invoice.issued.v1":
                self._people[member].owner.invoiced(data, at)

    def _hand_over(self, event: Json, at: datetime) -> None:
        """What one key sends to another is an event for that, a while later."""
        kind, data = event["type"].removesuffix(".v1"), event["data"]
        if sender := data.get("guest"):
            with self._watching(sender):
                account = self._accounts[sender]
                assert isinstance(account, GuestAccount)
                account.sent(kind, data)
        arrives, time = at + self._chance.uniform(0, 0.5) * DAY, datetime.fromisoformat(event["time"])
        self._post.put(Message(arrives, event["subject"], kind, data, time, event["id"], event["source"]))

    def _look(self, members: list[str]) -> None:
        for name in members:
            with self._watching(name):
                self._accounts[name].check(self._now, self.partition.member(name))

    def _watching(self, member: str) -> "_Watch":
        return _Watch(self, member)

    def failure(self, member: str, error: AssertionError) -> DeviationError:
        story = "\n".join(self._accounts[member].story[-80:])
        return DeviationError(f"seed {self.seed}, member {member}, {self._now:%Y-%m-%d %H:%M}: {error}\n{story}")


@dataclass
class _Watch:
    simulation: Simulation
    member: str

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, AssertionError):
            raise self.simulation.failure(self.member, error) from error
