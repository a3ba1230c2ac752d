"""Where results are: their keys in the results bucket, and the addresses below which CloudFront or the dashboard
serves them."""

from typing import Final
from urllib.parse import quote

#: Everything below this path of the dashboard's address is a result.
RESULTS_PATH: Final = "/i/"


def image_folder(owner: str, image_id: str) -> str:
    """Key prefix of all results of one image, ending with a slash."""
    return f"{owner}/{image_id}/"


def result_address(key: str) -> str:
    """The path at which a result is served, percent-encoded."""
    return RESULTS_PATH + quote(key)
