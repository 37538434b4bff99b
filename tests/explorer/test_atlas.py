"""A table of test images with their places and pictures."""

import io

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from vae.explorer import atlas
from vae.latent.tsne import COLUMNS


@pytest.fixture
def export(scored, tmp_path):
    def export(places=None, **options):
        known = scored(**options)
        path = None
        if places is not None:
            path = tmp_path / "map.csv"
            lines = [f"{row},,,0,{x},{y}" for row, (x, y) in places.items()]
            path.write_text("\n".join([",".join(COLUMNS), *lines, ""]))
        inputs = tmp_path / "scores.parquet", tmp_path / "images.npz"
        atlas.export(*inputs, path, tmp_path / "atlas.parquet", seed=0)
        return known, pq.read_table(tmp_path / "atlas.parquet").to_pandas()

    return export


@pytest.mark.parametrize("shape", [(4, 6, 1), (5, 3, 3)])
def test_each_image_has_its_scores_its_place_and_its_picture(export, shape, monkeypatch):
    monkeypatch.setattr(atlas, "ROWS", 3)
    known, table = export(shape=shape)
    assert table["split"].unique().tolist() == ["test"]
    np.testing.assert_allclose(table["score"], known["score"])
    np.testing.assert_allclose(table[["x", "y"]], known["code"][:, :2])
    np.testing.assert_allclose(table["source_x"], known["x"])
    for image, name, pixels in zip(table["image"], known["file"], known["pixels"], strict=True):
        assert image["path"] == name
        with Image.open(io.BytesIO(image["bytes"])) as picture:
            found = np.asarray(picture).reshape(pixels.shape)
        np.testing.assert_array_equal(found, pixels)


def test_places_are_those_of_the_map_and_only_its_images_are_there(export):
    known, table = export({1: (9.5, -3), 4: (0, 2)})
    assert table["index"].tolist() == [1, 4]
    assert table[["x", "y"]].values.tolist() == [[9.5, -3], [0, 2]]
    assert table["score"].tolist() == known["score"][[1, 4]].tolist()


def test_codes_of_one_dimension_lie_on_a_line_and_of_many_images_some_are_drawn(
    export, monkeypatch
):
    monkeypatch.setattr(atlas, "MOST", 4)
    known, table = export(latent_dim=1)
    assert len(table) == 4
    np.testing.assert_allclose(table["x"], known["code"][table["index"], 0])
    assert (table["y"] == 0).all()
