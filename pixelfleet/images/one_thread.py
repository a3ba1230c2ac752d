"""Importing NumPy or SciPy without threads."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_THREADS: Final = "OPENBLAS_NUM_THREADS"


@contextmanager
def one_thread() -> Iterator[None]:
    """Import NumPy or SciPy within this block. The library below each of them reads a variable when it is loaded, and
    starts its threads. Nothing here multiplies matrices, and processes fill the cores. The environment is left as it
    was."""
    own = os.environ.get(_THREADS)
    os.environ.setdefault(_THREADS, "1")
    try:
        yield
    finally:
        if own is None:
            del os.environ[_THREADS]
