"""The example of a custom step as users have it: a wheel, installed by pip in a folder of its own, without network."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
RECIPE = """
name = "poster"
[[variants]]
name = "two-colours"
format = "png"
steps = [{ name = "duotone", dark = "#f00", light = "#f00" }]
"""

pytestmark = pytest.mark.slow


def test_the_example_is_built_installed_and_used_by_a_recipe(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    wheels, site = tmp_path / "wheels", tmp_path / "site"
    source = ROOT / "examples/step-duotone"
    build = ["wheel", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", str(wheels), str(source)]
    subprocess.run([*pip, *build], check=True, timeout=120)
    [wheel] = wheels.glob("*.whl")
    install = ["install", "--no-deps", "--no-index", "--no-compile", "--target", str(site), str(wheel)]
    subprocess.run([*pip, *install], check=True, timeout=120)

    (tmp_path / "poster.toml").write_text(RECIPE, encoding="utf-8")
    Image.new("RGB", (20, 10), "white").save(tmp_path / "white.png")
    command = [sys.executable, "-m", "pixelfleet"]
    environment = os.environ | {"PYTHONPATH": str(site)}
    listed = subprocess.run([*command, "steps", "--json"], env=environment, capture_output=True, check=True, timeout=60)
    assert [step["package"] for step in json.loads(listed.stdout)] == ["pixelfleet-step-duotone==1.0.0"]
    render = ["render", "white.png", "--recipe", "poster.toml", "--out", "out"]
    subprocess.run([*command, *render], env=environment, cwd=tmp_path, check=True, timeout=120)
    [made] = (tmp_path / "out").rglob("*two-colours.png")
    assert set(Image.open(made).convert("RGB").get_flattened_data()) == {(255, 0, 0)}
    without = subprocess.run([*command, *render], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert without.returncode == 2
    assert "no step 'duotone' is installed here" in without.stderr
