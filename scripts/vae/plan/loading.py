"""YAML files to one checked config.

Imported by the Snakefile, so by every process of a workflow: no NumPy, no TensorFlow here.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from vae.plan.messages import ConfigError
from vae.plan.runs import Settings, resolve

SOURCES, CONFIG = FILES = ("config/sources.yaml", "config/config.yaml")
DATASETS = "config/datasets"  # a folder of such files, each laid over these
PROJECT = Path(__file__).resolve().parents[3]
MAX_DEPTH = 50

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def files() -> list[str]:
    """Paths of sources.yaml, config.yaml and config/datasets/*.yaml: the project's, from anywhere.

    The working directory's own config/config.yaml takes the place of config.yaml, if it has one.
    """
    own = Path(CONFIG).is_file()
    datasets = sorted((PROJECT / DATASETS).glob("*.yaml"))
    return [
        _shown(PROJECT / SOURCES),
        CONFIG if own else _shown(PROJECT / CONFIG),
        *map(_shown, datasets),
    ]


def load(
    config: Mapping[str, Any] | None = None, paths: Sequence[str | Path] | None = None
) -> Settings:
    """The settings in YAML files, by default `files()`, each laid over those before it.

    config: laid over all of them, such as what --config and --configfile gave Snakemake.

    Raises ConfigError, which lists every mistake.
    """
    return resolve(merged([*read(*(files() if paths is None else paths)), config or {}]))


def read(*paths: str | Path) -> list[dict[str, Any]]:
    """The content of YAML files.

    Raises ConfigError if a file is missing, is not YAML, or has a key twice.
    """
    contents, errors = [], []
    for path in paths:
        try:
            text = Path(path).read_text(encoding="utf-8")
            _check_depth(text)
            content = yaml.load(text, _UniqueKeys)
            if not isinstance(content, dict | None):
                errors.append(f'{path}: should hold keys and values, such as "datasets:"')
            contents.append(content or {})
        except OSError as error:
            errors.append(f"{path}: {error.strerror}")
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            place = f"{path}, line {mark.line + 1}, column {mark.column + 1}" if mark else path
            errors.append(f"{place}: not valid YAML: {error.problem}")
        except Exception as error:  # whatever a constructor stumbles over: impossible dates
            errors.append(f"{path}: not valid YAML: {error}")
    if errors:
        raise ConfigError(errors)
    return contents


def merged(configs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Configs laid over each other, key by key, as Snakemake does it."""
    result: dict[str, Any] = {}
    for config in configs:
        for key, value in config.items():
            below = result.get(key)
            if isinstance(below, Mapping) and isinstance(value, Mapping):
                result[key] = merged([below, value])
            else:
                result[key] = value
    return result


def _shown(path: Path) -> str:
    """A path as messages show it: relative to the working directory, if it is in there."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _check_depth(text: str) -> None:
    """Raise YAMLError before a text is read that would exhaust the stack."""
    depth = 0
    for event in yaml.parse(text, _Loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise yaml.MarkedYAMLError(
                problem=f"lists and keys within each other, more than {MAX_DEPTH} levels deep",
                problem_mark=event.start_mark,
            )


class _UniqueKeys(_Loader):
    """YAML silently takes the last of two equal keys; a lost dataset is worth an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(
                    problem="keys must be plain words, not lists or mappings",
                    problem_mark=key.start_mark,
                )
            if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
                raise yaml.MarkedYAMLError(
                    problem=f'duplicate key "{key.value}"', problem_mark=key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)
