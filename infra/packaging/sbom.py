"""What the container image holds: a CycloneDX bill of materials, and the licence of each package.

The image installs requirements/image.txt. The environment of the developers has the same versions and more, so
cyclonedx-py reads their metadata there, and what the image does not have is left out.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

REPOSITORY: Final = Path(__file__).parents[2]
_PINNED: Final = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)", re.MULTILINE)


def pinned(lock: Path) -> dict[str, str]:
    """Versions by normalised name (PEP 503)."""
    return {_normal(name): version for name, version in _PINNED.findall(lock.read_text(encoding="utf-8"))}


def of_image(bill: dict[str, Any], versions: dict[str, str]) -> dict[str, Any]:
    """The bill with the image's packages alone.

    Raises:
        ValueError: a package that the image has on this platform is of another version here.
    """
    components = [part for part in bill.get("components", []) if _normal(part["name"]) in versions]
    for part in components:
        if part["version"] != versions[_normal(part["name"])]:
            raise ValueError(f"{part['name']} is {part['version']} here and {versions[_normal(part['name'])]} there")
    kept = {part["bom-ref"] for part in components}
    depends = [
        {**one, "dependsOn": [ref for ref in one.get("dependsOn", []) if ref in kept]}
        for one in bill.get("dependencies", [])
        if one["ref"] in kept
    ]
    return bill | {"components": components, "dependencies": depends}


def licences(bill: dict[str, Any]) -> dict[str, str]:
    """The licence of each package, "unknown" where its metadata names none."""
    return {f"{part['name']} {part['version']}": _licence(part) for part in bill["components"]}


def _licence(part: dict[str, Any]) -> str:
    names = [
        entry.get("expression") or entry.get("license", {}).get("id") or entry.get("license", {}).get("name", "")
        for entry in part.get("licenses", [])
    ]
    return ", ".join(dict.fromkeys(filter(None, names))) or "unknown"


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main() -> int:
    parser = argparse.ArgumentParser(description="List what pixelfleet's container image holds.")
    parser.add_argument("--cyclonedx", type=Path, required=True, help="the cyclonedx-py program")
    parser.add_argument("--output", type=Path, required=True, help="the folder for sbom.json and licences.json")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.json"
        command = [str(chosen.cyclonedx), "environment", "--output-format", "JSON", "--output-file", str(whole)]
        subprocess.run([*command, sys.executable], check=True)
        bill = of_image(json.loads(whole.read_text(encoding="utf-8")), pinned(REPOSITORY / "requirements/image.txt"))
    chosen.output.mkdir(parents=True, exist_ok=True)
    (chosen.output / "sbom.json").write_text(json.dumps(bill, indent=1), encoding="utf-8")
    (chosen.output / "licences.json").write_text(json.dumps(licences(bill), indent=1), encoding="utf-8")
    sys.stdout.write(f"{len(bill['components'])} packages: {chosen.output}/sbom.json, {chosen.output}/licences.json\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
