"""PRO-2 Who is a professional: works in imaging, and owns the listed bodies and lenses. Pure."""

from collections.abc import Iterator, Sequence

from models.policies import Policies
from models.pro.events import Gear, ProApplied
from models.pro.terms import BODIES, LENSES
from models.products.eligibility import matches
from models.reasons import Reason


def missing(data: ProApplied, policies: Policies) -> Iterator[Reason]:
    """Everything that is missing at once; nothing when all is there."""
    business = data.business
    if not (business.url or "").strip() and not (business.description or "").strip():
        yield "no_business", "neither a URL nor a description of the imaging business"
    bodies = _listed(data.bodies, policies.pro_bodies)
    if len(bodies) < BODIES:
        yield "too_few_bodies", f"{len(bodies)} of {BODIES} listed full-frame bodies"
    lenses = _listed(data.lenses, policies.pro_lenses) - bodies
    if len(lenses) < LENSES:
        yield "too_few_lenses", f"{len(lenses)} of {LENSES} listed ZEISS or G lenses"


def _listed(gear: Sequence[Gear], patterns: Sequence[str]) -> set[str]:
    """The serials of listed models: one counts once."""
    return {one.serial for one in gear if matches(one.model, patterns)}
