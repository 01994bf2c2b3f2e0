"""Accounts: what we are told of sign-up, and members who were set aside."""
