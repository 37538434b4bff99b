"""Codes drawn by a second stage: noise that follows a learned velocity until it is a code.

Such draws have no density that an ELBO could hold.
"""

from collections.abc import Callable

import numpy as np

from vae.latent.onnx import Velocity, slices

GUIDANCE = 1.5
STEPS = 25
TOGETHER = 256  # codes at a time


def draw(
    velocity: Velocity,
    n: int,
    labels: np.ndarray | None,
    guidance: float,
    steps: int,
    seed: int = 0,
) -> np.ndarray:
    """Independent draws of n codes, float32 [n, D], in equal steps of time.

    Adams and Bashforth's method of two steps, which costs as much as Euler's: it extrapolates from
    the velocity one step before. benchmarks/solvers.py measures what that is worth.

    labels: classes [n]; None, or a network without classes, for codes of any class. guidance: how
    far the velocity goes from that of any class to that of the class (Ho and Salimans 2022, arXiv
    2207.12598): 1 is as learned, 0 any class.
    """
    z = np.random.default_rng(seed).standard_normal((n, velocity.latent_dim), np.float32)
    for part in slices(n, TOGETHER):
        code = z[part]
        field = guided(velocity, None if labels is None else labels[part], guidance)
        before = None
        for step in range(steps):
            change = field(code, step / steps)
            code += (change if before is None else 1.5 * change - 0.5 * before) / steps
            before = change
    return z


def guided(
    velocity: Velocity, labels: np.ndarray | None, guidance: float
) -> Callable[[np.ndarray, float], np.ndarray]:
    """The velocity, float32 [n, D], of codes [n, D] at a time, with guidance to classes [n].

    labels, guidance: as in `draw`. A guidance other than 0 and 1 takes two passes.
    """
    if not velocity.classes or guidance == 0:
        labels = None

    def field(code: np.ndarray, time: float) -> np.ndarray:
        change = velocity(code, time, labels)
        if labels is None or guidance == 1:
            return change
        of_any = velocity(code, time)
        return of_any + np.float32(guidance) * (change - of_any)

    return field
