"""Constants that modules of the library state, read from their source: nothing is imported."""

import ast
import functools
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@functools.cache
def constant(module: str, name: str) -> Any:
    """Return the literal that a module, such as `vae.explorer.runtime`, assigns to a name.

    Raises LookupError if there is none.
    """
    path = ROOT.joinpath(*module.split(".")).with_suffix(".py")
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                return ast.literal_eval(value)
    raise LookupError(f"{module} assigns nothing to {name}")
