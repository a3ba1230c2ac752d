"""`pixelfleet render` and `pixelfleet recipe`, as a user runs them."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from tests.waiting import PATIENCE

PIXELFLEET = [sys.executable, "-c", "from pixelfleet.cli.main import main; main()"]


def pixelfleet(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PIXELFLEET, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=PATIENCE
    )


def test_every_file_of_a_strange_folder_is_accounted_for(samples: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = pixelfleet("render", samples, "--out", out, "--workers", "2", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    given = [path for path in samples.rglob("*") if path.is_file()]
    assert {image["source"] for image in report["images"]} == {str(path) for path in given}
    assert (report["ready"], report["failed"]) == (25, 7)
    assert report == json.loads((out / "report.json").read_text())
    for image in report["images"]:
        assert (image["status"] == "ready") == bool(image["variants"])
        for variant in image["variants"]:
            with Image.open(out / variant["file"]) as picture:
                assert picture.size == (variant["width"], variant["height"])
            assert (out / variant["file"]).stat().st_size == variant["bytes"]
    assert "größe 1 &amp; 1.png" in (out / "index.html").read_text()
    assert not [path for path in out.iterdir() if path.name.startswith(".")]


@pytest.mark.slow
def test_strict_makes_a_failure_the_exit_code(samples: Path, tmp_path: Path) -> None:
    done = pixelfleet("render", samples / "broken" / "empty.jpg", "--out", tmp_path / "out", "--strict")
    assert done.returncode == 1
    assert "0 bytes" in done.stderr


@pytest.mark.slow
def test_tiles_are_moved_into_place_and_replaced(samples: Path, tmp_path: Path) -> None:
    source, out = samples / "photos" / "progressive.jpg", tmp_path / "out"
    for _ in range(2):
        done = pixelfleet("render", source, "--out", out, "--recipe", "zoom")
        assert done.returncode == 0, done.stderr
    folder = out / "progressive.jpg"
    assert sorted(path.name for path in folder.iterdir()) == ["thumb.webp", "tiles.dzi", "tiles_files"]
    with Image.open(folder / "tiles_files" / "11" / "0_0.jpg") as tile:
        assert tile.size == (255, 255)


@pytest.mark.slow
def test_a_recipe_of_ones_own_is_checked_and_used(samples: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "mine.toml"
    recipe.write_text('name = "mine"\n[[variants]]\nname = "mini"\nbox = 64\nformat = "png"\n')
    assert pixelfleet("recipe", "check", recipe).returncode == 0
    out = tmp_path / "out"
    assert pixelfleet("render", samples / "photos" / "greyscale.jpg", "--recipe", recipe, "--out", out).returncode == 0
    with Image.open(out / "greyscale.jpg" / "mini.png") as mini:
        assert mini.size == (64, 45)


def test_a_wrong_recipe_ends_with_one_clear_sentence_and_exit_code_2(tmp_path: Path) -> None:
    recipe = tmp_path / "bad.toml"
    recipe.write_text('name = "bad"\n[[variants]]\nname = "a"\nbx = 3\n')
    for arguments in (("recipe", "check", recipe), ("render", recipe, "--recipe", recipe, "--out", tmp_path / "o")):
        done = pixelfleet(*arguments)
        assert done.returncode == 2
        assert "line 4" in done.stderr
        assert "did you mean box?" in done.stderr
        assert "Traceback" not in done.stderr


def test_the_built_in_recipes_are_listed_and_shown_as_toml_that_can_be_changed(tmp_path: Path) -> None:
    listed = json.loads(pixelfleet("recipe", "list", "--builtin", "--json").stdout)
    assert [each["name"] for each in listed] == ["web", "catalog", "archive", "zoom", "responsive"]
    shown = pixelfleet("recipe", "show", "catalog").stdout
    (tmp_path / "mine.toml").write_text(shown)
    checked = json.loads(pixelfleet("recipe", "check", tmp_path / "mine.toml", "--json").stdout)
    assert checked["digest"] == listed[1]["digest"]


@pytest.mark.slow
def test_ctrl_c_stops_at_once_and_leaves_no_process(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    noise = Image.effect_noise((1200, 800), 60).convert("RGB")
    for number in range(40):
        noise.save(source / f"{number}.bmp")
    out = tmp_path / "out"
    command = [*PIXELFLEET, "render", str(source), "--out", str(out), "--workers", "2"]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    while not list(out.glob("*.bmp/thumb.webp")):
        assert running.poll() is None
        time.sleep(0.05)
    os.kill(running.pid, signal.SIGINT)
    _, errors = running.communicate(timeout=PATIENCE)
    assert running.returncode == 130
    assert "Traceback" not in errors
    with pytest.raises(ProcessLookupError):
        os.killpg(running.pid, 0)
    assert not list(out.glob(".pixelfleet-*"))


@pytest.mark.slow
def test_samples_are_written_and_counted(tmp_path: Path) -> None:
    done = pixelfleet("samples", tmp_path / "s", "--json")
    assert len(json.loads(done.stdout)) == len([path for path in (tmp_path / "s").rglob("*") if path.is_file()]) == 32
