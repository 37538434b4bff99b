"""Results and pictures: what reads them returns what is right, or says what is wrong."""

import contextlib
import io
import itertools
import json
import struct
import zipfile

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from tests.properties import cases, damaged, tried
from vae.data import image_files, images
from vae.data.file_names import FileNames
from vae.data.images import Images
from vae.latent import codes, mixture
from vae.services import checkpoints, npz, records
from vae.services.errors import UserError

NUMBERS = itertools.count()
MEMBERS = ("pixels", "labels", "files", "file_offsets")

GOOD = Images(
    images.Split(np.zeros((2, 3, 4, 1), np.uint8), np.array([0, 1]), FileNames.of("ab")),
    images.Split(np.ones((1, 3, 4, 1), np.uint8), np.array([0])),
    ("a", "b"),
)
Z = np.zeros((2, 3))
OF_SPLIT = codes.Codes(Z, Z, np.array([0, 1]), FileNames.of("ab"), Z)
CODES = codes.DatasetCodes({"train": OF_SPLIT, "test": OF_SPLIT}, ("a", "b"))
CODE_MEMBERS = ("z", "kl", "labels", "files", "file_offsets", "z_log_var")
GAUSSIANS = mixture.Mixture(np.ones(1), np.zeros((1, 2)), np.eye(2)[None])
KINDS = {
    images: (
        GOOD,
        [f"{name}_{kind}" for name in ("train", "test") for kind in MEMBERS]
        + ["class_names", "preparation"],
    ),
    codes: (
        CODES,
        [f"{name}_{kind}" for name in ("train", "test") for kind in CODE_MEMBERS] + ["class_names"],
    ),
    mixture: (GAUSSIANS, ["weights", "means", "factors", "residuals"]),
}
kinds = pytest.mark.parametrize("module", KINDS, ids=lambda module: module.__name__.split(".")[-1])


@kinds
@cases(st.data())
def test_npz_files_damaged(folder, module, data):
    path = folder / "damaged.npz"
    module.save(KINDS[module][0], path)
    path.write_bytes(data.draw(damaged(path.read_bytes())))
    tried(module.load, path)


anything = arrays.arrays(
    st.one_of(
        arrays.integer_dtypes(),
        arrays.unsigned_integer_dtypes(),
        arrays.floating_dtypes(sizes=(16, 32, 64)),
        arrays.unicode_string_dtypes(max_len=3),
        arrays.byte_string_dtypes(max_len=3),
        arrays.datetime64_dtypes(),
    ),
    arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3),
)


@kinds
@cases(st.data())
def test_npz_files_of_other_arrays(folder, module, data):
    path = folder / "other.npz"
    good, names = KINDS[module]
    module.save(good, path)
    content = npz.read(path)
    content |= data.draw(st.dictionaries(st.sampled_from(names), anything))
    np.savez(path, **content)
    loaded = tried(module.load, path)
    if loaded is not None and module is codes:
        assert all(np.isfinite(split.information.values).all() for split in loaded.splits.values())
    if loaded is not None and module is mixture:
        assert loaded.draw(2).shape == (2, loaded.latent_dim)


headers = st.builds(
    lambda descr, order, shape: str({"descr": descr, "fortran_order": order, "shape": shape}),
    st.sampled_from(["|u1", "<f8", "<U99999999", "|V999999999", "|O", "<i8", "nonsense", ""]),
    st.booleans() | st.none(),
    st.lists(st.integers(-2, 2**70) | st.booleans(), max_size=4).map(tuple),
)


@cases(headers | st.text(max_size=30), st.binary(max_size=64), st.booleans())
def test_npz_headers_that_promise_anything(folder, header, content, packed):
    path, text = folder / "promise.npz", header.encode("latin1", "replace")
    member = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text) + 1) + text + b"\n" + content
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if packed else 0) as archive:
        for name in KINDS[images][1]:
            archive.writestr(f"{name}.npy", member)
    tried(images.load, path)


def test_an_npz_bomb(folder):
    path = folder / "bomb.npz"
    np.savez_compressed(path, train_pixels=np.zeros(10**8, np.uint8))
    with pytest.raises(UserError, match=r"np\.savez did not write train_pixels"):
        images.load(path)


@cases(st.data())
def test_checkpoints_with_damaged_copies(folder, data):
    path = folder / f"checkpoints {next(NUMBERS)}"
    (path / "key").mkdir(parents=True)
    for name, epochs in (("a", 2), ("b", 3)):
        state = {"rows": [{"epoch": i + 1} for i in range(epochs)], "threads": 1}
        file = path / "key" / f"{name}.npz"
        np.savez(file, state=np.array(json.dumps(state)), **{"0": np.full(3, epochs)})
        if data.draw(st.booleans()):
            file.write_bytes(data.draw(damaged(file.read_bytes())))
    kept = checkpoints.Checkpoints(path, "key", threads=1)
    with kept:
        assert len(kept.rows) in (0, 2, 3)
        for array in kept._arrays:
            np.testing.assert_array_equal(array, len(kept.rows))


@cases(st.binary(max_size=40) | st.recursive(st.none(), st.lists).map(json.dumps).map(str.encode))
def test_records_of_anything(folder, content):
    path = folder / "run.json"
    path.write_bytes(content)
    assert isinstance(tried(records.read, path), dict | None)


def picture(kind):
    file = io.BytesIO()
    Image.linear_gradient("L").resize((40, 30)).save(file, kind)
    return file.getvalue()


PICTURES = [picture(kind) for kind in ("PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP", "PPM", "ICO")]


@cases(st.sampled_from(PICTURES).flatmap(damaged) | st.binary(max_size=60))
def test_pictures_damaged(content):
    with contextlib.suppress(image_files.UnreadableError):
        assert image_files.decode(content, 8).image.mode in ("L", "RGB")
