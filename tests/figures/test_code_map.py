import json

import numpy as np
import pytest

from tests.helpers.figures import TITLE, picture, texts
from vae.data import images
from vae.data.images import Images, Split
from vae.figures import code_map
from vae.latent.tsne import COLUMNS, Map


@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 20, 3), (92, 92, 3)])
def test_an_image_lies_where_its_point_is(shape):
    pixels = np.zeros((3, *shape), np.uint8)
    pixels[1:] = 200
    # The last two share a cell, of which the first is nearer to the middle.
    cell = 2 / code_map.CELLS
    places = np.array([[-0.99, 0.99], [0.5 * cell, 0.5 * cell], [0.1 * cell, 0.1 * cell]])
    sheet = code_map.thumbnails(Map(np.array([0, 1, 2]), places, np.zeros(3, int)), pixels, 1.0)
    side = code_map.SIDE // code_map.CELLS
    middle = side // 2
    assert sheet.shape == (code_map.SIDE, code_map.SIDE, 3)
    assert (sheet[middle, middle] == 0).all(), "top left"
    half = code_map.SIDE // 2
    assert (sheet[half - middle, half + middle] == 200).all()
    white = np.ones(sheet.shape[:2], bool)
    white[:side, :side] = white[half - side : half, half : half + side] = False
    assert (sheet[white] == 255).all()


def test_the_best_image_of_a_cell_is_the_one_in_its_middle():
    pixels = np.arange(3, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 1), np.uint8)
    cell = 2 / code_map.CELLS
    places = cell * np.array([[0.1, 0.1], [0.5, 0.5], [0.9, 0.9]])
    found = Map(np.arange(3), places, np.zeros(3, int))
    middle = code_map.SIDE // code_map.CELLS // 2
    half = code_map.SIDE // 2
    assert code_map.thumbnails(found, pixels, 1.0)[half - middle, half + middle, 0] == 1


@pytest.mark.parametrize("labelled", [True, False])
def test_a_map_is_drawn_from_the_files_of_a_run(tmp_path, labelled):
    rng = np.random.default_rng(0)
    labels = np.arange(40) // 20 if labelled else np.full(40, -1)
    test = Split(rng.integers(0, 256, (40, 4, 4, 1), np.uint8), labels)
    images.save(Images(test, test, ("a cat", "$dog")), tmp_path / "images.npz")
    (tmp_path / "run.json").write_text(json.dumps({"class_names": ["a cat", "$dog"]}))
    lines = [f"{i},,,{i % 3},{i}.5,{-i}" for i in range(0, 40, 2)]  # of each class
    (tmp_path / "map.csv").write_text("\n".join([",".join(COLUMNS), *lines, ""]))
    drawn = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(code_map, "save", lambda figure, _: drawn.append(figure))
        paths = [tmp_path / name for name in ("map.csv", "images.npz", "run.json", "map.png")]
        code_map.plot(*paths, None, TITLE)
    picture(drawn[0], tmp_path / "map.png")
    words = texts(drawn[0])
    assert any("20 test images" in text for text in words)
    names = ["class", "a cat", "$dog"] if labelled else ["k-means", "group 1", "group 2", "group 3"]
    assert {*names} <= {*words}


def test_one_image_and_equal_places(tmp_path):
    pixels = np.zeros((2, 4, 4, 1), np.uint8)
    for rows in ([0], [0, 1]):
        found = Map(np.array(rows), np.zeros((len(rows), 2)), np.zeros(len(rows), int))
        groups = code_map.by_class(np.zeros(len(rows), int), ("a",), None)
        picture(code_map.draw(found, groups, "class", pixels, TITLE), tmp_path / "map.png")
