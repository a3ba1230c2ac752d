"""The words that a field of a recipe may have."""

from enum import StrEnum


class OutputFormat(StrEnum):
    """`auto` is WebP where the source has alpha or is animated, else JPEG."""

    AUTO = "auto"
    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    AVIF = "avif"
    JXL = "jxl"
    TIFF = "tiff"


class Fit(StrEnum):
    """`inside` keeps all of the image, `cover` fills the box and crops, `exact` stretches to the box."""

    INSIDE = "inside"
    COVER = "cover"
    EXACT = "exact"


class Gravity(StrEnum):
    """The part of the image that `cover` keeps, and the position of a watermark."""

    CENTRE = "centre"
    NORTH = "north"
    NORTH_EAST = "north-east"
    EAST = "east"
    SOUTH_EAST = "south-east"
    SOUTH = "south"
    SOUTH_WEST = "south-west"
    WEST = "west"
    NORTH_WEST = "north-west"
    ATTENTION = "attention"
    ENTROPY = "entropy"
    FACE = "face"

    @property
    def is_searched(self) -> bool:
        """Whether the part depends on the pixels, so that it is no position."""
        return self in (Gravity.ATTENTION, Gravity.ENTROPY, Gravity.FACE)


class Redaction(StrEnum):
    """What a variant does not show."""

    FACE = "face"


class RedactionStyle(StrEnum):
    """How redacted parts look. Both keep the same few colours of a part, and nothing else."""

    BLUR = "blur"
    PIXELATE = "pixelate"


class Metadata(StrEnum):
    """What a variant keeps of EXIF, XMP and IPTC: nothing, maker and owner, or all that is true of the variant."""

    STRIP = "strip"
    COPYRIGHT = "copyright"
    KEEP = "keep"


class Profile(StrEnum):
    """The colour profile: colours are converted to sRGB, or are left as they are with their profile."""

    STRIP = "strip"
    KEEP = "keep"


class JpegEncoder(StrEnum):
    """The program that writes JPEG: libjpeg-turbo, or jpegli."""

    LIBJPEG = "libjpeg"
    JPEGLI = "jpegli"


class Metric(StrEnum):
    """How a variant is compared with its pixels before the encode. Each metric has a scale of its own."""

    SSIM = "ssim"
    SSIMULACRA2 = "ssimulacra2"

    @property
    def label(self) -> str:
        return self.value.upper()


class CameraRaw(StrEnum):
    """`preview` takes the picture that the camera embedded, if it is at least as large as the variant."""

    PREVIEW = "preview"
    DEVELOP = "develop"


class Hdr(StrEnum):
    """High dynamic range: light beyond white is mapped to an ordinary screen, or is kept where the formats can."""

    STRIP = "strip"
    KEEP = "keep"
