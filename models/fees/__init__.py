"""Fees, methods and failed payments (PAY)."""
