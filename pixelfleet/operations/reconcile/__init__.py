"""Bucket and catalog compared: work that is missing, stuck or outdated is queued, orphaned results are deleted."""
