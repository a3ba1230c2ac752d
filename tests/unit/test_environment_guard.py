"""A test that leaves the environment changed fails, and the environment is restored for the next test."""

import os

import pytest

from tests.environment import fail_if_changed


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "PIXELFLEET_BULK_MAX_PIXELS", "HOME"])
def test_a_variable_that_was_changed_is_named_and_restored(name: str) -> None:
    before = os.environ.get(name)
    os.environ[name] = "changed"

    with pytest.raises(pytest.fail.Exception, match=name):
        fail_if_changed("by this test")

    assert os.environ.get(name) == before
    fail_if_changed("by this test")


def test_a_variable_that_was_deleted_is_named_and_restored() -> None:
    path = os.environ.pop("PATH")

    with pytest.raises(pytest.fail.Exception, match="PATH"):
        fail_if_changed("by this test")

    assert os.environ["PATH"] == path
