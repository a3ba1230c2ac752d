"""The buckets whose objects are processed: every bucket but those that pixelfleet itself writes results to."""

from pixelfleet.errors import SetupError
from pixelfleet.settings import Settings


def check_no_output(settings: Settings, bucket: str) -> None:
    """
    Raises:
        SetupError: the bucket holds results, or their readable copies.
    """
    if bucket == settings.results_bucket:
        raise SetupError(f"{bucket} is the bucket of results, from which nothing is processed: name another bucket")
    if bucket in settings.output_buckets:
        raise SetupError(
            f"{bucket} is the bucket of readable copies of results (PIXELFLEET_ALIAS_BUCKET), from which nothing is "
            "processed: name another bucket"
        )
