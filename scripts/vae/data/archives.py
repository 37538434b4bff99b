"""Reading archives that may be damaged or malicious: nothing is written to the disk."""

import gzip
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

# Three times the largest archive that is downloaded: a bomb ends at this many unpacked bytes.
MAX_BYTES = 1 << 29
MOST_TIMES = 100  # as many bytes as the archive has may be in a larger one of the user's own
LARGEST = 1 << 30  # bytes of a file in it, which is read as a whole

_PIECE = 1 << 20  # bytes


class ArchiveError(Exception):
    """An archive is damaged, or holds more than it should; the message says which."""


def names(path: str | Path) -> list[str]:
    """The paths of the regular files in a .zip, .tar, .tar.gz or .tgz archive, in its order.

    Links, encrypted files, devices and paths that lead out of the archive's folder are left out.

    Raises ArchiveError if the archive is damaged or a bomb, OSError if it cannot be read.
    """
    if _is_zip(path):
        with _zip(path) as archive:
            return [*_zip_members(archive, path)]
    return [str(name) for name, _ in _tar(path)]


def contents(path: str | Path, wanted: Collection[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the path and the content of files in an archive: of a .zip in the order of `wanted`.

    Raises as `names`.
    """
    if _is_zip(path):
        with _zip(path) as archive:
            members = _zip_members(archive, path)
            for name in wanted:
                yield name, archive.read(members[name])
    else:
        yield from ((str(name), data) for name, data in _tar(path) if str(name) in wanted)


def _is_zip(path: str | Path) -> bool:
    return str(path).lower().endswith(".zip")


def _limit(path: str | Path) -> int:
    return max(MAX_BYTES, MOST_TIMES * os.path.getsize(path))


@contextmanager
def _zip(path: str | Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (ArchiveError, FileNotFoundError, PermissionError, MemoryError):
        raise
    except Exception as error:  # zipfile raises whatever its parsing stumbles over
        raise ArchiveError(f"its content is damaged: {error}") from error


def _zip_members(archive: zipfile.ZipFile, path: str | Path) -> dict[str, zipfile.ZipInfo]:
    """The regular files in a zip file, by path. zipfile reads no more of one than it declares."""
    members = {}
    for info in archive.infolist():
        name = PurePosixPath(info.filename)
        is_link = stat.S_ISLNK(info.external_attr >> 16)
        if not (info.is_dir() or is_link or info.flag_bits & 1) and _inside(name):
            members[str(name)] = info
    sizes = [info.file_size for info in members.values()]
    if sum(sizes) > _limit(path):
        raise ArchiveError(f"it unpacks to more than {_limit(path):,} bytes")
    if max(sizes, default=0) > LARGEST:
        raise ArchiveError(f"it holds a file of more than {LARGEST:,} bytes")
    return members


def _tar(path: str | Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        yield from tar_members(file, packed, _limit(path))


def tar_members(
    file: BinaryIO, packed: bool = True, most: int | None = None
) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Yield the path and the content of each regular file in a .tar.gz archive, in its order.

    Links, devices, sparse files and paths that lead out of the archive's folder are left out.

    packed: whether it is packed by gzip; most: unpacked bytes, by default MAX_BYTES.

    Raises ArchiveError if the archive is damaged or unpacks to more than that.
    """
    for path, pieces in tar_files(file, _PIECE, most or MAX_BYTES, packed):
        content = bytearray()
        for piece in pieces:
            content += piece
            if len(content) > LARGEST:
                raise ArchiveError(f"it holds a file of more than {LARGEST:,} bytes")
        yield path, bytes(content)


def tar_files(
    file: BinaryIO, piece: int, most: int, packed: bool = True
) -> Iterator[tuple[PurePosixPath, Iterator[bytes]]]:
    """The same, the content of each file in pieces of so many bytes, of which the last is shorter.

    Raises ArchiveError if the archive is damaged or unpacks to more than `most` bytes.
    """
    stream = _Bounded(gzip.GzipFile(fileobj=file) if packed else file, most)
    with _reading(), tarfile.open(fileobj=stream, mode="r|") as tar:
        for member in tar:
            path = PurePosixPath(member.name)
            if member.isreg() and not member.issparse() and _inside(path):
                yield path, _pieces(tar.extractfile(member), piece)
            tar.members.clear()  # it would keep them all
        while stream.read(1 << 16):  # to the checksum at its end
            pass


def _pieces(file: BinaryIO, size: int) -> Iterator[bytes]:
    with _reading():
        while piece := file.read(size):
            yield piece


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise ArchiveError(f"its content is damaged: {error}") from error


class _Bounded:
    """The unpacked bytes of a stream, to a limit, whatever its headers declare."""

    def __init__(self, stream: BinaryIO, most: int):
        self._stream = stream
        self._most = self._left = most

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise ArchiveError(f"it unpacks to more than {self._most:,} bytes")
        return data


def _inside(path: PurePosixPath) -> bool:
    return not path.is_absolute() and ".." not in path.parts
