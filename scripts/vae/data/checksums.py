"""What identifies a raw file: its size and a checksum, or the SHA-256 of what it unpacks to."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vae.data.sources import idx


class RefusedError(Exception):
    """A place did not give the right file; the message says why in a few words."""


@dataclass(frozen=True)
class Identity:
    """Size and checksums of a raw file.

    size: of the file, in bytes.
    sha256: of the file.
    content_sha256: of the uncompressed content. If set, it alone decides: the file may then be
        compressed by anyone, or not at all.
    git, md5: of the file, the name that Git gives it, or its MD5: only if there is no SHA-256.
    """

    size: int | None = None
    sha256: str | None = None
    content_sha256: str | None = None
    git: str | None = None
    md5: str | None = None

    def __post_init__(self):
        if not self._expected:
            raise ValueError("a raw file needs sha256, content_sha256, git or md5 to be known by")

    @property
    def _expected(self) -> str | None:
        return self.content_sha256 or self.sha256 or self.git or self.md5

    @property
    def limit(self) -> int | None:
        """The most bytes that the file may have."""
        return idx.MAX_BYTES if self.content_sha256 else self.size

    def check_size(self, size: int) -> None:
        """Raise RefusedError if a file of `size` bytes cannot be the right one."""
        if not size:
            raise RefusedError("the file is empty")
        if not self.content_sha256 and self.size not in (None, size):
            raise RefusedError(f"{size:,} bytes, expected {self.size:,}")
        if self.limit and size > self.limit:
            raise RefusedError(f"{size:,} bytes, more than {self.limit:,}")

    def check(self, path: Path) -> None:
        """Raise RefusedError if the file at `path` is not the right one."""
        self.check_size(path.stat().st_size)
        digest = self._content_digest(path) if self.content_sha256 else self._digest(path)
        if digest != self._expected:
            raise RefusedError(f"checksum differs: expected {self._expected}, got {digest}")

    def _content_digest(self, path: Path) -> str:
        hasher = hashlib.sha256()
        try:
            for chunk in idx.content(path):
                hasher.update(chunk)
        except ValueError as error:
            raise RefusedError(str(error)) from error
        return hasher.hexdigest()

    def _digest(self, path: Path) -> str:
        def start() -> Any:
            if self.sha256:
                return hashlib.sha256()
            if self.git:
                return hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
            return hashlib.md5(usedforsecurity=False)

        with path.open("rb") as file:
            return hashlib.file_digest(file, start).hexdigest()
