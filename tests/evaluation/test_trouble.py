"""Signs in a trained run that its training did not work."""

import numpy as np
import pytest

from tests.helpers.networks import SHAPE, bernoulli_decoder
from vae.data.images import Split
from vae.evaluation import trouble
from vae.latent.onnx import Decoder
from vae.services import warning_texts

WORKS = {
    "active": 2,
    "dimensions": 2,
    "mse": 0.01,
    "mean_mse": 0.1,
    "variances": (0.05, 0.1),
}


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"active": 0}, "unused dimensions"),
        ({"active": 1, "dimensions": 11}, "unused dimensions"),
        ({"mse": 0.1}, "no reconstructions"),
        ({"variances": (0.001, 0.1)}, "all alike"),
        ({"variances": (0.0, 0.0)}, "all alike"),
    ],
)
def test_each_sign_has_a_name_and_says_what_to_do(changes, name):
    assert trouble.found(**WORKS) == {}
    assert trouble.found(**WORKS | {"active": 1, "dimensions": 10}) == {}
    found = trouble.found(**WORKS | changes)
    assert list(found) == [name]
    assert "may help" in warning_texts.sentences(found)[0]


def test_the_mean_image_is_that_of_training_images():
    train = np.full((3, *SHAPE), 255, np.uint8)
    pixels = np.stack([np.zeros(SHAPE, np.uint8), np.full(SHAPE, 255, np.uint8)])
    test = Split(pixels, np.zeros(2, int))
    assert trouble.mean_image_mse(train, test) == pytest.approx(0.5)


def test_the_spread_of_generated_and_of_test_images(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (50, *SHAPE), dtype=np.uint8)
    test = Split(pixels, np.zeros(50, int))
    bernoulli_decoder(tmp_path / "d.onnx", np.zeros((2, 6)))
    generated, real = trouble.spread(Decoder(tmp_path / "d.onnx"), test, seed=0)
    assert generated == pytest.approx(0, abs=1e-9)
    assert real == pytest.approx(1 / 12, rel=0.2)
