"""What a part of the library, such as a network, states about itself in its file.

Read from the source, since importing the file would import Keras or NumPy. Imported by the
Snakefile, so by every process of a workflow: no NumPy, no TensorFlow here.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import Field

from vae.plan.constants import constant, literals
from vae.plan.fields import Setting, keyed, listed, names, real, whole

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Part:
    """A file of a folder of parts: its name, its settings, and its other constants.

    settings: key -> type ("whole", "real", "bool", "text", "choice", "names", or "keys" for values
    by key: `keys`, each as a setting, or needed unless it is by default `like` another one), bounds
    of a number
    (`ge`, `gt`, `le`, `lt`), `choices`, or how many names at `most`; default (or `required`: True),
    description; abbreviation, if it is in names of runs; default_text: the default in words, if it
    is None or parts differ in it; lists: the lengths of lists of numbers that will do as well as a
    number alone, or, with `choices`, as well as one of these. Parts that share settings name the
    modules that state them in SETTINGS_FROM, each with the keys that they take of it, or none for
    all; what a part states itself comes first.
    """

    name: str
    settings: Mapping[str, Mapping[str, Any]]
    constants: Mapping[str, Any]


@functools.cache
def parts(folder: str) -> Mapping[str, Part]:
    """The parts in a folder of the library, such as "models", by name: files with SETTINGS."""
    files = sorted((ROOT / folder).glob("[a-z]*.py"))
    constants = {file.stem: literals(file) for file in files}
    return MappingProxyType(
        {
            name: Part(name, _with_shared(values), values)
            for name, values in constants.items()
            if "SETTINGS" in values
        }
    )


def _with_shared(values: dict[str, Any]) -> dict[str, Any]:
    """The settings among the constants of a file, which then lack them; shared ones come first."""
    settings = {}
    for module, keys in values.pop("SETTINGS_FROM", {}).items():
        shared = constant(module, "SETTINGS")
        settings |= {key: shared[key] for key in keys or shared}
    return settings | values.pop("SETTINGS")


def fields(*folders: str, in_names: bool = True) -> dict[str, tuple[Any, Any]]:
    """A field for each setting of the parts in folders, of each of which one is chosen; sorted.

    For `pydantic.create_model`. None stands for the default of the part that is chosen.

    in_names: whether the settings are in names of runs, and so need abbreviations.

    Raises ValueError if two parts mean different things by one key.
    """
    result = {}
    for key, settings in _settings(*folders).items():
        defaults = {name: default(setting) for name, setting in settings.items()}
        setting = _shared(key, {name: s | {"default": None} for name, s in settings.items()})
        if in_names:
            about = Setting(setting["abbreviation"], by_part(defaults))
        else:
            about = Setting(default=setting.get("default_text") or _common(defaults))
        result[key] = _field(setting, about)
    return result


def default(setting: Mapping[str, Any]) -> Any:
    """The default of a setting, None if it is required."""
    return None if setting.get("required") else setting["default"]


def fields_of_all(folder: str) -> dict[str, tuple[Any, Any]]:
    """The same for parts that are all in use, such as figures: they share defaults, too.

    Raises ValueError if two parts state different things about one key.
    """
    result = {}
    for key, settings in _settings(folder).items():
        setting = _shared(key, settings)
        words = setting["default_text"] if setting["default"] is None else ""
        result[key] = _field(setting, Setting(default=words))
    return result


def by_part(values: Mapping[str, Any]) -> str:
    """Values by part in words: "mlp 512, conv and resnet 128"."""
    names: dict[Any, list[str]] = {}
    for name, value in values.items():
        if value is not None:
            names.setdefault(value, []).append(name)
    return ", ".join(f"{' and '.join(group)} {_plain(value)}" for value, group in names.items())


def _common(values: Mapping[str, Any]) -> str:
    """The value that all parts have, as it stands in YAML; by part if they differ."""
    (first, *others) = {*values.values()}
    return by_part(values) if others or first is None else f"`{_plain(first)}`"


def _settings(*folders: str) -> dict[str, dict[str, dict[str, Any]]]:
    """The settings of the parts in folders: key -> name of a part -> what it states."""
    settings: dict[str, dict[str, dict[str, Any]]] = {}
    for part in (part for folder in folders for part in parts(folder).values()):
        for key, setting in part.settings.items():
            settings.setdefault(key, {})[part.name] = dict(setting)
    return dict(sorted(settings.items()))


def _shared(key: str, settings: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """What all parts with this key state about it."""
    (first, shared), *others = settings.items()
    for name, setting in others:
        if setting != shared:
            raise ValueError(f"{name} and {first} state different things about {key}")
    return shared


def _field(setting: Mapping[str, Any], about: Setting) -> tuple[Any, Any]:
    kind = _kind(setting)
    default = setting["default"]
    annotation = Annotated[kind | None if default is None else kind, about]
    return annotation, Field(default, description=setting["description"])


def _kind(setting: Mapping[str, Any]) -> Any:
    match setting:
        case {"type": "whole", "bounds": bounds}:
            kind = whole(**bounds)
        case {"type": "real", "bounds": bounds}:
            kind = real(**bounds)
        case {"type": "choice", "choices": choices}:
            kind = Literal[tuple(choices)]
        case {"type": "text"}:
            kind = Annotated[str, Field(min_length=1)]
        case {"type": "bool"}:
            kind = bool
        case {"type": "names", "most": most}:
            kind = names(most)
        case {"type": "keys", "keys": keys}:
            like = {key: value["like"] for key, value in keys.items() if "like" in value}
            kind = keyed({key: _kind(value) for key, value in keys.items()}, like)
    if "lists" in setting:
        kind = listed(kind, setting["lists"], setting.get("choices", ()))
    return kind


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
