import numpy as np
import pandas as pd
import pytest

from tests.helpers.figures import TITLE, picture, texts
from vae.figures import history


@pytest.mark.parametrize("epochs", [1, 2, 300])
def test_histories_of_any_length(tmp_path, epochs):
    columns = "loss reconstruction kl test_loss test_reconstruction test_kl learning_rate seconds"
    frame = pd.DataFrame({column: 1000.0 / np.arange(1, epochs + 1) for column in columns.split()})
    frame.insert(0, "epoch", np.arange(1, epochs + 1))
    figure = history.draw(frame, TITLE)
    picture(figure, tmp_path / "history.png")
    assert "epoch" in texts(figure)


def test_a_loss_that_stays_looks_so():
    noise = np.random.default_rng(0).random(20)
    frame = pd.DataFrame({"epoch": range(20), "learning_rate": 1e-3, "seconds": 1.0})
    for key, value in {"loss": 100 + noise / 100, "kl": noise * 1e-6}.items():
        frame[key] = frame[f"test_{key}"] = value
    frame["reconstruction"] = frame["test_reconstruction"] = frame["loss"]
    *losses, rate = history.draw(frame, TITLE).axes
    for axes, least in zip(losses, (5, 5, 0.1), strict=True):
        assert np.ptp(axes.get_ylim()) > least
    assert rate.get_ylim()[0] == 0
