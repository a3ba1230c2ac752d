"""Where results are: their keys in the results bucket, and the addresses below which CloudFront or the dashboard
serves them."""

import re
from typing import Final, NamedTuple
from urllib.parse import quote

#: Everything below this path of the dashboard's address is a result.
RESULTS_PATH: Final = "/i/"
#: No segment is `.` or `..`. The folder is named by `domain.attempts.results_of`.
_RESULT_KEY: Final = re.compile(
    r"(?P<owner>[A-Za-z0-9][\w.@+=-]{0,63})/(?P<image_id>[a-z2-7]{32})/(?P<folder>[0-9a-f]{32}(?:\.[1-9][0-9]{0,18})?)"
    r"/(?P<file>[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)*)",
    re.ASCII,
)


class ResultKey(NamedTuple):
    """The parts of a result's key: `<owner>/<image_id>/<folder>/<file>`; only `file` may have slashes."""

    owner: str
    image_id: str
    folder: str
    file: str


def image_folder(owner: str, image_id: str) -> str:
    """Key prefix of all results of one image, ending with a slash."""
    return f"{owner}/{image_id}/"


def revision_folder(owner: str, image_id: str, results: str) -> str:
    """Key prefix of the results of one revision, ending with a slash."""
    return f"{image_folder(owner, image_id)}{results}/"


def result_address(key: str) -> str:
    """The path at which a result is served, percent-encoded."""
    return RESULTS_PATH + quote(key)


def parse_result_key(key: str) -> ResultKey | None:
    """The parts of a key as a worker writes it; None for any other key."""
    match = _RESULT_KEY.fullmatch(key)
    return ResultKey(*match.groups()) if match else None
