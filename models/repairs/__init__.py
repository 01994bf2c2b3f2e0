"""Repairs (REP)."""
