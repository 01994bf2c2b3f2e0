"""Layer 1: every input record was answered once, in an order that can be told, and nothing was answered that is not there.

Works on coordinates, ids and bytes alone; no rule is asked.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Set

from audit.ids import Ids
from audit.places import Place
from audit.report import Findings
from audit.shard import Coordinates, Output, Shard
from audit.start import Start
from audit.topics import Stored
from models.catalogue import CLOCK
from models.events import EVERYBODY
from models.outputs.decisions import decision_id

ANSWERED, ORDER, LETTERS, IDS, NAMED = "answered", "order", "dead letters", "ids", "named"

QUESTIONS = {
    ANSWERED: "every input record has exactly one decision of its own, and no decision is about a record that is not there",
    ORDER: "seq is unique, keeps each topic's own order, and its gaps are the ticks",
    LETTERS: "each dead-lettered record lies in dead-letters once, unchanged, with its coordinates",
    IDS: "no id occurs twice in a topic, and every output lies under its member's key",
    NAMED: "ledger entries and notifications that decisions name exist, and the others come from a deadline, or from what was "
    "said to everybody",
}

DEADLINES = "/memberships/deadlines/"
"""Source of causes that are deadlines: what they bring about has no decision."""


def check(shard: Shard, start: Start, ids: Ids, findings: Findings) -> dict[int, Stored] | None:
    """Make the checks on one partition; returns what was handled at which seq, or None if that cannot be told."""
    own, settled = own_and_settled(shard)
    _outputs(shard, ids, findings)
    _answered(shard, own, findings)
    _settled(shard, own, settled, start.held, findings)
    start.words.update(_said_to_everybody(shard))
    _named(shard, start.words, findings)
    _dead_letters(shard, own, findings)
    order = _order(shard, own, start.seq, findings)
    start.seq += len(order or ())
    return order


def own_and_settled(shard: Shard) -> tuple[dict[Coordinates, list[Output]], dict[Coordinates, list[Output]]]:
    """The decisions by the record they are about: the record's own, and those made when it settled later."""
    own: dict[Coordinates, list[Output]] = defaultdict(list)
    settled: dict[Coordinates, list[Output]] = defaultdict(list)
    for decision in shard.parsed.get("decisions", []):
        event = decision.data.get("event") or {}
        about = Coordinates(str(event.get("topic")), event.get("partition", -1), event.get("offset", -1))
        (settled if decision.id == decision_id(*about, "settled") else own)[about].append(decision)
    return own, settled


def _answered(shard: Shard, own: dict[Coordinates, list[Output]], findings: Findings) -> None:
    there: dict[Coordinates, Stored] = {}
    for about, record in shard.records():
        if about.topic == CLOCK.role and shard.is_tick(record):
            continue
        there[about] = record
        findings.compared(ANSWERED)
        answers = own.get(about, [])
        if not answers:
            findings.differs(ANSWERED, f"{about} has no decision", Place.of(record))
        for extra in answers[1:]:
            findings.differs(
                ANSWERED, f"{about} has more than one decision of its own: {extra.place}", Place.of(record)
            )
        for answer in answers:
            if answer.id != decision_id(*about, "decided"):
                says = f"{about}: the id of {answer.place} is not the one of this record"
                findings.differs(ANSWERED, says, Place.of(record))
    for about in own.keys() - there.keys():
        findings.differs(ANSWERED, f"{own[about][0].place} is about {about}, where no event was handled")


def _settled(
    shard: Shard,
    own: dict[Coordinates, list[Output]],
    settled: dict[Coordinates, list[Output]],
    held: set[Coordinates],
    findings: Findings,
) -> None:
    """``held``: what is held when the records at hand begin; left as it is behind them."""
    there = dict(shard.records())
    held.update(about for about, answers in own.items() if any(one.data.get("outcome") == "held" for one in answers))
    for about, again in settled.items():
        if about not in held or len(again) > 1:
            why = "settles twice" if about in held else "settles, but was not held"
            place = Place.of(there[about]) if about in there else None
            findings.differs(ANSWERED, f"{about} {why}: {again[-1].place}", place)
    held.difference_update(settled)


