"""Which variables of the environment have changed since the tests began."""

import os
from typing import Final

import pytest

#: Of pytest itself, of libraries that set theirs when they are imported.
_OF_LIBRARIES: Final = ("PYTEST_", "VIPS_WARNING", "CELERY_", "FORKED_BY_MULTIPROCESSING", "_MP_FORK_")
_before: dict[str, str] = {}


def fail_if_changed(when: str) -> None:
    """Restore what has changed, and fail with the names. The first call notes the environment."""
    now = {name: value for name, value in os.environ.items() if not name.startswith(_OF_LIBRARIES)}
    if not _before:
        _before.update(now)
    changed = sorted(name for name in now.keys() | _before.keys() if now.get(name) != _before.get(name))
    for name in changed:
        if name in _before:
            os.environ[name] = _before[name]
        else:
            del os.environ[name]
    if changed:
        pytest.fail(f"{', '.join(changed)} of the environment changed {when} and not restored", pytrace=False)
