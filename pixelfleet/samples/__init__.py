"""Sample images of the project's own making, the same bytes every time: what `make demo` and the tests run on."""

from pixelfleet.samples.maker import make_samples

__all__ = ["make_samples"]
