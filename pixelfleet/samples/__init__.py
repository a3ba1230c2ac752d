"""Sample images, drawn by this package with the same bytes every time. `make demo` and the tests use the samples."""

from pixelfleet.samples.maker import make_samples

__all__ = ["make_samples"]
