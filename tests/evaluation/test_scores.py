"""The table of codes and scores: what its rows say, and that metrics.json says the same."""

import json
import os

import numpy as np
import pandas as pd
import pytest

from tests.evaluation.test_run import COUNTS, NAMES
from tests.helpers.networks import PIXELS, SHAPE
from vae.data import images
from vae.data.file_names import FileNames
from vae.data.images import Images, Split
from vae.evaluation import run as of_run
from vae.evaluation import scores
from vae.latent.onnx import Decoder, Encoder
from vae.services.errors import UserError

RNG = np.random.default_rng(1)


def split(n, start=0, **columns):
    names = FileNames.of(f"{i}.png" for i in range(start, start + n))
    return Split(RNG.integers(0, 256, (n, *SHAPE), np.uint8), np.arange(n) % 3 - 1, names, columns)


def tabulated(files, data=None, counts=COUNTS, **settings):
    """scores.parquet as pandas reads it, and metrics.json."""
    if data:
        images.save(data, files["path_to_images"])
    record = json.loads(files["path_to_run"].read_text())
    record["settings"] |= settings
    files["path_to_run"].write_text(json.dumps(record))
    paths = {f"path_to_{name}": files[f"path_to_{name}"] for name in NAMES}
    folder = files["path_to_run"].parent
    outputs = {f"path_to_{n}": folder / f for n, f in OUTPUTS.items()}
    of_run.evaluate(**paths, **outputs, evaluation=counts, threads=1)
    return pd.read_parquet(folder / "scores.parquet"), json.loads(
        (folder / "metrics.json").read_text()
    )


OUTPUTS = {"metrics": "metrics.json", "scores": "scores.parquet"}


def test_there_is_a_row_for_each_image_with_all_that_is_known_of_it(run):
    group = np.array(["a", "b", "b", "c"])
    data = Images(
        split(4, group=group, score=np.arange(4.0)),
        split(3, 10, group=group[:3], score=np.ones(3)),
        ("cat", "dog"),
    )
    table, _ = tabulated(run("bernoulli", 2), data)
    assert list(table) == [
        *("index", "file", "split", "label", "class_name", "group", "source_score"),
        *("elbo", "reconstruction", "kl", "score", "novelty", "mse", "psnr", "ssim", "code"),
    ]
    assert table["split"].tolist() == ["train"] * 4 + ["test"] * 3
    assert table["index"].tolist() == [0, 1, 2, 3, 0, 1, 2]
    assert table["file"].tolist() == [f"{i}.png" for i in (0, 1, 2, 3, 10, 11, 12)]
    assert table["label"].tolist() == [-1, 0, 1, -1, -1, 0, 1]
    assert table["class_name"].fillna("none").tolist()[:4] == ["none", "cat", "dog", "none"]
    assert table["group"].tolist() == [*"abbcabb"]
    assert table["source_score"].tolist() == [0, 1, 2, 3, 1, 1, 1]
    assert not table[["elbo", "score", "mse"]].isna().any(axis=None)


@pytest.mark.parametrize("binarize", ["none", "dynamic"])
def test_metrics_are_the_means_of_the_table_to_the_last_digit(run, binarize):
    data = Images(split(5), split(4), (), split(3))
    table, content = tabulated(run("bernoulli", 2), data, binarize=binarize)
    for name, metrics in (("test", content["metrics"]), ("validation", content["validation"])):
        rows = table[table["split"] == name]
        for column in ("elbo", "reconstruction", "kl", "mse", "psnr", "ssim"):
            assert rows[column].to_numpy().mean() == metrics[column]["value"], column
    np.testing.assert_allclose(table["elbo"], -table["reconstruction"] - table["kl"])


def test_a_score_is_what_the_noise_free_code_costs_and_leaves_over(run):
    files = run("gaussian", 2)
    data = images.load(files["path_to_images"])
    table, _ = tabulated(files, seed=3)
    encoded = Encoder(files["path_to_encoder"]).outputs(("z", "z_log_var"), data.test.pixels)
    z, log_var = encoded["z"], encoded["z_log_var"]
    error = data.test.pixels / 255 - Decoder(files["path_to_decoder"])(z)
    cost = 0.5 * (np.square(z).sum(axis=1) - log_var.sum(axis=1))
    expected = np.square(error).sum(axis=(1, 2, 3)) / (2 * 0.2**2) + cost
    rows = table[table["split"] == "test"]
    np.testing.assert_allclose(rows["score"], expected, rtol=1e-4)
    np.testing.assert_array_equal(np.stack(rows["code"]), z)
    again, _ = tabulated(files, seed=4)
    np.testing.assert_array_equal(table["score"], again["score"])
    assert (table["elbo"] != again["elbo"]).all()


