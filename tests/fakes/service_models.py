"""botocore's models of AWS's services, read once for each test process.

Each deployment of a test has its own session, and each session would read megabytes of JSON again. That takes half of
the CPU time of a deployment on moto.
"""

from functools import cache
from typing import Any

import botocore.session


class _Paths(list[str]):
    """A list of search paths without duplicates. boto3 appends its folder for each session."""

    def append(self, path: str) -> None:
        if path not in self:
            super().append(path)


def share() -> None:
    """Share one loader for each search path between all sessions of this process."""
    create: Any = botocore.session.create_loader

    @cache
    def shared(search_path_string: str | None = None) -> Any:
        loader = create(search_path_string)
        loader._search_paths = _Paths(loader._search_paths)
        return loader

    botocore.session.create_loader = shared
