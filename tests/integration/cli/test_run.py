"""`pixelfleet run` on real-world files. Every file is accounted for, whatever its name or type."""

import json
import os
import signal
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pixelfleet.files.destination import own_destination
from pixelfleet.localcloud.folder import temporary_data_folder
from tests.integration.cli.command import environment, left_of, processes_of, run, start
from tests.waiting import PATIENCE, eventually

LONG = "ü" * 120 + ".png"


@dataclass(frozen=True)
class RunResult:
    """One run over a folder of odd names, with DEST inside the folder, and over sources that clash with the folder."""

    sources: Path
    dest: Path
    report: dict[str, Any]
    leftovers: list[str]

    def by_source(self, name: str) -> dict[str, Any]:
        [image] = [image for image in self.report["images"] if image["source"] == str(self.sources / name)]
        return dict(image)


def _picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (40, 30), (200, 40, 40)).save(path, "PNG")


ODD = ["plain.png", "spaces and + and %2F.png", "größe 図.png", "new\nline.png", LONG, "not utf-8 \udcff.png"]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    base = tmp_path_factory.mktemp("run")
    sources, other = base / "in", base / "other"
    for name in ODD:
        _picture(sources / name)
    _picture(sources / "a/b/deep.png")
    _picture(sources / "same.png")
    _picture(other / "same.png")
    _picture(other / "plain.png/thumb.webp")
    (sources / "link.png").symlink_to(other / "same.png")
    (sources / "dangling.png").symlink_to(base / "nowhere")
    (sources / "loop").symlink_to(sources)
    os.mkfifo(sources / "pipe.png")
    (sources / "empty.jpg").touch()
    dest = sources / "out"
    _picture(dest / "earlier/thumb.png")
    nowhere = "http://127.0.0.1:9"
    strange = {"AWS_PROFILE": "no-such", "AWS_SESSION_TOKEN": "not-yours", "http_proxy": nowhere, "HTTP_PROXY": nowhere}
    env = environment(base / "tmp", **strange)
    finished = run("run", str(sources), str(other), "--out", str(dest), "--workers", "1", "--json", env=env)
    assert finished.returncode == 0, finished.stderr
    return RunResult(sources, dest, json.loads(finished.stdout), left_of(base / "tmp"))


def test_every_file_is_accounted_for_once_in_the_order_of_names(outcome: RunResult) -> None:
    sources = [image["source"] for image in outcome.report["images"]]
    assert sources == sorted(sources, key=lambda source: Path(source).parts)
    assert len(sources) == len(set(sources)) == 14
    assert (outcome.report["ready"], outcome.report["failed"]) == (11, 3)


@pytest.mark.parametrize("name", [*ODD, "a/b/deep.png", "link.png"])
def test_variants_lie_below_the_relative_path_of_their_source(outcome: RunResult, name: str) -> None:
    image = outcome.by_source(name)
    assert image["status"] == "ready"
    assert {variant["name"] for variant in image["variants"]} == {"thumb", "optimized", "enhanced"}
    for variant in image["variants"]:
        file = outcome.dest / variant["file"]
        assert file.parent == outcome.dest / name
        assert file.stat().st_size == variant["bytes"]


def test_two_sources_of_one_relative_path_get_a_folder_each(outcome: RunResult) -> None:
    same = [image for image in outcome.report["images"] if image["source"].endswith("/same.png")]
    folders = {Path(image["variants"][0]["file"]).parent for image in same}
    assert folders == {Path("same.png"), Path("same.png~2")}


def test_a_file_and_a_folder_of_one_name_do_not_collide(outcome: RunResult) -> None:
    [image] = [image for image in outcome.report["images"] if image["source"].endswith("/plain.png/thumb.webp")]
    assert Path(image["variants"][0]["file"]).parent == Path("plain.png~2/thumb.webp")


@pytest.mark.parametrize(
    ("name", "cause", "message"),
    [
        ("dangling.png", "unreadable", "which is not there"),
        ("pipe.png", "unreadable", "is a named pipe, not a file"),
        ("empty.jpg", "empty", "0 bytes"),
    ],
)
def test_an_unreadable_file_is_reported_with_its_cause(outcome: RunResult, name: str, cause: str, message: str) -> None:
    image = outcome.by_source(name)
    assert (image["status"], image["cause"]) == ("failed", cause)
    assert message in image["message"]


def test_results_are_no_sources(outcome: RunResult) -> None:
    assert not [image for image in outcome.report["images"] if image["source"].startswith(str(outcome.dest))]


