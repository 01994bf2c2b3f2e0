"""Where a person must live and how old one must be: the same test for joining My Sony (MS-1), applying for PRO
(PRO-1) and buying Care (CARE-1)."""

from collections.abc import Iterator
from datetime import date
from typing import Final, Literal

from models.calendar import age_on

_STATES: Final = (
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR "
    "PA RI SC SD TN TX UT VT VA WA WV WI WY"
)
STATES: Final = frozenset(_STATES.split())
"""The 50 states and DC; territories are not eligible (policy)."""

MAJORITY: Final = 18
MAJORITY_BY_STATE: Final = {"AL": 19, "NE": 19}

WhyNot = Literal["not_resident", "under_age"]


def why_not_eligible(state: str, birth: date, day: date) -> Iterator[tuple[WhyNot, str]]:
    """Each reason (code, plain words) why one living in `state` is not eligible on that day; none when one is."""
    if state not in STATES:
        yield "not_resident", f"{state} is neither a US state nor DC"
    needed = MAJORITY_BY_STATE.get(state, MAJORITY)
    if age_on(birth, day) < needed:
        yield "under_age", f"not {needed} yet on {day}, the age needed in {state}"
