"""Makes ministack keep S3 objects in files alone, stream objects, and refuse objects when the disk is full.

ministack 1.5.33 writes objects to disk (S3_PERSIST), but it holds the parts of an upload in memory, joins them there,
reads a whole file for an answer, and answers 200 where the disk was full, with the object in memory alone. The
functions that are replaced here are private: ministack is pinned, and a changed one stops the start.
"""

import errno
import inspect
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from pixelfleet.localcloud.file_piece import FilePiece
from pixelfleet.localcloud.spool import LARGE, Disk, SpoolFile

_FULL: Final = "This machine's disk did not take the object. Free some space and send it again."
_JOINED: Final = ('combined = b"".join(combined_parts)', "combined = _pixelfleet_join(combined_parts)")
_ONE_PIECE: Final = ('body = b"".join(chunks)', 'body = chunks[0] if len(chunks) == 1 else b"".join(chunks)')
_DIGESTED: Final = (
    'md5_digests += hashlib.md5(stored["body"]).digest()',
    'md5_digests += bytes.fromhex(stored["etag"].strip(\'"\'))',
)

_log = logging.getLogger(__name__)

Answer = tuple[int, dict[str, str], Any]


def install(s3: ModuleType, data: Path, disk: Disk | None = None) -> Disk:
    """Replace ministack's functions.

    Raises:
        RuntimeError: a function is not the one of the pinned version.
    """
    disk = disk or Disk(data)
    shutil.rmtree(disk.spool, ignore_errors=True)
    disk.spool.mkdir(mode=0o700, parents=True)
    _without_bytes_in_versions(s3)
    _stream_reads(s3)
    _spool_uploads(s3, disk)
    _take_form_files(s3, disk)
    _write_through(s3, disk)
    _link_displaced(s3)
    _check_copies(s3)
    return disk


def _without_bytes_in_versions(s3: ModuleType) -> None:
    entry_of = s3._version_entry_from_record  # noqa: SLF001
    # For an entry without bytes, this reads the object's file, or the file of a displaced version.
    s3._version_entry_from_record = lambda record, version, _data: entry_of(record, version, None)  # type: ignore[attr-defined] # noqa: SLF001


def _stream_reads(s3: ModuleType) -> None:
    get_object, read_body, version_body = s3._get_object, s3._read_body, s3._version_body  # noqa: SLF001
    streaming = False

    def get(*arguments: Any, **named: Any) -> Answer:
        nonlocal streaming
        streaming = True
        try:
            answer: Answer = get_object(*arguments, **named)
        finally:
            streaming = False
        return answer

    def file(path: str | None) -> FilePiece | None:
        if not streaming or path is None or not Path(path).is_file() or Path(path).stat().st_size < LARGE:
            return None
        return FilePiece(path)

    def read(bucket: str, key: str, record: dict[str, Any]) -> Any:
        held = record.get("body") is not None
        piece = None if held else file(s3._object_disk_path(bucket, key))  # noqa: SLF001
        return read_body(bucket, key, record) if piece is None else piece

    def version(bucket: dict[str, Any], name: str, key: str, entry: dict[str, Any]) -> Any:
        piece = None if entry.get("data") is not None else file(s3._version_disk_path(name, key, entry["version_id"]))  # noqa: SLF001
        return version_body(bucket, name, key, entry) if piece is None else piece

    s3._get_object, s3._read_body, s3._version_body = get, read, version  # type: ignore[attr-defined] # noqa: SLF001


def _spool_uploads(s3: ModuleType, disk: Disk) -> None:
    put_object, uploads = s3._put_object, s3._multipart_uploads  # noqa: SLF001

    def put(bucket: str, key: str, body: bytes, headers: dict[str, str]) -> Answer:
        try:
            spooled = _spool(body, disk)
        except OSError as error:
            return _refused(s3, error)
        with _current(disk, body, spooled):
            answer: Answer = put_object(bucket, key, body, headers)
        return answer

    def spooling(add_part: Callable[..., Answer]) -> Callable[..., Answer]:
        def add(*arguments: Any) -> Answer:
            answer = add_part(*arguments)
            try:
                _spool_parts(uploads.get(s3._qp(arguments[-2], "uploadId")), disk)  # noqa: SLF001
            except OSError as error:
                return _refused(s3, error)
            return answer

        return add

    s3._put_object = put  # type: ignore[attr-defined] # noqa: SLF001
    s3._upload_part = spooling(s3._upload_part)  # type: ignore[attr-defined] # noqa: SLF001
    s3._upload_part_copy = spooling(s3._upload_part_copy)  # type: ignore[attr-defined] # noqa: SLF001
    _rewrite(s3, "_complete_multipart_upload", {"_pixelfleet_join": disk.join}, _JOINED, _DIGESTED)


