"""The sample images are the same on every machine and match their names."""

import hashlib
from pathlib import Path

import pytest
from PIL import Image

from pixelfleet.errors import PermanentError
from pixelfleet.images.limits import Limits
from pixelfleet.images.pipeline import render
from pixelfleet.images.probe import probe
from pixelfleet.recipes import builtin
from pixelfleet.samples import make_samples
from pixelfleet.samples.maker import SAMPLES
from tests.once import once

LIMITS = Limits(max_bytes=10_000_000, max_pixels=100_000_000, max_frames=100)


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = once(tmp_path_factory.mktemp("samples"), "samples", make_samples)
    return [folder / name for name in SAMPLES]


@pytest.mark.slow
def test_the_samples_are_the_same_every_time(samples: list[Path], tmp_path: Path) -> None:
    again = make_samples(tmp_path)
    digests = [[hashlib.sha256(path.read_bytes()).hexdigest() for path in paths] for paths in (samples, again)]
    assert digests[0] == digests[1]


def test_all_eight_orientations_are_there(samples: list[Path]) -> None:
    actual = {Image.open(path).getexif().get(0x0112) for path in samples if path.name.startswith("turned-")}
    assert actual == set(range(1, 9))


def test_photos_are_processed_and_each_broken_sample_has_a_cause(samples: list[Path], tmp_path: Path) -> None:
    causes = {}
    for path in samples:
        folder = tmp_path / path.name
        folder.mkdir()
        try:
            render(path, probe(path, LIMITS), builtin("web"), folder)
        except PermanentError as error:
            causes[path.name] = error.cause.value
    assert causes == {
        "truncated.jpg": "truncated",
        "truncated.png": "truncated",
        "empty.jpg": "empty",
        "text.jpg": "not_an_image",
        "bomb.png": "too_many_pixels",
        "garbled.jpg": "unreadable",
        "video.mp4": "not_an_image",
    }
