"""The audit: recomputes everything from the input topics and compares (``memberships audit``)."""

from audit.checkpoint import CheckpointError
from audit.report import Check, Checkpoint, Report
from audit.run import AuditImpossibleError, run

__all__ = ["AuditImpossibleError", "Check", "Checkpoint", "CheckpointError", "Report", "run"]
