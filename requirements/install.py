"""Install locked requirements into a virtual environment, and say meanwhile how far pip is.

    python3 requirements/install.py .venv requirements/local.txt ...

Runs on the machine's own Python, before anything is installed: standard library only.
"""

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, TextIO

#: Seconds between two lines where the output is no terminal.
LINE_EVERY: Final = 10.0
COLUMNS: Final = 100
_PINNED: Final = re.compile(r"^[A-Za-z0-9][\w.-]*(\[[^]]*])?==", re.MULTILINE)


class ProgressLine:
    """One line that is written over on a terminal; elsewhere a line now and then."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._began = self._written = time.monotonic()
        self._terminal = stream.isatty()

    def show(self, text: str, *, last: bool = False) -> None:
        now = time.monotonic()
        line = f"  {now - self._began:4.0f} s  {text}"[:COLUMNS]
        if self._terminal:
            self._stream.write(f"\r\x1b[K{line}" + ("\n" if last else ""))
        elif last or now - self._written >= LINE_EVERY:
            self._stream.write(line + "\n")
            self._written = now
        self._stream.flush()


def describe(line: str, packages: int, handled: int) -> str | None:
    """What a line of pip's output means for the progress; None if nothing."""
    words = line.split()
    match words:
        case ["Collecting", name, *_]:
            return f"fetching {min(handled, packages)} of {packages}: {name.partition('=')[0]}"
        case ["Installing", "collected", *_]:
            return "writing the packages into the environment"
        case ["Building", "wheel", "for", name, *_] | ["Building", "editable", "for", name, *_]:
            return f"building {name}"
        case _:
            return None


def run_pip(python: Path, arguments: list[str], packages: int, progress: ProgressLine) -> None:
    """Raises SystemExit with all that pip wrote when pip fails."""
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off", *arguments]
    output: list[str] = []
    handled = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        for line in pip.stdout or ():
            output.append(line)
            handled += line.startswith(("Collecting ", "Requirement already satisfied"))
            text = describe(line, packages, handled)
            if text is not None:
                progress.show(text)
    if pip.returncode:
        sys.exit("".join(output) + f"pip ended with exit code {pip.returncode}")


def main() -> None:
    folder, *names = sys.argv[1:]
    locks = [Path(name) for name in names]
    packages = sum(len(_PINNED.findall(lock.read_text())) for lock in locks)
    progress = ProgressLine(sys.stderr)
    python = Path(folder) / "bin" / "python"
    if not python.exists():
        progress.show(f"making {folder} with Python {sys.version.split()[0]}", last=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    required = [part for lock in locks for part in ("--requirement", str(lock))]
    run_pip(python, ["--require-hashes", *required], packages, progress)
    run_pip(python, ["--quiet", "--no-deps", "--no-build-isolation", "--editable", "."], 1, progress)
    progress.show(f"{packages} packages of {', '.join(lock.name for lock in locks)} are installed", last=True)


if __name__ == "__main__":
    main()
