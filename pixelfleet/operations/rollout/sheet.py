"""The contact sheet of a sample: the worst images, each with its original and the variants of both recipes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Final

from pixelfleet.deployment import Deployment
from pixelfleet.domain.rollout_sample import SampledImage, SampledRecipe, worst_first
from pixelfleet.operations.rollout.order import RolloutOrder
from pixelfleet.operations.rollout.sample import NEWER, OLDER, SECONDS, SampleRenderer
from pixelfleet.operations.trial_rendering import TrialLimits
from pixelfleet.report import Report, ReportImage, ReportVariant, write_contact_sheet

if TYPE_CHECKING:
    from pixelfleet.domain.records import Image

#: The images that the sheet shows.
SHOWN: Final = 20


def write_sheet(
    deployment: Deployment,
    order: RolloutOrder,
    sample: Sequence[SampledImage],
    dest: Path,
    progress: Callable[[str], None],
) -> Path | None:
    """Make the worst images once more, into `dest`, and write `index.html` there. None without an image to show.

    Raises:
        OSError: the folder cannot be written.
        TransientError: S3 or DynamoDB does not answer.
    """
    worst = worst_first(sample)[:SHOWN]
    records = deployment.images.get_many(image.image_id for image in worst)
    images = []
    with TrialLimits.of(deployment.settings, SECONDS).supervisor("a rollout") as supervisor:
        renderer = SampleRenderer(deployment, order, supervisor)
        for number, image in enumerate(worst, 1):
            progress(f"writing the contact sheet: {number} of {len(worst)}")
            if image.image_id in records:
                images.append(_shown(renderer, records[image.image_id], dest))
    return write_contact_sheet(Report(tuple(images)), dest) if images else None


def _shown(renderer: SampleRenderer, image: "Image", dest: Path) -> ReportImage:
    folder = dest / image.image_id
    if folder.exists():
        rmtree(folder)
    folder.mkdir(parents=True)
    made = renderer.of_image(image, folder)
    variants = [
        *_variants(made.older, f"{image.image_id}/{OLDER}", "old"),
        *_variants(made.newer, f"{image.image_id}/{NEWER}", "new"),
    ]
    cause, _, message = (made.newer.problem or "").partition(": ")
    return ReportImage(
        source=str((folder / "original").absolute()),
        key=image.key,
        image_id=image.image_id,
        status="failed" if made.newer.problem else "ready",
        cause=cause or None,
        message=f"{image.path}: {message}" if cause else None,
        format=image.format,
        width=image.width,
        height=image.height,
        variants=tuple(variants),
        bytes=image.bytes,
    )


def _variants(made: SampledRecipe, place: str, label: str) -> list[ReportVariant]:
    shown = []
    for one in made.variants:
        score = f", SSIM {one.ssim:.3f}" if one.ssim is not None else ""
        file = f"{place}/{one.file}"
        shown.append(ReportVariant(f"{one.name}, {label}{score}", file, one.format, one.width, one.height, one.bytes))
    return shown
