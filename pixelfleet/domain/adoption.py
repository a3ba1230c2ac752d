"""Objects of a bucket that existed before the deployment: objects without an image, and the record of one. Pure."""

from typing import Final

from pixelfleet.domain.jobs import Job, Lane, Origin
from pixelfleet.domain.keys import Place
from pixelfleet.domain.records import AttemptLine, Image, Status
from pixelfleet.domain.sequencers import next_sequencer, pad_sequencer
from pixelfleet.errors import Cause

#: The sequencer of a job for an object that no event reported: less than that of any event.
BEFORE_ALL: Final = "0"
#: Endings of keys that name no image. For every other object, a worker checks the bytes.
_DOCUMENTS: Final = """
    avro css csv doc docx eml epub gz htm html ini ipynb json jsonl key log md numbers odp ods odt orc pages parquet
    pdf ppt pptx rtf sql sqlite toml tsv txt xls xlsx xml yaml yml
"""
_FILM_AND_SOUND: Final = """
    3gp aac aiff avi flac flv m2ts m4a m4v mid mkv mov mp3 mp4 mpeg mpg mts ogg ogv opus wav webm wma wmv
"""
_PROGRAMS: Final = """
    7z apk bin bz2 class dll dmg exe iso jar js mjs msi otf pkg py rar rb rpm sh so tar tf tgz ts ttf wasm woff woff2
    xz zip zst
"""
_BESIDE_IMAGES: Final = "bak crc lock manifest md5 sha1 sha256 sum tmp xmp"
OTHER_ENDINGS: Final = frozenset(f"{_DOCUMENTS} {_FILM_AND_SOUND} {_PROGRAMS} {_BESIDE_IMAGES}".split())


def cannot_be_image(key: str, size: int, max_bytes: int) -> Cause | None:
    """The reason why the object of this key and size is no image; None if only its bytes can show it.

    `max_bytes` is the size of the largest object that the deployment takes.
    """
    if size == 0:
        return Cause.EMPTY
    if size > max_bytes:
        return Cause.TOO_MANY_BYTES
    name = key.rpartition("/")[2]
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    return Cause.NOT_AN_IMAGE if ending in OTHER_ENDINGS or name.lower() in ("thumbs.db", ".ds_store") else None


def is_back(image: Image, etag: str) -> bool:
    """Whether the object of a removed image is in its bucket again.

    Where only the image was removed, the object stays: it is back once it has other bytes.
    """
    return image.status is Status.DELETED and not (image.released and image.etag == etag)


def present_order(image: Image | None) -> str:
    """The sequencer of a job for the present object of a key: just above that of the record, which was read before.

    With the sequencer of a tombstone, the job would be taken for the version that was removed; with that of a record,
    a job of the record's own version, which may be on its way, would replace the present version.
    """
    return BEFORE_ALL if image is None else next_sequencer(image.sequencer)


def adopted_image(job: Job, place: Place, lane: Lane, at: str, who: str) -> Image:
    """The record of an object before its job is sent. The record fixes its owner and its batch.

    The record shows that the object is adopted: a later listing of the bucket reads the record, and a job from another
    source, such as an event, keeps the owner and the batch of the record.
    """
    queued = AttemptLine(at=at, what="queued", worker=who, origin=Origin.ADOPT)
    return Image(
        image_id=job.image_id,
        bucket=job.bucket,
        key=job.key,
        owner=place.owner,
        batch=place.batch,
        status=Status.QUEUED,
        source_version=job.source_version,
        version_id=job.version_id,
        etag=job.etag,
        sequencer=pad_sequencer(job.sequencer),
        bytes=job.bytes,
        lane=lane,
        attempt_log=(queued,),
        uploaded_at=at,
    )
