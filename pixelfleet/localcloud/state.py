"""The embedded cloud's memory on disk: numbered generations, each written whole or not at all.

    state/generation-000012/dynamodb.json …   everything at one moment, a file for each service, and their `contents`
    state/journal-000012.log                  the writes to DynamoDB since that moment (journal.py)
    state/running                             present while an emulator runs: left behind, it shows an unclean end

The second to last generation is kept with its journal, which leads to the last generation again. A file that cannot be
read is never overwritten: the embedded cloud does not start with such a file.
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from pixelfleet.errors import SetupError
from pixelfleet.files.regular import read_regular

_GENERATION: Final = re.compile(r"generation-(\d{6,})")
_JOURNAL: Final = re.compile(r"journal-(\d{6,})\.log")
#: The names of a generation's files: a lost file is noticed.
_CONTENTS: Final = "contents"
_WRAPPER: Final = "__ministack_format__"


class StateError(SetupError):
    """A file of the state cannot be read. The file is left as it is."""


@dataclass(frozen=True, slots=True)
class Codec:
    """The conversion of ministack's values to JSON and back, and the newest readable format of each service."""

    default: Callable[[Any], Any]
    object_hook: Callable[[dict[str, Any]], Any]
    format_of: Callable[[str], int]


@dataclass(slots=True)
class StateFolder:
    """The folder of one embedded cloud's state. `number` is the number of the current generation."""

    root: Path
    codec: Codec
    number: int = 0

    def load(self) -> dict[str, Any]:
        """The last generation's values, by service; empty for a new folder.

        Raises:
            StateError: a file is cut short, is of a newer format, is not readable, or is missing; the message names the
                file.
        """
        try:
            self._adopt_flat_files()
            numbers = sorted(number for number, _ in self._numbered(_GENERATION))
            if not numbers:
                return {}
            self.number = numbers[-1]
            files = self._files(self._generation(self.number))
        except OSError as error:
            raise StateError(f"the state folder {self.root} cannot be read: {error}") from None
        return {path.stem: self._read(path) for path in files}

    def save(self, values: Mapping[str, Any]) -> None:
        """Write the next generation, sync it to the disk, and make it the current generation.

        Raises:
            OSError: the generation could not be written; the last generation stays current.
        """
        following = self.number + 1
        draft, final = self.root / f"generation-{following:06}.new", self._generation(following)
        shutil.rmtree(draft, ignore_errors=True)
        try:
            draft.mkdir(mode=0o700)
            for service, value in values.items():
                self._write(draft / f"{service}.json", service, value)
            with _synced(draft / _CONTENTS) as file:
                file.writelines(f"{service}.json\n" for service in values)
            _sync_folder(draft)
            draft.rename(final)
            _sync_folder(self.root)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        self.number = following
        self._forget_before(following - 1)

    def _files(self, generation: Path) -> list[Path]:
        """The files of the generation, by its list of them; releases without a list wrote one file at least.

        Raises:
            StateError: a file is missing. A start without it would lose its content, a minute later for good.
            OSError: the generation cannot be read.
        """
        present = sorted(path for path in generation.iterdir() if path.suffix == ".json")
        listed = generation / _CONTENTS
        if listed.exists():
            names = read_regular(listed).decode(errors="replace").splitlines()
        else:
            names = [path.name for path in present] or ["dynamodb.json"]
        if missing := sorted(set(names) - {path.name for path in present}):
            raise self._unreadable(generation / missing[0], "it is missing")
        return present

    def journals(self) -> list[Path]:
        """The journals that lead from the current generation to the last write, in order."""
        return [path for number, path in sorted(self._numbered(_JOURNAL)) if number >= self.number]

    def journal(self) -> Path:
        """The journal of the writes since the current generation."""
        return self.root / f"journal-{self.number:06}.log"

    @property
    def running(self) -> Path:
        return self.root / "running"

    def _generation(self, number: int) -> Path:
        return self.root / f"generation-{number:06}"

    def _numbered(self, pattern: re.Pattern[str]) -> Iterator[tuple[int, Path]]:
        for path in self.root.iterdir():
            if name := pattern.fullmatch(path.name):
                yield int(name[1]), path

    def _adopt_flat_files(self) -> None:
        """Move the files of releases that had no generations into one."""
        flat = list(self.root.glob("*.json"))
        if flat and not any(self._numbered(_GENERATION)):
            self._generation(0).mkdir(mode=0o700)
            for path in flat:
                path.rename(self._generation(0) / path.name)

    def _read(self, path: Path) -> Any:
        try:
            value = json.loads(read_regular(path), object_hook=self.codec.object_hook)
        except OSError as error:
            raise self._unreadable(path, str(error.strerror)) from None
        except (ValueError, RecursionError):
            raise self._unreadable(path, "it is damaged or cut short") from None
        except (KeyError, TypeError, AttributeError) as error:
            # ministack's own shapes, of keys or bytes for example.
            raise self._unreadable(path, f"it does not hold what a state file holds ({error!r})") from None
        if not isinstance(value, dict) or not isinstance(value.get("payload"), dict) or _WRAPPER not in value:
            raise self._unreadable(path, "it does not hold what a state file holds")
        if value[_WRAPPER] != (format_ := self.codec.format_of(path.stem)) and value[_WRAPPER] not in range(format_):
            raise self._unreadable(path, f"its format {value[_WRAPPER]!r} is newer than {format_}")
        return value["payload"]

    def unusable(self, service: str, reason: str) -> StateError:
        """The error for a readable file whose values ministack refuses."""
        return self._unreadable(self._generation(self.number) / f"{service}.json", reason)

    def _unreadable(self, path: Path, reason: str) -> StateError:
        before = self._generation(self.number - 1)
        way_out = f"move {path.parent} away to go on from {before.name}" if before.is_dir() else "restore it"
        return StateError(
            f"the state file {path} cannot be read: {reason}. The file was left as it is: {way_out}, or move "
            f"{self.root} away to start with an empty catalog (uploads stay, and `pixelfleet reconcile` finds them)"
        )

    def _write(self, path: Path, service: str, value: Any) -> None:
        with _synced(path) as file:
            json.dump({_WRAPPER: self.codec.format_of(service), "payload": value}, file, default=self.codec.default)

    def _forget_before(self, number: int) -> None:
        for old, path in list(self._numbered(_GENERATION)):
            if old < number:
                shutil.rmtree(path, ignore_errors=True)
        for old, path in list(self._numbered(_JOURNAL)):
            if old < number:
                path.unlink(missing_ok=True)


def ended_unclean(root: Path) -> bool:
    """Whether the last emulator with this state was killed, so that its queues have lost messages."""
    return (root / "running").exists()


@contextmanager
def _synced(path: Path) -> Iterator[IO[str]]:
    """A new text file, for the user alone, which is on the disk at the end."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
