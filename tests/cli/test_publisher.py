"""The publisher's bookkeeping on a wire made of lists: who is waited for, what is counted, when it gives up."""
# ruff: noqa: ARG002 - the wire of lists has the signatures of the real one

from collections.abc import Callable
from typing import Any

import pytest

from cli.errors import CommandError, ExitCode
from cli.lines import Message, Raw, Tick
from cli.publisher import Publisher
from cli.wire import Decided, Sent
from tests.support.clock import Clock

CLOCK = Clock()


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The publisher's patience is measured in polls of `ListWire`."""
    monkeypatch.setattr("cli.publisher.time", CLOCK)


class ListWire:
    """Confirms each record at the next poll and has it decided by `rule` at the one after; None: never decided."""

    def __init__(
        self, rule: Callable[[str, int], tuple[str, str] | None] = lambda _topic, _offset: ("applied", "")
    ) -> None:
        self.partitions = {"orders": 1, "returns": 1, "memberships": 3, "clock": 2, "transfers": 2}
        self.log: list[str] = []
        self.handled_ticks = True
        self.confirmed_ticks = True
        self.further_ticks = 0
        self.under_way: list[int] = []
        """Partitions of transfers that are handled, one with each call: what one brings about may be on another."""
        self._rule = rule
        self._ends: dict[tuple[str, int], int] = {}
        self._to_confirm: list[Sent] = []
        self.to_decide: list[Decided] = []

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
        place = (topic, partition or 0)
        offset = self._ends[place] = self._ends.get(place, -1) + 1
        self._to_confirm.append(Sent((*place, offset), tag))
        self.log.append(f"send {topic} {(key or b'').decode()}".strip())

    def poll(self, wait_s: float) -> list[Sent | Decided]:
        CLOCK.sleep(wait_s)
        decided, self.to_decide = self.to_decide, []
        self.log += [f"decided {news.at[0]}" for news in decided]
        confirmed, self._to_confirm = self._to_confirm, []
        if not self.confirmed_ticks:
            confirmed = [news for news in confirmed if news.at[:2] != ("clock", 1)]
        for news in confirmed:
            verdict = self._rule(news.at[0], news.at[2])
            if news.at[0] != "clock" and verdict is not None:
                self.to_decide.append(Decided(news.at, verdict))
        return [*confirmed, *decided]

    def behind(self, topic: str) -> dict[int, int]:
        """One further tick on partition 0 is handled with each call, while there are any."""
        everywhere = range(self.partitions[topic])
        if topic == "transfers":
            if self.under_way:
                self.log.append("transfer")
            return {self.under_way.pop(0): 0} if self.under_way else {}
        if not self.handled_ticks:
            return dict.fromkeys(everywhere, 0)
        if not self.further_ticks:
            return {}
        self.further_ticks -= 1
        self.log.append("further tick")
        return {0: self._ends[topic, 0] - self.further_ticks}


def order(member: str) -> Message:
    return Message("orders", member, b"{}")


def back(member: str) -> Message:
    return Message("returns", member, b"{}")


def test_a_member_s_next_topic_waits_for_the_decision() -> None:
    wire = ListWire()
    Publisher(wire).publish([order("m"), back("m"), order("n")])

    assert wire.log == [
        "send orders m",
        "send orders n",
        "decided orders",
        "decided orders",
        "send returns m",
        "decided returns",
    ]


def test_unordered_does_not_wait() -> None:
    wire = ListWire()
    Publisher(wire, ordered=False).publish([order("m"), back("m"), order("n")])

    assert wire.log[:3] == ["send orders m", "send returns m", "send orders n"]


def test_a_tick_waits_for_what_one_key_tells_another() -> None:
    """given two keys that answer each other from partition to partition, then time stands still until they are done."""
    wire = ListWire()
    wire.under_way = [1, 0, 1]
    Publisher(wire).publish([order("m"), Tick("2026-03-02T18:00:00Z")])

    assert wire.log == ["send orders m", "decided orders", *["transfer"] * 3, "send clock", "send clock"]


@pytest.mark.parametrize("ordered", [True, False])
def test_a_tick_waits_for_everything_before_it_and_is_waited_for(ordered: bool) -> None:
    wire = ListWire()
    publisher = Publisher(wire, ordered=ordered)
    publisher.publish([order("m"), Tick("2026-03-01T12:00:00Z"), order("m")])

    assert wire.log == [
        "send orders m",
        "decided orders",
        "send clock",
        "send clock",
        "send orders m",
        "decided orders",
    ]
    assert publisher.summary()["ticks"] == 1


def test_what_concerns_everybody_goes_to_every_partition() -> None:
    wire = ListWire()
    publisher = Publisher(wire)
    publisher.publish([Message("memberships", "*", b"{}")])

    assert wire.log.count("send memberships *") == 3
    assert publisher.summary()["decided"] == 3


