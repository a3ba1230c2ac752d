"""Fuzz targets, their seeds, and what fuzzing has found."""

from typing import Final

#: The most bytes that the fuzzer of images mutates: a longer seed is cut off, and reaches no decoder's end.
MAX_SEED_BYTES: Final = 16_384
