"""Bucket and catalog held against each other; what is missing, stuck or outdated is queued, what is orphaned swept."""

from pixelfleet.reconcile.judge import Horizon, Listed, Verdict, judge
from pixelfleet.reconcile.run import Found, Reconcile

__all__ = ["Found", "Horizon", "Listed", "Reconcile", "Verdict", "judge"]
