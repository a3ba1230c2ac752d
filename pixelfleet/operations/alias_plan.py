"""The aliases that an image should have, by its recipe or the settings. Everything is only read."""

from collections.abc import Callable

from pixelfleet.deployment import Deployment
from pixelfleet.domain.aliases import PlannedAlias, file_name, planned_aliases
from pixelfleet.domain.jobs import Job, Origin
from pixelfleet.domain.records import AliasState, Image, RecipeRef, Status
from pixelfleet.errors import PermanentError
from pixelfleet.key_templates import AliasTemplate, alias_template
from pixelfleet.operations.recipe_choice import RecipeLoader
from pixelfleet.recipes import Recipe


class AliasPlan:
    """Plans aliases. Methods raise TransientError when S3 or DynamoDB does not answer."""

    def __init__(self, deployment: Deployment, load: Callable[[RecipeRef], Recipe] | None = None) -> None:
        """`load` reads a recipe."""
        self._deployment = deployment
        self._load = load or RecipeLoader(deployment).load

    def planned(self, image: Image) -> list[PlannedAlias]:
        """The aliases that the template of the image's recipe, else that of the settings, gives its results.

        Raises:
            PermanentError: this release cannot read the recipe.
        """
        if image.status is Status.DELETED or image.revision is None:
            return []
        return planned_aliases(image, self._template(image), self._deployment.settings.alias_place)

    def differ(self, image: Image) -> bool:
        """Whether the aliases of an image are not those of its record: the setting changed, or a copy is another."""
        try:
            planned = self.planned(image)
        except PermanentError:
            return False
        bucket = self._deployment.settings.alias_bucket
        recorded = {(alias.file, alias.bucket, alias.key): alias.state for alias in image.aliases}
        wanted = {(file_name(each.file), bucket, each.key): each.file for each in planned}
        if recorded.keys() != wanted.keys():
            return True
        held = [(place, file) for place, file in wanted.items() if recorded[place] is AliasState.HELD]
        return any(self._deployment.alias_objects.result_of((b, key)) != file.key for (_, b, key), file in held)

    def job(self, image: Image) -> Job | None:
        """The job for an image whose alias waits, if a try can change that now; or for a removed one with an alias."""
        taken = [(alias.bucket, alias.key) for alias in image.aliases if alias.state is AliasState.TAKEN]
        refused = any(alias.state is AliasState.REFUSED for alias in image.aliases)
        holders = self._deployment.alias_claims.holders(taken)
        # The image has the key itself, if a worker died between the claim and the record.
        free = any(holders.get(place, image.image_id) == image.image_id for place in taken)
        removed = image.status is Status.DELETED and bool(image.aliases)
        return image.job(Origin.ALIASES) if free or refused or removed else None

    def _template(self, image: Image) -> AliasTemplate | None:
        ref = image.revision_recipe or image.recipe
        own = self._load(ref).alias if ref is not None else None
        return alias_template(own) if own else self._deployment.settings.alias_template


def has_aliases(deployment: Deployment, image: Image) -> bool:
    """Whether an image has aliases, or should have some."""
    if image.aliases or deployment.settings.alias:
        return True
    try:
        return bool(AliasPlan(deployment).planned(image))
    except PermanentError:
        return False
