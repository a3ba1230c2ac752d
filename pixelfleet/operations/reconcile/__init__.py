"""Bucket and catalog held against each other; what is missing, stuck or outdated is queued, what is orphaned swept."""

from pixelfleet.operations.reconcile.compare import Reconcile, ReconcileResult
from pixelfleet.operations.reconcile.verdict import Horizon, Listed, Verdict, judge

__all__ = ["Horizon", "Listed", "Reconcile", "ReconcileResult", "Verdict", "judge"]
