"""An area on the earth, by which images are looked for that have a place."""

import math
import re
from dataclasses import dataclass
from typing import Final

#: Kilometres around a place, unless the text says otherwise, and at most: half of the earth's circumference.
USUAL_KM: Final = 25.0
MOST_KM: Final = 20_037.0
#: The mean radius of the earth in kilometres (IUGG).
_EARTH: Final = 6_371.0088
_NUMBER: Final = r"[+-]?\d{1,5}(?:\.\d{1,9})?"
_AREA: Final = re.compile(rf"\s*({_NUMBER})\s*,\s*({_NUMBER})\s*(?:,\s*({_NUMBER})\s*(?:km)?\s*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Area:
    """A circle: its middle in degrees, its radius in kilometres."""

    latitude: float
    longitude: float
    km: float = USUAL_KM

    def has(self, place: str) -> bool:
        """Whether a place is inside; `place` is `latitude,longitude` in degrees. False for any other text."""
        match = _AREA.fullmatch(place)
        if match is None or match[3] is not None:
            return False
        return _distance((self.latitude, self.longitude), (float(match[1]), float(match[2]))) <= self.km


def parse_area(text: str) -> Area:
    """The area of `latitude,longitude` or `latitude,longitude,kilometres`.

    Raises:
        ValueError: the text is no area.
    """
    match = _AREA.fullmatch(text)
    area = Area(float(match[1]), float(match[2]), float(match[3] or USUAL_KM)) if match else None
    if area is None or abs(area.latitude) > 90 or abs(area.longitude) > 180 or not 0 < area.km <= MOST_KM:
        raise ValueError(
            "a place is latitude,longitude in degrees, and kilometres around it: 52.5163,13.3777 or 52.5163,13.3777,10"
        )
    return area


def _distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Kilometres along the great circle, by the haversine formula, which is exact enough for short distances too."""
    latitude, other_latitude = math.radians(one[0]), math.radians(other[0])
    across = math.radians(other[1] - one[1])
    half = math.sin((other_latitude - latitude) / 2) ** 2
    half += math.cos(latitude) * math.cos(other_latitude) * math.sin(across / 2) ** 2
    return 2 * _EARTH * math.asin(math.sqrt(min(1.0, half)))
