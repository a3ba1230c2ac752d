"""The quality of a variant as a target: the setting of the encoder is searched on a sample of the variant's pixels.

NumPy is loaded by this package alone, in the process that decodes.
"""

import os

# The library below NumPy starts its threads when it is loaded. Nothing here multiplies matrices, and processes fill the
# cores.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
