"""What a redrive would send, in which order, and what it leaves out and why. Pure: reads nothing, sends nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple

from cli.dlq.box import Fate
from cli.dlq.letters import REDRIVEN_FROM, Chains, Letter
from cli.lines import Message, Raw
from models.accounts.events import MemberReleased
from models.events import EVERYBODY
from models.state import Quarantine

UPSTREAM: Final[Mapping[str, str]] = MappingProxyType(
    {
        "key_mismatch": "upstream must publish it with its subject as the key",
        "null_key": "upstream must publish it with its subject as the key",
        "wrong_topic": "upstream must publish it on the topic of its type",
        "unknown_type": "upstream must correct the type, or a release that knows it is needed",
    }
)
"""Reason -> what must be done elsewhere, since the same record can only fail again."""
MISPLACED: Final = "wrong_partition"
"""Nothing else is wrong with such a record, or that would be its reason: it goes to where it belongs."""
OTHERWISE: Final = "upstream must correct it and publish it again"


class LeftOut(NamedTuple):
    """Why a letter is not sent: a stable code and a sentence."""

    code: str
    why: str


@dataclass(frozen=True)
class Step:
    """One letter of the plan; `left_out` None: it is sent."""

    letter: Letter
    fate: Fate
    left_out: LeftOut | None


def plan(
    letters: Sequence[Letter],
    fates: Sequence[Fate],
    chains: Chains,
    quarantined: Mapping[str, Quarantine],
    *,
    released: str | None,
    again: bool = False,
) -> list[Step]:
    """The selected letters in the order in which they go: that in which their records were first set aside.

    quarantined: who is set aside now. released: the member who will not be any more. again: answered ones go, too.
    """
    aside = quarantined.keys() - {released}
    steps = [
        Step(letter, fate, _left_out(letter, fate, chains, aside, again))
        for letter, fate in zip(letters, fates, strict=True)
    ]
    return sorted(steps, key=lambda step: chains.first(step.letter.place))


def to_send(steps: Sequence[Step]) -> list[Letter]:
    """The letters that go."""
    return [step.letter for step in steps if not step.left_out]


def records(letters: Iterable[Letter]) -> Iterator[tuple[Letter, Message | Raw]]:
    """Each letter with its record as it came, and a header that says which letter it was. letters: whole ones."""
    for letter in letters:
        member = letter.names.subject
        if member is None:
            raise ValueError(f"letter {letter.place} is no event")  # the plan leaves these out
        own = [header for header in letter.headers if header[0] != REDRIVEN_FROM]
        headers = (*own, (REDRIVEN_FROM, str(letter.place).encode()))
        if member == EVERYBODY:
            yield letter, Raw(letter.topic, letter.key, letter.value, letter.partition, headers)
        else:  # its key is its subject, else it were left out; so it goes to the key's partition
            yield letter, Message(letter.topic, member, letter.value or b"", headers)


def _left_out(letter: Letter, fate: Fate, chains: Chains, aside: set[str], again: bool) -> LeftOut | None:
    if fate.answer and not again:
        reason = f" ({fate.answer['reason']})" if fate.answer["reason"] else ""
        return LeftOut("answered", f"it was answered since: {fate.answer['outcome']}{reason}")
    later = chains.last(letter.place)
    if later != letter.place:
        return LeftOut("set_aside_again", f"it was redriven and set aside again: {later} stands for it")
    if letter.is_tick:
        return LeftOut("tick", "a tick: once the member is released, the deadlines that failed run by themselves")
    if letter.refused and letter.refused.reason != MISPLACED:
        advice = UPSTREAM.get(letter.refused.reason, OTHERWISE)
        return LeftOut("unreadable", f"{letter.refused.reason} ({letter.refused.error}): {advice}")
    if letter.names.type == MemberReleased.TYPE:
        return LeftOut("release", "a release that failed: `memberships dlq redrive --member` makes a new one")
    if letter.names.subject in aside:
        member = letter.names.subject
        why = f"{member} is quarantined, it would be set aside again: `memberships dlq redrive --member {member}`"
        return LeftOut("quarantined", why)
    return None
