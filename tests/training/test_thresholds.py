"""Thresholds are quantiles of what the scorer gives, and are inside its file."""

import numpy as np
import onnxruntime
import pytest

from tests.helpers.scorers import scorer, with_thresholds
from vae.data.images import Images, Split
from vae.latent.scoring import Scorer
from vae.training import thresholds

SHAPE = (4, 6, 1)
RNG = np.random.default_rng(0)


def split(count, most=256):
    return Split(RNG.integers(0, most, (count, *SHAPE), np.uint8), np.zeros(count, int))


DATA = Images(split(50), split(40), validation=split(21, most=100))


def s_of(pixels, score):
    unit = pixels.reshape(len(pixels), -1).astype(np.float32) / 255
    return unit.sum(axis=1) if score == "sum" else unit.max(axis=1)


@pytest.mark.parametrize("score", ["sum", "max"])
@pytest.mark.parametrize("data", [DATA, Images(DATA.train, DATA.test)])
def test_thresholds_are_quantiles_of_validation_or_else_training_images(tmp_path, score, data):
    found = with_thresholds(tmp_path / "scorer.onnx", data, score, 0.3)
    among = data.validation or data.train
    s, maxima = (s_of(among.pixels, kind) for kind in (score, "max"))
    assert found.threshold == pytest.approx(np.quantile(s, 0.7), rel=1e-6)
    assert found.pixel_threshold == pytest.approx(np.quantile(maxima, 0.7), rel=1e-6)
    assert (found.lowest, found.highest) == (pytest.approx(s.min()), pytest.approx(s.max()))
    assert (found.among, found.images) == ("validation" if data.validation else "train", len(s))
    assert (found.score, found.contamination) == (score, 0.3)


@pytest.mark.parametrize("score", ["sum", "max"])
def test_the_file_alone_says_which_images_and_which_pixels_are_anomalies(tmp_path, score):
    path = tmp_path / "scorer.onnx"
    found = with_thresholds(path, DATA, score, 0.3)
    session = onnxruntime.InferenceSession(path)
    names = [output.name for output in session.get_outputs()]
    assert names == ["score", "error_map", "s", "pred_score", "pred_label", "pred_mask"]
    image = np.concatenate([DATA.test.pixels, DATA.validation.pixels]) / np.float32(255)
    given = dict(zip(names, session.run(None, {"image": image}), strict=True))
    s = given["score"] if score == "sum" else given["error_map"].max(axis=(1, 2))
    np.testing.assert_array_equal(given["s"], s)
    expected = np.clip((s - found.threshold) / (found.highest - found.lowest) + 0.5, 0, 1)
    np.testing.assert_allclose(given["pred_score"], expected, atol=1e-5)
    np.testing.assert_array_equal(given["pred_label"], s > found.threshold)
    np.testing.assert_array_equal(given["pred_mask"], image[..., 0] > found.pixel_threshold)
    assert given["pred_label"].any()
    assert not given["pred_label"].all()
    if score == "max":
        np.testing.assert_array_equal(given["pred_mask"].any(axis=(1, 2)), given["pred_label"])


def test_equal_scores_are_said_to_be_and_give_three_values(tmp_path, caplog):
    same = Split(np.full((3, *SHAPE), 51, np.uint8), np.zeros(3, int))
    found = with_thresholds(tmp_path / "scorer.onnx", Images(same, DATA.test))
    assert (
        "the scores of the 3 train images are all 4.8, so pred_score can be 0, 0.5" in caplog.text
    )
    assert found.lowest == found.highest == found.threshold
    pixels = np.stack([np.full(SHAPE, level, np.uint8) for level in (50, 51, 52)])
    given = Scorer(tmp_path / "scorer.onnx")(pixels)
    assert given["pred_score"].tolist() == [0, 0.5, 1]
    assert given["pred_label"].tolist() == [False, False, True]


def test_of_many_images_some_are_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr(thresholds, "MOST", 20)
    path = scorer(tmp_path / "scorer.onnx", SHAPE)
    found = thresholds.find(Scorer(path), Images(DATA.train, DATA.test), "sum", 0.1)
    assert found.images == 20
    assert found == thresholds.find(Scorer(path), Images(DATA.train, DATA.test), "sum", 0.1)
