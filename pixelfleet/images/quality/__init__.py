"""The quality of a variant as a target: the setting of the encoder is searched on a sample of the variant's pixels.

NumPy is loaded by this package alone, in the process that decodes.
"""

import os
from typing import Final

_THREADS: Final = "OPENBLAS_NUM_THREADS"
_own: Final = os.environ.get(_THREADS)

# The library below NumPy reads this variable when it is loaded, and starts its threads. Nothing here multiplies
# matrices, and processes fill the cores. The environment is left as it was.
os.environ.setdefault(_THREADS, "1")
import numpy  # noqa: E402, F401, ICN001 - for its effect

if _own is None:
    del os.environ[_THREADS]
