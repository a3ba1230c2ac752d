"""The stack is applied once, by one test process: that hangs on xdist's groups."""

import pytest


def test_xdist_finds_the_attribute_by_which_it_groups(request: pytest.FixtureRequest) -> None:
    # pytest 9.2 renamed it under xdist 3.8, whose --dist loadgroup then scatters every group and says nothing.
    assert hasattr(request.node, "_nodeid")
