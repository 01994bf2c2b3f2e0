"""PRO-10 Registering a product: what it is and in which state, once or ever again."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from models.case import Case, Ruling, applied, duplicate
from models.follow import ProductKnown
from models.payload import Payload
from models.pro.events import ProductRegistered
from models.products.eligibility import note_owned, why_not
from models.products.state import Product, Word
from models.reasons import in_words


def registered(case: Case, data: ProductRegistered) -> Ruling:
    """PRO-10 Note what is said of a product; who says it needs no membership for that.

    Also what was known already is noted: a word of a time in between, told later, does not make it void (GEN-2).
    """
    word = Word(case.at, case.cause.source, case.cause.id, data.model.upper(), data.condition, data.purchased_on)
    product = case.find(Product, data.serial) or Product(data.serial, case.at)
    before = product.as_of(case.at) if product.words else None
    product.note(word)
    case.put(product.serial, product)
    note_owned(case, [data.model])
    name = f"{data.model} {data.serial}"
    if before and before.agrees(word):
        return duplicate("already_registered", f"{name} had been registered so already (PRO-10).", "PRO-10")
    follows = case.follow(ProductKnown(case.at, product.serial))
    reasons = list(why_not(case, data.serial, None, case.at))
    terms = f" There are no member terms for it: {in_words(reasons)}." if reasons else ""
    later = "" if product.words[-1] is word else f" What was said of it on {_latest(case, product)} stands."
    return applied(f"{name} is registered (PRO-10).{terms}{later}{follows}", "PRO-10")


def _latest(case: Case, product: Product) -> str:
    return str(case.calendar.day_of(product.words[-1].at))


RULES: Final[Mapping[type[Payload], Any]] = MappingProxyType({ProductRegistered: registered})
"""The rule of each event type."""
