import numpy as np
from onnx import helper

from tests.helpers.networks import WEIGHT, bernoulli_decoder, encoder, write
from vae.evaluation import model_card
from vae.services import warning_texts

RECORD = {
    "dataset": "digits",
    "run": "ld_2",
    "resolved": {"model": "mlp", "latent_dim": 2, "likelihood": "gaussian"}
    | {"epochs": 60, "conditional": False, "binarize": "none"},
    "epochs": 60,
    "kept_epoch": 60,
    "warnings": {},
    "images": {"train": 1437, "test": 360, "shape": [2, 3, 1]},
    "preparation": {"format": "digits"},
    "class_names": ["0", "1"],
    "latent_size": 2,
    "parameters": 1234567,
    "seconds": 12.34,
    "threads": 2,
    "engine": {"backend": "tensorflow", "precision": "float32"},
    "devices": ["cpu:0"],
    "machine": "Linux x86_64",
    "versions": {"python": "3.12.1"},
}
METRICS = {
    "elbo": {"value": -12.3456, "unit": "nats an image", "images": 360, "standard_error": 0.123},
    "active_units": {"value": 2, "unit": "dimensions", "images": 360},
    "kl_per_dimension": {"value": [1.0, 2.0], "unit": "nats an image", "images": 360},
}
QUALITY = {
    "origins": {"prior": {"recall": {"value": 0.25, "unit": "share of test images", "images": 50}}},
    "notes": ["Something to know about the samples."],
}
NOTES = ["Something to know about the figures."]
WARNINGS = {"all alike": {}}
DATA = {"source": "digits", "licence": "CC BY 4.0", "citation": "A | B\n(1998)"}


BITS = {"value": 4.5, "unit": "bits a pixel and channel", "images": 360, "standard_error": 0.1}
BASELINES = {
    "metrics": {
        "gaussian_bits_per_dimension": BITS,
        "near_duplicates": {"value": 3, "unit": "images", "images": 360},
    },
    "warnings": {
        "near duplicates": {"count": 3, "images": 360, "mirrored": 1, "examples": "a.png (b.png)"}
    },
    "notes": ["It is of patches."],
}


def card(metrics=METRICS, novelty_among="validation", **changes):
    evaluation = {"metrics": metrics, "notes": NOTES, "warnings": WARNINGS}
    evaluation["novelty_among"] = novelty_among
    return model_card.text(RECORD | changes, evaluation, QUALITY, BASELINES, DATA)


def test_figures_stand_with_their_errors_and_units():
    assert "| elbo | -12.346 ± 0.12 | nats an image | 360 |" in card()
    assert "| active_units | 2 | dimensions | 360 |" in card()
    assert "kl_per_dimension" not in card()
    assert "| classifier_recall_prior | 0.25 | share of test images | 50 |" in card()
    notes = "\n\n".join([*NOTES, *QUALITY["notes"]])
    assert f"\n\n{notes}\n\n`scores.parquet` has " in card()


def test_the_card_says_what_novelty_is_a_percentile_among():
    assert "a score among those of the validation images." in card()
    assert "a score among those of the training images, as" in card(novelty_among="train")


def test_the_card_of_a_run_on_normal_images_says_so():
    preparation = {"format": "folder", "normal": ["cat", "dog"]}
    text = card(preparation=preparation)
    assert "normal images alone, of the class cat, dog. The test images" in text
    assert "normal images" not in card()


def test_test_images_that_are_in_the_training_set_are_said():
    assert "| near_duplicates | 3 | images | 360 |" in card()
    assert "3 of 360 test images are nearly the same as a training image, 1 of them" in card()


def test_bits_stand_next_to_those_of_a_gaussian():
    assert "gaussian_bits" not in card()
    text = card(METRICS | {"bits_per_dimension": BITS | {"value": 4.0}})
    assert (
        "| bits_per_dimension | 4 ± 0.1 | bits a pixel and channel | 360 |\n"
        "| gaussian_bits_per_dimension | 4.5 ± 0.1 | bits a pixel and channel | 360 |\n"
    ) in text
    assert "\n\nIt is of patches.\n\n" in text


def test_terms_of_the_images_stand_in_one_cell():
    assert r"| Citation | A \| B (1998) |" in card()
    assert "| Licence of the images | CC BY 4.0 |" in card()


def test_what_did_not_work_comes_first():
    text = card(warnings={"few steps": {"steps": 3}})
    first, second = warning_texts.sentences({"few steps": {"steps": 3}, "all alike": {}})
    warned = f"## What did not work\n\n{first}\n\n{second}"
    assert text.index(warned) < text.index("## What it is for")


def test_the_epoch_that_was_kept():
    assert "| Training | 60 epochs, 12 s" in card()
    assert "| 60 epochs, of which epoch 41 was kept, 12 s" in card(kept_epoch=41)


def test_images_without_labels():
    assert "2 classes" in card()
    assert "without labels" in card(class_names=[])


def test_the_card_says_how_a_picture_became_an_image():
    assert "resized" not in card()
    text = card(preparation={"format": "folder", "size": 92, "crop": "pad"})
    assert "without labels" not in text
    assert "; pictures are padded to this shape, and resized |" in text


def executed(text):
    """What the ONNX part of a card's code leaves behind."""
    scope = {}
    exec(text.split("```python\n")[2].split("```")[0], scope)
    return scope


def test_the_code_in_it_runs(tmp_path, monkeypatch):
    """Against networks of this shape, written by hand."""
    encoder(tmp_path / "encoder.onnx", *[(WEIGHT.T, np.zeros(2))] * 2)
    bernoulli_decoder(tmp_path / "decoder.onnx", WEIGHT)
    monkeypatch.chdir(tmp_path)
    left = executed(card())
    np.testing.assert_allclose(left["codes"], left["images"].reshape(16, 6) @ WEIGHT.T, atol=1e-5)
    assert left["samples"].shape == (16, 2, 3, 1)


def test_the_code_of_a_conditional_run_tells_the_class(tmp_path, monkeypatch):
    """Against networks whose codes and images are the class."""
    for name, source, output in (("encoder", "image", "z"), ("decoder", "z", "mean")):
        nodes = [helper.make_node("Identity", ["class"], [output])]
        inputs = {source: (2, 3, 1) if source == "image" else (2,), "class": (2,)}
        write(tmp_path / f"{name}.onnx", inputs, {output: (2,)}, nodes, {})
    monkeypatch.chdir(tmp_path)
    text = card(resolved=RECORD["resolved"] | {"conditional": True})
    assert "conditional variational autoencoder" in text
    assert "decoder.predict([z, label])" in text
    left = executed(text)
    assert left["codes"].tolist() == left["samples"].tolist() == [[1, 0]] * 16
