"""Long work logs its progress."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from pixelfleet.images import progress
from pixelfleet.images.pipeline import Rendition

Save = Callable[..., Path]
Run = Callable[..., Rendition]


def test_progress_is_logged_for_a_large_image_and_not_for_an_ordinary_image(
    save: Save, rendered: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    source = save(Image.effect_noise((1000, 1000), 50), "PNG")
    with caplog.at_level(logging.INFO, logger="pixelfleet.images"):
        rendered(source, {"box": 100})
        assert not caplog.messages
        monkeypatch.setattr(progress, "_LARGE", 1)
        monkeypatch.setattr(progress, "_EVERY", 0.0)
        rendered(source, {"box": 100})
    assert any("decoding 1000 x 1000 png" in message and "%" in message for message in caplog.messages)
