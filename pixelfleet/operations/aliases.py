"""Aliases of images: claimed in the catalog, copied in S3, noted in the record.

Each step may be repeated, and any number of processes may do so at once. Whoever copies to an alias reads the catalog
again afterwards, and copies again if the image has other results by now, or the alias another image. So the last copy
is of what the catalog says. If a process dies between its copy and that read, its message is delivered again; if that
message is lost too, the sweep of `reconcile` finds the alias.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from pixelfleet.aws.alias_objects import ForeignObjectError
from pixelfleet.aws.objects import ObjectGoneError
from pixelfleet.deployment import Deployment
from pixelfleet.domain.aliases import PlannedAlias, file_name
from pixelfleet.domain.jobs import Origin
from pixelfleet.domain.records import Alias, AliasState, Image, RecipeRef, StoredVariant
from pixelfleet.domain.transitions import Refusal
from pixelfleet.errors import Cause, PermanentError, SetupError, TransientError
from pixelfleet.operations.alias_plan import AliasPlan
from pixelfleet.recipes import Recipe

#: How often aliases are made again because the catalog has changed meanwhile.
TRIES: Final = 10
Place = tuple[str, str]

TAKEN: Final = "another image has this key and keeps it; an image that waits gets the key once the other is removed"
FOREIGN: Final = (
    "the key has a file that pixelfleet did not write, and keeps it: move or delete that file, and the next scheduled "
    "reconcile writes the alias; or choose another template"
)


class AliasCopies:
    """Writes single aliases as the catalog says. Methods raise TransientError when S3 or DynamoDB does not answer."""

    def __init__(self, deployment: Deployment, plan: AliasPlan) -> None:
        self._deployment = deployment
        self._plan = plan

    def settle(self, place: Place) -> None:
        """Write to an alias what the catalog says belongs there, or delete its object if nothing does.

        Raises:
            SetupError: S3 refuses to write to the bucket, or the key has a file of somebody else.
        """
        for _ in range(TRIES):
            wanted = self._wanted(place)
            try:
                if wanted is None:
                    self._deployment.alias_objects.delete(place)
                else:
                    self._deployment.alias_objects.copy(wanted.key, wanted.content_type, place)
            except ObjectGoneError:
                continue
            if self._wanted(place) == wanted:
                return
        raise TransientError(Cause.THROTTLED, f"alias {place[1]!r} has another image at every look")

    def _wanted(self, place: Place) -> StoredVariant | None:
        """The file that an alias should hold now."""
        holder = self._deployment.alias_claims.holder(place)
        image = self._deployment.images.get(holder) if holder is not None else None
        if image is None:
            return None
        bucket = self._deployment.settings.alias_bucket
        try:
            files = {(bucket, each.key): each.file for each in self._plan.planned(image)}
        except PermanentError:
            by_name = {file_name(file): file for file in image.variants}
            files = {(a.bucket, a.key): by_name[a.file] for a in image.aliases if a.file in by_name}
        return files.get(place)


class Aliases:
    """Makes the aliases of images. Methods raise TransientError when S3, DynamoDB or SQS does not answer."""

    def __init__(self, deployment: Deployment, load: Callable[[RecipeRef], Recipe] | None = None) -> None:
        """`load` reads a recipe."""
        self._deployment = deployment
        self._plan = AliasPlan(deployment, load)
        self._copies = AliasCopies(deployment, self._plan)

    def sync(self, image: Image) -> Image:
        """Make the aliases of the present results, and remove the others; returns the record afterwards.

        Without a template and without aliases, nothing is read or written.
        """
        copied: set[Place] = set()
        for _ in range(TRIES):
            try:
                planned = self._plan.planned(image)
            except PermanentError:
                # A release that can read the recipe makes the aliases.
                return image
            if not planned and not image.aliases and not copied:
                return image
            try:
                aliases = tuple(self._make(image, each, copied) for each in planned)
            except ObjectGoneError:
                aliases = None
            if aliases is not None:
                self._remove_others(image, aliases, copied)
                noted = self._deployment.images.set_aliases(image, aliases)
                if noted is not Refusal.SUPERSEDED:
                    return noted if isinstance(noted, Image) else image
            present = self._deployment.images.get(image.image_id)
            if present is None:
                return image
            image = present
        raise TransientError(Cause.THROTTLED, f"image {image.image_id} has other results at every look")

    def _make(self, image: Image, planned: PlannedAlias, copied: set[Place]) -> Alias:
        name, bucket = file_name(planned.file), self._deployment.settings.alias_bucket
        if planned.problem:
            return Alias(file=name, bucket=bucket, state=AliasState.INVALID, problem=planned.problem)
        place = (bucket, planned.key)
        holder = self._deployment.alias_claims.claim(place, image.image_id)
        if holder != image.image_id:
            self._deployment.alias_claims.wait(place, holder, image.image_id)
            return Alias(file=name, bucket=bucket, key=planned.key, state=AliasState.TAKEN, problem=TAKEN)
        copied.add(place)
        held = any((alias.bucket, alias.key) == place and alias.state is AliasState.HELD for alias in image.aliases)
        try:
            self._deployment.alias_objects.copy(planned.file.key, planned.file.content_type, place, held=held)
        except ForeignObjectError:
            return Alias(file=name, bucket=bucket, key=planned.key, state=AliasState.TAKEN, problem=FOREIGN)
        except SetupError as error:
            return Alias(file=name, bucket=bucket, key=planned.key, state=AliasState.REFUSED, problem=str(error))
        return Alias(file=name, bucket=bucket, key=planned.key)

    def _remove_others(self, image: Image, aliases: tuple[Alias, ...], copied: set[Place]) -> None:
        """Give up the aliases that the image had, and does not have any more, to the images that wait for them.

        If such a job is lost, or several images wait for one key, reconcile sends the jobs.
        """
        heirs: dict[str, None] = {}
        # Also an alias that was taken: the image may have claimed it since, and died before the record said so.
        before = {(alias.bucket, alias.key) for alias in image.aliases if alias.key}
        kept = {(alias.bucket, alias.key) for alias in aliases if alias.key}
        for place in sorted((before | copied) - kept):
            heir = self._deployment.alias_claims.release(place, image.image_id)
            # A bucket that was taken away must not keep an image from being removed.
            with suppress(SetupError):
                self._copies.settle(place)
            heirs |= {heir: None} if heir is not None else {}
        for waiting in self._deployment.images.get_many(heirs).values():
            self._deployment.queues.send_one(waiting.next_lane, waiting.job(Origin.ALIASES))
