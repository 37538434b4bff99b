import numpy as np
import pytest

from tests.helpers.figures import TITLE, picture, texts
from vae.figures import neighbours

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("values", [1, 2 * 12, neighbours.VALUES])
def test_the_nearest_image_of_all_is_found(monkeypatch, values):
    monkeypatch.setattr(neighbours, "VALUES", values)  # one image at a time, two, all
    pixels = RNG.integers(0, 256, (5, 2, 2, 3), np.uint8)
    queries = (pixels[[4, 0, 2]] / 255).clip(0.1, 0.9)
    found, distances = neighbours.nearest(queries, pixels)
    np.testing.assert_array_equal(found, pixels[[4, 0, 2]])
    expected = np.sqrt(np.square(queries - pixels[[4, 0, 2]] / 255).mean(axis=(1, 2, 3)))
    np.testing.assert_allclose(distances, expected, atol=1e-6)


def test_mirrored_images_count_where_training_has_them():
    pixels = np.uint8([[[0, 255], [0, 0]], [[255, 255], [255, 255]]])[..., None]
    query = np.float32(pixels[:1, :, ::-1]) / 255
    found, distances = neighbours.nearest(query, pixels, flip=True)
    np.testing.assert_array_equal(found, pixels[:1, :, ::-1])
    assert distances == [0]
    found, distances = neighbours.nearest(query, pixels)
    np.testing.assert_array_equal(found, pixels[:1])
    np.testing.assert_allclose(distances, [np.sqrt(0.5)], rtol=1e-6)


@pytest.mark.parametrize("shape", [(8, 8, 1), (37, 50, 3), (128, 128, 3)])
def test_neighbours_have_a_readable_size(tmp_path, shape):
    samples = RNG.random((7, *shape), np.float32)
    found = RNG.integers(0, 256, samples.shape, np.uint8)
    figure = neighbours.draw(samples, found, 3, 200, (0.1234, 0.2), TITLE)
    picture(figure, tmp_path / "neighbours.png")
    assert {"sample", "nearest"} <= set(texts(figure))
    assert any("0.123 for 200 samples, 0.200 for" in text for text in texts(figure))
