"""The images that get another recipe by one change of the routes, counted by recipe. Nothing is changed."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from pixelfleet.deployment import Deployment
from pixelfleet.domain.globs import glob
from pixelfleet.domain.keys import image_id
from pixelfleet.domain.records import Image, RecipeRef, Status
from pixelfleet.domain.routes import Router
from pixelfleet.forecast import load_prices
from pixelfleet.operations.recipe_choice import RecipeChoice
from pixelfleet.operations.reconcile.listing import BucketListing
from pixelfleet.operations.reconcile.outdated import MOST_COUNTED, MOST_PAGES
from pixelfleet.operations.reconcile.verdict import is_outdated
from pixelfleet.operations.routes import RouteChange

#: Read units of one record of 4 to 8 KB, read consistently, and of a megabyte of a scan.
_RECORD_UNITS: Final = 2
_SCAN_UNITS: Final = 128
#: US dollars that are worth a sentence.
CENT: Final = 0.01
#: Digits of a digest that tell versions of a name apart.
_SHORT: Final = 12


@dataclass(slots=True)
class TouchedImages:
    """Objects or records that were looked at; images by the recipe that made them and the recipe of the new routes.

    `complete`: all were looked at. `dollars` is what the reads cost by the prices of prices.toml.
    """

    seen: int = 0
    moves: Counter[tuple[RecipeRef, RecipeRef]] = field(default_factory=Counter)
    complete: bool = True
    dollars: float = 0.0

    @property
    def images(self) -> int:
        return self.moves.total()

    def in_words(self) -> str:
        """A sentence for people."""
        among = "" if self.complete else f", among the first {self.seen:,} objects"
        reads = f" (the reads cost about ${self.dollars:.2f})" if self.dollars > CENT else ""
        if not self.moves:
            return f"no image gets another recipe by this change{among}{reads}"
        least = "" if self.complete else "at least "
        moves = "; ".join(_move(*pair, count) for pair, count in self.moves.most_common())
        return f"{least}{moves}{among}{reads}"

    def by_recipe(self) -> list[dict[str, str | int]]:
        """The moves for programs: `made_by`, `would_be_made_by` and `images`."""
        return [
            {"made_by": _full(made), "would_be_made_by": _full(present), "images": count}
            for (made, present), count in self.moves.most_common()
        ]


#: Gets the numbers so far after each page; returns whether to go on.
Progress = Callable[[TouchedImages], bool]


def touched_images(
    deployment: Deployment, change: RouteChange, progress: Progress, most: int = MOST_COUNTED
) -> TouchedImages:
    """Count the ready images whose recipe this change has changed, and that were made by another recipe.

    Images that are outdated for other reasons are not counted. At most about `most` objects of the route's bucket are
    looked at; the records of images are read only where the change concerns their key.

    Raises:
        SetupError: S3 refuses to list the bucket.
        TransientError: S3 or DynamoDB does not answer.
    """
    result = TouchedImages()
    compared = _Compared(deployment, change)
    if change.route.bucket == deployment.settings.uploads_bucket:
        pages = _uploaded(deployment, compared, result, most)
    else:
        pages = _adopted(deployment, compared, result)
    for images in pages:
        result.moves.update(move for image in images if (move := compared.move(image)) is not None)
        if not progress(result):
            result.complete = False
            break
    return result


class _Compared:
    """The recipes of keys on both sides of a change."""

    def __init__(self, deployment: Deployment, change: RouteChange) -> None:
        self.route = change.route
        sides = (change.before, change.after)
        self._routers = tuple(Router(side.routes) for side in sides)
        self._choices = tuple(RecipeChoice(deployment, makes_batches=False, registry=side) for side in sides)

    def concerns(self, key: str) -> bool:
        """Whether the route of the key is another after the change."""
        before, after = (router.route_of(self.route.bucket, key) for router in self._routers)
        return before != after

    def move(self, image: Image) -> tuple[RecipeRef, RecipeRef] | None:
        """The recipe that made a ready image, and the recipe that it has by this change."""
        if image.status is not Status.READY or image.recipe is None:
            return None
        before, after = (choice.of(image, image.bucket, image.key) for choice in self._choices)
        moves = before.digest != after.digest and is_outdated(image, after)
        return (image.recipe, after) if moves else None


def _uploaded(
    deployment: Deployment, compared: _Compared, result: TouchedImages, most: int
) -> Iterator[Sequence[Image]]:
    """The images of the uploads bucket that the change concerns, by its listing below the route's fixed beginning."""
    prices, bucket = load_prices(), compared.route.bucket
    for page in BucketListing(deployment.listings, bucket, glob(compared.route.match).prefix).pages(""):
        if result.seen >= most:
            result.complete = False
            return
        ids = [image_id(bucket, listed.key) for listed in page.objects if compared.concerns(listed.key)]
        images = list(deployment.images.get_many(ids).values())
        result.seen += len(page.objects)
        result.dollars += prices["s3"]["put"] + len(ids) * _RECORD_UNITS * prices["dynamodb"]["read_unit"]
        yield images


def _adopted(deployment: Deployment, compared: _Compared, result: TouchedImages) -> Iterator[Sequence[Image]]:
    """The images of an adopted bucket that the change concerns, by their records: others may have objects there."""
    pages = deployment.images.ready_outside(deployment.settings.uploads_bucket)
    for number, page in enumerate(pages):
        if number >= MOST_PAGES:
            result.complete = False
            return
        of_bucket = [image for image in page if image.bucket == compared.route.bucket]
        result.seen += len(of_bucket)
        result.dollars += _SCAN_UNITS * load_prices()["dynamodb"]["read_unit"]
        yield [image for image in of_bucket if compared.concerns(image.key)]


def _move(made: RecipeRef, present: RecipeRef, count: int) -> str:
    names = (made.name, present.name) if made.name != present.name else (_full(made), _full(present))
    images = f"{count:,} {'image was' if count == 1 else 'images were'}"
    return f"{images} made by {names[0]}, would now be made by {names[1]}"


def _full(ref: RecipeRef) -> str:
    return f"{ref.name}@{ref.digest[:_SHORT]}"
