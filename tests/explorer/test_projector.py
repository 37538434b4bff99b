"""The files that TensorBoard's projector reads."""

import json

import numpy as np
import pytest
from PIL import Image

from vae.explorer import projector

FILES = ("tensors.tsv", "metadata.tsv", "sprite.png", "projector_config.pbtxt", "standalone.json")


@pytest.fixture
def export(scored, tmp_path):
    def export(**options):
        known = scored(**options)
        inputs = (tmp_path / name for name in ("scores.parquet", "images.npz", "run.json"))
        projector.export(*inputs, *(tmp_path / name for name in FILES), seed=0)
        return known

    return export


def test_a_line_of_codes_and_one_of_metadata_for_each_image(export, tmp_path):
    known = export()
    np.testing.assert_allclose(np.loadtxt(tmp_path / FILES[0]), known["code"], rtol=1e-5)
    head, *lines = (tmp_path / FILES[1]).read_text().splitlines()
    assert head.split("\t") == [*projector.COLUMNS]
    assert [line.split("\t")[:3] for line in lines[:3]] == [
        ["0", "some file 0 .png", "a cat"],
        ["1", "some file 1 .png", ""],
        ["2", "some file 2 .png", "dog"],
    ]
    assert len(lines) == len(known["code"])
    assert float(lines[4].split("\t")[3]) == pytest.approx(known["score"][4], rel=1e-5)


def test_the_sprite_has_a_square_tile_for_each_image(export, tmp_path):
    known = export(shape=(6, 6, 3))
    with Image.open(tmp_path / "sprite.png") as image:
        assert image.size == (18, 18)
        np.testing.assert_array_equal(np.asarray(image)[6:12, :6], known["pixels"][3])


def test_both_configs_name_the_files_and_the_size_of_a_tile(export, tmp_path):
    export(latent_dim=5)
    config = (tmp_path / "projector_config.pbtxt").read_text()
    assert 'tensor_name: "pets ld_5"' in config
    assert 'tensor_path: "tensors.tsv"' in config
    assert config.count("single_image_dim: 6\n") == 2
    (embedding,) = json.loads((tmp_path / "standalone.json").read_text())["embeddings"]
    assert embedding["tensorShape"] == [7, 5]
    assert embedding["sprite"] == {"imagePath": "sprite.png", "singleImageDim": [6, 6]}


def test_of_many_images_some_are_drawn_and_the_sprite_is_no_larger_than_it_may_be(
    export, tmp_path, monkeypatch
):
    monkeypatch.setattr(projector, "MOST", 4)
    monkeypatch.setattr(projector, "LARGEST", 7)
    known = export()
    rows = [int(line.split("\t")[0]) for line in (tmp_path / FILES[1]).read_text().splitlines()[1:]]
    assert len(rows) == 4
    np.testing.assert_allclose(np.loadtxt(tmp_path / FILES[0]), known["code"][rows], rtol=1e-5)
    with Image.open(tmp_path / "sprite.png") as image:
        assert image.size == (6, 6)
