"""PAY-1, PAY-2, PAY-9 Rounds of charges: found by looking through all that was tried for an invoice."""

from datetime import date, datetime

from audit.fees.cards import Card
from audit.fees.facts import Charge, Facts, Invoice, Membership
from models.values import ID_LENGTH, permanent_id


def begins(facts: Facts, fee: Invoice, number: int) -> datetime | None:
    """When a round begins: the first when the fee is due, the others so many days after the first failure."""
    if fee.due is None:
        return None
    start = facts.start(fee.due)
    if number == 0:
        return start
    tries = [charge.failed for charge in fee.charges if charge.failed and not is_early(facts, fee, charge)]
    failures = tries + [*fee.failed_rounds.values()][:1]
    return facts.later(max(start, min(failures)), facts.policies.round_days[number - 1]) if failures else None


def is_early(facts: Facts, fee: Invoice, charge: Charge) -> bool:
    """Whether it was tried by somebody else before the fee was due: that says nothing of what we ask for."""
    return charge.round is None and fee.due is not None and charge.at < facts.start(fee.due)


def round_at(facts: Facts, fee: Invoice, at: datetime) -> int:
    """The last that had begun then."""
    found = 0
    for number in range(1, len(facts.policies.round_days) + 1):
        start = begins(facts, fee, number)
        if start and start <= at:
            found = number
    return found


def latest(fee: Invoice) -> int:
    """The last round that anything was asked in, or that has failed."""
    return max([0, *fee.failed_rounds, *[charge.round for charge in fee.charges if charge.round is not None]])


def at_hand(facts: Facts, fee: Invoice, now: datetime) -> int:
    """The round that is asked in: a failed one is over as soon as another has begun."""
    number = latest(fee)
    return max(number, round_at(facts, fee, now)) if number in fee.failed_rounds else number


def failures(facts: Facts, fee: Invoice, number: int) -> list[Charge]:
    """What failed in a round: of the charges that we asked in it, and of others by their time."""
    found = [charge for charge in fee.charges if charge.failed and not is_early(facts, fee, charge)]
    return [one for one in found if (round_at(facts, fee, one.at) if one.round is None else one.round) == number]


def first_failed(facts: Facts, of: Membership, fee: Invoice, known: datetime | None) -> datetime:
    """When the first round failed: when each method on file, or asked, that failed in it had, for the first time since it
    was replaced. ``known``: when it is known to have failed at the latest; of what was replaced later all failures count.
    """
    kinds, times = of.programme.kinds, [start for start in [begins(facts, fee, 0)] if start]
    tries = failures(facts, fee, 0)
    for name in {one.method for one in tries}:
        card = facts.cards.known.get(name)
        if card and not (card.on_file and (kinds is None or card.kind.lower() in kinds)):
            card = None
        mine = [one for one in tries if one.method == name and (card or one.round is not None)]
        if known:
            mine = [one for one in mine if one.failed and one.failed <= known]
        elif card:
            mine = [one for one in mine if one.at >= card.renewed_at]
        if mine:
            times.append(min(one.failed for one in mine if one.failed))
    return max(times)


def unanswered(facts: Facts, fee: Invoice) -> Charge | None:
    """PAY-9 The charge that is open: no failure of that method came in its round since."""
    for charge in fee.charges:
        if charge.round is not None:
            answers = [one for one in failures(facts, fee, charge.round) if one.method == charge.method]
            if not any(one.at >= charge.at for one in answers):
                return charge
    return None


def whom(facts: Facts, of: Membership, fee: Invoice, number: int, day: date) -> Card | None:
    """PAY-1 The first good method in the member's order that was not tried in the round since it was replaced."""
    kinds, found = of.programme.kinds, []
    for card in facts.cards.known.values():
        since = card.renewed_at
        asked = [one for one in fee.charges if one.round == number]
        tried = [one for one in [*asked, *failures(facts, fee, number)] if one.method == card.id and one.at >= since]
        if card.good_on(day) and not tried and (kinds is None or card.kind.lower() in kinds):
            found.append(card)
    return min(found, key=lambda card: (card.place, card.id), default=None)


def name(fee: Invoice, number: int, card: Card) -> str:
    """The charge's, told to the payment service: `<invoice>-<round>-<method>`, with a count from the second in a round on."""
    before = sum((one.round, one.method) == (number, card.id) for one in fee.charges)
    text = f"{fee.id}-{number}{f'.{before + 1}' if before else ''}-{card.id}"
    return text if len(text) <= ID_LENGTH else permanent_id(text)
