"""Attributes are made and read in the same way as with boto3."""

from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from pixelfleet.catalog.dynamo import from_attributes, to_attributes

VALUES: list[Any] = [
    "", "text", 0, -3, 10**37, Decimal("1.5"), Decimal(7), True, False, None, b"bytes", {1, 2}, {"a", "b"},
    [1, "x", None, [True]], {"a": 1, "b": {"c": [Decimal("0.25"), "y"]}}, [], {},
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_becomes_the_same_attribute_as_with_boto3(value: Any) -> None:
    assert to_attributes({"x": value}) == {"x": TypeSerializer().serialize(value)}


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_an_attribute_is_read_as_with_boto3_but_whole_numbers_are_int(value: Any) -> None:
    attribute = TypeSerializer().serialize(value)
    read = from_attributes({"x": attribute})["x"]
    assert read == TypeDeserializer().deserialize(attribute)
    assert not isinstance(read, Decimal) or read % 1


def test_tuples_are_lists() -> None:
    assert to_attributes({"x": ("a", 1)}) == {"x": {"L": [{"S": "a"}, {"N": "1"}]}}
