"""The words of what we write, with their limits: for outputs what `models/values.py` is for inputs.

Making an output checks nothing, for it is right by construction; reading one (`models.outputs.base.read`) checks all of
it. Patterns are those of the contract; Python's `$` would also let a line break at the very end pass.
"""

from datetime import date, datetime
from typing import Annotated

from msgspec import Meta

from models import values

PermanentId = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$")]
Id = Annotated[str, Meta(min_length=1, max_length=values.ID_LENGTH, pattern=values.ID_PATTERN)]
Subject = Annotated[str, Meta(min_length=1, max_length=values.SUBJECT_LENGTH, pattern=values.ID_PATTERN)]
"""A member id, ``guest:<email hash>``, or ``*`` for everybody."""
Name = Annotated[str, Meta(min_length=1, max_length=values.TEXT_LENGTH, pattern=values.TEXT_PATTERN)]
"""Of a cause: an event's source or id, or our own name of a deadline."""
Sha256 = Annotated[str, Meta(pattern=values.SHA256_PATTERN)]
Clause = Annotated[str, Meta(pattern=r"^(GEN|MS|CARE|PRO|PAY|REP|CLN|LOAN|NTF)-[1-9][0-9]?$")]
Code = Annotated[str, Meta(max_length=64, pattern=r"^[a-z][a-z0-9_]*$")]
"""A reason a machine can compare."""

Count = Annotated[int, Meta(ge=0)]
SignedPoints = Annotated[int, Meta(ge=-values.POINTS_MAX, le=values.POINTS_MAX)]
Money = Annotated[str, Meta(pattern=values.MONEY_PATTERN)]
"""As `values.dollars` writes it."""
Instant = Annotated[datetime, Meta(tz=True, extra_json_schema={"pattern": values.INSTANT_PATTERN})]
"""UTC."""
Day = Annotated[date, Meta(extra_json_schema={"pattern": values.DATE_PATTERN})]
