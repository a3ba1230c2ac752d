"""Packages of custom steps, written as pip installs them: a module, and its metadata beside it."""

import sys
from importlib import invalidate_caches
from pathlib import Path

import pytest

from pixelfleet.images.steps import custom

DUOTONE = Path(__file__).parents[1] / "examples/step-duotone/pixelfleet_step_duotone/__init__.py"
#: A step whose option says what the step does wrong.
ODD = """
import os, sys, time
import pyvips
from pydantic import Field
from pixelfleet.steps import Options, Step

class Odd(Options):
    how: str = Field("well", description="what it does")

def odd(image, options):
    match options.how:
        case "raises": raise ValueError("no light at all")
        case "ends": sys.exit("bye")
        case "dies": os.abort()
        case "prints":
            print("x" * 100_000)
            sys.stderr.write("y" * 100_000)
        case "sleeps": time.sleep(600)
        case "eats": kept = [bytearray(50_000_000) for _ in range(100)]
        case "none": return None
        case "huge": return image.embed(0, 0, 16_000, 16_000)
        case "wide": return image.embed(0, 0, 20_000, 10)
        case "grey": return image.extract_band(0)
        case "float": return image * 1.0
        case "late": return pyvips.Image.jpegload_buffer(image.jpegsave_buffer()[:-20], fail_on="truncated")
        case "frame": return image.embed(5, 5, image.width + 10, image.height + 10)
        case "paged":
            paged = image.copy()
            paged.set_type(pyvips.GValue.gint_type, "page-height", 1)
            return paged
    return image

STEP = Step(options=Odd, apply=odd)
"""


class StepPackages:
    """A folder on the search path of this process, and of the processes that this process starts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._modules: set[str] = set()

    def install(self, step: str, source: str, version: str = "1.0.0", package: str = "") -> None:
        """Write a package with one step, in place of an earlier version."""
        package = package or f"pixelfleet-step-{step}"
        module = package.replace("-", "_")
        self.uninstall(package)
        (self.folder / f"{module}.py").write_text(source, encoding="utf-8")
        metadata = self.folder / f"{module}-{version}.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
        (metadata / "entry_points.txt").write_text(f"[pixelfleet.steps]\n{step} = {module}:STEP\n")
        self._modules.add(module)
        self.forget()

    def uninstall(self, package: str) -> None:
        module = package.replace("-", "_")
        for metadata in self.folder.glob(f"{module}-*.dist-info"):
            for file in metadata.iterdir():
                file.unlink()
            metadata.rmdir()
        (self.folder / f"{module}.py").unlink(missing_ok=True)
        self.forget()

    def forget(self) -> None:
        """Forget what this process has imported of the folder."""
        for module in self._modules:
            sys.modules.pop(module, None)
        invalidate_caches()
        custom._step.cache_clear()


@pytest.fixture
def step_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StepPackages:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", str(folder))
    packages = StepPackages(folder)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return packages
