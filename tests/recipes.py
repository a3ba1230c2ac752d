"""Recipes for tests."""

from pixelfleet import recipes
from pixelfleet.recipes import Recipe


def shop(width: int = 100, name: str = "shop") -> Recipe:
    """A recipe with one variant, whose digest depends on the width."""
    text = f'name = "{name}"\ndescription = "for the shop"\n[[variants]]\nname = "card"\nbox = [{width}, {width}]\n'
    return recipes.parse(text, f"{name}.toml")
