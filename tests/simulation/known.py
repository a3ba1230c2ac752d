"""Bad ends of today's code, by the invariant that breaks: the tests let these pass until each fault is mended.

The set is to be empty. docs/reliability.md lists what is in the set.
"""

from typing import Final

KNOWN: Final[frozenset[str]] = frozenset(
    {
        "a deleted key's record says deleted",
        "an upload that succeeds leaves every file in the bucket",
        "attributes of a newer release are kept",
        "different outcomes have different notice ids",
        "each sealed batch completes exactly once",
        "every key has the record that its current version deserves",
        "every outcome is announced",
        "every worker that lives receives",
        "no batch completes before its images are accounted for",
        "no result that a record names is deleted",
        "no superseded result is left",
        "nothing of a deleted image is left in the CDN",
        "nothing of a deleted image is left in the results",
        "nothing stays queued or processing",
        "the fleet comes to rest",
        "the results of a ready image exist and belong to it",
        "without a reconcile: a deleted key's record says deleted",
        "without a reconcile: each sealed batch completes exactly once",
        "without a reconcile: every key has the record that its current version deserves",
        "without a reconcile: every outcome is announced",
        "without a reconcile: nothing stays queued or processing",
    }
)
