"""What names a recipe: the name of a built-in or stored recipe, a version of a stored one, or a file."""

import re
from pathlib import Path
from typing import Final

from pixelfleet.recipes.reader import BUILTIN

#: The name of a recipe, and for one version of a stored recipe its number or the beginning of its digest.
NAME: Final = re.compile(r"(?P<name>[a-z][a-z0-9-]{0,63})(@(?P<version>[0-9a-f]{1,64}))?")


def is_local(name_or_path: str) -> bool:
    """Whether an argument names a built-in recipe or a file, so that no fleet is asked for the recipe."""
    return name_or_path in BUILTIN or Path(name_or_path).is_file() or not NAME.fullmatch(name_or_path)
