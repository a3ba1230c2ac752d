"""Stores the outputs of the engine as results, and describes them for the record."""

from typing import TYPE_CHECKING

from pixelfleet.aws.objects import Objects, Stored
from pixelfleet.domain.records import Image, StoredVariant
from pixelfleet.domain.result_keys import revision_folder
from pixelfleet.domain.scores import as_stored_score, as_stored_simulacra

if TYPE_CHECKING:
    from pixelfleet.images.rendition import RenderedVariant


class ResultStore:
    """Stores results of one revision of an image: equal outputs have equal keys."""

    def __init__(self, objects: Objects, image: Image, results: str, recipe: str, at: str) -> None:
        """`recipe` is the name of the recipe, and `at` the time, that the attributes of each object have."""
        self._objects = objects
        self._image = image
        self._folder = revision_folder(image.owner, image.image_id, results)
        self._recipe, self._at = recipe, at

    def store(self, variant: "RenderedVariant") -> StoredVariant:
        """
        Raises:
            TransientError: S3 does not answer.
        """
        attributes = Stored(variant.content_type, self._image.key, self._recipe, self._at)
        key = f"{self._folder}{variant.path.name}"
        if variant.tiles is not None:
            # Tiles are stored before their entry file: a tile set with an entry file is whole.
            self._objects.store_folder(variant.tiles, f"{self._folder}{variant.tiles.name}/", attributes)
        sha256 = self._objects.store(variant.path, key, attributes)
        return StoredVariant(
            name=variant.name,
            key=key,
            format=variant.format,
            width=variant.width,
            height=variant.height,
            bytes=variant.bytes,
            content_type=variant.content_type,
            sha256=variant.manifest or sha256,
            files=variant.files,
            hdr=variant.hdr,
            quality=variant.quality,
            score=as_stored_score(variant.ssim),
            ssimulacra2=as_stored_simulacra(variant.ssimulacra2),
        )
