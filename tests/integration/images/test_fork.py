"""A worker's parent imports the engine and forks. The children must be able to use the engine."""

import subprocess
import sys
from pathlib import Path

from PIL import Image

from tests.waiting import PATIENCE

#: Imports every module that a worker's parent may import, forks four times, and renders in each child.
PARENT = """
import os, sys
from pathlib import Path
from pixelfleet.images import child, pipeline, probe, supervisor
from pixelfleet.images.limits import Limits
from pixelfleet.recipes import BUILTIN, builtin
from pixelfleet.samples import make_samples

recipes = [builtin(name) for name in BUILTIN]
source, out = Path(sys.argv[1]), Path(sys.argv[2])
children = []
for number in range(4):
    pid = os.fork()
    if pid == 0:
        folder = out / str(number)
        folder.mkdir()
        pipeline.render(source, probe.probe(source, Limits(10**9, 10**9, 100)), recipes[0], folder)
        os._exit(0)
    children.append(pid)
sys.exit(max(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children))
"""


def test_children_of_a_parent_that_only_imported_the_engine_can_render(tmp_path: Path) -> None:
    Image.effect_noise((1200, 900), 60).convert("RGB").save(tmp_path / "a.jpg")
    out = tmp_path / "out"
    out.mkdir()
    command = [sys.executable, "-c", PARENT, str(tmp_path / "a.jpg"), str(out)]
    subprocess.run(command, check=True, timeout=PATIENCE)
    assert len(list(out.glob("*/thumb.webp"))) == 4
