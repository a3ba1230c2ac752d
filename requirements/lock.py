"""Pin what pyproject.toml asks for: one lock for the Lambda, one for each extra, one for everything; and tools apart.

uv resolves for every platform and Python at once (`--universal`), so that one lock serves a laptop and the
container; pip installs from it. `dev.txt` comes first and constrains the others: all agree on every version.
"""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
EXTRAS = {
    "producer": [],
    "worker": ["worker"],
    "cli": ["cli"],
    "dashboard": ["dashboard"],
    "image": ["worker", "cli", "dashboard"],
    "local": ["worker", "cli", "dashboard", "local"],
}
#: What runs in an environment of its own: checkov pins another boto3, and the image is built by no more than it needs
#: (hatchling for us; the others for pyvips, which comes as source).
TOOLS = {"build": "hatchling>=1.27\nsetuptools>=61\nwheel\ncffi\npkgconfig", "checkov": "checkov>=3.3"}


def compile_lock(name: str, arguments: list[str], source: str = "pyproject.toml", text: str = "") -> None:
    target = FOLDER / f"{name}.txt"
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
    command += ["--generate-hashes", "--no-annotate", "--no-header", "--no-emit-index-url", "--no-emit-find-links"]
    subprocess.run(
        [*command, *arguments, source, "--output-file", str(target)],
        check=True,
        cwd=FOLDER.parent,
        input=text,
        text=True,
    )


def main() -> None:
    compile_lock("dev", ["--all-extras"])
    for name, extras in EXTRAS.items():
        flags = [flag for extra in extras for flag in ("--extra", extra)]
        compile_lock(name, [*flags, "--constraint", "requirements/dev.txt"])
    for name, requirement in TOOLS.items():
        compile_lock(name, [], source="-", text=requirement)


if __name__ == "__main__":
    main()
