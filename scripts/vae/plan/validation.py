"""What can be checked key by key about a config.

Imported by the Snakefile, so by every process of a workflow: no NumPy, no TensorFlow here.
"""

from typing import Any

from pydantic import ValidationError

from vae.plan.config import (
    AnomalySettings,
    Config,
    Dataset,
    EvaluationSettings,
    ExplorerSettings,
    FigureSettings,
    SecondStageSettings,
)
from vae.plan.messages import ConfigError, near, shortened
from vae.plan.run_settings import Variant
from vae.plan.sources import OwnData, RawFile, Source, Wheel


def validate(config: dict[str, Any]) -> Config:
    """The config with its values checked and its defaults filled in.

    Raises ConfigError, which lists every mistake.
    """
    try:
        return Config.model_validate(config)
    except ValidationError as error:
        raise ConfigError([_explain(e) for e in error.errors()]) from None


def _explain(error: dict[str, Any]) -> str:
    """One line for an error of pydantic: the path, the value, what is allowed, a near name."""
    loc = [part for part in error["loc"] if part != "[key]"]
    if "source" in loc[:-1]:  # pydantic puts the kind of source into the path
        del loc[loc.index("source") + 1]
    path, kind, value = ".".join(str(part) for part in loc), error["type"], error["input"]
    if kind == "extra_forbidden":
        hint = near(loc[-1], _allowed_keys(loc[:-1])).removesuffix(".")
        return f"{path}: unknown key{hint}"
    if kind == "missing":
        return f"{path}: this key is needed"
    if kind == "string_pattern_mismatch" and len(loc) == 2 and loc[0] == "datasets":
        return f"{path}: a dataset's name is a letter, then letters, digits or _"
    if kind == "too_short":
        return f"{path}: an empty list gives no run; name at least one value"
    message = error["msg"].removeprefix("Value error, ").removeprefix("Input ")
    if kind == "literal_error":
        options = error["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        hint = near(value[:60], options) if isinstance(value, str) else "."
        return f"{path}: {shortened(value)} is not one of {', '.join(options)}{hint}"
    return f"{path}: {shortened(value)}: {message[0].lower()}{message[1:]}"


def _allowed_keys(loc: list[Any]) -> list[str]:
    """The keys that may stand at a place of the config."""
    model = Config
    names = [part for part in loc if isinstance(part, str)]
    if names[:1] == ["datasets"]:
        model = Variant if "variants" in names else Dataset
        model = {
            "anomaly": AnomalySettings,
            "figures": FigureSettings,
            "evaluation": EvaluationSettings,
            "explorer": ExplorerSettings,
            "second_stage": SecondStageSettings,
            "source": OwnData,
        }.get(names[-1], model)
    elif names[:1] == ["sources"]:
        model = {3: Wheel, 4: RawFile}.get(len(names), Source)
    return list(model.model_fields)
