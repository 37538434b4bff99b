"""Constants that modules of the library state, read from their source: nothing is imported."""

import ast
import functools
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@functools.cache
def constant(module: str, name: str) -> Any:
    """Return the literal that a module, such as `vae.explorer.runtime`, assigns to a name.

    Raises LookupError if there is none.
    """
    values = literals(ROOT.joinpath(*module.split(".")).with_suffix(".py"))
    if name not in values:
        raise LookupError(f"{module} assigns no literal to {name}")
    return values[name]


def literals(file: Path) -> dict[str, Any]:
    """The constants of a module that are literals, by name."""
    values = {}
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name.isupper():
                with suppress(ValueError):  # not a literal
                    values[name] = ast.literal_eval(value)
    return values
