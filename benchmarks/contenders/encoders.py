"""Encoders for `benchmarks.quality`: each writes an 8-bit RGB image at a setting, as its users would have it."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pixelfleet.images.encode import encoding_of, write
from pixelfleet.images.metadata.choice import Blocks
from pixelfleet.images.quality.aim import aimed
from pixelfleet.recipes import Metric, OutputFormat, QualityTarget, Variant

Encode = Callable[[Any, float, Path], None]


@dataclass(frozen=True, slots=True)
class Encoder:
    """`settings` are qualities or targets; `encode` writes an image to a path with one of them."""

    name: str
    settings: tuple[float, ...]
    encode: Encode


def fixed(name: str) -> Encode:
    """The engine with a number as quality."""

    def encode(image: Any, setting: float, path: Path) -> None:
        variant = Variant(name="v", format=OutputFormat(name), quality=round(setting))
        write(image, variant, path, Blocks())

    return encode


def targeted(name: str, metric: Metric = Metric.SSIM) -> Encode:
    """The engine with a target as quality, its search included."""

    def encode(image: Any, setting: float, path: Path) -> None:
        quality = QualityTarget(target=setting, metric=metric, min=30, max=95)
        variant = Variant(name="v", format=OutputFormat(name), quality=quality)
        write(image, aimed(image, variant).variant, path, Blocks())

    return encode


def libvips(saver: str, **options: Any) -> Encode:
    def encode(image: Any, setting: float, path: Path) -> None:
        getattr(image, saver)(str(path), Q=round(setting), keep="none", **options)

    return encode


def jpegli(image: Any, setting: float, path: Path) -> None:
    """pyjpegli: packed RGB and a quality."""
    module = importlib.import_module("pyjpegli")
    path.write_bytes(module.encode(image.write_to_memory(), image.width, image.height, round(setting)))


def ajpegli(image: Any, setting: float, path: Path) -> None:
    """ajpegli: progressive, 4:2:0."""
    module = importlib.import_module("ajpegli")
    numpy = importlib.import_module("numpy")
    pixels = numpy.frombuffer(image.write_to_memory(), "uint8").reshape(image.height, image.width, 3)
    path.write_bytes(module.encode(pixels, quality=round(setting)))


#: sharp's `mozjpeg: true`: libvips with MozJPEG (https://sharp.pixelplumbing.com/api-output/#jpeg).
_MOZJPEG: Final = {
    "interlace": True,
    "optimize_coding": True,
    "trellis_quant": True,
    "overshoot_deringing": True,
    "optimize_scans": True,
    "quant_table": 3,
}
_TARGETS: Final = (0.93, 0.945, 0.96, 0.975)
#: Left out where the extra is not installed.
_SIMULACRA: Final = (65, 70, 75, 80)
_AV1: Final = {"compression": "av1", "bitdepth": 8}


def encoders() -> list[Encoder]:
    """Ours first; those of libraries that are not installed are left out. The first is what all are compared with."""
    known = [
        Encoder("JPEG, ours, fixed", (60, 70, 80, 88), fixed("jpeg")),
        Encoder("JPEG, ours, target", _TARGETS, targeted("jpeg")),
        Encoder("JPEG, ours, target SSIMULACRA2", _SIMULACRA, targeted("jpeg", Metric.SSIMULACRA2)),
        Encoder("JPEG, sharp's and imgproxy's default", (80,), libvips("jpegsave", optimize_coding=True)),
        Encoder("JPEG, sharp's mozjpeg", (60, 70, 80), libvips("jpegsave", **_MOZJPEG)),
        Encoder("WebP, ours, fixed", (70, 80, 88), fixed("webp")),
        Encoder("WebP, ours, target", _TARGETS, targeted("webp")),
        Encoder("WebP, ours, target SSIMULACRA2", _SIMULACRA, targeted("webp", Metric.SSIMULACRA2)),
        Encoder("WebP, sharp's default", (80,), libvips("webpsave", effort=4)),
        Encoder("WebP, imgproxy's default", (79,), libvips("webpsave", effort=4)),
        Encoder("AVIF, ours, fixed", (45, 55, 65), fixed("avif")),
        Encoder("AVIF, ours, target", _TARGETS, targeted("avif")),
        Encoder("AVIF, ours, target SSIMULACRA2", _SIMULACRA, targeted("avif", Metric.SSIMULACRA2)),
        Encoder("AVIF, sharp's default", (50,), libvips("heifsave", effort=4, subsample_mode="off", **_AV1)),
        Encoder("AVIF, imgproxy's default", (63,), libvips("heifsave", effort=1, **_AV1)),
    ]
    if not _is_there("ssimulacra2"):
        known = [one for one in known if "SSIMULACRA2" not in one.name]
    known += [Encoder("JPEG, jpegli (pyjpegli)", (60, 70, 80), jpegli)] if _is_there("pyjpegli") else []
    known += [Encoder("JPEG, jpegli (ajpegli)", (60, 70, 80), ajpegli)] if _is_there("ajpegli") else []
    return known


def suffix_of(encoder: Encoder) -> str:
    """The extension of the encoder's files."""
    return encoding_of(Variant(name="v", format=OutputFormat(encoder.name[:4].lower()))).extension


def _is_there(module: str) -> bool:
    try:
        importlib.import_module(module)
    except ImportError:
        return False
    return True
