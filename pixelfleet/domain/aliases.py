"""Aliases: copies of results under readable keys, such as `shoes/red_card.jpg`. Pure.

A template makes the keys: `{path}/{stem}_{variant}.{ext}`. An alias belongs to one image: a claim in the catalog says
to which. Sets of tiles have no alias: their tens of thousands of files would be stored twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from pixelfleet.domain.attempts import Refusal
from pixelfleet.domain.records import Alias, AliasState, Image, StoredVariant
from pixelfleet.domain.result_keys import parse_result_key
from pixelfleet.domain.variant_files import extension_of
from pixelfleet.errors import SetupError
from pixelfleet.key_templates import AliasTemplate, NoAliasError, check_key, check_length

#: No owner's name begins with one of these (see `keys`), so no alias is among an owner's results.
_OUTSIDE_OWNERS: Final = "_.-~!"


@dataclass(frozen=True, slots=True)
class AliasPlace:
    """The bucket and the prefix of aliases, and the bucket of results."""

    bucket: str
    prefix: str
    results_bucket: str

    def key(self, key: str) -> str:
        """The whole key.

        Raises:
            NoAliasError: the key is too long, or could be the key of a result.
        """
        whole = self.prefix + key
        check_length(whole)
        if self.bucket == self.results_bucket and parse_result_key(whole) is not None:
            raise NoAliasError("the key has the form of a result's own key")
        return whole


@dataclass(frozen=True, slots=True)
class PlannedAlias:
    """One file of an image, and the key of its alias; without a key, `problem` says why."""

    file: StoredVariant
    key: str = ""
    problem: str = ""


def check_prefix(prefix: str, *, in_results_bucket: bool) -> None:
    """
    Raises:
        SetupError: the prefix is no prefix of keys; or it lies among the results, and an owner may have its name.
    """
    try:
        if prefix:
            check_key(prefix.removesuffix("/"))
    except NoAliasError as error:
        raise SetupError(f"the prefix of aliases {prefix!r}: {error}") from None
    if prefix and not prefix.endswith("/"):
        raise SetupError(f"the prefix of aliases {prefix!r} should end with a slash")
    if in_results_bucket and (not prefix or prefix[0] not in _OUTSIDE_OWNERS):
        raise SetupError(
            f"the prefix of aliases {prefix!r} could be the folder of an owner: in the bucket of results it should "
            "begin with _, as in _alias/; or name another bucket"
        )


def planned_aliases(image: Image, template: AliasTemplate | None, place: AliasPlace) -> list[PlannedAlias]:
    """The aliases of the present results, in the order of the record."""
    if template is None or image.revision is None:
        return []
    return [_planned(image, file, template, place) for file in image.variants if file.files == 1]


def with_aliases(image: Image, aliases: tuple[Alias, ...]) -> Image:
    """The record with these aliases. It is due for reconcile while another image has one of the keys."""
    due = any(alias.state in (AliasState.TAKEN, AliasState.REFUSED) for alias in aliases)
    return image.model_copy(update={"aliases": aliases, "alias_due": due or None})


def note_claims(image: Image | None, seen: Image, claims: Sequence[tuple[str, str]]) -> Image | Refusal:
    """Name aliases, by bucket and key, that an image has claimed and its record lacks: the next worker gives them up.

    SUPERSEDED if the record has other results than `seen`, whose worker makes its aliases anew. DONE if it lacks none.
    """
    if image is None:
        return Refusal.UNKNOWN
    if image.revision != seen.revision:
        return Refusal.SUPERSEDED
    recorded = {(alias.bucket, alias.key) for alias in image.aliases}
    added = [Alias(file=PurePosixPath(key).name, bucket=b, key=key) for b, key in claims if (b, key) not in recorded]
    if not added:
        return Refusal.DONE
    return image.model_copy(update={"aliases": (*image.aliases, *added), "alias_due": True})


def file_name(file: StoredVariant) -> str:
    """The name of a file within its revision, such as `card.jpg`: the same in each revision."""
    return PurePosixPath(file.key).name


def _planned(image: Image, file: StoredVariant, template: AliasTemplate, place: AliasPlace) -> PlannedAlias:
    folder, _, name = image.path.rpartition("/")
    values = {
        "owner": image.owner,
        "batch": image.batch or "",
        "path": folder,
        "stem": PurePosixPath(name).stem,
        "variant": file.name,
        "ext": extension_of(file),
        "image_id": image.image_id,
    }
    try:
        return PlannedAlias(file, place.key(template.fill(values)))
    except NoAliasError as error:
        return PlannedAlias(file, problem=str(error))
