"""Layer 0: are the records there from where the audit begins, and are the workers through with them?"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from kafka import TopicPartition

from audit.report import Findings
from audit.topics import Snapshot
from models.catalogue import CLOCK, TRANSFER, Catalogue, Topic

COMMITTED, COVERED = "committed", "covered"

QUESTIONS: Final = {
    COVERED: "the topics are there from the first record to be audited on, and stood still for a moment",
    COMMITTED: "the workers have handled every input record (lag 0); ticks may be under way",
}

_ALL: Final = (
    "it cannot be recomputed from what is left; begin with a checkpoint of when the rest was there: "
    "memberships audit --from DIR"
)
_MORE: Final = "the checkpoint ends at {0}, so the records from {0} on are gone, and nobody has audited them"

Offsets = Mapping[str, tuple[int, ...]]
"""By topic (the contract's name), for each partition. Of changelogs there are none: they are read from their start."""


def check(catalogue: Catalogue, snapshot: Snapshot, begin: Offsets, findings: Findings) -> Snapshot:
    """Nothing was cut off where the audit begins, and the workers are through with the inputs.

    Returns the snapshot, to be read from there on.
    """
    topics = {topic.name: topic for topic in catalogue.topics}
    starts = {place: _begin(topics[place.topic], place.partition, begin) for place in snapshot.ends}
    for place, start in starts.items():
        findings.compared(COVERED)
        first, end = snapshot.starts[place], snapshot.ends[place]
        if end < start:
            what = f"ends at {end} and the checkpoint at {start}: it is not the topic that was audited"
            findings.differs(COVERED, f"{_name(place)} {what}")
        elif first > start and not topics[place.topic].compacted:
            what = _MORE.format(start) if begin else _ALL
            findings.differs(COVERED, f"{_name(place)} begins at {first}: {what}")
    _committed(catalogue, snapshot, findings)
    return replace(snapshot, starts={place: max(start, snapshot.starts[place]) for place, start in starts.items()})


def _committed(catalogue: Catalogue, snapshot: Snapshot, findings: Findings) -> None:
    handled = {topic.name for topic in catalogue.handled}
    ours = {catalogue.name(topic.role) for topic in (CLOCK, TRANSFER)}  # with markers, which nobody handles
    for place, end in snapshot.ends.items():
        if place.topic in handled:
            findings.compared(COMMITTED)
            done = snapshot.committed.get(place, 0)
            if done > end or (done < end and place.topic not in ours):
                findings.differs(COMMITTED, f"{_name(place)}: handled up to {done} of {end}, and audited up to there")


def end(catalogue: Catalogue, snapshot: Snapshot) -> dict[str, tuple[int, ...]]:
    """Where the next audit begins: what was not handled is for that one."""
    handled = {topic.name for topic in catalogue.handled}
    return {
        topic.role: tuple(
            snapshot.committed.get(place, 0) if topic.name in handled else snapshot.ends[place]
            for place in (TopicPartition(topic.name, number) for number in range(catalogue.partitions))
        )
        for topic in catalogue.topics
        if not topic.compacted
    }


def _begin(topic: Topic, partition: int, begin: Offsets) -> int:
    return begin[topic.role][partition] if topic.role in begin else 0


def _name(place: TopicPartition) -> str:
    return f"{place.topic}[{place.partition}]"
