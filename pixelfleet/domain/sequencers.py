"""S3's sequencers, which order the events of one key."""

from typing import Final

#: S3 sequencers differ in length; padded on the right with zeros to this width they order as text.
SEQUENCER_WIDTH: Final = 40


def pad_sequencer(sequencer: str | None) -> str:
    """Make sequencers of one key comparable as text (S3 user guide, event message structure)."""
    return (sequencer or "").upper().ljust(SEQUENCER_WIDTH, "0")


def next_sequencer(sequencer: str) -> str:
    """The padded sequencer just above this sequencer.

    A removal or a version that no S3 event reports is ordered by it: after the version that the sender read, and before
    every event that S3 sends later, whose sequencers differ in their leading digits.
    """
    return f"{int(pad_sequencer(sequencer), 16) + 1:0{SEQUENCER_WIDTH}X}"
