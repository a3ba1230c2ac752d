"""The versions of Celery and kombu for whose internals this package is written.

`transport`, `consumer`, `request` and `shutdown` depend on parts of Celery and kombu that may change in any version. On
another version they might lose messages silently, so the worker does not start.
"""

from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Final

from pixelfleet.errors import SetupError

WRITTEN_FOR: Final[Mapping[str, str]] = {"celery": "5.7.0", "kombu": "5.7.0"}


def check_versions(installed: Callable[[str], str] = version) -> None:
    """Raises SetupError that names every package with another installed version than the required one."""
    present = {package: installed(package) for package in WRITTEN_FOR}
    wrong = [
        f"{name} {present[name]} (needs {needed})" for name, needed in WRITTEN_FOR.items() if present[name] != needed
    ]
    if wrong:
        raise SetupError(
            f"the worker cannot start: {', '.join(wrong)}. Its SQS transport is written against the insides of those "
            "versions; install the locked ones with: pip install -r requirements/worker.txt"
        )
