"""The points programme (MS)."""
