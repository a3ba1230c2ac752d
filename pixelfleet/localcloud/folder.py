"""The data folder of one embedded cloud: its lock, keys, port and subfolders."""

import fcntl
import json
import os
import secrets
import shutil
import stat
import string
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Annotated, Final, Self

from pydantic import Field, TypeAdapter

from pixelfleet.errors import SetupError
from pixelfleet.files.regular import read_regular
from pixelfleet.operations.local_processes import is_running

_TEMPORARY: Final = "pixelfleet-run-"
#: Seconds that a run may take from making its lock to taking it.
_STARTING: Final = 60.0
_KEY_ALPHABET: Final = string.ascii_uppercase + "234567"


Port = Annotated[int, Field(ge=1, le=65_535)]


@dataclass(frozen=True, slots=True)
class Identity:
    """Values that a restart must not change, so that pasted `export` lines stay valid."""

    access_key: Annotated[str, Field(pattern=r"^[A-Z0-9]{16,128}$")]
    secret_key: Annotated[str, Field(min_length=16, max_length=200)]
    port: Port | None = None
    dashboard_port: Port | None = None
    #: Signs the dashboard's cookies: sessions survive a restart.
    session_secret: str = ""


_IDENTITY: Final = TypeAdapter(Identity)


class DataFolder:
    """An open, locked data folder. The lock lasts until `close`, and as long as a process has inherited `lock_fd`."""

    def __init__(self, root: Path, lock: IO[str]) -> None:
        self.root = root
        self._lock = lock

    @classmethod
    def open(cls, root: Path) -> Self:
        """Make the folder if need be and take its lock.

        Raises:
            SetupError: another fleet has the lock, or the folder cannot be written.
        """
        root = root.absolute()
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            _close_to_others(root)
            lock = (root / "lock").open("a+", encoding="utf-8")
        except OSError as error:
            raise SetupError(f"the data folder {root} cannot be used: {error.strerror or error}") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SetupError(_taken(root, lock)) from None
        folder = cls(root, lock)
        try:
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            folder._make_rooms()
        except OSError as error:
            with suppress(OSError):
                lock.close()
            where = f"{error.filename}: " if error.filename else ""
            raise SetupError(f"the data folder {root} cannot be used: {where}{error.strerror}") from None
        return folder

    def _make_rooms(self) -> None:
        # What a killed fleet left half-written belongs to nobody.
        shutil.rmtree(self.scratch, ignore_errors=True)
        for path in (self.logs, self.scratch, self.state, self.objects, self.empty):
            path.mkdir(mode=0o700, exist_ok=True)

    def close(self) -> None:
        self._lock.close()

    @property
    def lock_fd(self) -> int:
        """The emulator's guard inherits this descriptor, so that the folder stays locked until the state is written."""
        return self._lock.fileno()

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def scratch(self) -> Path:
        return self.root / "tmp"

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def objects(self) -> Path:
        return self.root / "objects"

    @property
    def empty(self) -> Path:
        """The working directory of children. It is empty, because Celery puts it on the import path."""
        return self.root / "empty"

    def identity(self) -> Identity:
        """The folder's keys, made at the first call and kept readable by the user alone.

        Raises:
            SetupError: the file of keys is damaged.
        """
        path = self.root / "identity.json"
        if not path.exists():
            self.remember(Identity(_random_key(), secrets.token_urlsafe(30)))
        try:
            identity = _IDENTITY.validate_json(read_regular(path), strict=True)
        except (OSError, ValueError):
            raise SetupError(f"{path} is damaged: remove it to get new keys (the data stays)") from None
        if not identity.session_secret:
            identity = replace(identity, session_secret=secrets.token_urlsafe(48))
            self.remember(identity)
        return identity

    def remember(self, identity: Identity) -> None:
        """Raises SetupError when the disk refuses the file; the old file stays."""
        path, draft = self.root / "identity.json", self.root / "identity.json.new"
        try:
            draft.unlink(missing_ok=True)
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                json.dump(asdict(identity), file)
            draft.replace(path)
        except OSError as error:
            raise SetupError(f"the keys cannot be written to {path}: {error.strerror}") from None


def default_data_folder() -> Path:
    """`$XDG_DATA_HOME/pixelfleet`, by default ~/.local/share/pixelfleet."""
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "pixelfleet"


@contextmanager
def temporary_data_folder(clock: Callable[[], float] = time.time) -> Iterator[Path]:
    """A data folder for one run, below the system's temporary folder (TMPDIR), removed at the end.

    Folders of killed runs are removed, too: their locks are free.
    """
    for lock_file in Path(tempfile.gettempdir()).glob(f"{_TEMPORARY}*/lock"):
        # Another run may remove the same folder at this moment.
        with suppress(OSError):
            _remove_if_abandoned(lock_file, clock())
    with tempfile.TemporaryDirectory(prefix=_TEMPORARY, ignore_cleanup_errors=True) as root:
        yield Path(root)


def _remove_if_abandoned(lock_file: Path, now: float) -> None:
    """Remove the folder of a run that was killed. Raises OSError while a run holds the lock."""
    status = lock_file.lstat()
    # A run writes its number into the lock after taking the lock. The folder of a run that is about to do so is kept.
    starting = status.st_size == 0 and now - status.st_mtime < _STARTING
    if starting or status.st_uid != os.getuid() or not stat.S_ISREG(status.st_mode):
        return
    with lock_file.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(lock_file.parent, ignore_errors=True)


def _close_to_others(root: Path) -> None:
    """Give the user alone access to a folder, also to an existing one.

    Raises:
        SetupError: the folder belongs to another user, who could read and change the data.
    """
    status = root.stat()
    if status.st_uid != os.geteuid():
        raise SetupError(f"the data folder {root} belongs to another user: choose another by --data")
    if status.st_mode & 0o077:
        root.chmod(0o700)


def _random_key() -> str:
    return "PXFL" + "".join(secrets.choice(_KEY_ALPHABET) for _ in range(16))


def _taken(root: Path, lock: IO[str]) -> str:
    lock.seek(0)
    holder = lock.read().strip()
    lock.close()
    if holder.isdigit() and is_running(int(holder)):
        return f"{root} is in use by another pixelfleet (process {holder}): stop it, or choose another folder by --data"
    return f"{root} is still in use by a pixelfleet that is shutting down: try again in some seconds"
