"""Data of one's own, of any kind and content: images, or an error that says what is wrong."""

import io
import struct
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st
from hypothesis.extra import numpy as hypothesis_numpy
from PIL import Image

from tests.helpers import sources
from tests.properties import cases, damaged, tried
from vae.data.images import Images
from vae.data.sources import arrays, parquet, table


def read(source, path, **settings):
    """What a source makes of a file: images that are whole, or nothing."""
    found = tried(lambda: sources.read(source, path, **settings))
    if found is not None:
        images = found[0]
        assert isinstance(images, Images)
        for split in images.splits.values():
            assert split.labels.max(initial=-1) < len(images.class_names)
            assert len(split.files) == len(split)


numbers = hypothesis_numpy.arrays(
    st.one_of(
        st.sampled_from(["?", "u1", "<u2", ">u2", "i1", "i8", "u8", "f2", ">f4", "f8"]),
        hypothesis_numpy.unicode_string_dtypes(max_len=3),
        hypothesis_numpy.datetime64_dtypes(),
    ),
    hypothesis_numpy.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4),
)
some_bands = st.none() | st.lists(st.integers(1, 5), min_size=1, max_size=3).filter(
    lambda bands: len(bands) != 2
)
intensities = st.sampled_from([None, "type", "percentile", [0, 1], [-1e30, 1e30], [5, 5]])
names = st.sampled_from(
    "images labels x_train y_train x_test y_test val_images imgs class_names a".split()
)


@cases(
    st.dictionaries(names, numbers, max_size=4),
    some_bands,
    intensities,
    st.sampled_from([np.savez, np.savez_compressed]),
    st.booleans(),
)
def test_arrays_of_any_names_shapes_and_types(folder, members, bands, intensity, save, fortran):
    if fortran:
        members = {name: np.asfortranarray(array) for name, array in members.items()}
    save(folder / "any.npz", **members)
    read(arrays, folder / "any.npz", bands=bands, intensity=intensity)


headers = st.builds(
    lambda descr, order, shape: str({"descr": descr, "fortran_order": order, "shape": shape}),
    st.sampled_from(["|u1", "<f8", "<U99999999", "|V999999999", "|O", "<i8", "nonsense", ""]),
    st.booleans() | st.none(),
    st.lists(st.integers(-2, 2**70) | st.booleans(), max_size=4).map(tuple),
)


@cases(headers | st.text(max_size=30), st.binary(max_size=64), st.sampled_from(["npy", 0, 8]))
def test_headers_of_arrays_that_promise_anything(folder, header, content, kind):
    text = header.encode("latin1", "replace")
    member = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text) + 1) + text + b"\n" + content
    path = folder / "promise.npy"
    if kind == "npy":
        path.write_bytes(member)
    else:
        with zipfile.ZipFile(path, "w", kind) as archive:
            archive.writestr("images.npy", member)
    read(arrays, path)


def archive(save):
    file = io.BytesIO()
    save(file, images=np.arange(90, dtype=np.uint8).reshape(10, 3, 3), labels=np.arange(10) % 2)
    return file.getvalue()


@cases(st.sampled_from([archive(np.savez), archive(np.savez_compressed)]).flatmap(damaged))
def test_archives_of_arrays_that_are_damaged(folder, content):
    (folder / "damaged.npz").write_bytes(content)
    read(arrays, folder / "damaged.npz")


PICTURE = io.BytesIO()
Image.new("L", (3, 2), 200).save(PICTURE, "PNG")
cells = st.sampled_from(
    ["1.png", "2.png", "./1.png", "none.png", "/1.png", "~x/1.png", "", "train"]
)
cells |= st.sampled_from(['"1.png"', '"', "test", "é", "\0", "../files/1.png"]) | st.text(
    max_size=5
)
lines = st.lists(cells, min_size=1, max_size=4)


@cases(
    st.lists(st.sampled_from(["path", "label", "split", "group", "age", "", "é"]), max_size=4),
    st.lists(lines, max_size=6),
    st.sampled_from(",;\t"),
    st.sampled_from(["utf-8", "utf-8-sig", "latin1", "utf-16"]),
)
def test_tables_of_anything(folder, header, rows, separator, encoding):
    for name in ("1.png", "2.png"):
        (folder / name).write_bytes(PICTURE.getvalue())
    text = "\n".join(separator.join(row) for row in [header, *rows])
    (folder / "table.csv").write_bytes(text.encode(encoding, "replace"))
    read(table, folder / "table.csv", size=2, max_skipped=1)


STRUCT = pa.struct({"bytes": pa.binary(), "path": pa.string()})
values = {
    STRUCT: st.none()
    | st.fixed_dictionaries(
        {
            "bytes": st.none() | st.sampled_from([b"", b"x", PICTURE.getvalue()]),
            "path": st.none() | st.sampled_from(["1.png", "none.png", ""]),
        }
    ),
    pa.binary(): st.none() | st.sampled_from([b"", PICTURE.getvalue()]),
    pa.string(): st.none() | st.sampled_from(["1.png", "train", "test", "é", ""]),
    pa.int64(): st.none() | st.integers(-(2**63), 2**63 - 1),
    pa.float32(): st.none() | st.floats(width=32),
    pa.list_(pa.int8()): st.none() | st.just([1]),
}


@cases(st.data())
def test_parquet_of_anything(folder, data):
    (folder / "1.png").write_bytes(PICTURE.getvalue())
    count = data.draw(st.integers(0, 6))
    columns = {}
    for name in data.draw(
        st.lists(st.sampled_from(["image", "label", "split", "age"]), unique=True)
    ):
        kind = data.draw(st.sampled_from([*values]))
        column = data.draw(st.lists(values[kind], min_size=count, max_size=count))
        columns[name] = pa.array(column, kind)
    pq.write_table(pa.table(columns), folder / "any.parquet", row_group_size=2)
    read(parquet, str(folder / "any.parquet"), size=2, max_skipped=1)


GOOD = io.BytesIO()
pq.write_table(pa.table({"image": [PICTURE.getvalue()] * 6, "label": ["a", "b"] * 3}), GOOD)


@cases(damaged(GOOD.getvalue()))
def test_parquet_files_that_are_damaged(folder, content):
    (folder / "damaged.parquet").write_bytes(content)
    read(parquet, str(folder / "damaged.parquet"), size=2, max_skipped=1)
