"""Passwords: random ones, and hashes from which nobody can compute the password."""

import os
import secrets
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from pixelfleet.errors import SetupError

SHORTEST: Final = 12
#: Hashing a longer input takes longer, and strangers choose the input.
LONGEST: Final = 256

#: OWASP Password Storage Cheat Sheet, Argon2id: 19 MiB, two passes, one lane.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
#: Passwords that are hashed at once: further sign-ins wait, so that hashing takes neither all memory nor all cores.
AT_ONCE: Final = 2
#: The niceness of hashing threads (nice(2)): a hash takes a core for 30 ms and more.
_NICER: Final = 10


def _give_way() -> None:
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _NICER)


#: The threads hash and do nothing else: an unimportant thread that holds Python's lock would hold up the others.
_THREADS: Final = ThreadPoolExecutor(AT_ONCE, "argon2", initializer=_give_way)


def new_password() -> str:
    """A random password: 96 bits in 16 letters, digits, - and _."""
    return secrets.token_urlsafe(12)


def hash_password(password: str) -> str:
    """An Argon2id hash with its salt and parameters.

    Raises:
        SetupError: the password is too short or too long.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise SetupError(f"a password has {SHORTEST} to {LONGEST} characters, this one has {len(password)}")
    return _THREADS.submit(_HASHER.hash, password).result()


def password_matches(password: str, stored: str | None) -> bool:
    """Whether this is the password of the hash. Without a hash, as for an unknown user, the answer takes as long."""
    try:
        _THREADS.submit(_HASHER.verify, stored or _nobodys(), password[:LONGEST]).result()
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None and len(password) <= LONGEST


@cache
def _nobodys() -> str:
    return _THREADS.submit(_HASHER.hash, secrets.token_urlsafe(32)).result()
