"""A map of codes: similar ones lie close to each other."""

import csv

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from vae.data.file_names import FileNames
from vae.latent import codes, tsne
from vae.latent.codes import Codes, DatasetCodes
from vae.services.errors import DamagedError


def groups(n, latent_dim):
    """Codes of three groups that lie apart, and which group each is of."""
    rng = np.random.default_rng(0)
    of = np.arange(n) % 3
    z = rng.normal(size=(n, latent_dim)) + 9 * np.eye(latent_dim)[of]
    return z.astype(np.float32), of


def test_groups_of_codes_are_groups_on_the_map_and_its_middle_is_0():
    z, of = groups(150, 6)
    places = tsne.positions(z)
    assert KNeighborsClassifier(3).fit(places, of).score(places, of) == 1
    np.testing.assert_allclose(places.max(axis=0), -places.min(axis=0))
    np.testing.assert_array_equal(tsne.positions(z), places)


@pytest.mark.parametrize("latent_dim", [4, 3000])
@pytest.mark.parametrize("n", [1, 2, 4, 5])
def test_few_codes_and_many_dimensions_are_no_trouble(n, latent_dim):
    places = tsne.positions(groups(n, latent_dim)[0])
    assert places.shape == (n, 2)
    assert np.isfinite(places).all()


def test_equal_codes_lie_at_one_place():
    np.testing.assert_allclose(tsne.positions(np.full((9, 5), 0.7, np.float32)), 0, atol=1e-6)


def test_k_means_groups_are_numbered_by_their_size():
    z, of = groups(60, 4)
    some = np.concatenate([np.flatnonzero(of == 1), np.flatnonzero(of == 2)[:9], [0]])
    found = tsne.clusters(z[some], 3)
    assert found.tolist() == [0] * 20 + [1] * 9 + [2]
    assert tsne.clusters(np.zeros((4, 3)), 3).tolist() == [0] * 4


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write codes and their map; returns the lines of map.csv."""

    def write(labels, most=5000):
        monkeypatch.setattr(tsne, "MOST", most)
        z, _ = groups(30, 4)
        files = FileNames.of(f"a, b/{i}.png" for i in range(30))
        test = Codes(z, np.ones_like(z), labels, files)
        names = ("zero", "one", "two")
        codes.save(DatasetCodes({"train": test, "test": test}, names), tmp_path / "codes.npz")
        tsne.map_codes(tmp_path / "codes.npz", tmp_path / "map.csv", seed=1)
        with open(tmp_path / "map.csv", newline="") as file:
            return list(csv.DictReader(file))

    return write


def test_a_line_says_which_image_it_is_and_where(write, tmp_path):
    lines = write(np.arange(30) % 3)
    assert [*lines[0]] == ["index", "file", "class_name", "cluster", "x", "y"]
    assert [line["file"] for line in lines] == [f"a, b/{i}.png" for i in range(30)]
    assert [line["class_name"] for line in lines[:4]] == ["zero", "one", "two", "zero"]
    found = tsne.load(tmp_path / "map.csv")
    assert found.rows.tolist() == list(range(30))
    assert len({*zip(found.clusters, np.arange(30) % 3, strict=True)}) == 3
    assert found.places[3] == pytest.approx([float(lines[3]["x"]), float(lines[3]["y"])])


def test_of_many_images_some_are_drawn_and_without_classes_there_are_groups(write, tmp_path):
    lines = write(np.full(30, -1), most=12)
    rows = [int(line["index"]) for line in lines]
    assert len(rows) == 12
    assert rows == sorted(rows)
    assert {line["class_name"] for line in lines} == {""}
    assert len({line["cluster"] for line in lines}) == 10


def test_a_damaged_map_is_named(tmp_path):
    (tmp_path / "map.csv").write_text("index,file,class_name,cluster,x,y\n1,a,b,0,one,2\n")
    with pytest.raises(DamagedError, match=r"map\.csv is damaged"):
        tsne.load(tmp_path / "map.csv")
