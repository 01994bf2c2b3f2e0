"""PRO, the professionals' membership (PRO)."""
