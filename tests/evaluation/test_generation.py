import numpy as np
import pytest

from tests.helpers.networks import SHAPE, bernoulli_decoder, gaussian_decoder
from vae.data import images
from vae.data.images import Images, Split
from vae.evaluation import generation
from vae.latent import mixture
from vae.latent.onnx import Classifier
from vae.services.errors import UserError


def test_generated_images_are_compared_with_test_images_as_bytes(run):
    """A decoder that gives the same gray image for every z, and a mixture with no spread."""
    arguments = run("gaussian", 2)
    data = images.load(arguments["path_to_images"])
    gray = Split(np.full((9, *SHAPE), 128, np.uint8), np.zeros(9, int))  # its mean: 127.5
    decoder = gaussian_decoder(arguments["path_to_decoder"], np.zeros((2, 6)))
    classifier = Classifier(arguments["path_to_classifier"])
    fitted = mixture.load(arguments["path_to_mixture"])

    def compared(data):
        rest = (decoder, fitted, classifier, 0, 1000)
        results = generation.evaluate(data, *rest)
        count = min(len(data.train), len(data.test))
        assert {metric["images"] for metric in results.values()} == {count}
        return {name.removeprefix("classifier_"): f["value"] for name, f in results.items()}

    same = compared(Images(data.train, gray, ("a", "b")))
    for side in ("prior", "mixture"):
        assert same[f"frechet_distance_{side}"] == pytest.approx(0, abs=1e-9)
        assert same[f"precision_{side}"] == same[f"coverage_{side}"] == 1
        assert same[f"classes_covered_{side}"] == 1
    assert same["frechet_distance_floor"] > 0.1
    assert same["precision_floor"] == 0
    floor = compared(Images(data.test, data.test, ("a", "b")))
    assert floor["frechet_distance_floor"] == pytest.approx(0, abs=1e-9)
    assert floor["recall_floor"] == floor["classes_covered_floor"] == 1
    assert floor["frechet_distance_prior"] > 0.1


def test_a_decoder_that_gives_nan_for_the_prior_says_so(run):
    arguments = run("bernoulli", 2)
    decoder = bernoulli_decoder(arguments["path_to_decoder"], np.full((2, 6), np.nan))
    rest = (
        mixture.load(arguments["path_to_mixture"]),
        Classifier(arguments["path_to_classifier"]),
        0,
        7,
    )
    with pytest.raises(UserError, match="diverged"):
        generation.evaluate(images.load(arguments["path_to_images"]), decoder, *rest)
