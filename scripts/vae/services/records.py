"""Records of what was done: run.json, metrics.json."""

import json
from pathlib import Path
from typing import Any

from vae.services.errors import reading


def read(path: str | Path) -> dict[str, Any]:
    """Read a record.

    Raises UserError where the file is damaged or is something else.
    """
    with reading(path):
        record = json.loads(Path(path).read_text(encoding="utf-8"))
        if not isinstance(record, dict):
            raise ValueError("it holds no names and values")
        return record