@pytest.mark.parametrize("reference", ["train", "validation"])
def test_novelty_is_a_percentile_among_images_that_the_record_names(run, reference):
    validation = split(5) if reference == "validation" else None
    table, content = tabulated(run("gaussian", 1), Images(split(6), split(4), (), validation))
    assert content["novelty_among"] == reference
    among = table["score"][table["split"] == reference].to_numpy()
    expected = [100 * np.mean(among <= score) for score in table["score"]]
    np.testing.assert_allclose(table["novelty"], expected)
    assert table["novelty"][table["split"] == reference].max() == 100


def test_images_are_read_in_blocks_and_the_first_for_training_have_an_elbo(run, monkeypatch):
    files, data = run("bernoulli", 2), Images(split(11), split(5))
    whole, _ = tabulated(files, data)
    monkeypatch.setattr(scores, "ROWS", 4)
    monkeypatch.setattr(scores, "MOST", 8)
    some, _ = tabulated(files, data)
    every, _ = tabulated(files, data, COUNTS | {"scores": "all"})
    for table in (some, every):
        for column in ("index", "file", "score", "novelty", "mse"):
            assert table[column].tolist() == whole[column].tolist(), column
    assert some["elbo"].isna().tolist() == [False] * 8 + [True] * 3 + [False] * 5
    assert not every["elbo"].isna().any()
    pd.testing.assert_frame_equal(some.dropna(subset="elbo"), every[some["elbo"].notna()])


def test_a_run_on_black_and_white_images_scores_them_as_such(run):
    files, data = run("bernoulli", 2), Images(split(6), split(4))
    gray, _ = tabulated(files, data, binarize="dynamic")
    parts = (
        Split(np.where(s.pixels > 127, np.uint8(255), np.uint8(0)), s.labels)
        for s in (data.train, data.test)
    )
    black_and_white, _ = tabulated(files, Images(*parts), binarize="dynamic")
    np.testing.assert_array_equal(gray["score"], black_and_white["score"])
    assert (gray["elbo"] != black_and_white["elbo"]).any()
    codes = np.stack(gray["code"][:6])
    np.testing.assert_array_equal(codes, Encoder(files["path_to_encoder"])(data.train.pixels))


def test_columns_of_a_split_can_be_read_and_all_as_csv(run, tmp_path):
    files = run("bernoulli", 2)
    table, _ = tabulated(files, Images(split(3), Split(PIXELS, np.zeros(5, int)), ("a,b",)))
    path = tmp_path / "scores.parquet"
    found = scores.read(path, "test", ["score", "code", "class_name"])
    rows = table[table["split"] == "test"]
    assert found["code"].shape == (5, 2)
    np.testing.assert_array_equal(found["score"], rows["score"])
    assert found["class_name"].tolist() == ["a,b"] * 5
    scores.write_csv(path, tmp_path / "scores.csv")
    again = pd.read_csv(tmp_path / "scores.csv")
    codes = pd.DataFrame(np.stack(table["code"]), columns=["z0", "z1"])
    expected = table.drop(columns="code").join(codes)
    assert list(again) == list(expected)
    np.testing.assert_allclose(again["z1"], expected["z1"])
    assert again["elbo"].tolist() == expected["elbo"].tolist()
    assert again["class_name"][4] == "a,b"


def test_a_damaged_table_says_so(tmp_path):
    (tmp_path / "scores.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(UserError, match=r"scores\.parquet is damaged"):
        scores.read(tmp_path / "scores.parquet", "test", ["score"])
    with pytest.raises(UserError, match=r"scores\.parquet is damaged"):
        scores.write_csv(tmp_path / "scores.parquet", tmp_path / "scores.csv")
    assert not (tmp_path / "scores.csv").exists()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_full_disk_leaves_no_half_table(run, tmp_path):
    (tmp_path / ".part.scores.parquet").symlink_to("/dev/full")
    with pytest.raises(OSError, match=r"No space left on device.*scores\.parquet"):
        tabulated(run("bernoulli", 2))
    assert not [*tmp_path.glob("*scores.parquet"), *tmp_path.glob(".part.*")]
