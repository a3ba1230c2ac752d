"""Errors that the user's AWS configuration causes: variables, files in ~/.aws, certificates, credentials."""

from traceback import walk_tb

from botocore.exceptions import BotoCoreError, NoCredentialsError

from pixelfleet.errors import chain


def lacks_credentials(error: BaseException) -> bool:
    """Whether an error, or an error behind it, says that there are no credentials at all."""
    return any(isinstance(cause, NoCredentialsError) for cause in chain(error))


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
