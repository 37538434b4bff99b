"""scorer.onnx gives the scores that are computed from the other files of a run."""

import json

import numpy as np
import onnxruntime
import pytest

from tests.helpers.networks import ABOUT
from tests.models.test_models import perturb, run_of
from vae.data.images import Split
from vae.latent import scoring
from vae.latent.onnx import Decoder
from vae.latent.posteriors import ApproximatePosterior
from vae.training import export, fit, scorer_run

RUNS = {
    "dense, black and white": {"model": "mlp", "likelihood": "bernoulli", "binarize": "dynamic"},
    "a flow": {"model": "resnet", "likelihood": "gaussian_rgb", "prior": "flow"}
    | {"couplings": 2, "flow_hidden": 8},
    "a map of codes": {"model": "spatial", "likelihood": "gaussian"},
    "a hierarchy": {"model": "ladder", "likelihood": "logistic_mixture", "components": 2},
}


@pytest.mark.parametrize("kind", RUNS)
def test_the_file_alone_gives_scores_and_error_maps(kind, tmp_path):
    settings = RUNS[kind]
    shape = (9, 10, 1) if settings["likelihood"] == "bernoulli" else (9, 10, 3)
    run = run_of(settings["model"], shape, **{k: settings[k] for k in settings if k != "model"})
    vae = fit.build(shape, run)
    perturb(vae, np.random.default_rng(0))
    groups = [{"name": group.name, "dimensions": group.size} for group in vae.groups]
    posterior = "hierarchical" if groups[1:] else "gaussian"
    latent = {"groups": groups, "prior": run.prior, "posterior": posterior}
    names = ("encoder", "posterior", "decoder")
    files = [tmp_path / f"{name}.onnx" for name in names]
    export.save_onnx(export.networks(vae), *files, ABOUT | {"latent": latent})
    record = {"settings": run.model_dump(exclude_none=True), "images": {"shape": shape}}
    (tmp_path / "run.json").write_text(json.dumps(record))
    path = tmp_path / "scorer.onnx"
    scorer_run.export_scorer(*files[1:], tmp_path / "run.json", path, map_sigma=1.5)

    pixels = np.random.default_rng(0).integers(0, 256, (3, *shape), np.uint8)
    scorer = scoring.Scorer(path)
    assert (scorer.columns, scorer.maps) == (["score"], ["error_map"])
    assert scorer.about["scorer"] == {"map_sigma": 1.5, "black_and_white": kind.endswith("white")}
    assert scorer.about["dataset"] == "tiny"
    found = scorer(pixels)
    seen = scoring.black_and_white(pixels) if kind.endswith("white") else pixels
    q = ApproximatePosterior(*files[:2])(Split(seen, np.zeros(3, int)))
    expected = scoring.scored(q, Decoder(files[2]), settings["likelihood"])
    np.testing.assert_allclose(found["score"], expected.score, rtol=1e-4)
    maps = scoring.error_maps(expected.excess, 1.5)
    np.testing.assert_allclose(found["error_map"], maps, rtol=1e-3, atol=1e-4)

    session = onnxruntime.InferenceSession(path)
    first = session.run(None, {"image": np.float32(pixels / 255)})[0]
    np.testing.assert_array_equal(first, found["score"])
