"""An exponential average of the weights over the steps of a training.

Not Keras's `use_ema`, which overwrites the weights with the average at the end of each `fit`: here
an epoch is a `fit`, and the next one has to go on from the weights themselves.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import keras
from keras import ops


def averaging(kind: type[keras.Optimizer], decay: float) -> type[keras.Optimizer]:
    """The same kind of optimizer, which also averages the weights after each of its steps.

    The average starts as a copy of the weights. After step t it is d average + (1 - d) weights,
    with d = min(decay, (1 + t) / (10 + t)), as in TensorFlow's ExponentialMovingAverage.

    The optimizer's `averages` are in the order of the trainable variables. They are among its
    `variables`, so checkpoints have them. XLA needs it to be built before `fit`.
    """
    base = type(kind())  # under PyTorch, Keras replaces its optimizers by others, but no subclass

    class Averaging(base):
        def build(self, variables):
            super().build(variables)
            self.averages = [
                self.add_variable_from_reference(
                    variable, "average", lambda shape, dtype, start=variable: ops.copy(start)
                )
                for variable in variables
            ]

        def apply(self, grads, trainable_variables=None):
            super().apply(grads, trainable_variables)
            # With a decay of 0.999 from the start, three quarters of the average after 300 steps
            # would be the initial weights.
            t = ops.cast(self.iterations, "float32")
            rate = 1.0 - ops.minimum(decay, (1.0 + t) / (10.0 + t))
            # A list of our own would make the weights variables of the optimizer, too.
            for average, variable in zip(self.averages, self._trainable_variables, strict=True):
                self.assign_add(average, rate * (variable - average))

    return Averaging


def use_average(model: keras.Model) -> None:
    """Replace the weights of a model by their average, if its optimizer has one."""
    for average, variable in _pairs(model):
        variable.assign(ops.copy(average))  # under JAX, `evaluate` uses up the arrays it is given


@contextmanager
def averaged(model: keras.Model) -> Iterator[None]:
    """Within the block, replace the weights of a model by their average, if there is one."""
    weights = [(variable, ops.copy(variable)) for _, variable in _pairs(model)]
    use_average(model)
    try:
        yield
    finally:
        for variable, value in weights:
            variable.assign(value)


def _pairs(model: keras.Model) -> Iterator[tuple[keras.Variable, keras.Variable]]:
    """Pairs of an average and its variable; none if the optimizer keeps no average."""
    if hasattr(model.optimizer, "averages"):
        yield from zip(model.optimizer.averages, model.trainable_variables, strict=True)