def test_counts_by_outcome_and_reason() -> None:
    wire = ListWire(lambda _topic, offset: ("refused", "under_age") if offset == 1 else ("applied", ""))
    publisher = Publisher(wire)
    publisher.publish([order("a"), order("b"), order("c"), Raw("returns", None, b"x")])

    summary = publisher.summary()
    assert summary["sent"] == summary["decided"] == 4
    assert summary["outcomes"] == {
        "applied": {"total": 3, "reasons": {}},
        "refused": {"total": 1, "reasons": {"under_age": 1}},
    }


def test_an_event_held_and_settled_counts_once_by_its_last_outcome() -> None:
    wire = ListWire(lambda topic, _offset: ("held", "waits") if topic == "returns" else ("applied", ""))
    publisher = Publisher(wire)
    publisher.publish([back("m")])
    assert publisher.summary()["outcomes"] == {"held": {"total": 1, "reasons": {"waits": 1}}}

    wire.to_decide.append(Decided(("returns", 0, 0), ("applied", "")))
    publisher.publish([order("m")])

    assert publisher.summary()["outcomes"] == {"applied": {"total": 2, "reasons": {}}}
    assert publisher.summary()["decided"] == 2


def test_decisions_on_other_people_s_events_do_not_count() -> None:
    wire = ListWire()
    wire.to_decide.append(Decided(("orders", 0, 77), ("refused", "not_ours")))
    publisher = Publisher(wire)
    publisher.publish([order("m")])

    assert publisher.summary()["outcomes"] == {"applied": {"total": 1, "reasons": {}}}


def test_a_decision_faster_than_its_report_is_not_lost() -> None:
    class Hasty(ListWire):
        def poll(self, wait_s: float) -> list[Sent | Decided]:
            news = super().poll(wait_s)
            if sent := [one for one in news if isinstance(one, Sent)]:
                held_back, self.late = sent, []
                self.late.extend(held_back)
                return [Decided(one.at, ("applied", "")) for one in sent]
            late, self.late = getattr(self, "late", []), []
            return late

    publisher = Publisher(Hasty(lambda _topic, _offset: None))
    publisher.publish([order("m"), back("m")])

    assert publisher.summary()["decided"] == 2


def test_gives_up_after_a_silence_and_says_what_is_missing() -> None:
    wire = ListWire(lambda topic, _offset: None if topic == "returns" else ("applied", ""))
    publisher = Publisher(wire, patience_s=0.05)

    with pytest.raises(CommandError) as caught:
        publisher.publish([order("m"), back("m"), order("m")])

    problem = caught.value.problem
    assert (problem.code, problem.exit_code) == ("no_decision", ExitCode.CHECK_FAILED)
    assert "1 on returns (returns-0@0" in problem.message
    assert "not sent yet: 1" in problem.message


def test_a_tick_nobody_handles_is_named() -> None:
    wire = ListWire()
    wire.handled_ticks = False

    with pytest.raises(CommandError, match=r"tick 2026-03-01T12:00:00Z on 2 of 2 partitions"):
        Publisher(wire, patience_s=0.05).publish([Tick("2026-03-01T12:00:00Z")])


def test_a_tick_is_over_when_the_further_ticks_of_the_workers_are() -> None:
    wire = ListWire()
    wire.further_ticks = 3
    Publisher(wire).publish([Tick("2026-03-01T12:00:00Z"), order("m")])

    assert wire.log == [*["send clock"] * 2, *["further tick"] * 3, "send orders m", "decided orders"]


def test_further_ticks_are_progress() -> None:
    """Given more of them than the patience lasts for, then it is not lost as long as one after the other is handled."""
    wire = ListWire()
    wire.further_ticks = 10
    publisher = Publisher(wire, patience_s=0.1)
    publisher.publish([Tick("2026-03-01T12:00:00Z")])

    assert (wire.further_ticks, publisher.summary()["ticks"]) == (0, 1)


def test_a_partition_that_was_done_is_not_waited_for_again() -> None:
    """Given somebody else's ticks, one at a time on either partition, then the tick is over all the same."""

    class Busy(ListWire):
        def behind(self, topic: str) -> dict[int, int]:
            self.further_ticks += 1
            return {self.further_ticks % 2: self.further_ticks}

    publisher = Publisher(Busy(), patience_s=0.5)
    publisher.publish([Tick("2026-03-01T12:00:00Z")])

    assert publisher.summary()["ticks"] == 1


def test_a_tick_that_kafka_does_not_confirm_is_named() -> None:
    wire = ListWire()
    wire.confirmed_ticks = False

    with pytest.raises(CommandError, match=r"not confirmed the tick 2026-03-01T12:00:00Z on 1 of 2") as caught:
        Publisher(wire, patience_s=0.05).publish([Tick("2026-03-01T12:00:00Z")])
    assert "memberships up" in caught.value.problem.hint
