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
    "image": ["worker", "cli", "dashboard", "faces", "formats", "jpegli", "ssimulacra2"],
    "local": ["local"],
}
#: What builds the package: hatchling and editables for pixelfleet; the others for pyvips, which comes as source.
BUILD = "hatchling>=1.27\neditables>=0.5\nsetuptools>=61\nwheel\ncffi\npkgconfig"
#: checkov pins another boto3, and so runs in an environment of its own.
CHECKOV = "checkov>=3.3"
#: What lists the image's packages and compares locks with a database of weaknesses, in an environment of its own, too.
AUDIT = "cyclonedx-bom>=7\npip-audit>=2.10"


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
    compile_lock("build", ["--constraint", "requirements/dev.txt"], source="-", text=BUILD)
    compile_lock("checkov", [], source="-", text=CHECKOV)
    compile_lock("audit", [], source="-", text=AUDIT)


if __name__ == "__main__":
    main()
