"""Secrets Manager: the dashboard's secret, one JSON document. Its values appear in no message and in no log."""

import json
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from pixelfleet.aws.configuration import SIGN_IN
from pixelfleet.aws.errors import WRONG_CREDENTIALS, error_code
from pixelfleet.errors import SetupError


class Secrets:
    """Secrets of one region. Every method raises SetupError when AWS refuses or does not answer."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def create(self, name: str, document: dict[str, str], kms_key: str | None) -> str:
        """Make a secret that is not there yet; returns its ARN."""
        key = {"KmsKeyId": kms_key} if kms_key else {}
        try:
            answer = self._client.create_secret(Name=name, SecretString=json.dumps(document), **key)
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and error_code(error) == "ResourceExistsException":
                raise SetupError(
                    f"the secret {name} is there already: pixelfleet secrets rotate changes its signing key"
                ) from None
            raise _failure(f"the secret {name} could not be made", error) from _harmless(error)
        return str(answer["ARN"])

    def read(self, name: str) -> dict[str, str]:
        try:
            document = json.loads(self._client.get_secret_value(SecretId=name)["SecretString"])
        except (ClientError, BotoCoreError) as error:
            raise _failure(f"the secret {name} could not be read", error) from _harmless(error)
        except (KeyError, ValueError):
            raise SetupError(f"the secret {name} holds no JSON document") from None
        if not isinstance(document, dict):
            raise SetupError(f"the secret {name} holds no JSON document")
        return document

    def write(self, name: str, document: dict[str, str]) -> str:
        """Replace the value; the version before stays readable as AWSPREVIOUS. Returns the ARN."""
        try:
            answer = self._client.put_secret_value(SecretId=name, SecretString=json.dumps(document))
        except (ClientError, BotoCoreError) as error:
            raise _failure(f"the secret {name} could not be written", error) from _harmless(error)
        return str(answer["ARN"])


def secrets(region: str) -> Secrets:
    """The secrets of the account whose credentials boto3 finds."""
    config = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 4})
    return Secrets(boto3.session.Session().client("secretsmanager", region_name=region, config=config))


def _failure(what: str, error: Exception) -> SetupError:
    if isinstance(error, ClientError):
        # The error itself stays behind, since its text may hold the secret: so this message says what to do.
        if (code := error_code(error)) in WRONG_CREDENTIALS:
            return SetupError(f"{what}: {code} from {error.operation_name}. {SIGN_IN}")
        return SetupError(f"{what}: {error_code(error)} from {error.operation_name}")
    return SetupError(f"{what}: {_harmless(error) or type(error).__name__}")


def _harmless(error: Exception) -> Exception | None:
    """The error, unless its text may hold the secret: botocore quotes parameters that it refuses, and AWS may, too."""
    return None if isinstance(error, ClientError | ParamValidationError) else error
