"""Reading .tar.gz archives that may be damaged or malicious, as a stream: nothing is written."""

import gzip
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO

# Three times the largest archive that is read here: a bomb ends at this many unpacked bytes.
MAX_BYTES = 1 << 29


class ArchiveError(Exception):
    """An archive is damaged, or holds more than it should; the message says which."""


def tar_members(file: BinaryIO) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Yield the path and the content of each regular file in a .tar.gz archive, in its order.

    Links, devices, sparse files and paths that lead out of the archive's folder are left out.

    Raises ArchiveError if the archive is damaged or unpacks to more than MAX_BYTES.
    """
    stream = _Bounded(gzip.GzipFile(fileobj=file))
    try:
        with tarfile.open(fileobj=stream, mode="r|") as tar:
            for member in tar:
                path = PurePosixPath(member.name)
                if member.isreg() and not member.issparse() and _inside(path):
                    yield path, tar.extractfile(member).read()
                tar.members.clear()  # it would keep them all
        while stream.read(1 << 16):  # to the checksum at its end
            pass
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise ArchiveError(f"its content is damaged: {error}") from error


class _Bounded:
    """The unpacked bytes of a stream, to a limit, whatever its headers declare."""

    def __init__(self, stream: BinaryIO):
        self._stream = stream
        self._left = MAX_BYTES

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise ArchiveError(f"it unpacks to more than {MAX_BYTES:,} bytes")
        return data


def _inside(path: PurePosixPath) -> bool:
    return not path.is_absolute() and ".." not in path.parts
