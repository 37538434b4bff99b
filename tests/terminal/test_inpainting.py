"""`generate --inpaint` on networks that are computed by hand."""

import numpy as np
import pytest
from PIL import Image

from scripts import generate
from tests.helpers.networks import encoder, gaussian_decoder


def call(*words):
    return generate.main([str(word) for word in words])


@pytest.fixture
def linear(tmp_path):
    """A run whose images are gray by the first value of their code, with little noise."""
    folder = tmp_path / "ld_1"
    folder.mkdir()
    weight, bias = np.full((1, 6), 0.2), np.full(6, 0.5)
    gaussian_decoder(folder / "decoder.onnx", weight, 0.02, bias, likelihood="gaussian")
    mean = (np.full((6, 1), 1 / 1.2), np.full(1, -2.5))
    encoder(folder / "encoder.onnx", mean, (np.zeros((6, 1)), np.full(1, -3.0)))
    (folder / "posterior.onnx").touch()  # what a normal q(z|x) needs nothing of
    picture = np.array([[200, 200, 0], [200, 200, 0]], np.uint8)
    Image.fromarray(picture).save(tmp_path / "picture.png")
    Image.fromarray(np.where(picture, 0, 255).astype(np.uint8)).save(tmp_path / "mask.png")
    return folder


def test_hidden_pixels_are_what_the_visible_ones_say(linear, tmp_path):
    words = ("--inpaint", tmp_path / "picture.png", "--mask", tmp_path / "mask.png")
    for size, more in ((1, ()), (3, ("--samples", 3))):
        assert call(linear, *words, *more, "--crop", "fit", "-o", tmp_path / "a.npy") == 0
        images = np.load(tmp_path / "a.npy")
        assert images.shape == (size, 2, 3, 1)
        np.testing.assert_allclose(images, 200 / 255, atol=0.03)
    assert call(linear, *words, "--crop", "fit", "-o", tmp_path / "a.png") == 0
    with Image.open(tmp_path / "a.png") as image:
        assert image.size == (96, 64)


def test_a_mask_is_what_it_is_whatever_the_range_of_the_images_and_their_negative(linear, tmp_path):
    weight, bias = np.full((1, 6), 0.2), np.full(6, 0.5)
    image = {"preparation": {"crop": "fit", "intensity": [0, 2550], "bands": 0}}
    about = {"likelihood": "gaussian", "image": image}
    gaussian_decoder(linear / "decoder.onnx", weight, 0.02, bias, **about)
    words = ("--inpaint", tmp_path / "picture.png", "--mask", tmp_path / "mask.png", "--invert")
    assert call(linear, *words, "-o", tmp_path / "a.npy") == 0
    (image,) = np.load(tmp_path / "a.npy")
    np.testing.assert_allclose(image, 1 - 20 / 255, atol=0.03)


@pytest.mark.parametrize(
    ("mask", "words", "message"),
    [
        ("picture.png", ["-o", "a.csv"], "makes pictures, not codes"),
        ("black.png", ["-o", "a.png"], "nothing is hidden"),
        ("white.png", ["-o", "a.png"], "everything is hidden"),
        (None, ["-o", "a.png"], "--mask"),
        ("mask.png", [], "image.png"),
    ],
)
def test_mistakes_about_hidden_pixels_are_told(linear, tmp_path, capsys, mask, words, message):
    for name, value in (("black", 0), ("white", 255)):
        Image.new("L", (3, 2), value).save(tmp_path / f"{name}.png")
    masks = ["--mask", tmp_path / mask] if mask else []
    image = ("--inpaint", tmp_path / "picture.png", "--crop", "fit")
    assert call(linear, *image, *masks, *words) == 1
    assert message in capsys.readouterr().err