def _take_form_files(s3: ModuleType, disk: Disk) -> None:
    """Where a form has a placeholder of `form_files`, its value is the file on disk (form_files.py)."""
    parse, digest = s3._parse_multipart_form, s3.md5_hash  # noqa: SLF001

    def parsed(content_type: str, body: bytes) -> list[tuple[Any, ...]]:
        parts: list[tuple[Any, ...]] = parse(content_type, body)
        return [(*part[:-1], disk.form_files.get(part[-1], part[-1])) for part in parts]

    def md5(data: Any) -> str:
        spooled = data if isinstance(data, SpoolFile) else getattr(data, "spooled", None)
        hexdigest: str = digest(data) if spooled is None else spooled.md5
        return hexdigest

    s3._parse_multipart_form, s3.md5_hash = parsed, md5  # type: ignore[attr-defined] # noqa: SLF001


def _write_through(s3: ModuleType, disk: Disk) -> None:
    atomic_write, handle_request = s3._atomic_write, s3.handle_request  # noqa: SLF001

    def write(path: str, data: Any, *, text: bool = False) -> None:
        try:
            if isinstance(data, SpoolFile):
                data.path.replace(path)
            elif disk.current is not None and data is disk.current[0]:
                disk.current[1].path.replace(path)
            else:
                atomic_write(path, data, text=text)
        except OSError as error:
            disk.failures.append(error)
            raise

    async def handle(*arguments: Any, **named: Any) -> Answer:
        method, body = arguments[0], arguments[3]
        arrived = hasattr(body, "spooled")
        if method in {"PUT", "POST"} and disk.is_full(0 if arrived else len(body)):
            return _refused(s3, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        disk.failures.clear()
        answer: Answer = await handle_request(*arguments, **named)
        return _refused(s3, disk.failures[0]) if disk.failures else answer

    s3._atomic_write = write  # type: ignore[attr-defined] # noqa: SLF001
    s3.handle_request = handle  # type: ignore[attr-defined]


def _link_displaced(s3: ModuleType) -> None:
    """Give the file of a displaced version a second name instead of copying the file."""
    displaced = s3._persist_displaced_version  # noqa: SLF001

    def displace(bucket: str, key: str, prior: dict[str, Any] | None, versioning: str) -> None:
        source = s3._object_disk_path(bucket, key)  # noqa: SLF001
        path = s3._version_disk_path(bucket, key, (prior or {}).get("version_id") or "null")  # noqa: SLF001
        held = prior is None or prior.get("body") is not None or versioning != "Enabled"
        if held or source is None or path is None or not Path(source).is_file():
            displaced(bucket, key, prior, versioning)
            return
        Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        Path(path).unlink(missing_ok=True)
        os.link(source, path)

    s3._persist_displaced_version = displace  # type: ignore[attr-defined] # noqa: SLF001


def _check_copies(s3: ModuleType) -> None:
    """Let a copy keep its conditions on the key that it writes: ministack checks those of PutObject alone."""
    copy_object, check = s3._copy_object, s3._check_put_preconditions  # noqa: SLF001

    def copy(bucket: str, key: str, headers: dict[str, str]) -> Answer:
        present = (s3._ensure_bucket(bucket) or {}).get("objects", {}).get(key)  # noqa: SLF001
        refused: Answer | None = check(headers, present)
        return refused or copy_object(bucket, key, headers)

    s3._copy_object = copy  # type: ignore[attr-defined] # noqa: SLF001


@contextmanager
def _current(disk: Disk, body: bytes, spooled: SpoolFile) -> Iterator[None]:
    disk.current = (body, spooled)
    try:
        yield
    finally:
        disk.current = None


def _spool_parts(upload: dict[str, Any] | None, disk: Disk) -> None:
    for number, part in list((upload or {"parts": {}})["parts"].items()):
        if isinstance(body := part["body"], SpoolFile):
            continue
        try:
            part["body"] = _spool(body, disk)
        except OSError:
            del (upload or {})["parts"][number]
            raise


def _spool(body: Any, disk: Disk) -> SpoolFile:
    """The file of a body: the spool file of put_files.py, or a new file."""
    spooled: SpoolFile | None = getattr(body, "spooled", None)
    return disk.write(iter([body]), len(body)) if spooled is None else spooled


def _refused(s3: ModuleType, error: OSError) -> Answer:
    _log.error("an object was refused: %s", error)
    answer: Answer = s3._error("ServiceUnavailable", _FULL, 503)  # noqa: SLF001
    return answer


def take_mapped_bodies(ministack: ModuleType) -> None:
    """Let ministack use a body of one piece as it is, without a copy: the piece may be a mapped file.

    Raises:
        RuntimeError: the function is not the one of the pinned version.
    """
    _rewrite(ministack, "_read_request_body", {}, _ONE_PIECE)


def _rewrite(module: ModuleType, name: str, names: dict[str, Any], *changes: tuple[str, str]) -> None:
    """Replace expressions in a function's source: ministack has no separate function that could be replaced."""
    source = inspect.getsource(getattr(module, name))
    for old, new in changes:
        if source.count(old) != 1:
            raise RuntimeError(f"ministack's {name} is not the one that pixelfleet was written for")
        source = source.replace(old, new)
    vars(module).update(names)
    exec(compile(source, str(module.__file__), "exec"), vars(module))  # noqa: S102 - ministack's own, pinned
