"""Clean-and-check visits (CLN)."""
