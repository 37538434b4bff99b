"""Kinds of values that the config's fields have.

Imported by the Snakefile, so by every process of a workflow: no NumPy, no TensorFlow here.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


@dataclass(frozen=True)
class Setting:
    """Annotation of a field: its abbreviation in names of runs; its default in words, if needed."""

    abbreviation: str = ""
    default: str = ""


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("should be a number")
    return value


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


class OneOrMore:
    """Annotation: a value or a list of values, a list once read."""

    @classmethod
    def __class_getitem__(cls, item: Any) -> Any:
        return Annotated[list[item], Field(min_length=1), BeforeValidator(_as_list), cls()]

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> Any:
        schema = handler(core_schema)
        return {"anyOf": [schema["items"], schema]}


def whole(**bounds: int) -> Any:
    """A whole number; bounds: `ge`, `le`."""
    return Annotated[int, Field(**bounds), BeforeValidator(_no_bool)]


def real(**bounds: float) -> Any:
    """A finite number; bounds: `ge`, `gt`, `le`, `lt`."""
    return Annotated[float, Field(allow_inf_nan=False, **bounds), BeforeValidator(_no_bool)]


def _as_text(value: Any) -> Any:
    return str(value) if type(value) in (int, float) else value


def names(most: int) -> Any:
    """A list of at most so many names; numbers, which YAML does not read as text, are names too."""
    name = Annotated[str, BeforeValidator(_as_text)]
    return Annotated[list[name], Field(min_length=1, max_length=most)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())
