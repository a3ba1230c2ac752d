"""The variables of the environment that have changed since the tests began."""

import os
from typing import Final

import pytest

#: Prefixes of the variables that pytest sets, and that libraries set on import.
_OF_LIBRARIES: Final = ("PYTEST_", "VIPS_WARNING", "CELERY_", "FORKED_BY_MULTIPROCESSING", "_MP_FORK_")
_before: dict[str, str] = {}


def fail_if_changed(when: str) -> None:
    """Restore the changed variables, and fail with their names. The first call records the environment."""
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
