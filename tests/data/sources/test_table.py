"""A table of pictures: its columns, and what is wrong with it."""

import numpy as np
import pytest
from PIL import Image

from tests.helpers import sources
from vae.data.sources import table
from vae.services.errors import UserError


@pytest.fixture
def read(tmp_path):
    """Read a table, given by its text, of pictures 0.png to 11.png, each of one gray value."""
    (tmp_path / "scans of é").mkdir()
    for i in range(12):
        Image.new("L", (6, 4), 20 * i).save(tmp_path / f"scans of é/{i}.png")

    def read(text, name="table.csv", **settings):
        content = text if isinstance(text, bytes) else text.encode()
        (tmp_path / name).write_bytes(content)
        settings = {"size": [2, 3], "channels": "gray"} | settings
        return sources.read(table, tmp_path / name, **settings)

    return read


def rows(row, numbers=range(12)):
    return "".join(row.format(i=i, kind="ab"[i % 2], path=f"scans of é/{i}.png") for i in numbers)


def test_splits_classes_groups_and_other_columns(read):
    splits = ["train", "Training", "val", "TEST"]
    lines = "".join(
        f"scans of é/{i}.png,{'ab'[i % 2]},{splits[i % 4]},p{i // 3},{i}\n" for i in range(12)
    )
    images, skipped = read("file,label,split,patient,age\n" + lines, group="patient")
    assert skipped == []
    assert (images.shape, images.class_names) == ((2, 3, 1), ("a", "b"))
    found = {"train": (0, 1, 4, 5, 8, 9), "validation": (2, 6, 10), "test": (3, 7, 11)}
    for name, numbers in found.items():
        split = images.splits[name]
        assert split.pixels[:, 0, 0, 0].tolist() == [20 * i for i in numbers]
        assert split.labels.tolist() == [i % 2 for i in numbers]
        assert split.columns["age"].tolist() == [str(i) for i in numbers]
        assert split.columns["group"].tolist() == [f"p{i // 3}" for i in numbers]


def test_without_a_split_column_the_images_are_split(read):
    images, _ = read("\ufeffpath;kind\n" + rows('"{path}";"{kind}; or so"\n'), label="kind")
    assert images.class_names == ("a; or so", "b; or so")
    assert (len(images.train), len(images.test)) == (10, 2)


def test_absolute_paths_and_tabs(read, tmp_path):
    lines = [
        f"{tmp_path}/scans of é/{i}.png\t{split}\n" for i, split in enumerate(["train", "test"])
    ]
    images, _ = read("image\tsplit\n" + "".join(lines), "table.tsv")
    assert images.test.files[0] == f"{tmp_path}/scans of é/1.png"
    assert images.class_names == ()


def test_missing_files_are_left_out_up_to_a_share(read):
    text = "path\n" + rows("{path}\n") + "nowhere.png\n"
    _, skipped = read(text, max_skipped=0.1)
    assert skipped == [("nowhere.png", "No such file or directory")]
    with pytest.raises(UserError, match=r"1 of 13 files .*\n  nowhere\.png: No such file"):
        read(text, max_skipped=0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "None of the columns .* is called image, path"),
        ("paths\n", "Name the one that has the images with image .*There are: paths"),
        ("path,split\nx.png,half\n", "line 2: the split 'half' is not one of train"),
        ("path\nx.png\ny.png\nx.png\n", r"line 4: x\.png is in line 2, too"),
        ("path,label\nx.png\n", "line 2: 1 values for 2 columns"),
        ("path,path\nx.png,y.png\n", "two columns called 'path'"),
        ('path\n"x.png\n', "cannot be read as a table"),
        ("path\nx\0.png\n", "cannot be read as|left out|cannot be read as pictures"),
        ("path,name\nx.png,é\n".encode("latin1"), "is not text in UTF-8"),
        ("path\nx.png\n".encode("utf-16"), "is not text in UTF-8"),
    ],
)
def test_what_is_wrong_is_named(read, text, words):
    with pytest.raises(UserError, match=words):
        read(text)


def test_a_column_that_the_config_names_has_to_be_there(read):
    with pytest.raises(UserError, match="has no column 'kind', which label in config/config"):
        read("path\nx.png\n", label="kind")


def test_a_column_of_long_texts_is_left_out(read, monkeypatch):
    monkeypatch.setattr("vae.data.collection._LARGEST_COLUMN", 600)
    text = "path,short,long\n" + rows("{path},{i},a text of many letters\n")
    assert np.unique([*read(text)[0].train.columns]).tolist() == ["short"]
