"""What one image cost, from what its record says, at the prices of prices.toml."""

from dataclasses import dataclass

from pixelfleet.domain.records import Image
from pixelfleet.forecast import STORAGE, Work, cost, load_prices


@dataclass(frozen=True, slots=True)
class ImageCost:
    """US dollars: to make the image once, and to keep it for a month."""

    once: float
    month: float


def image_cost(image: Image) -> ImageCost | None:
    """None for an image that has no results."""
    if not image.variants:
        return None
    work = Work(
        files=1,
        bytes=image.bytes or 0,
        stored=sum(variant.bytes for variant in image.variants),
        outputs=sum(variant.files for variant in image.variants),
        core_ms=sum(image.timings_ms.values()),
    )
    positions = cost(work, load_prices())
    month = positions.pop(STORAGE)
    return ImageCost(sum(positions.values()), month)
