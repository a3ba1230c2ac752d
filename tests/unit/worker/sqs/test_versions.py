"""The worker starts on the versions that it was written for, and names a wrong version."""

import pytest

from pixelfleet.errors import SetupError
from worker.sqs.versions import WRITTEN_FOR, check_versions


def test_the_locked_versions_are_those_that_the_transport_was_written_for() -> None:
    check_versions()


def test_another_version_is_refused_by_name_with_the_right_version() -> None:
    with pytest.raises(SetupError, match=r"celery 5\.8\.1 \(needs 5\.7\.0\).*requirements/worker\.txt"):
        check_versions({**WRITTEN_FOR, "celery": "5.8.1"}.__getitem__)
