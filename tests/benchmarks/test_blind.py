import numpy as np
import pandas as pd
import pytest

from benchmarks import blind
from tests.helpers.networks import bernoulli_decoder
from tests.latent.test_second_stage import network
from vae.data import images
from vae.data.images import Images, Split
from vae.services.errors import UserError
from vae.terminal.trained_run import Run


@pytest.fixture
def folder(tmp_path):
    bernoulli_decoder(tmp_path / "decoder.onnx", np.random.default_rng(0).normal(size=(2, 6)))
    network(tmp_path / "second_stage.onnx")
    return tmp_path


def test_a_page_has_a_row_a_class_in_an_order_that_the_key_alone_tells(folder):
    orders = set()
    for seed in range(8):
        samples, names = blind.page(Run(folder), [], 3, 2.0, 2, seed)
        assert samples.shape[:2] == (2, 3)
        orders.add(tuple(names))
    assert orders == {("cat", "dog"), ("dog", "cat")}
    _, names = blind.page(Run(folder), ["dog"], 1, 2.0, 2, 0)
    assert names == ["dog"]
    with pytest.raises(UserError, match="cow"):
        blind.page(Run(folder), ["cow"], 1, 2.0, 2, 0)


def test_the_command_writes_page_key_and_nearest_images(folder):
    shape = Run(folder).decoder.image_shape
    pixels = np.random.default_rng(0).integers(0, 256, (20, *shape), dtype=np.uint8)
    split = Split(pixels, np.zeros(20, int))
    images.save(Images(split, split, ("cat", "dog")), folder / "images.npz")
    data = ["--images", str(folder / "images.npz")]
    blind.main([str(folder), "--each", "2", *data, "--out", str(folder / "page")])
    assert sorted(pd.read_csv(folder / "page/key.csv")["class"]) == ["cat", "dog"]
    assert (folder / "page/page.png").exists()
    assert (folder / "page/nearest.png").exists()
