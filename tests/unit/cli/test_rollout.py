"""`pixelfleet recipe rollout`: what it prints, how it exits, and that a rollback takes its images back."""

import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from PIL import Image as Picture
from rich.console import ConsoleDimensions

from pixelfleet.catalog.background import BackgroundTaskState
from pixelfleet.cli import main as cli
from pixelfleet.cli.console import MESSAGES, RESULTS, PlainConsole
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Job, Origin
from pixelfleet.domain.records import Image, RecipeRef
from pixelfleet.domain.rollout import RolloutFacts
from pixelfleet.operations.recipe_registry import put_recipe
from tests.fakes.deployment import enter, fresh_deployment, moto_deployment
from tests.fakes.records import key_of, record
from tests.recipes import shop
from tests.unit.operations.test_rollout import attempt

OLD, NEW = (RecipeRef(name="shop", digest=shop(width).digest) for width in (60, 90))


@pytest.fixture(scope="module")
def cloud() -> Iterator[Deployment]:
    with moto_deployment(quick_tables=True) as composed:
        yield composed


@pytest.fixture
def deployment(cloud: Deployment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Deployment:
    """Two images of ana that shop@1 made, and a queue whose jobs are carried out at once."""
    enter(monkeypatch)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    composed = fresh_deployment(cloud, monkeypatch)
    for width in (60, 90):
        put_recipe(composed, "olga", shop(width))
    for number in range(2):
        content = io.BytesIO()
        Picture.linear_gradient("L").resize((120 + number, 90)).save(content, "PNG")
        key = key_of("ana", "b1", f"{number}.png")
        etag = composed.s3.put_object(Bucket=composed.settings.uploads_bucket, Key=key, Body=content.getvalue())["ETag"]
        image = record(composed, "ana", "b1", f"{number}.png", etag=etag.strip('"'))
        marked = composed.images.queue_again(image, "ana", Origin.REPROCESS, OLD)
        assert isinstance(marked, Image)
        attempt(composed, marked, OLD)

    def send(_: Any, jobs: Any, __: Any = None) -> list[Job]:
        for job in jobs:
            queued = composed.images.get(job.image_id)
            assert queued is not None
            assert queued.chosen_recipe is not None
            attempt(composed, queued, queued.chosen_recipe)
        return []

    monkeypatch.setattr("pixelfleet.aws.queues.Queues.send", lambda _, *arguments: send(*arguments))
    return composed


@pytest.fixture
def pixelfleet(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run a command in this process; returns its exit code, standard output and standard error."""

    def call(*arguments: str, group: str = "recipe") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["pixelfleet", group, *arguments])
        for console, stream in ((MESSAGES, sys.stderr), (RESULTS, sys.stdout)):
            monkeypatch.setattr(console, "_file", stream, raising=False)
            monkeypatch.setattr(console, "_width", 80, raising=False)
        code = 0
        try:
            cli.main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def recipes_of(deployment: Deployment) -> set[str]:
    owned = deployment.images.records(deployment.images.of_owner("ana"))
    return {image.revision_recipe.digest for _, image in owned if image.revision_recipe is not None}


def test_a_sample_is_compared_before_anything_is_queued_and_then_all_images_are_made_and_taken_back(
    deployment: Deployment, pixelfleet: Any, tmp_path: Path
) -> None:
    command = ("rollout", "shop", "--instead-of", "shop@1", "--seed", "7")
    code, out, err = pixelfleet(*command, "--dry-run")
    assert (code, "2 images of all images, sample of 2, seed 7" in err) == (0, True), err
    assert [line.split("  ")[0] for line in out.splitlines()[1:5]] == [
        "results of an image", "CPU of an image", "SSIM, mean", "SSIM, lowest",
    ]  # fmt: skip
    page = (tmp_path / "rollout/index.html").read_text()
    assert page.count("<article") == 2
    assert "card, new, SSIM 0." in page or "card, new, SSIM 1." in page
    assert recipes_of(deployment) == {OLD.digest}
    # Nobody can be asked here. The sample is in the journal, and is not made again.
    code, _, err = pixelfleet(*command)
    assert (code, "1 image would be made again as a canary, then the other 1" in err) == (2, True), err
    code, out, _ = pixelfleet(*command, "--yes", "--json")
    result = json.loads(out)
    assert (code, result["canary"], result["rest"], result["seed"]) == (0, {"done": 1}, {"done": 1}, 7)
    assert (result["sample"]["images"], result["sample"]["bad"]) == (2, 0)
    assert 0.5 < result["sample"]["newer"]["ssim"] <= 1
    assert recipes_of(deployment) == {NEW.digest}
    code, _, err = pixelfleet(*command, "--yes")
    assert (code, "nothing to do: 2 images" in err) == (0, True)


def test_a_dry_run_of_an_interrupted_rollout_queues_nothing(deployment: Deployment, pixelfleet: Any) -> None:
    command = ("rollout", "shop", "--instead-of", "shop@1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pixelfleet.operations.rollout.wave.Wave.run", interrupted)
        assert pixelfleet(*command, "--yes")[0] == 130
    code, out, err = pixelfleet(*command, "--dry-run")
    assert (code, out, "it was interrupted at the canary: nothing was queued" in " ".join(err.split())) == (0, "", True)
    code, out, _ = pixelfleet(*command, "--dry-run", "--json")
    assert (code, json.loads(out)["step"], json.loads(out)["dry_run"]) == (0, "canary", True)
    assert recipes_of(deployment) == {OLD.digest}
    assert pixelfleet(*command, "--yes")[0] == 0
    assert recipes_of(deployment) == {NEW.digest}


def interrupted(*_: Any) -> None:
    raise KeyboardInterrupt


def test_a_rollout_is_a_row_of_its_own_in_the_list_of_batches_and_is_shown_and_watched_like_a_batch(
    deployment: Deployment, pixelfleet: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment.batches.create("ana", "b1")
    command = ("rollout", "shop", "--instead-of", "shop@1", "--owner", "ana", "--yes")
    assert pixelfleet(*command)[0] == 0
    _, out, _ = pixelfleet("list", "--owner", "ana", "--json", group="batch")
    rollout, batch = json.loads(out)
    assert (batch["kind"], batch["batch"], rollout["kind"]) == ("upload", "ana/b1", "rollout")
    versions = f"shop@{OLD.digest[:12]}", f"shop@{NEW.digest[:12]}"
    assert (rollout["instead_of"], rollout["recipe"]) == versions
    assert [rollout[name] for name in ("expected", "ready", "failed", "canary")] == [2, 2, 0, 1]
    # The commands name the versions of today, for a reader who comes when there are newer versions.
    assert rollout["command"] == "pixelfleet recipe rollout shop@2 --instead-of shop@1 --owner ana --yes"
    assert rollout["message"] == f"2 images were made by {versions[1]}; 0 kept {versions[0]}"
    assert rollout["contact_sheet"] == str(tmp_path / "rollout/index.html")
    _, out, _ = pixelfleet("list", group="batch")
    first, second, *_ = out.splitlines()[1:]
    assert first.split() == [rollout["batch"], "2", "2", "0", "complete"]
    assert second.rstrip().endswith(f"  {versions[0]} ->")
    assert max(map(len, out.splitlines())) <= 80
    monkeypatch.setattr(PlainConsole, "size", ConsoleDimensions(140, 25))
    _, out, _ = pixelfleet("list", group="batch")
    assert out.splitlines()[1].startswith(rollout["batch"])
    assert f"  {versions[0]} -> {versions[1]}  " in out.splitlines()[1]
    code, out, _ = pixelfleet("show", rollout["batch"], group="batch")
    assert (code, f"{rollout['batch']}: complete\n" in out, "go on" in out) == (0, True, False)
    assert f"recipe    {versions[0]} -> {versions[1]}\n" in out
    assert "2 images: 2 made, 0 failed\n" in out
    assert "go back   pixelfleet recipe rollback shop@2 --to shop@1 --owner ana\n" in out
    code, out, _ = pixelfleet("watch", rollout["batch"], "--json", group="batch")
    assert (code, json.loads(out)["state"]) == (0, "done")
    code, _, err = pixelfleet("show", "rollout-20260101T000000000Z-00000000", group="batch")
    assert (code, "there is no rollout rollout-20260101" in err) == (2, True)


def test_a_watch_of_a_rollout_that_stopped_ends_with_exit_code_1_and_says_how_to_go_on(
    deployment: Deployment, pixelfleet: Any
) -> None:
    facts = RolloutFacts(newer=NEW, older=OLD, images=9, canary=1, command="pixelfleet recipe rollout x", machine="m")
    task = deployment.background_tasks.begin("rollout", "olga@m", "x", facts)
    stopped = {"state": BackgroundTaskState.STOPPED, "message": "1 failed", "counts": {"canary_failed": 1}}
    deployment.background_tasks.save(task.model_copy(update=stopped))
    code, _, err = pixelfleet("watch", task.id, group="batch")
    assert (code, f"{task.id} is stopped: 0 made, 1 failed. 1 failed" in err) == (1, True), err
    assert "to go on, on m: pixelfleet recipe rollout x" in err


def test_a_rollout_that_leaves_an_image_to_somebody_else_ends_with_exit_code_1(
    deployment: Deployment, pixelfleet: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pixelfleet.operations.rollout.run.BUSY_SECONDS", 0)
    [one, _] = [image for _, image in deployment.images.records(deployment.images.of_owner("ana"))]
    queued = deployment.images.queue_again(one, "ana", Origin.REPROCESS, OLD)
    assert isinstance(queued, Image)
    code, _, err = pixelfleet("rollout", "shop", "--instead-of", "shop@1", "--sample", "1", "--yes")
    assert "1 more image of the old recipe still being processed by somebody else" in err
    assert (code, recipes_of(deployment)) == (1, {OLD.digest, NEW.digest})


def test_a_rollback_of_all_takes_back_what_a_rollout_touched_and_nothing_else(
    deployment: Deployment, pixelfleet: Any
) -> None:
    uploaded = record(deployment, "ana", "b1", "uploaded-later.png")
    for number, (recipe, chosen) in enumerate(((OLD, OLD), (NEW, NEW))):
        for _, image in list(deployment.images.records(deployment.images.of_owner("ana"))):
            if image.image_id != uploaded.image_id:
                marked = deployment.images.queue_again(image, "ana", Origin.REPROCESS, chosen)
                assert isinstance(marked, Image), number
                attempt(deployment, marked, recipe)
    [one, *_] = [image for _, image in deployment.images.records(deployment.images.of_owner("ana"))][1:]
    queued = deployment.images.queue_again(one, "ana", Origin.REPROCESS, NEW)
    assert isinstance(queued, Image)
    code, out, _ = pixelfleet("rollback", "shop@2", "--to", "shop@1", "--all", "--json")
    assert (code, json.loads(out)) == (1, {"back": 1, "missing": 0, "busy": 1})
    attempt(deployment, queued, NEW)
    code, out, _ = pixelfleet("rollback", "shop@2", "--to", "shop@1", "--all", "--json")
    assert (code, json.loads(out)) == (0, {"back": 1, "missing": 0, "busy": 0})
    assert recipes_of(deployment) == {OLD.digest, "d" * 64}
    assert pixelfleet("rollback", "shop@2", "--to", "shop@1", "--all", "--owner", "ana")[0] == 2


@pytest.mark.parametrize("scope", ["--all", "--owner ana", "--batch ana/b1"])
def test_images_that_keep_no_results_are_left_to_a_rollout_of_the_same_images(pixelfleet: Any, scope: str) -> None:
    code, out, err = pixelfleet("rollback", "shop@1", "--to", "shop", *scope.split())
    assert (code, "0 images back to shop" in out) == (1, True)
    rollout = "pixelfleet recipe rollout shop@2 --instead-of shop@1"
    assert f"{rollout} {scope}".removesuffix(" --all") + "`" in " ".join(err.split()), err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("none", "--instead-of", "shop@1"), "no recipe 'none'"),
        (("shop", "--instead-of", "shop@9"), "recipe 'shop' has no version '9'"),
        (("shop", "--instead-of", "shop"), "are the same recipe"),
        (("shop", "--instead-of", "web"), "no ready image was made by web@"),
        (("shop", "--instead-of", "shop@1", "--sample", "0"), "a sample has 1 to 10,000 images, not 0"),
        (("shop", "--instead-of", "shop@1", "--canary", "0%"), "'0%' is no canary"),
        (("shop", "--instead-of", "shop@1", "--max-failures", "few"), "'few' is no bound of failures"),
        (("shop", "--instead-of", "shop@1", "--batch", "none"), "whose batch is none? Write --batch OWNER/none"),
        (("shop", "--instead-of", "shop@1", "--batch", "ana/b2"), "there is no batch ana/b2: did you mean ana/b1?"),
        (("shop", "--instead-of", "shop@1", "--owner", "zed"), "because there are no images with results"),
        (("shop",), "Missing option '--instead-of'"),
    ],
)
def test_a_wrong_order_is_refused_with_a_reason(pixelfleet: Any, arguments: tuple[str, ...], message: str) -> None:
    code, _, err = pixelfleet("rollout", *arguments)
    assert (code, message in " ".join(err.split())) == (2, True), err


def test_missing_rights_are_named(pixelfleet: Any, deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: Any) -> None:
        answer: Any = {
            "Error": {"Code": "AccessDeniedException", "Message": "not authorized to perform: dynamodb:Scan"}
        }
        raise ClientError(answer, "Scan")

    monkeypatch.setattr(deployment.dynamodb, "scan", refuse)
    code, _, err = pixelfleet("rollout", "shop", "--instead-of", "shop@1")
    assert (code, "dynamodb:Scan" in err, "a bug" in err) == (2, True, False), (code, err)


def test_the_contact_sheet_is_not_written_over_something_else(pixelfleet: Any, tmp_path: Path) -> None:
    (tmp_path / "rollout").write_text("mine")
    code, _, err = pixelfleet("rollout", "shop", "--instead-of", "shop@1")
    assert (code, "rollout" in err) == (2, True)
    assert (tmp_path / "rollout").read_text() == "mine"
