"""The output and the exit codes of commands, on a deployment in moto: the same code paths as on AWS."""

import errno
import hashlib
import io
import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image as Picture

from pixelfleet import recipes
from pixelfleet.aws.dead_letters import Pass
from pixelfleet.aws.upload_bucket import UploadBucket
from pixelfleet.cli import main as cli
from pixelfleet.cli.console import MESSAGES, RESULTS, count
from pixelfleet.credentials.passwords import hash_password
from pixelfleet.deployment import Deployment
from pixelfleet.domain.jobs import Job, JobKind, Lane, Origin, encode_message
from pixelfleet.domain.records import Alias, AliasState, Image, RecipeRef, timestamp
from pixelfleet.domain.scores import Score
from pixelfleet.domain.transitions import Aim, Success
from pixelfleet.domain.users import Role, Scope
from pixelfleet.errors import Cause, SetupError
from pixelfleet.operations.dead_letter_passes import Progress, PurgeResult, give_up
from pixelfleet.operations.failures import Selection
from pixelfleet.operations.recipe_registry import put_recipe
from pixelfleet.operations.recipe_texts import store_recipe
from pixelfleet.operations.removal import delete_image
from pixelfleet.operations.routes import RouteOrder, add_route
from pixelfleet.recipes import Metric
from tests.fakes.deployment import enter, fresh_deployment, moto_deployment
from tests.fakes.records import key_of, record
from tests.recipes import shop
from tests.step_packages import DUOTONE, StepPackages, step_packages

__all__ = ["step_packages"]


@pytest.fixture(scope="module")
def cloud() -> Iterator[Deployment]:
    with moto_deployment(quick_tables=True) as composed:
        yield composed


