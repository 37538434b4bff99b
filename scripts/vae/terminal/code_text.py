"""Codes as text: points of latent space that a person or another program wrote."""

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vae.services.errors import UserError

FILE = "file"  # head of the column of names


def parse(text: str, latent_dim: int, place: str, detail: int = 0) -> np.ndarray:
    """Parse codes, one per line: numbers separated by commas, semicolons or white space.

    Empty lines, brackets and a header are ignored; so is the first column of what `text` gives
    with names of files.

    place: where the text comes from, for messages; detail: see `code`.

    Returns float32 [N, D]. Raises UserError if there is no code, or a line is not one.
    """
    codes = []
    text = text.removeprefix("\ufeff")
    if text.startswith(f"{FILE},"):
        rows = csv.reader(io.StringIO(text))
        text = "\n".join(",".join(row[1:]) for row in rows)
    for number, line in enumerate(text.splitlines(), 1):
        parts = _split(line)
        if not parts or (not codes and not any(map(is_number, parts))):
            continue
        codes.append(code(line, latent_dim, f"{place}, line {number}", detail))
    if not codes:
        raise UserError(f"{place}: there is no code in it, {latent_dim} numbers a line.")
    return np.stack(codes)


def code(text: str, latent_dim: int, place: str, detail: int = 0) -> np.ndarray:
    """Parse one code: float32 [D], latent_dim + detail numbers.

    The last `detail` of them may be missing in the text: they are 0.

    Raises UserError if the text is something else.
    """
    parts = _split(text)
    for part in parts:
        if not is_number(part):
            raise UserError(f"{place}: {part!r} is no number.")
    if len(parts) not in (latent_dim, latent_dim + detail):
        whole = f" (with its detail {latent_dim + detail})" if detail else ""
        raise UserError(
            f"{place}: a code of this run is {latent_dim} number{'s' * (latent_dim != 1)}{whole}, "
            f"not {len(parts)}."
        )
    z = np.zeros(latent_dim + detail, np.float32)
    z[: len(parts)] = [float(part) for part in parts]
    return z


def text(codes: np.ndarray, files: Sequence[Path] | None = None) -> str:
    """Return codes [N, D] as CSV; parsing it gives the same float32.

    files: what they are codes of, for a first column of names, below a header; else there is none.
    """
    rows = [[f"{value:.9g}" for value in row] for row in codes.tolist()]
    if files is None:
        return "".join(",".join(row) + "\n" for row in rows)
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow([FILE, *(f"z{dimension}" for dimension in range(codes.shape[1]))])
    writer.writerows([file, *row] for file, row in zip(files, rows, strict=True))
    return table.getvalue()


def is_number(part: str) -> bool:
    """Return whether a text is a finite number."""
    try:
        return math.isfinite(float(part))
    except ValueError:
        return False


def _split(line: str) -> list[str]:
    return line.translate(_SEPARATORS).split()


_SEPARATORS = str.maketrans(",;[](){}\ufeff", " " * 9)
