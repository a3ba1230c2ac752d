"""Passwords are hashed at the same cost whether the user exists or not."""

import os
import sys
import threading

import pytest
from argon2 import extract_parameters

from pixelfleet.credentials import passwords
from pixelfleet.credentials.passwords import hash_password, password_matches

PASSWORD = "correct horse battery"


def test_an_unknown_user_costs_as_much_as_a_wrong_password(monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []
    real = passwords._HASHER

    class Recorded:
        hash = staticmethod(real.hash)

        def verify(self, stored: str, password: str) -> bool:
            verified.append(stored)
            return bool(real.verify(stored, password))

    stored = hash_password(PASSWORD)
    monkeypatch.setattr(passwords, "_HASHER", Recorded())

    assert not password_matches("wrong password", stored)
    assert not password_matches("wrong password", None)

    # One verification each, against hashes with the same memory, passes and lanes. Only these set argon2's cost.
    known, unknown = verified
    assert extract_parameters(known) == extract_parameters(unknown)


def test_the_right_password_matches_and_no_other_does() -> None:
    stored = hash_password(PASSWORD)
    assert password_matches(PASSWORD, stored)
    assert not password_matches(PASSWORD + " ", stored)


@pytest.mark.skipif(sys.platform != "linux", reason="a thread has a priority of its own on Linux")
def test_hashing_has_a_lower_priority_than_every_other_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many sign-ins use only cores that are idle, so that /health does not wait for the sign-ins."""
    priorities: list[int] = []

    class Hasher:
        def hash(self, _password: str) -> str:
            priorities.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
            return "hash"

    monkeypatch.setattr(passwords, "_HASHER", Hasher())
    passwords.hash_password("correct horse battery")

    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert priorities == [min(own + 10, 19)]
