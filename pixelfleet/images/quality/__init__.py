"""The quality of a variant as a target: the setting of the encoder is searched on a sample of the variant's pixels.

NumPy and SciPy are loaded by the process that decodes, at its first search.
"""

from pixelfleet.images.one_thread import one_thread

with one_thread():
    import numpy  # noqa: F401, ICN001 - for its effect
