"""What the config may hold, for editors (JSON schema) and for people (tables of config/README.md).

`make schema` writes both: python -m vae.plan.reference SCHEMA README
"""

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from vae.plan import config
from vae.plan.config import Dataset, SourceSettings
from vae.plan.fields import Setting
from vae.plan.run_settings import ABBREVIATIONS, RunSettings, VariantTerms
from vae.plan.sources import RawFile, Source, Wheel


def json_schema() -> dict[str, Any]:
    """JSON schema of the config."""
    schema = config.Config.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return schema


def tables() -> dict[str, str]:
    """The tables of config/README.md, by the names that its markers have."""
    dataset, run = Dataset.model_fields, RunSettings.model_fields
    images = SourceSettings.model_fields
    own = [key for key in dataset if key not in {*run, *images}]
    abbreviations = (
        f"`{short}`" if short == key else f"`{short}` {key}" for key, short in ABBREVIATIONS.items()
    )
    return {
        "config": _table(config.Config.model_fields),
        "dataset": _table({key: dataset[key] for key in own}),
        "run": _table({key: run[key] for key in ABBREVIATIONS}),
        "variant": _table(VariantTerms.model_fields),
        "images": _table(images),
        "figures": _table(config.FigureSettings.model_fields),
        "evaluation": _table(config.EvaluationSettings.model_fields),
        "second_stage": _table(config.SecondStageSettings.model_fields),
        "anomaly": _table(config.AnomalySettings.model_fields),
        "explorer": _table(config.ExplorerSettings.model_fields),
        "source": _table(Source.model_fields),
        "file": _table(RawFile.model_fields),
        "wheel": _table(Wheel.model_fields),
        "abbreviations": f"Abbreviations: {', '.join(abbreviations)}.",
    }


def filled(text: str) -> str:
    """A document with each table between its markers, <!-- name --> and <!-- end of name -->."""
    for name, table in tables().items():
        start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        pattern = f"{re.escape(start)}.*?{re.escape(end)}"
        text, count = re.subn(pattern, lambda _, s=f"{start}{table}\n{end}": s, text, flags=re.S)
        if count != 1:
            raise ValueError(f"the table {name} has {count} places; it needs one")
    return text


def _table(fields: dict[str, FieldInfo]) -> str:
    rows = [("key", "default", "meaning"), ("---",) * 3]
    rows += [(f"`{key}`", _default(field), field.description) for key, field in fields.items()]
    return "\n".join(f"| {' | '.join(_cells(row))} |" for row in rows)


def _default(field: FieldInfo) -> str:
    for setting in field.metadata:
        if isinstance(setting, Setting) and setting.default:
            return setting.default
    if field.is_required() or field.default is None:
        return ""
    # As YAML has it: false, 60, []; and 1 for 1.0.
    value = field.default
    return f"`{value:g}`" if type(value) is float else f"`{json.dumps(value).strip(chr(34))}`"


def _cells(row: Iterable[str]) -> list[str]:
    return [cell.strip().replace("|", r"\|") for cell in row]


def main(path_to_schema: str, path_to_readme: str) -> None:
    """Write the schema, and the tables into the README."""
    Path(path_to_schema).write_text(json.dumps(json_schema(), indent=1) + "\n", encoding="utf-8")
    readme = Path(path_to_readme)
    readme.write_text(filled(readme.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
