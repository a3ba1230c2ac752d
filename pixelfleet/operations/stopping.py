"""How a person stops an operation while it runs: the function that gets its progress raises."""

from pixelfleet.errors import PixelfleetError


class StopAskedError(PixelfleetError):
    """Somebody asked that the operation ends after the work under way."""
