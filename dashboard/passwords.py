"""The change of a user's own password: one rule for the page and the API."""

from dataclasses import dataclass

from dashboard.callers import Caller
from dashboard.problem import Problem
from dashboard.site import Site
from pixelfleet.credentials.passwords import hash_password, password_matches
from pixelfleet.domain.users import User


class WrongPasswordError(Exception):
    """The given present password is not that of the user."""


@dataclass(frozen=True, slots=True)
class PasswordChange:
    """The user's request: the present password, the new password, and whether API tokens stay valid."""

    current: str
    new: str
    keep_tokens: bool = False


def change_own_password(site: Site, caller: Caller, network: str, change: PasswordChange) -> User:
    """End all sessions of the user, and the API tokens unless they are kept. `network` is that of the request.

    Raises:
        Problem: 429, too many wrong passwords from this network.
        WrongPasswordError: nothing is changed.
        SetupError: the new password is too weak; nothing is changed.
    """
    sign_in_attempts = site.deployment.sign_in_attempts
    if not sign_in_attempts.may_try(caller.name, network):
        raise Problem(429, "too many wrong passwords; try again in some minutes")
    if not password_matches(change.current, caller.user.password):
        raise WrongPasswordError
    changed = site.deployment.users.set_password(caller.name, hash_password(change.new), keep_tokens=change.keep_tokens)
    sign_in_attempts.forget(caller.name, network)
    return changed
