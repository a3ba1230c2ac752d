"""botocore's models of AWS's services, read once a test process.

Each deployment of a test has a session of its own, and each session would read megabytes of JSON anew: half of the CPU
of a deployment on moto.
"""

from functools import cache
from typing import Any

import botocore.session


class _Paths(list[str]):
    """boto3 adds its folder for each session."""

    def append(self, path: str) -> None:
        if path not in self:
            super().append(path)


def share() -> None:
    """Give all sessions of this process one loader for each search path."""
    create: Any = botocore.session.create_loader

    @cache
    def shared(search_path_string: str | None = None) -> Any:
        loader = create(search_path_string)
        loader._search_paths = _Paths(loader._search_paths)
        return loader

    botocore.session.create_loader = shared
