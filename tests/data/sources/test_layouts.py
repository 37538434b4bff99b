"""Sources that are configured: tiny files of each official layout, and damaged ones."""

import importlib
import re

import numpy as np
import pytest

from tests.helpers import ROOT, sources
from tests.helpers.layouts import LAYOUTS
from vae.data import preparation
from vae.data.images import load
from vae.plan import datasets, loading
from vae.services.errors import UserError

SETTINGS = loading.load(loading.read(ROOT / "config/examples.yaml")[0])
BY_SOURCE = {dataset.source: name for name, dataset in SETTINGS.datasets.items()}
# A file of each format that is read in a way of its own.
FILES = [
    *(("emnist", "gzip.zip"), ("static-mnist", "binarized_mnist_valid.amat")),
    *(("omniglot", "chardata.mat"), ("svhn", "test_32x32.mat"), ("stl10", "stl10_binary.tar.gz")),
    ("silhouettes", "caltech101_silhouettes_28_split1.mat"),
    ("dsprites", "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz"),
    *(("chestmnist", "chestmnist.npz"), ("bloodmnist", "bloodmnist.npz")),
    *(("celeba", "img_align_celeba.zip"), ("celeba", "list_eval_partition.txt")),
    ("celeba", "list_attr_celeba.txt"),
]


def read(name, folder, **settings):
    """The images of a source, by its entry in sources.yaml."""
    source = SETTINGS.sources[name]
    module = importlib.import_module(f"vae.data.sources.{source.format}")
    paths = [folder / file for file in source.files]
    sizes = {"size": 37} if name == "celeba" else {}
    return sources.read(module, *paths, class_names=source.class_names, **sizes | settings)


def test_every_source_has_an_example_and_a_layout():
    downloaded = {name for name, source in SETTINGS.sources.items() if source.files}
    assert downloaded <= BY_SOURCE.keys()
    assert downloaded - LAYOUTS.keys() == {"mnist", "fashion-mnist", "cifar10", "caltech101"}


@pytest.mark.parametrize("name", [name for name in LAYOUTS if name not in ("dsprites", "celeba")])
def test_images_are_upright_and_in_the_published_splits_with_their_classes(tmp_path, name):
    expected = LAYOUTS[name](tmp_path)
    images, skipped = read(name, tmp_path)
    assert images.splits.keys() == expected.keys()
    for split, (pixels, labels) in expected.items():
        found = images.splits[split]
        np.testing.assert_array_equal(found.pixels, pixels)
        assert [images.class_names[k] if k >= 0 else "" for k in found.labels] == labels
        assert len({*found.files}) == len(labels)
    assert skipped == []


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_example_of_a_source_is_prepared(tmp_path, name):
    LAYOUTS[name](tmp_path)
    dataset = SETTINGS.datasets[BY_SOURCE[name]]
    files = [tmp_path / file for file in SETTINGS.sources[name].files]
    prepared = datasets.preparation(dataset, SETTINGS.sources)
    preparation.prepare(files, prepared, name, 1, tmp_path / "images.npz", tmp_path / "skipped.csv")
    images = load(tmp_path / "images.npz")
    shape = datasets.image_shape(dataset, SETTINGS.sources[name])
    assert images.shape[2] == shape[2]
    assert SETTINGS.sources[name].shape in (None, [*images.shape])
    assert min(len(split) for split in images.splits.values()) >= 2


@pytest.mark.parametrize("damage", ["half", "turned", "noise", "html", "empty", "none"])
@pytest.mark.parametrize(("name", "file"), FILES)
def test_a_damaged_file_is_named(tmp_path, name, file, damage):
    LAYOUTS[name](tmp_path)
    path = tmp_path / file
    data = bytearray(path.read_bytes())
    match damage:
        case "half":
            del data[len(data) // 2 + 1 :]
        case "turned":
            data[60::40] = bytes(value ^ 0x55 for value in data[60::40])
        case "noise":
            data = np.random.default_rng(0).bytes(len(data))
        case "html":
            data = b"<html>\n<p>Not found</p>\n</html>"
        case "empty":
            data = b""
        case "none":
            path.unlink()
    if damage != "none":
        path.write_bytes(data)
    with pytest.raises((UserError, FileNotFoundError), match=file):
        read(name, tmp_path)


def test_every_source_is_described():
    page = (ROOT / "docs/datasets.md").read_text(encoding="utf-8")
    described = re.findall(r"^\| `([\w-]+)` \|", page, re.M)
    assert sorted(described) == sorted(SETTINGS.sources)
