import numpy as np
import pytest

from tests.helpers.networks import SHAPE, bernoulli_decoder, encoder, gaussian_decoder
from vae.data import images
from vae.data.images import Images, Split
from vae.evaluation import generation
from vae.evaluation.sample_metrics import FLOOR, ORIGINS
from vae.latent import mixture
from vae.latent.onnx import Classifier, Encoder
from vae.services.errors import UserError


@pytest.fixture
def compared(run):
    """A function of images, and of networks other than those of `run`: values by origin."""
    files = run("gaussian", 2)
    parts = {
        "encoder": Encoder(files["path_to_encoder"]),
        "decoder": gaussian_decoder(files["path_to_decoder"], np.zeros((2, 6))),
        "mixture": mixture.load(files["path_to_mixture"]),
        "seed": 0,
        "binary": False,
    }
    classifier = Classifier(files["path_to_classifier"])

    def compare(data, generated=1000, **others):
        evaluated = generation.Run(**parts | others)
        origins = generation.evaluate(data, evaluated, classifier, generated)
        count = min(generated, len(data.train), len(data.test))
        assert {m["images"] for metrics in origins.values() for m in metrics.values()} == {count}
        return {
            origin: {name: metric["value"] for name, metric in metrics.items()}
            for origin, metrics in origins.items()
        }

    return compare


@pytest.fixture
def data(run):
    return images.load(run("gaussian", 2)["path_to_images"])


def test_every_origin_has_a_row_in_the_table():
    assert [*generation.CODES, FLOOR] == list(ORIGINS)


def test_generated_images_are_compared_with_test_images_as_bytes(compared, data):
    """A decoder that gives the same gray image for every z."""
    gray = Split(np.full((9, *SHAPE), 128, np.uint8), np.zeros(9, int))  # its mean: 127.5
    same = compared(Images(data.train, gray, ("a", "b")))
    for origin in ("prior", "mixture", "reconstructions"):
        assert same[origin]["frechet_distance"] == pytest.approx(0, abs=1e-9)
        assert same[origin]["precision"] == same[origin]["coverage"] == 1
        assert same[origin]["classes_covered"] == 1
    assert same["floor"]["frechet_distance"] > 0.1
    assert same["floor"]["precision"] == 0
    equal = compared(Images(data.test, data.test, ("a", "b")))
    assert equal["floor"]["frechet_distance"] == pytest.approx(0, abs=1e-9)
    assert equal["floor"]["recall"] == equal["floor"]["classes_covered"] == 1
    assert equal["prior"]["frechet_distance"] > 0.1


def test_reconstructions_are_of_the_training_images_that_are_the_floor(compared, data, tmp_path):
    """An encoder and a decoder that lose nothing: the code of an image is its pixels."""
    identity = (np.eye(6), np.zeros(6))
    lossless = {
        "encoder": encoder(tmp_path / "lossless.onnx", identity, identity),
        "decoder": gaussian_decoder(tmp_path / "decoder.onnx", np.eye(6), bias=np.zeros(6)),
        "mixture": mixture.Mixture(np.ones(1), np.zeros((1, 6)), np.eye(6)[None]),
    }
    values = compared(data, generated=7, **lossless)
    assert values["reconstructions"] == values["floor"] != values["prior"]


def test_detail_is_drawn_from_the_prior_and_tempered(compared, data, tmp_path):
    """A decoder of a code of one dimension, whose other value is detail."""
    groups = [{"name": "code", "dimensions": 1}, {"name": "detail_1", "dimensions": 1}]
    about = {"latent": {"groups": groups, "prior": "normal", "posterior": "hierarchical"}}
    weight = np.array([[0.0] * 6, [0.1] * 6])
    decoder = gaussian_decoder(tmp_path / "detail.onnx", weight, **about)
    assert (decoder.latent_dim, decoder.latent_size) == (1, 2)
    normal = mixture.Mixture(np.ones(1), np.zeros((1, 1)), np.eye(1)[None])
    values = compared(data, decoder=decoder, mixture=normal)
    assert list(values) == [origin for origin in ORIGINS if origin != "second_stage"]
    assert values["prior"] == values["mixture"] != values["tempered"]


def test_a_decoder_that_gives_nan_for_the_prior_says_so(compared, data, tmp_path):
    decoder = bernoulli_decoder(tmp_path / "nan.onnx", np.full((2, 6), np.nan))
    with pytest.raises(UserError, match="diverged"):
        compared(data, decoder=decoder)


def test_codes_of_a_second_stage_are_of_the_test_images_classes(compared, data, monkeypatch):
    def draw(velocity, n, labels, guidance, steps, seed):
        assert (velocity, guidance, steps, seed) == ("velocity", 3.0, 7, 0)
        drawn.append(labels)
        return np.zeros((n, 2), np.float32)

    drawn = []
    monkeypatch.setattr(generation.second_stage, "draw", draw)
    assert "second_stage" not in compared(data)
    stage = generation.SecondStage("velocity", guidance=3.0, steps=7)
    values = compared(Images(data.train, data.test, data.class_names), second_stage=stage)
    assert values["second_stage"]["precision"] == values["prior"]["precision"]  # one gray image
    (labels,) = drawn
    np.testing.assert_array_equal(np.sort(labels), np.sort(data.test.labels))
