"""What identifies a raw file: its size and SHA-256, or the SHA-256 of what it unpacks to."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

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
    """

    size: int | None = None
    sha256: str | None = None
    content_sha256: str | None = None

    def __post_init__(self):
        if not (self.sha256 or self.content_sha256):
            raise ValueError("a raw file needs sha256 or content_sha256 to be known by")

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
        if self.content_sha256:
            hasher = hashlib.sha256()
            try:
                for chunk in idx.content(path):
                    hasher.update(chunk)
            except ValueError as error:
                raise RefusedError(str(error)) from error
        else:
            with path.open("rb") as file:
                hasher = hashlib.file_digest(file, "sha256")
        expected, digest = self.content_sha256 or self.sha256, hasher.hexdigest()
        if digest != expected:
            raise RefusedError(f"checksum differs: expected {expected}, got {digest}")
