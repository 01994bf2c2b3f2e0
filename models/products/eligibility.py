"""PRO-10 Which products are repaired and cleaned at member terms. LOAN-1 Which models a member has."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Final

from models.case import Case
from models.policies import Policies
from models.pro.events import Condition
from models.products.state import Owned, Product
from models.reasons import Reason

EXCLUDED: Final[dict[Condition, Reason]] = {
    "modified_other": ("modified", "modified by somebody other than Sony"),
    "refurbished_other": ("refurbished", "refurbished by somebody other than Sony"),
    "counterfeit": ("counterfeit", "a counterfeit"),
}
"""The conditions that exclude a product."""


def why_not(case: Case, serial: str, model: str | None, at: datetime) -> Iterator[Reason]:
    """Every reason why there are no member terms for a product at that time; none when there are.

    model: what the event that asks for them calls it; None: it does not say.
    """
    product = case.find(Product, serial)
    known = product.as_of(at) if product else None
    if known is None:
        yield "not_registered", f"{serial} was not registered by {case.calendar.day_of(at)}"
    elif model is not None and known.model != model.upper():
        yield "other_model", f"{serial} is registered as {known.model}, not as {model}"
    name = known.model if known else model
    if name is not None and not is_listed(name, case.policies):
        yield "unlisted", f"{name} is not on the list of eligible models"
    if known and known.condition in EXCLUDED:
        code, words = EXCLUDED[known.condition]
        yield code, f"{serial} is {words}"


def is_listed(model: str, policies: Policies) -> bool:
    """Whether it is an eligible model."""
    return matches(model, policies.pro_products) and not matches(model, policies.pro_products_excluded)


def matches(model: str, patterns: Sequence[str]) -> bool:
    """Whether a model, in whatever case, is one of those."""
    return any(fnmatchcase(model.upper(), pattern) for pattern in patterns)


def owns(case: Case, model: str, at: datetime) -> bool:
    """LOAN-1 Whether the member had one of these by then, registered or listed in an application."""
    owned = case.find(Owned, model.upper())
    return owned is not None and owned.since <= at


def note_owned(case: Case, models: Iterable[str]) -> None:
    """LOAN-1 The case's event says that the member has these; the earliest word on a model counts."""
    for model in sorted({model.upper() for model in models}):
        owned = case.find(Owned, model)
        if owned is None or case.at < owned.since:
            case.put(model, Owned(model, case.at))
