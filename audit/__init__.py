"""The audit: recomputes everything from the input topics and compares (``memberships audit``)."""

from audit.report import Check, Report
from audit.run import AuditImpossibleError, run

__all__ = ["AuditImpossibleError", "Check", "Report", "run"]
