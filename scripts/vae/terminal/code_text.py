"""Codes as text: points of latent space that a person or another program wrote."""

import math

import numpy as np

from vae.services.errors import UserError


def parse(text: str, latent_dim: int, place: str) -> np.ndarray:
    """Codes, one a line: numbers with commas, semicolons or white space between them.

    Empty lines, brackets and a first line of names do not count.

    place: where the text comes from, for messages.

    Returns float32 [N, D]. Raises UserError where there is no code, or where one is none.
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
    """One code: float32 [D].

    Raises UserError where the text is not `latent_dim` finite numbers.
    """
    parts = _split(text)
    if wrong := [part for part in parts if not is_number(part)]:
        raise UserError(f"{place}: {wrong[0]!r} is no number.")
    if len(parts) != latent_dim:
        counted = "1 number" if latent_dim == 1 else f"{latent_dim} numbers"
        raise UserError(f"{place}: a code of this run is {counted}, not {len(parts)}.")
    return np.array([float(part) for part in parts], np.float32)


def text(codes: np.ndarray) -> str:
    """Codes [N, D] as CSV without names, which give the same float32 when parsed."""
    return "".join(",".join(f"{value:.9g}" for value in row) + "\n" for row in codes.tolist())


def is_number(part: str) -> bool:
    """Whether a text is a number, and a finite one."""
    try:
        return math.isfinite(float(part))
    except ValueError:
        return False


def _split(line: str) -> list[str]:
    return line.translate(_SEPARATORS).split()


_SEPARATORS = str.maketrans(",;[](){}\ufeff", " " * 9)
