"""Errors of the user's AWS configuration are distinguished from errors of pixelfleet."""

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, NoCredentialsError, PartialCredentialsError, ProfileNotFound

from pixelfleet.aws.configuration import comes_from_configuration, lacks_credentials, rejected_credentials
from pixelfleet.aws.errors import translated
from pixelfleet.errors import TransientError


def raised_by(action: object) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - any exception goes to the code under test
        action()  # type: ignore[operator]
    return caught.value


def test_an_exception_of_botocore_is_a_configuration_error() -> None:
    assert comes_from_configuration(ProfileNotFound(profile="none"))
    assert comes_from_configuration(PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"))


def test_a_value_error_in_the_code_of_botocore_is_a_configuration_error() -> None:
    error = raised_by(
        lambda: boto3.session.Session(region_name="us-east-1").client("s3", endpoint_url="foo", config=Config())
    )
    assert isinstance(error, ValueError)
    assert comes_from_configuration(error)


def test_an_error_of_our_own_is_no_configuration_error() -> None:
    assert not comes_from_configuration(raised_by(lambda: int("many")))
    assert not comes_from_configuration(ZeroDivisionError())


def test_missing_credentials_are_detected_behind_our_own_error() -> None:
    with pytest.raises(TransientError) as caught, translated("list batches"):
        raise NoCredentialsError
    assert lacks_credentials(caught.value)
    assert not lacks_credentials(ValueError("no"))


def test_credentials_that_aws_refuses_are_detected_behind_our_own_error() -> None:
    expired = ClientError({"Error": {"Code": "ExpiredTokenException"}}, "Query")
    with pytest.raises(TransientError) as caught, translated("list batches"):
        raise expired

    assert rejected_credentials(caught.value) == "ExpiredTokenException"
    assert rejected_credentials(ClientError({"Error": {"Code": "AccessDenied"}}, "Query")) == ""
