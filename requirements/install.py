"""Install locked requirements into a virtual environment, and say meanwhile how far pip is.

    python3 requirements/install.py .venv requirements/local.txt ...

Runs on the machine's own Python, before anything is installed: standard library only.
"""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final, TextIO

#: Seconds between two lines where the output is no terminal.
LINE_EVERY: Final = 10.0
COLUMNS: Final = 100
_PINNED: Final = re.compile(r"^[A-Za-z0-9][\w.-]*(\[[^]]*])?==", re.MULTILINE)


class ProgressLine:
    """One line that is written over every second on a terminal; elsewhere a line now and then."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._began = time.monotonic()
        self._written = -LINE_EVERY
        self.text = ""

    def show(self, *, last: bool = False) -> None:
        now = time.monotonic() - self._began
        line = f"  {now:4.0f} s  {self.text}"[:COLUMNS]
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
        case ["Requirement", "already", *_]:
            return f"checking {min(handled, packages)} of {packages}"
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
        for line in lines_or_ticks(pip.stdout):
            output.append(line)
            handled += line.startswith(("Collecting ", "Requirement already satisfied"))
            progress.text = describe(line, packages, handled) or progress.text
            progress.show()
    if pip.returncode:
        sys.exit("".join(output) + f"pip ended with exit code {pip.returncode}")


def lines_or_ticks(stream: Iterable[str] | None) -> Iterator[str]:
    """The lines of `stream`; an empty one for each second without a line."""
    lines: SimpleQueue[str | None] = SimpleQueue()

    def read() -> None:
        for line in stream or ():
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=1.0)
        except Empty:
            yield ""
        else:
            if line is None:
                return
            yield line


def main() -> None:
    folder, *names = sys.argv[1:]
    progress = ProgressLine(sys.stderr)
    python = Path(folder) / "bin" / "python"
    if not python.exists():
        progress.text = f"making {folder} with Python {sys.version.split()[0]}"
        progress.show()
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    for name in names:
        packages = len(_PINNED.findall(Path(name).read_text()))
        progress.text = f"asking pip for the {packages} packages of {name}"
        # Without build isolation, source packages are built by the locked tools of build.txt.
        run_pip(python, ["--require-hashes", "--no-build-isolation", "--requirement", name], packages, progress)
        progress.text = f"{packages} packages of {name} are installed"
        progress.show(last=True)
    run_pip(python, ["--no-deps", "--no-build-isolation", "--editable", "."], 1, progress)


if __name__ == "__main__":
    main()
