"""Kinds of values that the config's fields have.

Imported by the Snakefile, so by every process of a workflow: no NumPy, no TensorFlow here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)


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


# A text; numbers, which YAML does not read as text, are names too.
Name = Annotated[str, BeforeValidator(_as_text)]


def names(most: int) -> Any:
    """A list of at most so many names."""
    return Annotated[list[Name], Field(min_length=1, max_length=most)]


def listed(kind: Any, counts: Sequence[int], words: Sequence[str] = ()) -> Any:
    """A list of so many values of a kind; or one of some words, or, if there are none, one value.

    As one validator, since pydantic explains a union by what each of its members misses.
    """
    item = TypeAdapter(kind)
    lengths = " or ".join(map(str, counts))
    alone = " or ".join(words) or "a number"

    def check(value: Any) -> Any:
        if isinstance(value, str) and value in words:
            return value
        fits = len(value) in counts if isinstance(value, list) else not words
        if not fits:
            raise ValueError(f"should be {alone}, or a list of {lengths}")
        if isinstance(value, list):
            return [_validated(item, part) for part in value]
        return _validated(item, value)

    schema = item.json_schema()
    lists = [
        {"type": "array", "items": schema, "minItems": count, "maxItems": count} for count in counts
    ]
    others = [{"enum": [*words], "type": "string"}] if words else [schema]
    return Annotated[Any, PlainValidator(check), WithJsonSchema({"anyOf": [*others, *lists]})]


def keyed(kinds: Mapping[str, Any], like: Mapping[str, str]) -> Any:
    """Values of these kinds by key, a plain dict once read; some are by default like others."""
    items = {key: TypeAdapter(kind) for key, kind in kinds.items()}
    example = f"{{{', '.join(f'{key}: ...' for key in kinds)}}}"

    def check(value: Any) -> Any:
        if not isinstance(value, dict) or not {*kinds} - {*like} <= {*value} <= {*kinds}:
            raise ValueError(f"should be {example}")
        given = {other: value[like[other]] for other in like} | value
        return {key: _validated(item, given[key]) for key, item in items.items()}

    schema = {
        "type": "object",
        "properties": {key: item.json_schema() for key, item in items.items()},
        "required": [key for key in kinds if key not in like],
        "additionalProperties": False,
    }
    return Annotated[Any, PlainValidator(check), WithJsonSchema(schema)]


def or_auto(kind: Any) -> Any:
    """`auto`, or a value of another kind; what is wrong with a value is said about that kind."""
    schema = {"const": "auto", "type": "string"}
    return _either(lambda value: value == "auto", schema, kind)


def or_bool(kind: Any) -> Any:
    """`true`, `false`, or a value of another kind, as `or_auto`."""
    return _either(lambda value: isinstance(value, bool), {"type": "boolean"}, kind)


def _either(accepts: Callable[[Any], bool], schema: dict[str, str], kind: Any) -> Any:
    item = TypeAdapter(kind)

    def check(value: Any) -> Any:
        return value if accepts(value) else _validated(item, value)

    schemas = {"anyOf": [schema, item.json_schema()]}
    return Annotated[Any, PlainValidator(check), WithJsonSchema(schemas)]


def _validated(item: TypeAdapter, value: Any) -> Any:
    try:
        return item.validate_python(value)
    except ValidationError as error:
        raise ValueError(error.errors()[0]["msg"].removeprefix("Value error, ")) from None


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())
