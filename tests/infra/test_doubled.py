"""An apply that ends in a DoubledError is repeated on fresh emulators. Any other failure stays a failure."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.infra.terraform import ATTEMPTS, DoubledError, Terraform, TerraformError, with_fresh_emulators

#: The provider's output for a call that it repeated after a lost connection.
DOUBLED = """\
module.catalog.aws_dynamodb_table.images: Creating...

Error: creating AWS DynamoDB Table (pixelfleet-images): operation error DynamoDB: CreateTable, api error
ResourceInUseException: Table already exists: pixelfleet-images
"""
#: A failure of another kind, after lines that mention a conflict.
OTHER = """\
module.storage.aws_s3_bucket.this: the bucket already exists: nothing to do

Error: creating ECS Service (pixelfleet-bulk): operation error ECS: CreateService, api error ClientException
"""


@pytest.fixture
def applying(tmp_path: Path) -> Callable[[str], Terraform]:
    """A Terraform whose program prints a text and fails once, and then succeeds."""

    def make(text: str) -> Terraform:
        (tmp_path / "infra").mkdir()
        (tmp_path / "text").write_text(text)
        program = tmp_path / "terraform"
        program.write_text('#!/bin/sh\ncat ../text && mv ../text ../printed && exit 1\necho "Apply complete!"\n')
        program.chmod(0o755)
        return Terraform(program, tmp_path)

    return make


def test_an_apply_that_ends_in_a_doubled_error_is_repeated(applying: Callable[[str], Terraform]) -> None:
    terraform = applying(DOUBLED)
    attempts: list[int] = []

    def attempt() -> str:
        attempts.append(len(attempts))
        terraform.apply()
        return "applied"

    assert with_fresh_emulators(attempt) == "applied"
    assert attempts == [0, 1]


def test_an_apply_with_another_failure_is_not_repeated(applying: Callable[[str], Terraform]) -> None:
    terraform = applying(OTHER)

    with pytest.raises(TerraformError, match="CreateService") as caught:
        with_fresh_emulators(terraform.apply)

    assert not isinstance(caught.value, DoubledError)
    terraform.apply()


def test_a_doubled_error_at_every_attempt_is_a_failure() -> None:
    attempts = 0

    def attempt() -> None:
        nonlocal attempts
        attempts += 1
        raise DoubledError("Table already exists")

    with pytest.raises(DoubledError):
        with_fresh_emulators(attempt)
    assert attempts == ATTEMPTS
