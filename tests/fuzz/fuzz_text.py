"""`make fuzz`: coverage-guided mutation of recipes, events, jobs, cursors, manifests, SVGs, journals, request heads."""

import subprocess
import sys
from pathlib import Path
from typing import Final

_BUILD: Final = Path("build/fuzz")


def main() -> None:
    if len(sys.argv) == 2 and sys.argv[1].isdigit():
        sys.exit(_all(int(sys.argv[1])))
    _fuzz(sys.argv.pop(1))


def _all(seconds: int) -> int:
    """Each target for its part of the seconds, in a process of its own; 1 if any found something."""
    from tests.fuzz.text_targets import TARGETS  # noqa: PLC0415 - the children import it to be instrumented

    failed = []
    for name, target in TARGETS.items():
        corpus = _BUILD / name
        corpus.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(target.seeds):
            (corpus / f"seed-{number:02}").write_bytes(seed)
        command = [sys.executable, "-m", "tests.fuzz.fuzz_text", name, str(corpus), "-max_len=8192", "-timeout=10"]
        command += [f"-max_total_time={max(1, seconds // len(TARGETS))}", f"-artifact_prefix={_BUILD}/{name}-"]
        if subprocess.run(command, check=False).returncode:
            failed.append(name)
    sys.stdout.write(f"found something in: {', '.join(failed)}\n" if failed else "found nothing\n")
    return 1 if failed else 0


def _fuzz(name: str) -> None:
    import atheris  # noqa: PLC0415 - only where it runs: it has no wheel for every platform

    with atheris.instrument_imports(include=["pixelfleet", "dashboard"]):
        from tests.fuzz.text_targets import TARGETS  # noqa: PLC0415 - imported to be instrumented

    atheris.Setup(sys.argv, TARGETS[name].check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
