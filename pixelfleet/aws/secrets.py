"""Secrets Manager: the dashboard's secret, one JSON document. Its values appear in no message and in no log."""

import json
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from pixelfleet.aws.errors import error_code
from pixelfleet.errors import SetupError


class Secrets:
    """Secrets of one region. Every method raises SetupError when AWS refuses or does not answer."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def create(self, name: str, document: dict[str, str], kms_key: str | None) -> str:
        """Make a secret that is not there yet; its ARN."""
        key = {"KmsKeyId": kms_key} if kms_key else {}
        try:
            answer = self._client.create_secret(Name=name, SecretString=json.dumps(document), **key)
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and error_code(error) == "ResourceExistsException":
                raise SetupError(
                    f"the secret {name} is there already: pixelfleet secrets rotate changes its signing key"
                ) from None
            raise SetupError(f"the secret {name} could not be made: {_plain(error)}") from None
        return str(answer["ARN"])

    def read(self, name: str) -> dict[str, str]:
        try:
            document = json.loads(self._client.get_secret_value(SecretId=name)["SecretString"])
        except (ClientError, BotoCoreError) as error:
            raise SetupError(f"the secret {name} could not be read: {_plain(error)}") from None
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
            raise SetupError(f"the secret {name} could not be written: {_plain(error)}") from None
        return str(answer["ARN"])


def secrets(region: str) -> Secrets:
    """The secrets of the account whose credentials boto3 finds."""
    config = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 4})
    return Secrets(boto3.session.Session().client("secretsmanager", region_name=region, config=config))


def _plain(error: Exception) -> str:
    """The code and the operation; parameters that botocore quotes may hold the secret."""
    if isinstance(error, ClientError):
        return f"{error_code(error)} from {error.operation_name}"
    return type(error).__name__
