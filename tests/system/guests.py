"""Guests who buy Care, put among the events of a sample: some open an account before, some in time, some never.

What a key is told and what another key tells it never come in one day, so that the order of both is the same in every run.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import sha256

from cli.lines import Item, Message, Tick
from models.events import GUEST
from tests.system import scenario

SOURCE = "/guests"
Dated = tuple[int, str, str, dict[str, str]]
"""After which tick, type, subject, data."""


def email(number: int) -> str:
    """The hash of the guest's email."""
    return sha256(f"guest {number}".encode()).hexdigest()


def key(number: int) -> str:
    """The key of what the guest buys."""
    return f"{GUEST}{email(number)}"


def account(number: int) -> str:
    """The member that the guest becomes."""
    return f"guest-{number}"


def among(items: Iterable[Item], numbers: Iterable[int]) -> list[Item]:
    """The items, with what these guests do after each tick."""
    after: dict[int, list[Dated]] = defaultdict(list)
    for number in numbers:
        for dated in _story(number):
            after[dated[0]].append(dated)
    found: list[Item] = []
    ticks = 0
    for item in items:
        found.append(item)
        if isinstance(item, Tick):
            ticks += 1
            found += [_message(dated, datetime.fromisoformat(item.at)) for dated in after[ticks]]
    return found


def _story(number: int) -> Iterator[Dated]:
    """Seven ticks of a sample's month are before it, four days apart; then there is one a day."""
    bought = 2 + number % 24
    paid = bought + (0, 2, 5)[number % 3]
    opened = {0: bought - 1, 1: None, 2: bought + 1}.get(number % 5, bought + 3)
    invoice = {"invoice_id": f"care-{number}"}
    yield bought, "care.purchased", key(number), invoice | {"email_hash": email(number)}
    yield paid, "payment.succeeded", key(number), invoice | {"program": "care", "amount": "179.99"}
    if opened is not None:
        yield opened, "account.opened", account(number), {"email_hash": email(number)}


def _message(dated: Dated, now: datetime) -> Message:
    tick, kind, subject, data = dated
    return scenario.message(kind, subject, data, now, f"{kind}-{subject}-{tick}", SOURCE)
