"""Codes as text: points of latent space that a person or another program wrote."""

import math

import numpy as np

from vae.services.errors import UserError


def parse(text: str, latent_dim: int, place: str) -> np.ndarray:
    """Parse codes, one per line: numbers separated by commas, semicolons or white space.

    Empty lines, brackets and a header are ignored.

    place: where the text comes from, for messages.

    Returns float32 [N, D]. Raises UserError if there is no code, or a line is not one.
    """
    codes = []
    for number, line in enumerate(text.splitlines(), 1):
        parts = _split(line)
        if not parts or (not codes and not any(map(is_number, parts))):
            continue
        codes.append(code(line, latent_dim, f"{place}, line {number}"))
    if not codes:
        raise UserError(f"{place}: there is no code in it, {latent_dim} numbers a line.")
    return np.stack(codes)


def code(text: str, latent_dim: int, place: str) -> np.ndarray:
    """Parse one code: float32 [D].

    Raises UserError if the text is not `latent_dim` finite numbers.
    """
    parts = _split(text)
    for part in parts:
        if not is_number(part):
            raise UserError(f"{place}: {part!r} is no number.")
    if len(parts) != latent_dim:
        raise UserError(
            f"{place}: a code of this run is {latent_dim} number{'s' * (latent_dim != 1)}, "
            f"not {len(parts)}."
        )
    return np.array([float(part) for part in parts], np.float32)


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
