"""The fixed numbers, the steps and the deadlines of a repair: nothing here knows of state or events."""

from typing import Final

TURNAROUND_DAYS: Final = 3
"""REP-4 Business days."""
DIAGNOSIS_DAYS: Final = 2
"""REP-2 Business days."""
PIECES: Final = 3
"""REP-7 The most pieces in a shipment for which the turnaround is promised."""
DISCOUNT_PERCENT: Final = 20
"""REP-5 Off Sony's standard fee, out of warranty."""
STEPS: Final = ("received", "diagnosed", "completed", "handed_to_carrier", "delivered")
"""REP-1 In their order; each implies the ones before it. Words on warranty and estimates are between the second and the third."""

DIAGNOSIS: Final = "repair.diagnosis"
TURNAROUND: Final = "repair.turnaround"
AT_RISK: Final = "repair.at_risk"
ESTIMATE: Final = "repair.estimate"
REMINDER: Final = "repair.estimate_reminder"
DEADLINES: Final = (DIAGNOSIS, TURNAROUND, AT_RISK, ESTIMATE, REMINDER)
"""Each has the repair's id as its ref."""