def test_report_and_contact_sheet_are_written_into_dest(outcome: RunResult) -> None:
    assert json.loads((outcome.dest / "report.json").read_text()) == outcome.report
    assert (outcome.dest / "index.html").read_text().count("<article") == 14


def test_nothing_is_left_behind(outcome: RunResult) -> None:
    assert outcome.leftovers == []


@pytest.mark.parametrize(
    "how",
    [
        pytest.param(signal.SIGINT, marks=pytest.mark.slow),
        pytest.param(signal.SIGTERM, marks=pytest.mark.slow),
        signal.SIGKILL,
    ],
)
def test_an_interrupted_run_leaves_no_process_behind_and_no_lock(
    tmp_path: Path, how: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(300):
        _picture(tmp_path / f"in/{number}.png")
    tmp = tmp_path / "tmp"
    process = start("run", str(tmp_path / "in"), "--out", str(tmp_path / "out"), env=environment(tmp))
    with process:
        eventually(lambda: process.poll() is not None or list((tmp_path / "out").glob("*/*.webp")))
        assert process.poll() is None
        process.send_signal(how)
        _, said = process.communicate(timeout=PATIENCE)
    if how is signal.SIGKILL:
        # The child guards need time for SIGTERM, the kill grace and SIGKILL.
        eventually(lambda: not processes_of(tmp))
        monkeypatch.setattr(tempfile, "tempdir", str(tmp))
        # The next run: DEST is free, and what the killed run left is removed.
        with own_destination(tmp_path / "out"), temporary_data_folder() as folder:
            assert left_of(tmp) == [str(folder)]
        return
    assert process.returncode == 130
    assert "ready; the variants are in" in said
    assert left_of(tmp) == []


@pytest.mark.slow
def test_a_worker_that_keeps_dying_ends_the_run_with_its_last_words(tmp_path: Path) -> None:
    broken = tmp_path / "broken/worker"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise ImportError('libvips is missing')")
    _picture(tmp_path / "in/a.png")
    (tmp_path / "in/pipe").symlink_to("nowhere")
    env = environment(tmp_path / "tmp", PYTHONPATH=str(broken.parent))
    finished = run("run", str(tmp_path / "in"), "--out", str(tmp_path / "out"), env=env)
    report = json.loads((tmp_path / "out/report.json").read_text())

    assert finished.returncode == 2
    assert "the bulk worker ended with exit code" in finished.stderr
    assert "libvips is missing" in finished.stderr
    assert (tmp_path / "out/pixelfleet-logs/worker-bulk.log").exists()
    assert [image["cause"] for image in report["images"]] == ["internal", "unreadable"]
    assert processes_of(tmp_path / "tmp") == []


@pytest.mark.slow
def test_strict_is_one_when_an_image_failed_and_code_that_lies_about_is_not_run(tmp_path: Path) -> None:
    _picture(tmp_path / "in/a.png")
    (tmp_path / "in/b.jpg").write_text("no image")
    for module in ("celery", "worker", "ministack", "producer_lambda", "json"):
        (tmp_path / f"{module}.py").write_text("raise SystemExit('run by accident')")
    env = environment(tmp_path / "tmp")
    finished = run(
        "run", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--strict",
        "--report", "mine.json", env=env, folder=tmp_path)  # fmt: skip
    report = json.loads((tmp_path / "mine.json").read_text())

    assert finished.returncode == 1
    assert (report["ready"], report["failed"]) == (1, 1)
    assert "2 images in" in finished.stderr
    assert "not_an_image" in finished.stderr
    assert finished.stdout == ""


@pytest.mark.slow
def test_a_named_recipe_applies_and_its_tiles_come_whole(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    Image.new("RGB", (700, 500), (10, 120, 60)).save(tmp_path / "in/map.png")
    env = environment(tmp_path / "tmp")
    finished = run("run", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--recipe", "zoom", "--json", env=env)
    assert finished.returncode == 0, finished.stderr
    [image] = json.loads(finished.stdout)["images"]
    [tiles] = [variant for variant in image["variants"] if variant["format"] == "dzi"]
    entry = tmp_path / "out" / tiles["file"]
    pieces = [path for path in entry.with_name("tiles_files").rglob("*") if path.is_file()]

    assert 'TileSize="254"' in entry.read_text()
    assert (entry.with_name("tiles_files") / "10/2_1.jpg").exists()
    assert entry.stat().st_size + sum(path.stat().st_size for path in pieces) == tiles["bytes"]
