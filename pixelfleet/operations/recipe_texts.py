"""Storing the text of a recipe where the workers of a deployment read it."""

from pixelfleet.deployment import Deployment
from pixelfleet.domain.records import RecipeRef
from pixelfleet.recipes import Recipe


def reference(recipe: Recipe) -> RecipeRef:
    """The name and digest of a recipe."""
    return RecipeRef(name=recipe.name, digest=recipe.digest)


def store_recipe(deployment: Deployment, recipe: Recipe) -> RecipeRef:
    """Store the text of a recipe, before a record or job names the recipe: every release of the worker can read it.

    Raises:
        TransientError: DynamoDB does not answer.
    """
    ref = reference(recipe)
    deployment.recipe_texts.put(ref, recipe.to_text())
    return ref
