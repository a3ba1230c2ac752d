"""An event-driven image-processing fleet for AWS that also runs whole on a laptop."""

from typing import Final

__version__: Final = "0.1.0"
