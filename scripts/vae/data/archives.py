"""Reading .tar.gz archives that may be damaged or malicious, as a stream: nothing is written."""

import gzip
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import BinaryIO

# Three times the largest archive that is read here: a bomb ends at this many unpacked bytes.
MAX_BYTES = 1 << 29

_PIECE = 1 << 20  # bytes


class ArchiveError(Exception):
    """An archive is damaged, or holds more than it should; the message says which."""


def tar_members(file: BinaryIO) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Yield the path and the content of each regular file in a .tar.gz archive, in its order.

    Links, devices, sparse files and paths that lead out of the archive's folder are left out.

    Raises ArchiveError if the archive is damaged or unpacks to more than MAX_BYTES.
    """
    for path, pieces in tar_files(file, _PIECE, MAX_BYTES):
        yield path, b"".join(pieces)


def tar_files(
    file: BinaryIO, piece: int, max_bytes: int
) -> Iterator[tuple[PurePosixPath, Iterator[bytes]]]:
    """The same, the content of each file in pieces of so many bytes, of which the last is shorter.

    Raises ArchiveError if the archive is damaged or unpacks to more than `max_bytes`.
    """
    stream = _Bounded(gzip.GzipFile(fileobj=file), max_bytes)
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

    def __init__(self, stream: BinaryIO, max_bytes: int):
        self._stream = stream
        self._max_bytes = self._left = max_bytes

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise ArchiveError(f"it unpacks to more than {self._max_bytes:,} bytes")
        return data


def _inside(path: PurePosixPath) -> bool:
    return not path.is_absolute() and ".." not in path.parts
