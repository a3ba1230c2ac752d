"""What the first request for a lazy variant takes, beside the engine alone: `python -m benchmarks.lazy [--photos 8]`.

A fleet on this machine, as `pixelfleet up` starts it, with 12-megapixel JPEGs. For each photograph in turn: the engine
renders the variant in a child that is running, as `pixelfleet render` does for each file; then the dashboard is asked
for the variant for the first time, and for the second time. Milliseconds of wall time, medians. The first photograph
starts both children and is not counted. `--limit` ends the run with status 1 if a first answer takes more than so many
times the engine's time.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import httpx2

from benchmarks.photos import drawn
from pixelfleet import recipes
from pixelfleet.credentials.passwords import hash_password
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Lane
from pixelfleet.domain.keys import image_id
from pixelfleet.domain.records import Status
from pixelfleet.domain.users import Scope
from pixelfleet.images.supervisor import RenderSupervisor
from pixelfleet.localcloud.embedded import Plan, embedded_fleet
from pixelfleet.operations.recipe_texts import store_recipe
from pixelfleet.recipes.lazy import alone, lazy_variants
from worker.job.engine import bounds_of

OWNER: Final = "ana"
BATCH: Final = "lazy"
RECIPE: Final = recipes.parse(
    """
name = "lazy"
[[variants]]
name = "thumb"
box = 320
[[variants]]
name = "jpeg-2048"
box = 2048
format = "jpeg"
lazy = true
[[variants]]
name = "webp-1600"
box = 1600
format = "webp"
lazy = true
[[variants]]
name = "three-800"
box = 800
format = ["avif", "webp", "jpeg"]
lazy = true
""",
    "lazy",
)
#: Seconds that the uploads may take.
PATIENCE: Final = 300.0
LIMIT: Final = 1.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=8)
    parser.add_argument("--limit", type=float, default=LIMIT)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pixelfleet-lazy-") as folder:
        photos = drawn(Path(folder) / "photos", asked.photos + 1)
        plan = Plan(Path(folder) / "data", 1, keeps=False, dashboard_port=0, heavy_on_demand=True)
        with embedded_fleet(plan) as embedded:
            deployment = Deployment(embedded.settings)
            ids = _upload(deployment, photos)
            figures = _measure(deployment, embedded.settings.dashboard_url, photos, ids)
    print(f"{'variant':<12}{'engine':>9}{'first':>9}{'ratio':>8}{'second':>9}")
    worst = 0.0
    for name, columns in figures.items():
        engine, first, second = (statistics.median(column[1:]) for column in columns)
        worst = max(worst, first / engine)
        print(f"{name:<12}{engine:>6.0f} ms{first:>6.0f} ms{first / engine:>8.2f}{second:>6.0f} ms")
    sys.exit(worst > asked.limit)


def _upload(deployment: Deployment, photos: list[Path]) -> list[str]:
    """The ids of the images, which are ready."""
    deployment.batches.create(OWNER, BATCH, store_recipe(deployment, RECIPE))
    bucket, ids = deployment.settings.uploads_bucket, []
    for photo in photos:
        key = f"uploads/{OWNER}/{BATCH}/{photo.name}"
        deployment.s3.put_object(Bucket=bucket, Key=key, Body=photo.read_bytes())
        ids.append(image_id(bucket, key))
    deadline = time.monotonic() + PATIENCE
    while not all((image := deployment.images.get(one)) and image.status is Status.READY for one in ids):
        if time.monotonic() > deadline:
            raise SystemExit("the uploads are not ready")
        time.sleep(0.2)
    return ids


def _measure(
    deployment: Deployment, url: str, photos: list[Path], ids: list[str]
) -> dict[str, tuple[list[float], list[float], list[float]]]:
    """Milliseconds by variant: of the engine, of the first answers, of the second answers."""
    deployment.users.add(OWNER, hash_password("a password of the benchmark"))
    token, _ = deployment.users.issue_token(OWNER, "benchmark", (Scope.READ,), 1)
    bounds = bounds_of(deployment.settings, Lane.BULK)
    figures: dict[str, tuple[list[float], list[float], list[float]]] = {}
    with (
        httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client,
        RenderSupervisor(deployment.settings.bulk_memory, 60) as supervisor,
    ):
        for variant in lazy_variants(RECIPE):
            columns = figures[variant.name] = ([], [], [])
            for photo, one in zip(photos, ids, strict=True):
                with tempfile.TemporaryDirectory() as folder:
                    began = time.perf_counter()
                    outcome = supervisor.render(photo, alone(RECIPE, variant), bounds.limits, Path(folder))
                    columns[0].append(1000 * (time.perf_counter() - began))
                if outcome.rendition is None:
                    raise SystemExit(f"the engine failed: {outcome.error}")
                for column in columns[1:]:
                    column.append(_get(client, f"/v/{one}/{variant.name}"))
    return figures


def _get(client: httpx2.Client, address: str) -> float:
    began = time.perf_counter()
    answer = client.get(address)
    milliseconds = 1000 * (time.perf_counter() - began)
    if answer.status_code != 200:
        raise SystemExit(f"{address}: {answer.status_code} {answer.text[:500]}")
    return milliseconds


if __name__ == "__main__":
    main()
