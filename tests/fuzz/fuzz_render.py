"""`make fuzz`: coverage-guided mutation of small images by atheris (libFuzzer), for as many seconds as are given.

`python -m tests.fuzz.fuzz_render 1800 raw pdf` begins with the seeds of these formats alone.

Each round runs in a process of its own, so that a codec's crash is a find and not the end: the bytes that did it are
kept in `build/fuzz/`. A find becomes a file in `tests/fuzz/regressions/`, which the unit tests run from then on. At the
end stands how often each format's reader decoded something.
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from tests.fuzz import MAX_SEED_BYTES

_BUILD: Final = Path("build/fuzz")


def main() -> None:
    if len(sys.argv) >= 2 and sys.argv[1].isdigit():
        sys.exit(_supervise(float(sys.argv[1]), sys.argv[2:]))
    _fuzz()


def _supervise(seconds: float, formats: list[str]) -> int:
    # The fuzzing process must import the engine itself, to instrument it.
    from tests.fuzz.reader_counts import total  # noqa: PLC0415
    from tests.fuzz.seeds import seeds_of  # noqa: PLC0415

    corpus = _BUILD / "-".join(["corpus", *formats])
    corpus.mkdir(parents=True, exist_ok=True)
    for path in _BUILD.glob("readers-*.json"):
        path.unlink()
    for number, seed in enumerate(seeds_of(formats)):
        (corpus / f"seed-{number:03}").write_bytes(seed)
    end = time.monotonic() + seconds
    before = set(_BUILD.glob("crash-*")) | set(_BUILD.glob("timeout-*")) | set(_BUILD.glob("oom-*"))
    while (left := end - time.monotonic()) > 1:
        command = [sys.executable, "-m", "tests.fuzz.fuzz_render", str(corpus), f"-max_total_time={int(left)}"]
        command += [f"-artifact_prefix={_BUILD}/", "-timeout=20", "-rss_limit_mb=3000", f"-max_len={MAX_SEED_BYTES}"]
        subprocess.run([*command, "-print_final_stats=1"], check=False)
    actual = (set(_BUILD.glob("crash-*")) | set(_BUILD.glob("timeout-*")) | set(_BUILD.glob("oom-*"))) - before
    sys.stdout.write("decoded: " + ", ".join(f"{name} {count}" for name, count in total(_BUILD).items()) + "\n")
    for path in sorted(actual):
        sys.stdout.write(f"found: {path}\n")
    return 1 if actual else 0


def _fuzz() -> None:
    import atheris  # noqa: PLC0415 - only where it runs: it has no wheel for every platform

    with atheris.instrument_imports(include=["PIL", "pixelfleet"]):
        from tests.fuzz import target  # noqa: PLC0415 - imported to be instrumented
        from tests.fuzz.reader_counts import ReaderCounts  # noqa: PLC0415

    ReaderCounts(_BUILD / f"readers-{os.getpid()}.json").install()

    def one(content: bytes) -> None:
        target.check(content)

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
