"""Records of what was done: run.json, classifier.json, metrics.json, ..."""

import json
from pathlib import Path
from typing import Any

from vae.services.errors import reading
from vae.services.files import atomic


def read(path: str | Path) -> dict[str, Any]:
    """Read a record.

    Raises UserError where the file is damaged or is something else.
    """
    with reading(path):
        record = json.loads(Path(path).read_text(encoding="utf-8"))
        if not isinstance(record, dict):
            raise ValueError("it holds no names and values")
        return record


def write(record: dict[str, Any], path: str | Path) -> None:
    """Write a record. It appears whole or not at all.

    Raises ValueError if a number is not finite.
    """
    with atomic(path) as part:
        part.write_text(json.dumps(record, indent=1, allow_nan=False) + "\n", encoding="utf-8")