def _order(
    shard: Shard, own: dict[Coordinates, list[Output]], before: int, findings: Findings
) -> dict[int, Stored] | None:
    """The handled records by seq: decisions say theirs, ticks take the gaps in offset order. ``before``: the last seq
    of the records before these."""
    handled: dict[int, Stored] = {}
    ticks: list[Stored] = []
    whole = True
    for topic, records in shard.inputs.items():
        last = before
        for record in records:
            answers = own.get(Coordinates(topic, shard.number, record.offset), [])
            if not answers:
                ticks.append(record)
                continue
            findings.compared(ORDER)
            seq = answers[0].data.get("seq", 0)
            if seq in handled:
                both = f"{record.place} and {handled[seq].place} are both number {seq}"
                findings.differs(ORDER, f"partition {shard.number}: {both}", Place.of(record))
                whole = False
            if seq <= last:
                says = f"{record.place} was handled as number {seq}, after number {last} of the same topic"
                findings.differs(ORDER, says, Place.of(record))
                whole = False
            handled[seq], last = record, seq
    end = before + len(handled) + len(ticks)
    gaps = [seq for seq in range(before + 1, end + 1) if seq not in handled]
    findings.compared(ORDER, len(ticks))
    stray = [record for record in ticks if not (record.topic.endswith(CLOCK.role) and shard.is_tick(record))]
    if len(gaps) != len(ticks) or max(handled, default=before) > end:
        findings.differs(
            ORDER,
            f"partition {shard.number}: {len(handled)} decisions reach up to number {max(handled, default=before)}, "
            f"{len(ticks)} ticks are there to fill {len(gaps)} gaps",
        )
        whole = False
    if stray or not whole:
        return None  # said above, or under `answered`
    return dict(sorted((handled | dict(zip(gaps, ticks, strict=True))).items()))


def _outputs(shard: Shard, ids: Ids, findings: Findings) -> None:
    for stored in shard.unparsable:
        findings.differs(IDS, f"{stored.place} is no structured CloudEvent")
    for topic, outputs in shard.parsed.items():
        for output in outputs:
            findings.compared(IDS)
            if not ids.is_new(topic, output.id):
                findings.differs(IDS, f"{output.place} is there a second time")
            if output.stored.key != output.subject.encode():
                findings.differs(IDS, f"{output.place} has the key {output.stored.key!r}")


def _named(shard: Shard, said_to_all: Set[tuple[object, object]], findings: Findings) -> None:
    parsed = shard.parsed
    for topic, field in (("points-ledger", "ledger"), ("notifications", "notifications"), ("requests", "requests")):
        named = Counter(name for decision in parsed.get("decisions", []) for name in decision.data.get(field) or ())
        there = {output.id: output for output in parsed.get(topic, [])}
        findings.compared(NAMED, len(named))
        for name, count in named.items():
            if name not in there:
                findings.differs(
                    NAMED, f"{topic}: {name} is named by a decision of partition {shard.number} and is not there"
                )
            elif count > 1:
                findings.differs(NAMED, f"{there[name].place} is named by {count} decisions")
        for name, output in there.items():
            if name not in named and not _from_deadline(output) and _cause(output) not in said_to_all:
                findings.differs(NAMED, f"{output.place} is named by no decision, and comes from no deadline")


def _from_deadline(output: Output) -> bool:
    return str(_cause(output)[0]).startswith(DEADLINES)


def _cause(output: Output) -> tuple[object, object]:
    cause = output.data.get("cause") or {}
    return cause.get("source", ""), cause.get("id")


def _said_to_everybody(shard: Shard) -> Iterator[tuple[object, object]]:
    """PRO-11 Each member hears of it with an event or a tick of their own: no decision names what is told then."""
    for decision in shard.parsed.get("decisions", []):
        if decision.subject == EVERYBODY:
            event = decision.data.get("event") or {}
            yield event.get("source"), event.get("id")


def _dead_letters(shard: Shard, own: dict[Coordinates, list[Output]], findings: Findings) -> None:
    there = dict(shard.records())
    inputs = {(shard.catalogue.name(about.topic), about.offset): (about, record) for about, record in there.items()}
    found: Counter[Coordinates] = Counter()
    for letter in shard.dead_letters:
        findings.compared(LETTERS)
        ours = {name: value for name, value in letter.headers if name.startswith("dl_")}
        topic, partition, offset = (_text(ours.get(name)) for name in ("dl_topic", "dl_partition", "dl_offset"))
        source = inputs.get((topic, int(offset))) if offset.isdecimal() and partition == str(shard.number) else None
        if source is None:
            findings.differs(LETTERS, f"{letter.place} names {topic}[{partition}]@{offset}, where nothing was handled")
            continue
        about, record = source
        if about.topic == CLOCK.role and shard.is_tick(record):
            continue  # a deadline's rule failed: one letter with the tick, checked by the replay
        found[about] += 1
        for what in _changed(letter, record):
            findings.differs(LETTERS, f"{letter.place}: {what} is not that of {record.place}", Place.of(record))
    for about, answers in own.items():
        wanted = int(any(answer.data.get("outcome") == "dead_lettered" for answer in answers))
        if found[about] != wanted:
            says = f"{about} is in dead-letters {found[about]} times and should be {wanted} times"
            findings.differs(LETTERS, says, Place.of(there[about]) if about in there else None)


def _changed(letter: Stored, record: Stored) -> Iterator[str]:
    if letter.key != record.key:
        yield "the key"
    if letter.value != record.value:
        yield "the value"
    carried = [header for header in letter.headers if not header[0].startswith("dl_")]
    if carried != [header for header in record.headers if not header[0].startswith("dl_")]:
        yield "a header"


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode("utf-8", "replace")