@pytest.fixture
def deployment(cloud: Deployment, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """The test's own tables and queues. The commands compose a deployment with the same clients."""
    enter(monkeypatch)
    return fresh_deployment(cloud, monkeypatch)


@pytest.fixture
def pixelfleet(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run a command in this process; returns its exit code, standard output and standard error."""

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["pixelfleet", *arguments])
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


def bury(deployment: Deployment, key: str, cause: str = "crashed") -> None:
    job = Job(JobKind.PROCESS, deployment.settings.uploads_bucket, key, None, "e1", "10", 9)
    attributes: Any = {"cause": {"DataType": "String", "StringValue": cause}}
    url = deployment.settings.bulk_dlq_url
    deployment.sqs.send_message(QueueUrl=url, MessageBody=encode_message(job, Lane.BULK), MessageAttributes=attributes)


def test_a_redrive_of_nothing_names_the_command_that_shows_causes(deployment: Deployment, pixelfleet: Any) -> None:
    record(deployment, "me", "b1", "a.png", cause=Cause.TRUNCATED)
    code, out, err = pixelfleet("redrive", "--yes")
    assert code == 0
    assert "nothing was sent: no failed image is selected" in err
    assert "`pixelfleet failures` shows every cause" in err
    assert "0 jobs" not in out


def test_a_redrive_of_nothing_asks_no_question(pixelfleet: Any) -> None:
    """There is no terminal, so a question would end the command with exit code 2."""
    for selection in ((), ("--cause", "crashed")):
        code, _, err = pixelfleet("redrive", *selection)
        assert (code, "nothing was sent" in err) == (0, True)
    code, out, _ = pixelfleet("redrive", "--json")
    assert (code, json.loads(out)["sent"]) == (0, 0)


def test_a_dry_run_of_purge_deletes_nothing(deployment: Deployment, pixelfleet: Any) -> None:
    image = record(deployment, "me", "b1", "a.png", cause=Cause.CRASHED)
    bury(deployment, image.key)
    code, out, _ = pixelfleet("purge", "--dry-run")
    assert code == 0
    assert "bulk: 1 dead letter would be deleted, 0 left" in out
    assert deployment.queues.depth(deployment.settings.bulk_dlq_url).waiting == 1
    _, out, _ = pixelfleet("purge", "--dry-run", "--json")
    assert json.loads(out) == {
        "dry_run": True,
        "bulk": {"deleted": 1, "left": 0},
        "heavy": {"deleted": 0, "left": 0},
        "uploads": {"deleted": 0, "left": 0},
    }
    _, out, _ = pixelfleet("purge", "--yes")
    assert "bulk: 1 dead letter deleted" in out
    assert deployment.queues.depth(deployment.settings.bulk_dlq_url).waiting == 0


def test_a_purge_of_empty_queues_asks_no_question(pixelfleet: Any) -> None:
    """There is no terminal, so a question would end the command with exit code 2."""
    code, out, err = pixelfleet("purge")
    assert (code, out, "nothing was deleted: the dead-letter queues are empty" in err) == (0, "", True)
    assert json.loads(pixelfleet("purge", "--json")[1])["bulk"] == {"deleted": 0, "left": 0}


@pytest.mark.parametrize("command", [("failures",), ("duplicates",), ("status",), ("batch", "list"), ("user", "list")])
def test_ctrl_c_always_says_what_to_do_next(
    pixelfleet: Any, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pixelfleet.deployment.Deployment.__init__", interrupted)
    code, _, err = pixelfleet(*command)
    assert (code, err.strip()) == (130, "stopped: run the same command again to begin anew")


def test_ctrl_c_while_scores_are_measured_says_that_they_are_not_stored(
    deployment: Deployment, pixelfleet: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    record(deployment, "ana", "measured", "a.jpg")
    monkeypatch.setattr("pixelfleet.operations.measured_quality.QualityMeter.scores", interrupted)
    code, _, err = pixelfleet("batch", "quality", "ana/measured", "--measure", "1")
    assert (code, err.count("stopped:")) == (130, 1)
    assert "measured scores are not stored; run the same command again" in err


def test_every_live_display_is_silent_where_there_is_no_terminal() -> None:
    """`console.live_display` alone makes a display of progress."""
    folder = Path(cli.__file__).parent
    makers = [path.name for path in folder.glob("*.py") if re.search(r"\bProgress\(\*?", path.read_text())]
    assert makers == ["console.py"]


def test_ctrl_c_during_a_purge_says_how_many_messages_are_deleted_and_how_many_stay(
    deployment: Deployment, pixelfleet: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(25):
        bury(deployment, key_of("me", "b1", f"{number}.png"))

    def interrupted(cloud: Deployment, selection: Selection, who: str, progress: Progress) -> PurgeResult:
        def report(queue: str, done: Pass) -> None:
            progress(queue, done)
            raise KeyboardInterrupt

        return give_up(cloud, selection, who, report)

    monkeypatch.setattr("pixelfleet.cli.purge.give_up", interrupted)
    code, _, err = pixelfleet("purge", "--yes")
    assert code == 130
    said = " ".join(err.split())
    assert "10 dead letters deleted; about 15 dead letters left in the queues; run the same command again" in said
    assert deployment.queues.depth(deployment.settings.bulk_dlq_url).waiting == 15
    assert next(deployment.activity.actions()).details == {"bulk": 10, "outcome": "interrupted"}


def test_a_dry_run_of_rm_removes_nothing(deployment: Deployment, pixelfleet: Any) -> None:
    keys = [key_of("me", "b1", f"{number}.png") for number in range(2)]
    for number, key in enumerate(keys):
        deployment.s3.put_object(Bucket=deployment.settings.uploads_bucket, Key=key, Body=b"x")
        record(deployment, "me", "b1", f"{number}.png")
    code, out, err = pixelfleet("rm", "--batch", "me/b1", "--dry-run")
    assert (code, out.split()) == (0, [f"s3://{deployment.settings.uploads_bucket}/{key}" for key in keys])
    assert "2 originals would be removed" in err
    _, out, _ = pixelfleet("rm", keys[0], "--dry-run", "--json")
    assert json.loads(out) == {"dry_run": True, "images": [f"s3://{deployment.settings.uploads_bucket}/{keys[0]}"]}
    assert deployment.objects.head(deployment.settings.uploads_bucket, keys[0]) is not None
    _, out, _ = pixelfleet("rm", keys[0], "--yes")
    assert "1 original removed" in out
    assert deployment.objects.head(deployment.settings.uploads_bucket, keys[0]) is None


def test_images_that_are_deleted_already_are_not_removed_again(deployment: Deployment, pixelfleet: Any) -> None:
    """There is no terminal, so a question would end the command with exit code 2."""
    image = record(deployment, "me", "gone", "a.png")
    delete_image(deployment, image, "ana")
    bucket = deployment.settings.uploads_bucket
    deployment.s3.put_object(Bucket=bucket, Key=image.key, Body=b"newer")
    for selection in ((image.key,), ("--batch", "me/gone"), (image.key, "--dry-run"), (image.key, "--yes")):
        code, out, err = pixelfleet("rm", *selection)
        assert (code, out, "removed: no selected image is there" in err) == (0, "", True), selection
    assert "a.png is deleted already" in pixelfleet("rm", image.key)[2]
    document = json.loads(pixelfleet("rm", image.key, "--json")[1])
    assert document == {"removed": 0, "released": 0, "refused": []}
    assert deployment.s3.get_object(Bucket=bucket, Key=image.key)["Body"].read() == b"newer"


def test_a_deleted_image_is_restored_by_its_key_or_with_its_batch(deployment: Deployment, pixelfleet: Any) -> None:
    bucket = deployment.settings.uploads_bucket
    deployment.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    keys = [key_of("me", "b1", f"{number}.png") for number in range(2)]
    for key in keys:
        put = deployment.s3.put_object(Bucket=bucket, Key=key, Body=b"x")
        version: dict[str, Any] = {"version_id": put["VersionId"], "etag": put["ETag"].strip('"')}
        image = record(deployment, "me", "b1", key.rpartition("/")[2], **version)
        delete_image(deployment, image, "test")
    code, out, err = pixelfleet("restore", "--batch", "me/b1", "--dry-run")
    assert (code, out.split()) == (0, [f"s3://{bucket}/{key}" for key in keys])
    assert "2 images would be restored" in err
    assert deployment.objects.head(bucket, keys[0]) is None
    code, out, _ = pixelfleet("restore", keys[0])
    assert (code, "1 image restored" in out) == (0, True)
    assert deployment.objects.head(bucket, keys[0]) is not None
    # The first is there already.
    code, out, err = pixelfleet("restore", "--batch", "me/b1")
    assert (code, "1 image restored" in out, f"{keys[0]}: not deleted" in err) == (1, True, True)
    code, out, _ = pixelfleet("restore", *keys, "--json")
    assert (code, json.loads(out)) == (1, {"restored": 0, "not_restored": 2, "examples": keys})
    assert pixelfleet("restore")[0] == 2
    deployment.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})


def test_images_are_listed_by_filters_in_any_order(deployment: Deployment, pixelfleet: Any) -> None:
    for number, size in enumerate((30, 10, 20)):
        record(deployment, "me", "b1", f"{number}.png", bytes=size, exif={"lens": f"RF {number}"}, format="png")
    record(deployment, "me", "b2", "other.tif", cause=Cause.TRUNCATED)
    _, out, _ = pixelfleet("list", "--batch", "me/b1", "--order=-size", "--json")
    assert [image["name"] for image in json.loads(out)["images"]] == ["0.png", "2.png", "1.png"]
    _, out, err = pixelfleet("list", "--owner", "me", "--lens", "rf 2")
    assert ("uploads/me/b1/2.png" in out, "1.png" in out, err) == (True, False, "")
    _, out, err = pixelfleet("list", "--order", "size", "--format", "PNG", "--limit", "2", "--json")
    assert [image["bytes"] for image in json.loads(out)["images"]] == [10, 20]
    _, out, _ = pixelfleet("list", "--status", "failed", "--manifest")
    assert [json.loads(line)["path"] for line in out.splitlines()] == ["other.tif"]
    _, out, err = pixelfleet("list", "--limit", "3")
    assert "the first 3; --limit shows more" in err
    code, _, err = pixelfleet("list", "--near", "here")
    assert (code, "--near 'here': a place is latitude,longitude" in err) == (2, True)


def test_failures_by_owner_show_the_causes_of_each_owner(deployment: Deployment, pixelfleet: Any) -> None:
    record(deployment, "ana", "b1", "1.png", cause=Cause.TRUNCATED, message="it breaks off")
    record(deployment, "ana", "b1", "2.png", cause=Cause.CRASHED, message="the worker died")
    record(deployment, "ana", "b1", "3.png", cause=Cause.CRASHED, message="the worker died")
    _, out, _ = pixelfleet("failures", "--by", "owner")
    assert "crashed 2, truncated 1" in " ".join(out.split())
    assert "it breaks off" not in out
    _, out, _ = pixelfleet("failures", "--by", "owner", "--json")
    [group] = json.loads(out)["groups"]
    assert (group["causes"], group["message"]) == ({"crashed": 2, "truncated": 1}, None)
    _, out, _ = pixelfleet("failures", "--json")
    assert {group["cause"]: group["message"] for group in json.loads(out)["groups"]} == {
        "crashed": "the worker died",
        "truncated": "it breaks off",
    }


@pytest.mark.parametrize(
    ("name", "similar"), [("me/sumer", "me/summer"), ("summer", "me/summer"), ("x/y", "batch list")]
)
def test_the_error_for_a_mistyped_batch_names_the_similar_batch(
    deployment: Deployment, pixelfleet: Any, name: str, similar: str
) -> None:
    deployment.batches.create("me", "summer")
    code, _, err = pixelfleet("batch", "show", name)
    assert code == 2
    assert similar in err


@pytest.mark.parametrize(
    ("arguments", "similar"),
    [(["redrve"], "redrive"), (["batch", "watc"], "watch"), (["redrive", "--canarry", "1"], "--canary")],
)
def test_the_error_for_a_mistyped_command_or_option_names_the_similar_name(
    pixelfleet: Any, arguments: list[str], similar: str
) -> None:
    code, _, err = pixelfleet(*arguments)
    assert code == 2
    assert similar in err


def test_watching_an_open_batch_shows_how_to_seal_the_batch(
    deployment: Deployment, pixelfleet: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = record(deployment, "me", "b1", "a.png")

    def seal_meanwhile(_: float) -> None:
        deployment.batches.seal("me", "b1", [image.image_id])
        deployment.batches.complete("me", "b1")

    monkeypatch.setattr("pixelfleet.cli.watch.time.sleep", seal_meanwhile)
    code, _, err = pixelfleet("batch", "watch", "me/b1")
    assert code == 0
    assert "pixelfleet batch seal me/b1" in err
    assert "me/b1 is complete: 1 ready, 0 failed" in err


def test_a_wrong_value_of_an_option_is_named_with_the_right_values(pixelfleet: Any) -> None:
    code, _, err = pixelfleet("redrive", "--lane", "x")
    assert (code, "Value error" in err) == (2, False)
    assert "'x' is not one of 'bulk', 'heavy'" in err


def test_a_watch_of_a_batch_with_failures_ends_with_exit_code_1(deployment: Deployment, pixelfleet: Any) -> None:
    images = [record(deployment, "me", "b1", "a.png"), record(deployment, "me", "b1", "b.png", cause=Cause.TRUNCATED)]
    deployment.batches.seal("me", "b1", [image.image_id for image in images])
    deployment.batches.complete("me", "b1")
    code, _, err = pixelfleet("batch", "watch", "me/b1")
    assert (code, "me/b1 is complete: 1 ready, 1 failed (truncated 1)" in err) == (1, True)


def test_a_batch_is_shown_in_local_time_with_its_gate(deployment: Deployment, pixelfleet: Any) -> None:
    record(deployment, "me", "b1", "a.png")
    deployment.batches.set_min_score("me", "b1", Score(Metric.SSIM, 0.93))
    stored = deployment.batches.get("me", "b1")
    assert stored is not None
    # Tokyo is nine hours ahead of UTC, all year.
    tokyo = datetime.fromisoformat(stored.created_at) + timedelta(hours=9)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        shown, listed = pixelfleet("batch", "show", "me/b1")[1], pixelfleet("batch", "list")[1]
    time.tzset()
    assert f"begun     {tokyo:%Y-%m-%d %H:%M}\n" in shown
    assert "gate      SSIM 0.9300" in shown
    assert f"{tokyo:%Y-%m-%d %H:%M}" in " ".join(listed.split())


def test_days_in_lists_are_local(deployment: Deployment, pixelfleet: Any) -> None:
    deployment.users.add("ana", hash_password("a long password of hers"), Role.USER)
    deployment.users.issue_token("ana", "camera import", (Scope.READ,), 30)
    lists = {}
    # These zones are 26 hours apart: they never have the same day.
    for zone in ("Etc/GMT-14", "Etc/GMT+12"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TZ", zone)
            time.tzset()
            text = pixelfleet("user", "list")[1] + pixelfleet("user", "tokens")[1]
        lists[zone] = re.findall(r"\d{4}-\d\d-\d\d", text)
    time.tzset()
    pairs = list(zip(*lists.values(), strict=True))
    assert len(pairs) == 3
    assert all(east > west for east, west in pairs)


def test_a_user_is_removed_with_all_tokens(deployment: Deployment, pixelfleet: Any) -> None:
    users = deployment.users
    users.add("ana", hash_password("a long password of hers"), Role.USER)
    secret, _ = users.issue_token("ana", "camera import", (Scope.READ,), 30)
    _, out, _ = pixelfleet("user", "tokens")
    assert "camera import" in out
    assert "never" in out
    assert users.bearer(secret) is not None
    _, out, _ = pixelfleet("user", "tokens", "ana", "--json")
    assert json.loads(out)["tokens"][0]["used_at"] > 1_700_000_000
    _, out, _ = pixelfleet("user", "tokens", "ana", "--json")
    assert [token["user"] for token in json.loads(out)["tokens"]] == ["ana"]
    code, _, err = pixelfleet("user", "remove", "ana", "--yes")
    assert code == 0
    assert "ana is removed, with 1 token" in err
    assert users.get("ana") is None
    assert users.bearer(secret) is None
    assert users.all() == []
    assert pixelfleet("user", "remove", "ana", "--yes")[0] == 2
    assert pixelfleet("user", "tokens", "ana")[0] == 2


def test_lists_fit_a_terminal_of_80_columns_and_cut_nothing(deployment: Deployment, pixelfleet: Any) -> None:
    owner, batch = "a-rather-long-owner@example.com", "2026-11-26-a-rather-long-name-of-a-batch-of-a-camera"
    name = "a/folder/with/a/long/path/and/a/file/with/a/long/name/IMG_20261126_101500_0001.jpg"
    image = record(deployment, owner, batch, name, cause=Cause.CRASHED, message="the worker or its host died " * 3)
    deployment.users.add(owner, hash_password("a long password of theirs"), Role.OPERATOR, "somebody-else@example.com")
    deployment.users.issue_token(owner, "the label of a token that is not short", tuple(Scope), 300)
    deployment.background_tasks.begin("make outdated images again", owner, f"all images: owner {owner}, batch {batch}")
    put_recipe(deployment, owner, shop(name="long"))
    match = "catalog/of-a-season/**/with-a-long-folder/and-a-name-that-is-longer-than-a-line/**/*.jpeg"
    add_route(deployment, owner, RouteOrder(match, "shop", "long", batch_from="catalog/{batch}/**/*.jpeg"))
    for arguments in (
        ["batch", "list"],
        ["status"],
        ["failures"],
        ["failures", "--by", "batch"],
        ["user", "list"],
        ["user", "tokens"],
        ["recipe", "list"],
        ["recipe", "show", "long", "--versions"],
        ["route", "list"],
    ):
        code, out, _ = pixelfleet(*arguments)
        assert code == 0
        assert max(len(line) for line in out.splitlines()) <= 80, arguments
        assert "…" not in out, arguments
    _, out, _ = pixelfleet("show", image.image_id)
    assert image.recipe is not None
    assert f"\nrecipe    {image.recipe.name}@{image.recipe.digest[:12]}\n" in out
    assert "…" not in out


@pytest.mark.parametrize(
    "command",
    [[], ["upload"], ["redrive"], ["purge"], ["batch", "seal"], ["user", "token"], ["recipe", "put"], ["route", "add"]],
)
def test_help_fits_80_columns_and_shows_no_type_for_flags(pixelfleet: Any, command: list[str]) -> None:
    code, out, _ = pixelfleet(*command, "--help")
    assert code == 0
    assert "bool" not in out
    assert max(len(line) for line in out.splitlines()) <= 80


def test_a_snippet_on_stdout_is_only_html_with_stable_addresses(pixelfleet: Any, deployment: Deployment) -> None:
    image = record(deployment, "snip", "b1", "a b.jpg")
    code, out, err = pixelfleet("snippet", image.key)
    assert (code, out.startswith("<picture>\n"), out.endswith("</picture>\n")) == (0, True, True)
    assert f'src="{deployment.settings.dashboard_url}/v/snip/b1/a%20b.jpg/optimized" width="400" height="300"' in out
    assert "results are private" in err
    assert "/thumb" in json.loads(pixelfleet("snippet", image.image_id, "--variant", "thumb", "--json")[1])["html"]
    code, _, err = pixelfleet("snippet", image.image_id, "--variant", "none")
    assert (code, "it has: thumb, optimized, enhanced" in err) == (2, True)


def test_what_is_lazy_and_not_made_is_named_by_check_snippet_and_download(
    pixelfleet: Any, deployment: Deployment, tmp_path: Path
) -> None:
    text = shop(100).to_text() + '\n[[variants]]\nname = "print"\nbox = 900\nlazy = true\n'
    (tmp_path / "lazy.toml").write_text(text)
    assert (
        "print: box 900 x 900; made at its first request"
        in pixelfleet("recipe", "check", str(tmp_path / "lazy.toml"))[1]
    )
    made_by = store_recipe(deployment, recipes.parse(text, "lazy.toml"))
    image = record(deployment, "lazy", "b1", "a.jpg", recipe=made_by)
    address = f"{deployment.settings.dashboard_url}/v/lazy/b1/a.jpg/print"
    code, out, err = pixelfleet("snippet", image.image_id)
    assert (code, "print" in out) == (0, False)
    assert address in err.replace("\n", "")
    code, _, err = pixelfleet("snippet", image.image_id, "--variant", "print")
    assert (code, "is lazy" in err) == (2, True)
    for variant in image.variants:
        deployment.s3.put_object(Bucket=deployment.settings.results_bucket, Key=variant.key, Body=b"x" * 500)
    _, _, err = pixelfleet("batch", "download", "b1", str(tmp_path / "out"), "--owner", "lazy")
    assert "lazy, and not made yet: print of 1 image" in err.replace("\n", " ")


def test_a_recipe_is_stored_compared_exported_and_removed(pixelfleet: Any, tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text(shop(100).to_text())
    code, _, err = pixelfleet("recipe", "put", str(file))
    assert (code, f"shop is stored: version 1, digest {shop(100).digest[:12]}" in err) == (0, True)
    assert "stored already: version 1" in pixelfleet("recipe", "put", str(file))[2]
    file.write_text(shop(200).to_text())
    _, out, _ = pixelfleet("recipe", "put", str(file), "--json")
    assert {name: json.loads(out)[name] for name in ("version", "before", "changed")} == {
        "version": 2,
        "before": 1,
        "changed": True,
    }
    _, out, _ = pixelfleet("recipe", "list", "--json")
    assert [(each["name"], each["builtin"]) for each in json.loads(out)][-2:] == [("responsive", True), ("shop", False)]
    assert pixelfleet("recipe", "show", "shop@1")[1] == shop(100).to_text()
    _, out, _ = pixelfleet("recipe", "show", "shop", "--versions", "--json")
    assert [(each["version"], each["present"]) for each in json.loads(out)] == [(2, True), (1, False)]
    assert "-box = [100, 100]\n+box = [200, 200]" in pixelfleet("recipe", "diff", "shop@1", "shop")[1]
    assert "are equal" in pixelfleet("recipe", "diff", "shop", str(file))[2]
    folder = tmp_path / "recipes"
    assert pixelfleet("recipe", "export", str(folder))[0] == 0
    assert (folder / "shop.toml").read_text() == shop(200).to_text()
    assert pixelfleet("recipe", "export", str(folder))[0] == 0
    (folder / "shop.toml").write_text("mine")
    code, _, err = pixelfleet("recipe", "export", str(folder))
    assert (code, "--force replaces these files" in err, (folder / "shop.toml").read_text()) == (2, True, "mine")
    assert pixelfleet("recipe", "rm", "shop")[0] == 0
    assert pixelfleet("recipe", "rm", "shop")[0] == 2


def test_storing_a_new_version_shows_how_many_images_an_earlier_version_made(
    deployment: Deployment, pixelfleet: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "web2.toml"
    file.write_text(shop(100, "web2").to_text())
    assert "made by an earlier version" not in pixelfleet("recipe", "put", str(file))[2]
    made_by = RecipeRef(name="web2", digest=shop(100, "web2").digest)
    monkeypatch.setattr("tests.fakes.records.RECIPE", made_by)
    record(deployment, "me", "b1", "a.png")
    file.write_text(shop(200, "web2").to_text())
    _, _, err = pixelfleet("recipe", "put", str(file))
    assert "1 image was made by an earlier version" in err
    assert "pixelfleet reconcile --outdated --dry-run" in err


def test_a_list_without_the_stored_recipes_says_so(
    deployment: Deployment, pixelfleet: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIXELFLEET_RECIPES_TABLE", "none-such")
    code, out, err = pixelfleet("recipe", "list", "--json")
    assert (code, len(json.loads(out)), "stored recipes are not shown" in err) == (1, 5, True)
    code, out, _ = pixelfleet("recipe", "list", "--builtin", "--json")
    assert (code, len(json.loads(out))) == (0, 5)


def test_a_file_with_the_name_of_a_built_in_recipe_is_read_as_a_file(
    pixelfleet: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "web").write_text(shop().to_text())
    assert "shop is stored" in pixelfleet("recipe", "put", "web")[2]


def test_a_route_is_added_explained_listed_and_removed(deployment: Deployment, pixelfleet: Any) -> None:
    pattern = "catalog/{batch}/**"
    given = ("--match", "catalog/**", "--owner", "shop", "--recipe", "zoom", "--batch-from", pattern)
    _, out, _ = pixelfleet("route", "add", *given, "--json")
    added = json.loads(out)
    assert (added["bucket"], added["priority"], added["blocked"]) == (deployment.settings.uploads_bucket, 100, [])
    _, out, _ = pixelfleet("route", "test", "catalog/2026/a.jpg")
    assert "owner shop, batch 2026, recipe zoom" in out
    assert f"Route {added['route_id']} (catalog/**) is the first that matches." in out
    _, out, _ = pixelfleet("route", "test", "other/a.jpg", "--json")
    other = json.loads(out)
    assert (other["route"], other["owner"], other["batch"], other["recipe"]) == (None, "default", None, "web")
    assert deployment.batches.get("shop", "2026") is None
    code, _, err = pixelfleet("route", "add", "--match", "catalog/*.jpg", "--recipe", "web")
    assert (code, "could never match" in err) == (2, True)
    code, _, err = pixelfleet("route", "add", "--match", "**", "--recipe", "web", "--first")
    assert (code, f"route {added['route_id']} (catalog/**) can never match any more" in err) == (0, True)
    code, out, _ = pixelfleet("route", "list")
    assert "can never match" in " ".join(out.split())
    assert max(len(line) for line in out.splitlines()) <= 80
    code, _, err = pixelfleet("route", "rm", added["route_id"])
    assert (code, "is removed: keys catalog/**" in err) == (0, True)
    assert pixelfleet("route", "rm", added["route_id"])[0] == 2
    code, _, err = pixelfleet("route", "add", "--match", "x/**", "--recipe", "none")
    assert (code, "no recipe 'none' is stored" in err) == (2, True)


def test_a_change_of_routes_says_how_many_images_get_another_recipe(deployment: Deployment, pixelfleet: Any) -> None:
    image = record(deployment, "ana", "counted", "a.jpg", etag=hashlib.md5(b"x").hexdigest())
    deployment.s3.put_object(Bucket=image.bucket, Key=image.key, Body=b"x")
    given = ("--match", "uploads/ana/counted/**", "--recipe", "zoom")
    code, out, err = pixelfleet("route", "add", *given, "--json")
    added = json.loads(out)
    assert (code, added["touched"]["images"], added["touched"]["complete"]) == (0, 1, True), err
    [move] = added["touched"]["moves"]
    assert [move[name].partition("@")[0] for name in ("made_by", "would_be_made_by")] == ["web", "zoom"]
    code, _, err = pixelfleet("route", "rm", added["route_id"])
    assert (code, "1 image was made by web@dddddddddddd, would now be made by web@" in err) == (0, True), err
    assert "pixelfleet reconcile --outdated" in err
    code, _, err = pixelfleet("route", "add", *given)
    assert "1 image was made by web, would now be made by zoom" in err
    added_id = json.loads(pixelfleet("route", "list", "--json")[1])[-1]["route_id"]
    _, out, err = pixelfleet("route", "rm", added_id, "--no-count", "--json")
    assert ("touched" in json.loads(out), "made by" in err) == (False, False)


def test_a_count_that_is_interrupted_leaves_the_route_stored(
    deployment: Deployment, pixelfleet: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pixelfleet.cli.route_count.touched_images", interrupted)
    code, _, err = pixelfleet("route", "add", "--match", "halted/**", "--recipe", "zoom")
    assert (code, "the change of the routes is stored and stays" in err) == (130, True), err
    assert "halted/**" in {route.match for route in deployment.recipe_registry.get().routes}


def test_a_count_that_fails_leaves_the_route_stored(
    deployment: Deployment, pixelfleet: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise SetupError("S3 refuses to list pixelfleet-uploads")

    monkeypatch.setattr("pixelfleet.cli.route_count.touched_images", refused)
    code, out, err = pixelfleet("route", "add", "--match", "unseen/**", "--recipe", "zoom", "--json")
    assert (code, "were not counted: S3 refuses to list" in err) == (0, True), err
    assert "S3 refuses" in json.loads(out)["touched"]["problem"]


def test_an_owner_gets_a_default_recipe(pixelfleet: Any) -> None:
    assert "has no default recipe; the deployment's is web" in pixelfleet("owner", "default-recipe", "ana")[1]
    assert pixelfleet("owner", "default-recipe", "ana", "zoom")[0] == 0
    _, out, _ = pixelfleet("owner", "default-recipe", "ana", "--json")
    assert json.loads(out) == {"owner": "ana", "default_recipe": "zoom"}
    assert pixelfleet("owner", "default-recipe", "ana", "none-such")[0] == 2
    assert pixelfleet("owner", "default-recipe", "a/b", "zoom")[0] == 2
    assert pixelfleet("owner", "default-recipe", "ana", "--none")[0] == 0
    assert json.loads(pixelfleet("owner", "default-recipe", "ana", "--json")[1])["default_recipe"] is None


def test_a_rollback_makes_kept_results_of_an_older_recipe_current(
    pixelfleet: Any, deployment: Deployment, tmp_path: Path
) -> None:
    digests = []
    for width in (100, 200):
        (tmp_path / "shop.toml").write_text(shop(width).to_text())
        assert pixelfleet("recipe", "put", str(tmp_path / "shop.toml"))[0] == 0
        digests.append(shop(width).digest)
    older, newer = (RecipeRef(name="shop", digest=digest) for digest in digests)
    kept = made_by(deployment, record(deployment, "ana", "b1", "kept.jpg"), (older, newer), keep=True)
    made_by(deployment, record(deployment, "ana", "b1", "gone.jpg"), (older, newer), keep=False)
    record(deployment, "ana", "b1", "other.jpg")
    code, out, err = pixelfleet("recipe", "rollback", "shop", "--to", "shop@1", "--batch", "ana/b1")
    assert (code, out) == (1, "1 image back to shop@1\n")
    assert "1 image without kept results of shop@1" in err
    present = deployment.images.get(kept.image_id)
    assert present is not None
    assert (present.recipe, present.notice) == (older, None)
    again = pixelfleet("recipe", "rollback", "shop", "--to", "shop@1", "--owner", "ana", "--json")
    assert json.loads(again[1]) == {"back": 0, "missing": 1, "busy": 0}
    assert pixelfleet("recipe", "rollback", "shop", "--to", "shop@1")[0] == 2


def made_by(deployment: Deployment, image: Image, recipes: tuple[RecipeRef, ...], *, keep: bool) -> Image:
    """The image after the recipes have made it, one recipe after the other."""
    for recipe in recipes:
        marked = deployment.images.queue_again(image, "ana", Origin.REPROCESS, recipe)
        assert isinstance(marked, Image)
        aim = Aim(marked.job(Origin.REPROCESS), recipe, recipe.digest[:32], "w", timestamp())
        claimed = deployment.images.claim(aim, 5, marked)
        assert isinstance(claimed, Image)
        made = deployment.images.record_ready(aim.claimed(claimed), Success(image.variants, {}, {}), keep=keep)
        assert isinstance(made, Image)
        announced = deployment.images.announced(made)
        assert isinstance(announced, Image)
        image = announced
    return image


def test_a_count_of_one_is_singular() -> None:
    assert (count(1, "image"), count(0, "image"), count(1_200, "image")) == ("1 image", "0 images", "1,200 images")


def test_duplicates_shows_images_with_the_same_bytes(
    deployment: Deployment, pixelfleet: Callable[..., tuple[int, str, str]]
) -> None:
    for owner, name, sha256 in (("ana", "a.jpg", "a" * 64), ("ana", "b.jpg", "b" * 64), ("ana", "c.jpg", "a" * 64)):
        record(deployment, owner, "summer", name, sha256=sha256)
    record(deployment, "ben", "summer", "d.jpg", sha256="a" * 64)
    code, shown, _ = pixelfleet("duplicates", "--owner", "ana")
    assert code == 0
    assert pixelfleet("duplicates", "--owner", "ana", "--exact") == (0, shown, "")
    assert "2 images" in shown
    assert shown.index("uploads/ana/summer/a.jpg") < shown.index("uploads/ana/summer/c.jpg")
    assert "b.jpg" not in shown
    assert "1 group among 3 images" in shown


def test_duplicates_shows_images_that_look_the_same(
    deployment: Deployment, pixelfleet: Callable[..., tuple[int, str, str]]
) -> None:
    for name, seen in (("a.jpg", "00000000000000ff"), ("b.jpg", "00000000000000fe"), ("c.jpg", "ffffffffffffffff")):
        record(deployment, "ana", "winter", name, perceptual_hash=seen)
    record(deployment, "ana", "winter", "failed.jpg", cause=Cause.UNREADABLE)
    code, shown, _ = pixelfleet("duplicates", "--batch", "ana/winter", "--near", "1", "--json")
    document = json.loads(shown)
    assert (code, document["images"]) == (0, 4)
    assert [[one["key"][-5:] for one in group] for group in document["groups"]] == [["a.jpg", "b.jpg"]]
    code, _, said = pixelfleet("duplicates", "--near", "9")
    assert code == 2
    assert "less than or equal to 8" in said
    code, _, said = pixelfleet("duplicates", "--near", "1", "--exact")
    assert (code, "--exact and --near exclude each other" in said) == (2, True)


def test_adopt_shows_a_forecast_and_queues_possible_images_as_one_batch(
    pixelfleet: Callable[..., tuple[int, str, str]],
    deployment: Deployment,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    deployment.s3.create_bucket(Bucket="masters")
    for key in ("scans/1.jpg", "scans/notes.txt"):
        deployment.s3.put_object(Bucket="masters", Key=key, Body=b"no image")
    order = ("adopt", "s3://masters/scans/", "--owner", "museum", "--batch", "scans")
    code, out, _ = pixelfleet(*order, "--dry-run", "--json")
    forecast = json.loads(out)
    assert (code, forecast["images"], forecast["rejects"], forecast["sampled"]) == (0, 1, {"not_an_image": 1}, 1)
    assert deployment.batches.get("museum", "scans") is None
    code, out, _ = pixelfleet(*order, "--yes", "--max-rate", "100/s")
    assert (code, "1 job sent" in out, "pixelfleet batch watch museum/scans" in out) == (0, True, True)
    assert json.loads(pixelfleet("batch", "show", "museum/scans", "--json")[1])["expected"] == 1
    assert pixelfleet(*order)[0] == 2  # There is no terminal for the question.
    code, _, err = pixelfleet("adopt", "s3://masters/none/", "--owner", "museum", "--yes")
    assert (code, "there is no object at s3://masters/none/: compare" in err) == (2, True)
    code, _, err = pixelfleet("adopt", "s3://masters/none/", "--owner", "museum", "--dry-run")
    assert (code, "there is no object at s3://masters/none/: compare" in err) == (2, True)
    code, _, err = pixelfleet("adopt", "s3://none", "--owner", "museum", "--dry-run")
    assert (code, "there is no bucket none" in err) == (2, True)
    code, out, _ = pixelfleet("adopt", "s3://masters", "--check", "--json")
    states = {check["name"]: check["state"] for check in json.loads(out)["checks"]}
    assert (code, states["bucket"], states["route"]) == (1, "ok", "missing")


@pytest.fixture
def uploads(deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Uploads go to the buckets of the deployment, with journals of the test's own."""
    bucket = UploadBucket(deployment.s3, deployment.object_bytes, deployment.settings.uploads_bucket)
    monkeypatch.setattr(Deployment, "upload_bucket", bucket)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def put_and_processed(deployment: Deployment, batch: str, path: Path) -> Image:
    """An image of `me` with the content of a file, as the fleet leaves it."""
    bucket, content = deployment.settings.uploads_bucket, path.read_bytes()
    key = key_of("me", batch, path.name)
    etag = deployment.s3.put_object(Bucket=bucket, Key=key, Body=content)["ETag"].strip('"')
    return record(deployment, "me", batch, path.name, sha256=hashlib.sha256(content).hexdigest(), etag=etag)


def test_an_upload_leaves_out_what_the_owner_has_and_the_batch_does_not_wait_for_it(
    deployment: Deployment, pixelfleet: Any, uploads: None, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.jpg", "b.jpg"):
        (folder / name).write_bytes(b"\xff\xd8\xff\xe0" + name.encode())
    known = put_and_processed(deployment, "old", folder / "a.jpg")
    code, out, _ = pixelfleet("upload", str(folder), "--owner", "me", "--batch", "new", "--skip-known", "--json")
    document = json.loads(out)
    assert (code, document["uploaded"], document["sealed"]) == (0, 1, True)
    assert document["known"] == [{"source": str(folder / "a.jpg"), "key": known.key}]
    batch = deployment.batches.get("me", "new")
    assert batch is not None
    assert batch.expected == 1
    code, _, err = pixelfleet("upload", str(folder), "--owner", "me", "--batch", "new", "--skip-known")
    assert (code, "1 there before, 1 known" in err) == (0, True)
    # An upload by somebody else knows none of it.
    _, out, _ = pixelfleet("upload", str(folder), "--owner", "ben", "--batch", "new", "--skip-known", "--json")
    assert (json.loads(out)["uploaded"], json.loads(out)["known"]) == (2, [])


def test_an_upload_of_known_files_alone_succeeds_without_an_image(
    deployment: Deployment, pixelfleet: Any, uploads: None, tmp_path: Path
) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff\xe0known")
    image = put_and_processed(deployment, "old", tmp_path / "a.jpg")
    arguments = ("upload", str(tmp_path / "a.jpg"), "--owner", "me", "--batch", "new", "--skip-known", "--watch")
    code, _, err = pixelfleet(*arguments)
    assert code == 0
    assert "0 files, 0 bytes, 1 known" in err
    assert "not sealed: it has no image, since the owner has every image already" in " ".join(err.split())
    # The image goes; the same command then uploads the file.
    deployment.s3.delete_object(Bucket=image.bucket, Key=image.key)
    code, out, _ = pixelfleet(*arguments[:-1], "--json")
    assert (code, json.loads(out)["uploaded"], json.loads(out)["known"]) == (0, 1, [])


def test_the_forecast_of_an_upload_counts_known_files_apart(
    deployment: Deployment, pixelfleet: Any, tmp_path: Path
) -> None:
    for name, colour in (("a.png", "red"), ("b.png", "blue")):
        Picture.new("RGB", (30, 20), colour).save(tmp_path / name)
    put_and_processed(deployment, "old", tmp_path / "a.png")
    arguments = ("upload", str(tmp_path), "--owner", "me", "--dry-run", "--skip-known")
    code, out, _ = pixelfleet(*arguments, "--json")
    document = json.loads(out)
    assert (code, document["files"], document["known"]) == (0, 1, 1)
    assert document["known_bytes"] == (tmp_path / "a.png").stat().st_size
    _, out, _ = pixelfleet(*arguments)
    assert "1 known" in out


def test_batch_quality_shows_the_lowest_scores_first(
    deployment: Deployment, pixelfleet: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    for name, scores in (("a.jpg", {"thumb": 9_700}), ("b.jpg", {"thumb": 9_100, "optimized": 9_900}), ("c.jpg", {})):
        record(deployment, "ana", "scored", name, scores=scores)
    code, shown, _ = pixelfleet("batch", "quality", "ana/scored")
    assert code == 0
    assert shown.index("0.9100") < shown.index("0.9700") < shown.index("0.9900")
    assert "thumb: 2 scores, lowest 0.9100, mean 0.9400" in shown
    assert "2 of 3 ready images with a score" in shown
    code, shown, _ = pixelfleet("batch", "quality", "ana/scored", "--lowest", "1", "--json")
    document = json.loads(shown)
    assert (code, document["images"], document["scored"], document["min_score"]) == (0, 3, 2, None)
    [lowest] = document["lowest"]
    assert (lowest["path"], lowest["variant"], lowest["ssim"]) == ("b.jpg", "thumb", 0.91)
    assert document["variants"]["optimized"] == {"scores": 1, "lowest": 0.99, "mean": 0.99}
    record(deployment, "ana", "scored", "d.jpg", scores={"thumb": Score(Metric.SSIMULACRA2, 61.5)})
    code, shown, _ = pixelfleet("batch", "quality", "ana/scored")
    assert shown.index("0.9100") < shown.index("SSIMULACRA2") < shown.index("61.50")
    assert "thumb: 2 scores, lowest 0.9100, mean 0.9400" in shown
    assert "thumb: 1 score, lowest 61.50, mean 61.50" in shown
    document = json.loads(pixelfleet("batch", "quality", "ana/scored", "--json")[1])
    assert [lowest["ssim"] for lowest in document["lowest"]] == [0.91, 0.97, 0.99]
    [lowest] = document["ssimulacra2"]["lowest"]
    assert (lowest["path"], lowest["ssimulacra2"]) == ("d.jpg", 61.5)
    assert document["ssimulacra2"]["variants"]["thumb"] == {"scores": 1, "lowest": 61.5, "mean": 61.5}
    code, _, said = pixelfleet("batch", "quality", "ana/none")
    assert (code, "there is no batch ana/none" in said) == (2, True)


def test_the_sheet_of_a_batch_shows_the_images_of_the_lowest_scores_in_their_order(
    deployment: Deployment, pixelfleet: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    for name, score in (("good.jpg", 9_700), ("poor.jpg", 9_100), ("none.jpg", None)):
        scores = {} if score is None else {"thumb": score}
        image = record(deployment, "ana", "sheet", name, scores=scores)
        for variant in image.variants:
            deployment.s3.put_object(Bucket=deployment.settings.results_bucket, Key=variant.key, Body=b"not the result")
    dest = tmp_path / "lowest"
    code, _, said = pixelfleet("batch", "quality", "ana/sheet", "--sheet", str(dest))
    # The stored bytes do not have the digests of the records: the sheet says so.
    assert code == 1
    assert "contact sheet" in said
    page = (dest / "index.html").read_text()
    assert page.index("poor.jpg") < page.index("good.jpg")
    assert "none.jpg" not in page
    assert "does not have the SHA-256 of its record" in page


def test_batch_gate_sets_the_least_score_of_a_batch(
    deployment: Deployment, pixelfleet: Callable[..., tuple[int, str, str]]
) -> None:
    deployment.batches.create("ana", "gated")
    code, shown, _ = pixelfleet("batch", "gate", "ana/gated", "0.93")
    assert (code, "ana/gated: least score SSIM 0.9300" in shown) == (0, True)
    assert json.loads(pixelfleet("batch", "show", "ana/gated", "--json")[1])["min_score"] == 0.93
    code, shown, _ = pixelfleet("batch", "gate", "ana/gated", "--none")
    assert (code, "no least score" in shown) == (0, True)
    code, shown, _ = pixelfleet("batch", "gate", "ana/gated", "70.5")
    assert (code, "ana/gated: least score SSIMULACRA2 70.50" in shown) == (0, True)
    shown = json.loads(pixelfleet("batch", "show", "ana/gated", "--json")[1])
    assert (shown["min_score"], shown["min_ssimulacra2"]) == (None, 70.5)
    assert (
        "a least score is from 0.5 to 1 (SSIM) or 30 to 100 (SSIMULACRA2), not 9.3"
        in (pixelfleet("batch", "gate", "ana/gated", "9.3")[2])
    )
    for wrong in ((), ("0.9", "--none"), ("20",), ("101",)):
        assert pixelfleet("batch", "gate", "ana/gated", *wrong)[0] == 2
    code, _, said = pixelfleet("batch", "gate", "ana/none", "0.9")
    assert (code, "there is no batch ana/none" in said) == (2, True)


def test_an_upload_with_a_least_score_needs_a_recipe_that_gives_scores(
    deployment: Deployment, pixelfleet: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff")
    order = ("upload", str(tmp_path / "a.jpg"), "--owner", "ana", "--batch", "gated", "--min-score", "0.9")
    code, _, said = pixelfleet(*order)
    assert (code, "--min-score needs --recipe" in said) == (2, True)
    code, _, said = pixelfleet(*order, "--recipe", "zoom")
    assert (code, "no variant of recipe 'zoom' gets a score" in said) == (2, True)
    other = tmp_path / "other.toml"
    other.write_text('name = "other"\n[[variants]]\nname = "a"\nquality = { target = 75, metric = "ssimulacra2" }\n')
    code, _, said = pixelfleet(*order, "--recipe", str(other))
    assert (code, "(SSIM 0.9000 is compared with no score of ssimulacra2)" in said) == (2, True)
    lazy = tmp_path / "lazy.toml"
    lazy.write_text(
        'name = "lazy"\n[[variants]]\nname = "a"\nquality = { target = 0.9 }\nlazy = true\n[[variants]]\nname = "b"\n'
    )
    code, _, said = pixelfleet(*order, "--recipe", str(lazy))
    assert (code, "no variant of recipe 'lazy' gets a score by ssim at the upload" in said) == (2, True)
    assert deployment.batches.get("ana", "gated") is None


def test_a_recipe_with_a_custom_step_is_stored_with_its_package_and_shown_without_it(
    pixelfleet: Callable[..., tuple[int, str, str]],
    step_packages: StepPackages,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    file = tmp_path_factory.mktemp("recipes") / "poster.toml"
    file.write_text('name = "poster"\n[[variants]]\nname = "a"\nsteps = [{ name = "duotone", dark = "#112" }]\n')
    assert "no step 'duotone' is installed here" in pixelfleet("recipe", "put", str(file))[2]
    step_packages.install("duotone", DUOTONE.read_text())
    code, _, err = pixelfleet("recipe", "put", str(file))
    assert code == 0
    assert "the workers' image must have pixelfleet-step-duotone==1.0.0" in err
    step_packages.install("duotone", DUOTONE.read_text(), "1.1.0")
    assert "poster is stored: version 2" in pixelfleet("recipe", "put", str(file))[2]
    step_packages.uninstall("pixelfleet-step-duotone")
    assert 'package = "pixelfleet-step-duotone==1.0.0"' in pixelfleet("recipe", "show", "poster@1")[1]
    assert 'package = "pixelfleet-step-duotone==1.1.0"' in pixelfleet("recipe", "show", "poster")[1]


def test_a_stored_recipe_that_searches_for_faces_says_which_extra_workers_need(
    pixelfleet: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "faces.toml"
    path.write_text('name = "faces"\n[[variants]]\nname = "a"\nredact = ["face"]\n')
    monkeypatch.setattr("pixelfleet.cli.recipe.missing_modules", lambda extra: ["cv2"] if extra == "faces" else [])
    code, _, err = pixelfleet("recipe", "put", str(path))
    assert code == 0
    assert "this machine has no cv2" in " ".join(err.split())
    assert "pip install 'pixelfleet[faces]'" in " ".join(err.split())


def test_a_watched_upload_prints_one_json_document_with_the_batch(
    deployment: Deployment, pixelfleet: Any, uploads: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff\xe0new")

    def process(_: float) -> None:
        record(deployment, "me", "watched", "a.jpg", cause=Cause.TRUNCATED)
        deployment.batches.complete("me", "watched")

    # Only the watch's own clock: other threads of the upload sleep too.
    monkeypatch.setattr("pixelfleet.cli.watch.time", SimpleNamespace(sleep=process, monotonic=time.monotonic))
    code, out, err = pixelfleet(
        "upload", str(tmp_path / "a.jpg"), "--owner", "me", "--batch", "watched", "-w", "--json"
    )
    document = json.loads(out)
    watched = document["watched"]
    assert (code, document["uploaded"], watched["batch"], watched["failed"]) == (1, 1, "me/watched", 1)
    assert err == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("list", "--batch", "me/b2"),
        ("duplicates", "--batch", "me/b2"),
        ("redrive", "--batch", "me/b2", "--yes"),
        ("purge", "--batch", "b2", "--owner", "me", "--yes"),
        ("recipe", "rollout", "web", "--instead-of", "zoom", "--batch", "me/b2"),
        ("recipe", "rollback", "web", "--to", "zoom", "--batch", "me/b2"),
        ("rm", "--batch", "me/b2"),
        ("restore", "--batch", "me/b2"),
        ("batch", "quality", "me/b2"),
    ],
)
def test_a_batch_that_does_not_exist_is_an_error_with_a_similar_name(
    deployment: Deployment, pixelfleet: Any, arguments: tuple[str, ...]
) -> None:
    deployment.batches.create("me", "b1")
    code, out, err = pixelfleet(*arguments)
    assert (code, out, "there is no batch me/b2: did you mean me/b1?" in err) == (2, "", True)


@pytest.mark.parametrize("command", ["redrive", "purge"])
def test_an_image_is_selected_by_its_key_and_a_wrong_name_is_an_error(
    deployment: Deployment, pixelfleet: Any, command: str
) -> None:
    image = record(deployment, "me", "b1", "a.png", cause=Cause.TRUNCATED)
    assert pixelfleet(command, "--image", image.key, "--yes")[0] == 0
    code, out, err = pixelfleet(command, "--image", "none", "--yes")
    assert (code, out, "there is no image none" in err) == (2, "", True)


def test_a_list_of_nothing_says_so_in_words(deployment: Deployment, pixelfleet: Any) -> None:
    assert "there are no batches" in pixelfleet("batch", "list")[1]
    assert "ana has no batches" in pixelfleet("batch", "list", "--owner", "ana")[1]
    code, out, err = pixelfleet("duplicates", "--owner", "ana")
    assert (code, out) == (0, "no duplicates among 0 images\n")
    assert "ana has no images; --owner names another owner" in err
    deployment.batches.create("me", "b1")
    code, out, err = pixelfleet("restore", "--batch", "me/b1")
    assert (code, out) == (0, "0 images restored\n")
    assert "no image of this batch is deleted" in err
    code, _, err = pixelfleet("recipe", "rollback", "web", "--to", "zoom", "--all")
    assert (code, "no selected image is made by web" in err) == (0, True)
    code, _, err = pixelfleet("redrive", "--dry-run")
    assert (code, "nothing would be sent" in err) == (0, True)


def test_the_snippet_of_an_image_without_variants_says_why(deployment: Deployment, pixelfleet: Any) -> None:
    image = record(deployment, "me", "b1", "a.png", cause=Cause.TRUNCATED)
    code, _, err = pixelfleet("snippet", image.key)
    assert (code, "the image a.png has no variants, because it is failed" in err) == (2, True)
    image = record(deployment, "me", "b1", "b.png")
    code, _, err = pixelfleet("snippet", image.key, "--variant", "none")
    assert (code, "no variant 'none' that a page can show; it has: " in err) == (2, True)


def test_a_wrong_date_or_score_is_answered_with_its_right_form(deployment: Deployment, pixelfleet: Any) -> None:
    code, _, err = pixelfleet("list", "--taken", "20-13")
    assert (code, "--taken '20-13': a year, month or day is 2026, 2026-07 or 2026-07-01" in err) == (2, True)
    code, _, err = pixelfleet("batch", "gate", "me/b1")
    assert (code, "give either a score, from 0.5 to 1 (SSIM) or from 30 to 100" in err) == (2, True)


def test_a_revoked_token_is_a_json_document_too(deployment: Deployment, pixelfleet: Any) -> None:
    deployment.users.add("ana", hash_password("correct horse battery"))
    made = json.loads(pixelfleet("user", "token", "ana", "--json")[1])
    code, out, _ = pixelfleet("user", "token", "ana", "--revoke", made["id"], "--json")
    assert (code, json.loads(out)) == (0, {"revoked": made["id"], "user": "ana"})


def test_show_lists_aliases_and_why_one_is_missing(deployment: Deployment, pixelfleet: Any) -> None:
    held = Alias(file="card.jpg", bucket="shop", key="cat_card.jpg")
    taken = Alias(
        file="thumb.jpg", bucket="shop", key="cat_thumb.jpg", state=AliasState.TAKEN, problem="somebody else has it"
    )
    image = record(deployment, "ana", "b1", "cat.png", aliases=(held, taken))
    _, out, _ = pixelfleet("show", image.image_id)
    assert "alias s3://shop/cat_card.jpg\n" in out
    assert "alias s3://shop/cat_thumb.jpg: taken: somebody else has it\n" in out


def test_a_manifest_to_a_pipe_that_closes_ends_without_a_word(
    deployment: Deployment, pixelfleet: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Closed(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    record(deployment, "me", "b1", "a.png")
    monkeypatch.setattr(sys, "stdout", Closed())
    _, _, err = pixelfleet("batch", "manifest", "me/b1")
    assert err == ""
