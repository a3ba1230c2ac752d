"""Errors that the user's AWS configuration causes: variables, files in ~/.aws, certificates, credentials."""

from traceback import walk_tb
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from pixelfleet.aws.errors import WRONG_CREDENTIALS, error_code
from pixelfleet.errors import chain

#: What to do about credentials that AWS refuses.
SIGN_IN: Final = (
    "The credentials in this shell are wrong or have expired: sign in again as for the `aws` command (such as "
    "`aws sso login`)."
)


def lacks_credentials(error: BaseException) -> bool:
    """Whether an error, or an error behind it, says that there are no credentials at all."""
    return any(isinstance(cause, NoCredentialsError) for cause in chain(error))


def rejected_credentials(error: BaseException) -> str:
    """The code by which AWS refused the credentials, in an error or in an error behind it; empty where it took them."""
    codes = (error_code(cause) for cause in chain(error) if isinstance(cause, ClientError))
    return next((code for code in codes if code in WRONG_CREDENTIALS), "")


def comes_from_configuration(error: BaseException) -> bool:
    """Whether the AWS library raised an error about its configuration.

    botocore has exceptions for most of these errors. For others, such as a retry count that is no number or a bundle of
    certificates that is not there, it raises ValueError or OSError in its own code.
    """
    if isinstance(error, BotoCoreError):
        return True
    if not isinstance(error, ValueError | OSError):
        return False
    modules = {frame.f_globals.get("__name__", "") for frame, _ in walk_tb(error.__traceback__)}
    return any(module.partition(".")[0] in ("boto3", "botocore") for module in modules)
