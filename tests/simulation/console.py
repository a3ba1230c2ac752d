"""Stand-ins for the terminal, the user's cache and the composition in the commands of the command line."""

import contextlib
from typing import Any, Self

from pixelfleet.cli import console, selection, terminable, upload_progress
from pixelfleet.deployment import Deployment
from pixelfleet.files.cache import cache_folder
from pixelfleet.settings import load_settings
from tests.simulation.environment import Environment


class SilentConsole:
    """Takes what a command prints; also the status line and the progress of an upload."""

    is_terminal = False

    def status(self, *_: object) -> Self:
        return self

    def update(self, *_: object, **__: object) -> None:
        pass

    def print(self, *_: object, **__: object) -> None:
        pass

    def __call__(self, *_: object, **__: object) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def command_line(environment: Environment) -> list[tuple[Any, Any]]:
    """Pairs for `Seams.installed`: each command runs with the adapters and the cache of its own process."""
    silent = SilentConsole()

    def memory() -> dict[str, Any]:
        return environment.scheduler.process.memory

    return [
        (console.MESSAGES, silent),
        (console.RESULTS, silent),
        (console.say, silent),
        (console.emit, silent),
        (terminable.terminable, contextlib.nullcontext),
        (upload_progress.UploadProgress, lambda _walk: silent),
        (selection.who, lambda: memory()["who"]),
        (cache_folder, lambda: memory()["cache"] / "pixelfleet" / "uploads"),
        (load_settings, lambda: environment.settings),
        (Deployment, lambda *_, **__: memory()["deployment"]),
    ]
