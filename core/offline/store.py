"""A folder that answers like a bucket: ``s3://bucket/key`` is a file below the store's root.

Any key has exactly one place, whatever it looks like. A part of a key is percent-encoded; a part
that a ``/`` follows is a folder whose name ends in ``%2F``, so that the keys ``a`` and ``a/b``
live side by side; a leading dot is encoded, so that ``..`` cannot climb and temporary files, which
begin with a dot, are never taken for objects.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, unquote

from core.comprehend.engine import StoredObject
from core.errors import InvalidInput, OperationFailed
from core.files import atomic_writer
from core.progress import UNWATCHED, Watch
from core.text import printable

_ADDRESS = re.compile(r"s3://([a-z0-9][.\-a-z0-9]{1,61}[a-z0-9])(?:/(.*))?", re.DOTALL)
_FOLDER = "%2F"
_CONTINUED = "%-"
_EMPTY = "%"
_LONGEST_NAME = 200
_PLAIN = " ()+,=@!"
_BLOCK_BYTES = 1 << 20


class FolderStore:
    """Objects in a folder, addressed as in S3; safe for any number of processes at once."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path_of(self, uri: str) -> Path:
        """Return the file of an object, which may not exist.

        Raises:
            InvalidInput: not an S3 address with a bucket and a key.
        """
        bucket, key = split_address(uri)
        if not key:
            raise InvalidInput(
                "Not an object's address",
                f"{printable(uri, 120)} has no key",
                "write it as s3://bucket/key",
            )
        return self.root / bucket / _encoded(key)

    def upload(self, path: Path, uri: str, watch: Watch = UNWATCHED) -> None:
        """Copy the file `path` to `uri`, replacing what is there; readers never see a part.

        Raises:
            InvalidInput: `uri` is no object's address, or `path` cannot be read.
            OperationFailed: the store cannot be written.
            Interrupted: stopping was asked for; the store is as before.
        """
        target = self.path_of(uri)
        try:
            source = path.open("rb")
        except OSError as error:
            raise InvalidInput(
                "Cannot upload", f"{path}: {error.strerror or error}", "check the file's path"
            ) from error
        with source, atomic_writer(target) as sink:
            _copy(source, sink, f"uploading {path.name}", watch)

    def download(self, uri: str, path: Path, watch: Watch = UNWATCHED) -> None:
        """Copy the object `uri` to the file `path`, which appears whole or not at all.

        Raises:
            InvalidInput: `uri` is no object's address.
            OperationFailed: there is no such object, or `path` cannot be written.
            Interrupted: stopping was asked for; `path` is as before.
        """
        try:
            source = self.path_of(uri).open("rb")
        except OSError as error:
            raise OperationFailed(
                "Cannot download",
                f"{printable(uri, 200)}: there is no such object",
                "check that the job has ended and that its output was not deleted",
            ) from error
        with source, atomic_writer(path) as sink:
            _copy(source, sink, f"downloading {path.name}", watch)

    def list(self, prefix_uri: str) -> list[StoredObject]:
        """Return every object whose key begins with the key of `prefix_uri`, sorted by address.

        Raises:
            InvalidInput: not an S3 address.
        """
        bucket, prefix = split_address(prefix_uri)
        folder_key = prefix[: prefix.rfind("/") + 1]
        start = self.root / bucket / _encoded_folder(folder_key)
        objects = [
            StoredObject(f"s3://{bucket}/{key}", size)
            for key, size in _objects(start, folder_key)
            if key.startswith(prefix)
        ]
        return sorted(objects, key=lambda item: item.uri)

    def delete(self, uri: str) -> None:
        """Remove one object; removing an absent one is no error, as in S3.

        Raises:
            InvalidInput: `uri` is no object's address.
            OperationFailed: the file cannot be removed.
        """
        path = self.path_of(uri)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise OperationFailed(
                "Cannot delete", f"{path}: {error.strerror or error}", "check the permissions"
            ) from error


def split_address(uri: str) -> tuple[str, str]:
    """Return bucket and key of an S3 address; the key is "" when there is none.

    Raises:
        InvalidInput: not an S3 address.
    """
    match = _ADDRESS.fullmatch(uri)
    if match is None:
        raise InvalidInput("Not an S3 address", printable(uri, 120), "write it as s3://bucket/key")
    return match[1], match[2] or ""


def _copy(source: BinaryIO, sink: BinaryIO, task: str, watch: Watch) -> None:
    total = os.fstat(source.fileno()).st_size
    done = 0
    watch.report(task, 0, total, "bytes")
    while block := source.read(_BLOCK_BYTES):
        watch.check()
        sink.write(block)
        done += len(block)
        watch.report(task, done, total, "bytes")


def _encoded(key: str) -> Path:
    folder_key, _, name = key.rpartition("/")
    parent = _encoded_folder(f"{folder_key}/" if "/" in key else "")
    *starts, last = _pieces(name)
    return parent.joinpath(*(piece + _CONTINUED for piece in starts), last or _EMPTY)


def _encoded_folder(key: str) -> Path:
    """Return the relative folder of a key that is empty or ends in ``/``."""
    folder = Path()
    for segment in key.split("/")[:-1]:
        *starts, last = _pieces(segment)
        folder = folder.joinpath(*(piece + _CONTINUED for piece in starts), last + _FOLDER)
    return folder


def _pieces(segment: str) -> list[str]:
    """Encode one part of a key as file names that are short enough for any file system."""
    pieces = [""]
    for character in segment:
        code = quote(character, safe=_PLAIN, errors="surrogatepass")
        if code == "." and not pieces[-1]:
            code = "%2E"
        if len(pieces[-1]) + len(code) > _LONGEST_NAME:
            pieces.append("")
            code = "%2E" if code == "." else code
        pieces[-1] += code
    return pieces


def _objects(folder: Path, key: str) -> Iterator[tuple[str, int]]:
    """Yield key and size of each object below `folder`, whose own key is `key`."""
    try:
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        name = entry.name
        if name.startswith("."):
            continue
        if name.endswith(_FOLDER):
            inner = unquote(name.removesuffix(_FOLDER), errors="surrogatepass") + "/"
            yield from _objects(folder / name, key + inner)
        elif name.endswith(_CONTINUED):
            inner = unquote(name.removesuffix(_CONTINUED), errors="surrogatepass")
            yield from _objects(folder / name, key + inner)
        else:
            inner = "" if name == _EMPTY else unquote(name, errors="surrogatepass")
            try:
                yield key + inner, entry.stat().st_size
            except FileNotFoundError:
                continue
