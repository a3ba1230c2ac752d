"""Keys of results: a key that a worker writes is parsed into its parts, and no other text is parsed."""

import pytest

from pixelfleet.domain.attempts import results_of
from pixelfleet.domain.jobs import Job, JobKind
from pixelfleet.domain.keys import image_id
from pixelfleet.domain.records import RecipeRef
from pixelfleet.domain.result_keys import image_folder, parse_result_key
from worker.job.revision import revision_of

IMAGE_ID = image_id("photos", "uploads/ana/first/a.jpg")
REVISION = revision_of(
    Job(JobKind.PROCESS, "photos", "uploads/ana/first/a.jpg"), RecipeRef(name="web", digest="ab" * 32)
)


@pytest.mark.parametrize("owner", ["ana", "default", "a.b@c.example", "x_y+z=1-2", "9"])
@pytest.mark.parametrize("version", [0, 1, 4, 10**12])
@pytest.mark.parametrize("file", ["thumb.webp", "zoom.dzi", "zoom_files/12/3_4.jpg", "my-own_variant.v2.avif"])
def test_a_key_that_the_worker_writes_is_parsed_into_its_parts(owner: str, version: int, file: str) -> None:
    folder = results_of(REVISION, version)
    assert parse_result_key(f"{image_folder(owner, IMAGE_ID)}{folder}/{file}") == (owner, IMAGE_ID, folder, file)


@pytest.mark.parametrize(
    "key",
    [
        f"ana/{IMAGE_ID}/{REVISION}",
        f"ana/{IMAGE_ID}/{REVISION}/",
        f"ana/{IMAGE_ID}/{REVISION[:16]}/thumb.webp",
        f"ana/{IMAGE_ID}/{REVISION}./thumb.webp",
        f"ana/{IMAGE_ID}/{REVISION}.4.5/thumb.webp",
        f"ana/{IMAGE_ID}/{REVISION}.x/thumb.webp",
        f"ana/{IMAGE_ID}/../thumb.webp",
        f"ana/{IMAGE_ID}/{REVISION}/../thumb.webp",
        f"ana/{IMAGE_ID}/{REVISION}/.hidden",
        f"ana/{IMAGE_ID}/{REVISION}//thumb.webp",
        f"ana/{IMAGE_ID}/{REVISION}/a\nb",
        f"ana/{IMAGE_ID}/{REVISION}/thumb.webp\n",
        f"/ana/{IMAGE_ID}/{REVISION}/thumb.webp",
        f"../{IMAGE_ID}/{REVISION}/thumb.webp",
        f"ana/{IMAGE_ID.upper()}/{REVISION}/thumb.webp",
        "",
    ],
)
def test_any_other_key_has_no_parts(key: str) -> None:
    assert parse_result_key(key) is None
