"""Accounts: what we are told of sign-up."""
