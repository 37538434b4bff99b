"""Codes as text: points of latent space that a person or another program wrote."""

import math

import numpy as np

from vae.services.errors import UserError


def parse(text: str, latent_dim: int, place: str, detail: int = 0) -> np.ndarray:
    """Parse codes, one per line: numbers separated by commas, semicolons or white space.

    Empty lines, brackets and a header are ignored.

    place: where the text comes from, for messages; detail: see `code`.

    Returns float32 [N, D]. Raises UserError if there is no code, or a line is not one.
    """
    codes = []
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


def text(codes: np.ndarray) -> str:
    """Return codes [N, D] as CSV without a header; parsing it gives the same float32."""
    return "".join(",".join(f"{value:.9g}" for value in row) + "\n" for row in codes.tolist())


def is_number(part: str) -> bool:
    """Return whether a text is a finite number."""
    try:
        return math.isfinite(float(part))
    except ValueError:
        return False


def _split(line: str) -> list[str]:
    return line.translate(_SEPARATORS).split()


_SEPARATORS = str.maketrans(",;[](){}\ufeff", " " * 9)
