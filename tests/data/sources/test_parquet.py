"""Parquet files in the layout of image data sets on Hugging Face, and what is wrong with them."""

import json
import logging

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.helpers import sources
from tests.helpers.pictures import encoded
from vae.data.sources import parquet
from vae.services.errors import UserError

PICTURES = [encoded(Image.new("L", (6, 4), 20 * i), "PNG") for i in range(12)]
STRUCT = pa.struct({"bytes": pa.binary(), "path": pa.string()})
IMAGES = pa.array([{"bytes": data, "path": None} for data in PICTURES], STRUCT)


def write(path, classes=(), **columns):
    table = pa.table(columns)
    about = {"info": {"features": {"label": {"names": [*classes], "_type": "ClassLabel"}}}}
    if classes:
        table = table.replace_schema_metadata({"huggingface": json.dumps(about)})
    path.parent.mkdir(exist_ok=True)
    pq.write_table(table, path, row_group_size=5)
    return path


def read(*paths, **settings):
    settings = {"size": [2, 3], "channels": "gray"} | settings
    return sources.read(parquet, *map(str, paths), **settings)


def test_splits_by_file_and_classes_by_the_schema(tmp_path, caplog):
    caplog.set_level(logging.INFO, logger="vae")
    columns = {"image": IMAGES, "label": [i % 2 for i in range(12)], "age": [None, *range(11)]}
    columns |= {"note": ["é", None] * 6, "boxes": [[1, 2]] * 12}
    names = ("train-00000-of-00001", "validation-00000-of-00001", "test-00000-of-00001")
    files = [
        write(tmp_path / f"{name}.parquet", ("cat", "dog", "cow"), **columns) for name in names
    ]
    images, skipped = read(*files)
    assert skipped == []
    assert images.class_names == ("cat", "dog", "cow")
    assert "columns that are neither numbers nor text are left out: boxes" in caplog.text
    for split, name in zip((images.train, images.validation, images.test), names, strict=True):
        assert split.pixels[:, 0, 0, 0].tolist() == [20 * i for i in range(12)]
        assert split.labels.tolist() == [i % 2 for i in range(12)]
        assert split.files[3] == f"{name}.parquet/3"
        np.testing.assert_array_equal(split.columns["age"], [np.nan, *range(11)])
        assert split.columns["note"].tolist() == ["é", ""] * 6


def test_files_without_test_images_are_split_by_groups(tmp_path):
    owners = [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, None, None]
    files = [
        write(tmp_path / folder / "0.parquet", picture=PICTURES, kind=["a", "b"] * 6, who=owners)
        for folder in ("train", "more")
    ]
    images, _ = read(*files, image="picture", label="kind", group="who", test_share=0.5)
    assert len(images.train) + len(images.test) == 24
    assert images.class_names == ("a", "b")
    assert {name.partition("/")[0] for name in images.train.files} == {"train", "more"}
    train, test = ({*part.columns["group"]} for part in (images.train, images.test))
    assert train
    assert test
    assert not train & test
    assert {*"12345"} < train | test, "pictures without an owner that are there twice: by a name"


def test_a_folder_says_the_split(tmp_path):
    files = [write(tmp_path / name / "0.parquet", image=IMAGES) for name in ("train", "test")]
    images, _ = read(*files)
    assert (len(images.train), len(images.test)) == (12, 12)


def test_missing_values_and_paths(tmp_path):
    (tmp_path / "3.png").write_bytes(PICTURES[3])
    rows = [None, {"bytes": None, "path": "3.png"}, {"bytes": None, "path": None}, *IMAGES[3:]]
    labels = pa.array([None, 1, -1, *range(9)], pa.int8())
    path = write(tmp_path / "a.parquet", img=pa.array(rows, STRUCT), label=labels)
    images, skipped = read(path, max_skipped=0.5, test_share=0.5)
    assert [name for name, _ in skipped] == ["a.parquet/0", "a.parquet/2"]
    assert {reason for _, reason in skipped} == {"there is nothing in it"}
    values = [*images.train.pixels[:, 0, 0, 0], *images.test.pixels[:, 0, 0, 0]]
    assert sorted(values) == [60, *range(60, 240, 20)]


def test_large_row_groups_are_said(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(parquet, "_LARGE", 100)
    read(write(tmp_path / "a.parquet", image=IMAGES))
    assert "has a row group of 0.0 GB, and memory may have to hold it" in caplog.text


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"image": list(range(12))}, "the column 'image' is int64, which has no images"),
        ({"pixels": PICTURES}, "None of the columns .* There are: pixels"),
        ({"image": IMAGES, "label": [0.5] * 12}, "the column 'label' is double. Classes are"),
        ({"image": IMAGES, "label": [7] * 12}, "row 0: the label 7, and there are 2 class names"),
        ({"image": IMAGES, "split": ["half"] * 12}, "row 0: the split 'half' is not one of"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, columns, words):
    path = write(tmp_path / "a.parquet", ("cat", "dog"), **columns)
    with pytest.raises(UserError, match=words):
        read(path)


def test_files_have_to_fit_each_other_and_be_whole(tmp_path):
    first = write(tmp_path / "a.parquet", image=IMAGES)
    second = write(tmp_path / "b.parquet", image=PICTURES)
    with pytest.raises(UserError, match=r"b\.parquet: the column 'image' is binary, and in"):
        read(first, second)
    content = first.read_bytes()
    for damaged in (b"", content[:-9], content[:200] + content[300:], bytes(50) + content[50:]):
        first.write_bytes(damaged)
        with pytest.raises(UserError, match=r"is damaged or not a Parquet file|as pictures"):
            read(first)


def test_what_was_read_of_a_file_does_not_stay_in_memory(tmp_path):
    """20 MB in 40 row groups; what pyarrow holds at any time is a few of them."""
    noise = np.random.default_rng(0).bytes(500_000)
    table = pa.table({"image": [noise[i:] for i in range(40)]})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=1)
    before, held = pa.total_allocated_bytes(), []
    for rows in parquet._rows(str(tmp_path / "a.parquet"), table.schema, ["image"]):
        held.append(pa.total_allocated_bytes() - before - sum(len(row["image"]) for row in rows))
    assert max(held) < 5_000_000
