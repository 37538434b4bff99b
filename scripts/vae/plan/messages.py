"""What is said about mistakes in a config.

Imported by the Snakefile, so by every process of a workflow: no NumPy, no TensorFlow here.
"""

import difflib
import reprlib
from collections.abc import Iterable
from typing import Any

_repr = reprlib.Repr()  # few items and levels, since YAML aliases may multiply without end
_repr.maxlevel, _repr.maxstring, _repr.maxother = 3, 60, 60


class ConfigError(SystemExit):
    """Everything that is wrong with a config, one line each.

    A SystemExit, since Snakemake shows its text as it is, without a traceback or a line number of
    the Snakefile.
    """

    def __init__(self, errors: list[str]):
        count = "one error" if len(errors) == 1 else f"{len(errors)} errors"
        lines = "\n".join(f"  {error}" for error in errors)
        super().__init__(
            f"The config has {count}; nothing was run.\n\n{lines}\n\n"
            "config/README.md describes every key."
        )


def near(name: str, names: Iterable[str]) -> str:
    """ ", did you mean ...?" if a name is nearly one of some others, else a full stop."""
    close = difflib.get_close_matches(str(name), [*names], n=1)
    return f", did you mean {close[0]}?" if close else "."


def shortened(value: Any) -> str:
    """A value as Python writes it, in at most 60 characters."""
    text = _repr.repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
