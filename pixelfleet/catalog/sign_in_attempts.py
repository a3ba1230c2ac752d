"""Counts of sign-ins, in the users table: they bound how often a stranger may guess a password.

An item `failed#digest` counts the failed attempts on one account from one address, or from all addresses. The item
lives 15 minutes from the first attempt. DynamoDB deletes expired items hours late, so `expires_at` is compared here.
"""

import hashlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from pixelfleet.aws.errors import translated
from pixelfleet.catalog.dynamo import condition_lost, from_attributes, write

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: Failed sign-ins of one account from one address before the pair is locked out, and the seconds of the lock-out.
FAILURES_ALLOWED: Final = 5
LOCKED_SECONDS: Final = 900
#: Seconds that the clocks of two processes may differ. A lock-out that ends later than this after its longest time was
#: written before the clock was set back, and is over.
CLOCKS_DIFFER: Final = 60
#: Attempts on one account from all addresses together in the same time.
ATTEMPTS_ALLOWED: Final = 100
#: The key for all addresses together.
ANYWHERE: Final = "*"


class SignInAttempts:
    """Methods raise TransientError when DynamoDB does not answer. `clock` returns epoch seconds."""

    def __init__(self, client: "DynamoDBClient", table: str, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def may_try(self, name: str, address: str) -> bool:
        """Count an attempt to sign in; returns whether its password may be compared.

        Besides the limit for an account from one address, a wider limit for the account from all addresses slows down
        guessing from many addresses.
        """
        here = self.count(name, address)
        anywhere = self.count(name, ANYWHERE) if here < FAILURES_ALLOWED else 0
        return here < FAILURES_ALLOWED and anywhere < ATTEMPTS_ALLOWED

    def count(self, name: str, address: str) -> int:
        """Count an attempt before its password is compared, so that all parallel attempts count.

        Returns how many attempts failed before.

        Account and address are counted together: a stranger elsewhere cannot lock anybody out.
        """
        key, now = _key(name, address), int(self._clock())
        with translated("count a sign-in"):
            for _ in range(2):
                try:
                    answer = write(
                        self._client.update_item,
                        TableName=self._table,
                        Key=key,
                        UpdateExpression="SET expires_at = if_not_exists(expires_at, :until) ADD failures :one",
                        ConditionExpression="attribute_not_exists(expires_at) "
                        "OR expires_at > :now AND expires_at <= :latest",
                        ExpressionAttributeValues={
                            ":until": {"N": str(now + LOCKED_SECONDS)},
                            ":now": {"N": str(now)},
                            ":latest": {"N": str(now + LOCKED_SECONDS + CLOCKS_DIFFER)},
                            ":one": {"N": "1"},
                        },
                        ReturnValues="ALL_NEW",
                    )
                    return int(from_attributes(answer["Attributes"])["failures"]) - 1
                except ClientError as error:
                    if not condition_lost(error):
                        raise
                    write(self._client.delete_item, TableName=self._table, Key=key)
        return max(FAILURES_ALLOWED, ATTEMPTS_ALLOWED)

    def forget(self, name: str, address: str) -> None:
        """Forget the failures of an account from an address, after a sign-in."""
        with translated("note a sign-in"):
            write(self._client.delete_item, TableName=self._table, Key=_key(name, address))


def _key(name: str, address: str) -> Any:
    digest = hashlib.sha256(f"{name}\0{address}".encode()).hexdigest()
    return {"user_id": {"S": f"failed#{digest}"}}
