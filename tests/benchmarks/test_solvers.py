import numpy as np
import pandas as pd
import pytest

from benchmarks import solvers
from tests.helpers.figures import picture


@pytest.mark.parametrize(("name", "order"), [("Euler", 1), ("Adams-Bashforth", 2), ("Heun", 2)])
def test_the_error_of_a_solver_falls_as_its_order_says(name, order):
    def error(steps):
        times = []

        def velocity(z, time):
            times.append(time)
            return z * np.cos(3 * time)

        end = solvers.SOLVERS[name](np.ones((1, 1)), velocity, steps)
        assert abs(len(times) - steps) <= 1
        assert 0 <= min(times) <= max(times) < 1
        return abs(end.item() - np.exp(np.sin(3) / 3))

    assert error(40) / error(80) == pytest.approx(2**order, rel=0.35)


def test_the_picture_has_a_line_for_each_solver_and_guidance(tmp_path):
    rows = pd.DataFrame(
        [
            {"solver": name, "velocities": n, "guidance": g, "frechet_distance": 9 / n + g}
            for name in solvers.SOLVERS
            for n in (10, 25)
            for g in (1.0, 2.0)
        ]
    )
    figure = solvers.draw(rows, "cifar10")
    assert len(figure.axes[0].lines) == 6
    picture(figure, tmp_path / "solvers.png")
