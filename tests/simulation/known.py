"""Bad ends of today's code, by the invariant that breaks: the tests let these pass until each fault is mended.

The set is to be empty. docs/reliability.md lists what is in the set.
"""

from typing import Final

KNOWN: Final[frozenset[str]] = frozenset(
    {
        "a batch was completed before its images were accounted for",
        "a result that a record names was deleted",
        "attributes of a newer release are kept",
        "each sealed batch completes exactly once",
        "every key has the record that its current version deserves",
        "every outcome is announced",
        "every worker that lives receives",
        "no superseded result is left",
        "nothing of a deleted image is left in the CDN",
        "nothing stays queued or processing",
        "the fleet comes to rest",
        "the results of a ready image exist and belong to it",
    }
)
