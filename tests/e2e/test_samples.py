"""Every sample through the whole fleet. Each is accounted for. Another library opens and compares each variant."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageCms, ImageOps, ImageStat

from pixelfleet.domain.records import Status
from tests.e2e.conftest import LiveFleet
from tests.waiting import PATIENCE

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("samples")]

ROOT = Path(__file__).parents[2]
BOXES = {"thumb": 320, "optimized": 2048, "enhanced": 2048}
CAUSES = {
    "broken/bomb.png": "too_many_pixels",
    "broken/empty.jpg": "empty",
    "broken/garbled.jpg": "unreadable",
    "broken/text.jpg": "not_an_image",
    "broken/truncated.jpg": "truncated",
    "broken/truncated.png": "truncated",
    "broken/video.mp4": "not_an_image",
}
#: Mean difference of 8-bit values between a variant and Pillow's rendering of the original, both at 24 x 24.
CLOSE = 6.0


class Ran:
    """The results of `pixelfleet run`, and its report."""

    def __init__(self, samples: Path, folder: Path) -> None:
        self.samples, self.out = samples, folder / "out"
        report = folder / "report.json"
        arguments = ["run", str(samples), "--out", str(self.out), "--report", str(report)]
        environment = {name: v for name, v in os.environ.items() if not name.startswith(("AWS_", "PIXELFLEET_"))}
        done = subprocess.run(
            [sys.executable, "-m", "pixelfleet.cli.main", *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, done.stderr
        self.report: dict[str, Any] = json.loads(report.read_text())
        self.images = {Path(image["source"]).relative_to(samples).as_posix(): image for image in self.report["images"]}

    def variant(self, name: str, variant: str) -> Path:
        [actual] = [entry for entry in self.images[name]["variants"] if entry["name"] == variant]
        return self.out / str(actual["file"])


@pytest.fixture(scope="module")
def ran(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return Ran(samples, tmp_path_factory.mktemp("run"))


def good(ran: Ran) -> list[str]:
    return sorted(name for name in ran.images if name.startswith("photos/"))


def tiny(picture: Image.Image) -> Image.Image:
    """The picture on white, upright, in sRGB, at 24 x 24."""
    picture = ImageOps.exif_transpose(picture)
    if picture.mode == "I;16":
        picture = picture.point(lambda value: value / 256).convert("L")
    profile = picture.info.get("icc_profile")
    if profile and picture.mode == "RGB":
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"))
        assert converted is not None
        picture = converted
    flat = Image.new("RGBA", picture.size, "white")
    flat.alpha_composite(picture.convert("RGBA"))
    return flat.convert("RGB").resize((24, 24), Image.Resampling.BOX)


def difference(one: Path, other: Path) -> float:
    with Image.open(one) as a, Image.open(other) as b:
        return sum(ImageStat.Stat(ImageChops.difference(tiny(a), tiny(b))).mean) / 3


def test_every_sample_is_accounted_for_with_the_right_outcome(ran: Ran) -> None:
    outcomes = {name: image["cause"] for name, image in ran.images.items()}
    assert outcomes == dict.fromkeys(good(ran)) | CAUSES
    assert (ran.report["ready"], ran.report["failed"]) == (len(good(ran)), len(CAUSES))


def test_every_variant_opens_in_the_size_and_format_that_the_report_says(ran: Ran) -> None:
    for name in good(ran):
        for reported in ran.images[name]["variants"]:
            path = ran.out / reported["file"]
            with Image.open(path) as picture:
                picture.load()
                assert (picture.size, str(picture.format).lower()) == (
                    (reported["width"], reported["height"]),
                    reported["format"],
                )
            assert path.stat().st_size == reported["bytes"]


def test_no_variant_is_larger_than_its_box_or_its_original(ran: Ran) -> None:
    for name in good(ran):
        image = ran.images[name]
        assert [reported["name"] for reported in image["variants"]] == list(BOXES)
        for reported in image["variants"]:
            longest = min(BOXES[reported["name"]], max(image["width"], image["height"]))
            assert max(reported["width"], reported["height"]) == longest


def test_optimized_is_a_progressive_jpeg_and_keeps_alpha_as_webp(ran: Ran) -> None:
    with Image.open(ran.variant("photos/harbour at dusk.jpg", "optimized")) as photo:
        assert (photo.format, photo.info.get("progressive")) == ("JPEG", 1)
    with Image.open(ran.variant("photos/logo-alpha.png", "optimized")) as logo:
        assert (logo.format, logo.mode) == ("WEBP", "RGBA")


def test_colours_and_orientation_are_those_of_the_original(ran: Ran) -> None:
    # CMYK needs a profile for the conversion to RGB, and the sample has none. Pillow's guess is no reference.
    compared = [name for name in good(ran) if "cmyk" not in name]
    far = {
        name: d for name in compared if (d := difference(ran.samples / name, ran.variant(name, "optimized"))) > CLOSE
    }
    assert far == {}


def test_variants_carry_no_metadata_and_no_orientation(ran: Ran) -> None:
    for name in good(ran):
        for variant in BOXES:
            with Image.open(ran.variant(name, variant)) as picture:
                assert not picture.getexif()


def test_the_same_samples_are_in_catalog_notices_and_tags(live: LiveFleet, samples: Path) -> None:
    names = sorted(path.relative_to(samples).as_posix() for path in samples.rglob("*") if path.is_file())
    ids = {live.upload(samples / name, name): name for name in names}
    images = live.settled(ids)
    assert {ids[i]: str(image.cause) for i, image in images.items() if image.status is Status.FAILED} == CAUSES
    assert live.counts().accounted == len(names)
    camera = next(image for image in images.values() if image.path == "photos/harbour at dusk.jpg")
    assert camera.exif == {"camera": "Pixelfleet Sample 1", "taken_at": "2026-06-21T21:04:00+02:00"}
    assert all(image.placeholder and image.sha256 for image in images.values() if image.status is Status.READY)
    live.idle()
    reported = {notice["document"]["image_id"]: notice["attributes"]["kind"] for notice in live.notices()}
    assert reported == {i: f"image.{image.status.value}" for i, image in images.items()}
    for variant in camera.variants:
        answer = live.deployment.s3.get_object_tagging(Bucket=live.settings.results_bucket, Key=variant.key)
        tags = {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}
        assert tags["pixelfleet-status"] == "ready"
        assert tags["pixelfleet-processed-at"].startswith("20")
