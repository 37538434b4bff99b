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
