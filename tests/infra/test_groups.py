"""The stack is applied once, by one test process. That depends on xdist's groups."""

import pytest


def test_xdist_finds_the_attribute_by_which_it_groups(request: pytest.FixtureRequest) -> None:
    # pytest 9.2 renamed the attribute. With xdist 3.8, --dist loadgroup then silently scatters every group.
    assert hasattr(request.node, "_nodeid")
