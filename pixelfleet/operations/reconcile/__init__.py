"""Reconcile compares bucket and catalog, queues missing, stuck or outdated work, and deletes orphaned results."""
