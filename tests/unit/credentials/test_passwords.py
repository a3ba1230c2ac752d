"""Passwords are hashed at the same cost whether the user exists or not."""

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

    # One verification each, against hashes whose memory, passes and lanes are the same: argon2's cost is these alone.
    known, unknown = verified
    assert extract_parameters(known) == extract_parameters(unknown)


def test_the_right_password_matches_and_no_other_does() -> None:
    stored = hash_password(PASSWORD)
    assert password_matches(PASSWORD, stored)
    assert not password_matches(PASSWORD + " ", stored)
