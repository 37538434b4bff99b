"""Arrays, a table and Parquet files of one's own, through the real workflow as far as images."""

import json
import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.helpers.pictures import encoded
from tests.helpers.workspace import Workspace, new_workspace
from vae.data import images

RUN = {"latent_dim": 2, "intermediate_dim": 8, "epochs": 1, "batch_size": 64}


@pytest.fixture(scope="module")
def own(tmp_path_factory) -> Workspace:
    workspace = new_workspace(tmp_path_factory.mktemp("own") / "my project")
    rng = np.random.default_rng(0)
    faces = rng.integers(0, 4096, (20, 28, 20)).astype(np.uint16)
    faces[3, 0, 0] = 65_535
    np.save(workspace.path / "faces.npy", faces)
    lines = []
    for i in range(12):
        Image.fromarray(rng.integers(0, 256, (20, 30, 3), np.uint8)).save(
            workspace.path / f"{i}.png"
        )
        lines.append(f"{i}.png,{'ab'[i % 2]},{('train', 'val', 'test')[i % 3]},{i // 4}\n")
    (workspace.path / "table.csv").write_text("path,label,split,group\n" + "".join(lines))
    (workspace.path / "birds").mkdir()
    data = [encoded(Image.new("L", (8, 6), 20 * i), "PNG") for i in range(12)]
    for split in ("train", "test"):
        columns = pa.table({"image": data, "label": [i % 2 for i in range(12)]})
        pq.write_table(columns, workspace.path / f"birds/{split}-0.parquet")
    datasets = {
        "faces": {"source": {"arrays": "faces.npy"}, "intensity": "percentile"},
        "lesions": {"source": {"table": "table.csv"}, "size": [16, 24]},
        "birds": {"source": {"parquet": "birds"}, "size": 6, "channels": "gray"},
    }
    workspace.write_config({"datasets": {name: RUN | d for name, d in datasets.items()}})
    workspace.build(*(f"results/{n}/images.npz" for n in datasets), "results/faces/classifier.json")
    return workspace


def loaded(own, name):
    return images.load(own.path / f"results/{name}/images.npz")


def test_images_have_the_shape_the_splits_and_the_columns_of_their_source(own):
    faces, lesions, birds = (loaded(own, name) for name in ("faces", "lesions", "birds"))
    assert (faces.shape, lesions.shape, birds.shape) == ((28, 20, 1), (16, 24, 3), (6, 6, 1))
    assert [len(lesions.splits[name]) for name in ("train", "validation", "test")] == [4] * 3
    assert lesions.test.columns["group"].tolist() == ["0", "1", "2", "2"]
    sizes = {name: len(split) for name, split in birds.splits.items()}
    assert sizes == {"train": 9, "validation": 3, "test": 12}
    assert birds.class_names == ("0", "1")
    low, high = faces.preparation["intensity"]
    assert low < 30
    assert 4060 < high < 4096


def test_without_labels_the_classifier_is_empty_and_says_why(own):
    assert (own.path / "results/faces/classifier.onnx").read_bytes() == b""
    record = json.loads((own.path / "results/faces/classifier.json").read_text())
    assert "no classes" in record["reason"]


def test_a_file_that_changes_prepares_its_dataset_again(own):
    targets = [f"results/{name}/images.npz" for name in ("faces", "lesions", "birds")]
    assert own.planned("--", *targets) == {}
    os.utime(own.path / "table.csv")
    assert own.planned("--", *targets) == {"prepare": {"lesions"}}


def test_dark_images_stop_before_anything_is_trained(own):
    own.configure("dark", source={"arrays": "faces.npy"}, **RUN)
    done = own.snakemake("--cores", "1", "--", "results/dark/images.npz")
    assert done.returncode == 1
    assert "intensity: percentile   (here [" in done.stderr
    assert "Traceback" not in done.stderr
