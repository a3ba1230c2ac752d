"""The stack is applied once, by one test process. That depends on xdist's groups."""

import pytest


def test_a_test_has_the_attribute_by_which_xdist_groups(request: pytest.FixtureRequest) -> None:
    # pytest 9.2 renamed the attribute. With xdist 3.8, --dist loadgroup then silently scatters every group.
    assert hasattr(request.node, "_nodeid")
