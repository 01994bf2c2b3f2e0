"""The demo's month: generated, not lived. About 3,400 events of some 250 members in March 2026, the same for one seed.

The clock ticks once a day at noon, and every few days of the February before, so that a renewal in March is announced
in its time.
"""

from samples.generated.month import ASKED, MONTH, SAVER, SEED, SHOWN, month
from samples.generated.oddities import broken

__all__ = ["ASKED", "MONTH", "SAVER", "SEED", "SHOWN", "broken", "month"]
