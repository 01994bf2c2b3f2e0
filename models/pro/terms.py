"""The fixed numbers of PRO."""

from typing import Final

FEE: Final = 100_00
"""Cents a year."""
BODIES: Final = 2
LENSES: Final = 3
"""PRO-2 How many listed ones a professional owns at least."""
MAJEURE_DAYS: Final = 15
"""PRO-11 Calendar days of force majeure after which the member may leave."""
