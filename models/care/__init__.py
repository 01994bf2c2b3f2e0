"""Care, the paid protection membership (CARE)."""
