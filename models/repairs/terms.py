"""The fixed numbers and the steps of a repair: nothing here knows of state or events."""

from typing import Final

TURNAROUND_DAYS: Final = 3
"""REP-4 Business days."""
PIECES: Final = 3
"""REP-7 The most pieces in a shipment for which the turnaround is promised."""
STEPS: Final = (
    "received", "diagnosed", "warranty_validated", "completed", "handed_to_carrier", "delivered",
)  # fmt: skip
"""REP-1 In their order; each implies the ones before it."""
