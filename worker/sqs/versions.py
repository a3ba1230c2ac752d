"""The versions whose insides this package is written against.

`transport`, `consumer`, `request` and `lifecycle` subclass what Celery and kombu do not promise to keep. On another
version they might lose messages without a word, so the worker does not start.
"""

from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Final

from pixelfleet.errors import SetupError

WRITTEN_FOR: Final[Mapping[str, str]] = {"celery": "5.7.0", "kombu": "5.7.0"}


def check_versions(installed: Callable[[str], str] = version) -> None:
    """Raises SetupError that names every package whose installed version is another than the one it should be."""
    found = {package: installed(package) for package in WRITTEN_FOR}
    wrong = [f"{name} {found[name]} (needs {wanted})" for name, wanted in WRITTEN_FOR.items() if found[name] != wanted]
    if wrong:
        raise SetupError(
            f"the worker cannot start: {', '.join(wrong)}. Its SQS transport is written against the insides of those "
            "versions; install the locked ones with: pip install -r requirements/worker.txt"
        )
