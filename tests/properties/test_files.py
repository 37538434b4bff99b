"""Raw data and results: what reads them returns what is right, or says what is wrong."""

import contextlib
import gzip
import io
import itertools
import json
import struct
import tarfile
import zipfile

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from tests.properties import cases, damaged
from vae.data import archives, image_files, images
from vae.data.archives import ArchiveError, tar_members
from vae.data.images import Images
from vae.data.sources import caltech101, cifar10, idx
from vae.latent import codes, mixture
from vae.services import checkpoints, npz, records
from vae.services.errors import UserError

NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("files")


def tried(read, *arguments):
    """What a function returns, or nothing where it raises a UserError."""
    try:
        return read(*arguments)
    except UserError:
        return None


# idx

SPLITS = {"train": 3, "t10k": 2}
RAW = {
    name: idx.build(array)
    for part, count in SPLITS.items()
    for name, array in {
        f"{part}-images-idx3-ubyte": np.arange(count * 6, dtype=np.uint8).reshape(count, 2, 3),
        f"{part}-labels-idx1-ubyte": np.arange(count, dtype=np.uint8),
    }.items()
}


@cases(st.sampled_from([*RAW]), st.booleans(), st.data())
def test_idx_files_with_a_damaged_one(folder, name, packed, data):
    pack = gzip.compress if packed else bytes
    for other, content in RAW.items():
        (folder / f"{other}.gz").write_bytes(pack(content))
    inside = data.draw(st.booleans())
    content = RAW[name] if inside else pack(RAW[name])
    content = data.draw(damaged(content))
    (folder / f"{name}.gz").write_bytes(pack(content) if inside else content)
    read = tried(idx.read, [folder / f"{other}.gz" for other in RAW])
    assert read is None or read.train.pixels.ndim == 4


@cases(st.lists(st.integers(0, 2**32 - 1), min_size=3, max_size=3), st.binary(max_size=50))
def test_idx_headers_that_promise_anything(folder, sizes, content):
    path = folder / "train-images-idx3-ubyte.gz"
    header = struct.pack(">HBB3I", 0, 8, 3, *sizes)
    path.write_bytes(gzip.compress(header + content))
    with pytest.raises(UserError, match=r"damaged or not the right file|missing"):
        idx.read([path])


# npz files

GOOD = Images(
    images.Split(np.zeros((2, 3, 4, 1), np.uint8), np.array([0, 1])),
    images.Split(np.ones((1, 3, 4, 1), np.uint8), np.array([0])),
    ("a", "b"),
)
CODES = codes.Latents(np.zeros((2, 3)), np.zeros((2, 3)), np.array([0, 1]), ("a", "b"))
GAUSSIANS = mixture.Mixture(np.ones(1), np.zeros((1, 2)), np.eye(2)[None])
KINDS = {
    images: (GOOD, ["train_pixels", "train_labels", "test_pixels", "test_labels", "class_names"]),
    codes: (CODES, ["z_mean", "z_log_var", "labels", "class_names"]),
    mixture: (GAUSSIANS, ["weights", "means", "covariances"]),
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
        assert np.isfinite(loaded.kl).all() or np.abs(loaded.z_log_var).max() > 80
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


# Archives


def packed(members, compress=gzip.compress):
    """A tar file of (name, type, declared size, content) quadruples."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, kind, size, content in members:
            member = tarfile.TarInfo(name)
            member.type, member.linkname, member.size = kind, "/etc/passwd", len(content)
            if size is not None:  # a lie
                member.size = size
                file.write(member.tobuf() + content.ljust(512, b"\0"))
                tar.offset = file.tell()
            else:
                tar.addfile(member, io.BytesIO(content))
    return compress(file.getvalue())


types = [tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE]
types += [tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.CONTTYPE, tarfile.GNUTYPE_SPARSE, b"Z"]
names = st.sampled_from(["/etc/x", "../x", "a/../../x", "a/x.jpg", "", ".", "a" * 99]) | st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20
)
members = st.tuples(
    names,
    st.sampled_from(types),
    st.none() | st.integers(0, 8**11 - 1),
    st.binary(max_size=50),
)


@cases(st.lists(members, max_size=5))
def test_tar_archives_of_anything(found):
    try:
        for path, content in tar_members(io.BytesIO(packed(found))):
            assert not path.is_absolute()
            assert ".." not in path.parts
            assert isinstance(content, bytes)
    except ArchiveError:
        pass


@cases(st.data())
def test_tar_archives_damaged(data):
    plain = [("a/x.jpg", tarfile.REGTYPE, None, b"picture"), ("b", tarfile.DIRTYPE, None, b"")]
    inside = data.draw(st.booleans())
    content = data.draw(damaged(packed(plain, bytes if inside else gzip.compress)))
    file = io.BytesIO(gzip.compress(content) if inside else content)
    with contextlib.suppress(ArchiveError):
        list(tar_members(file))


@cases(st.integers(0, 3000), st.integers(0, 3000))
def test_tar_bombs_end_at_the_limit(monkeypatch, size, limit):
    content = packed([("a", tarfile.REGTYPE, None, bytes(size))])
    monkeypatch.setattr(archives, "MAX_BYTES", limit)
    try:
        found = list(tar_members(io.BytesIO(content)))
    except ArchiveError:
        assert len(gzip.decompress(content)) > limit
    else:
        assert sum(len(data) for _, data in found) <= limit


CIFAR = packed(
    [
        *(
            (f"cifar-10-batches-bin/{name}", tarfile.REGTYPE, None, bytes(2 * 3073))
            for name in (*cifar10.TRAIN, *cifar10.TEST)
        ),
        (f"x/{cifar10.NAMES}", tarfile.REGTYPE, None, " ".join("abcdefghij").encode()),
    ],
    compress=bytes,
)


@cases(st.booleans(), st.data())
def test_cifar_archives_damaged(folder, inside, data):
    path = folder / "cifar.tar.gz"
    content = data.draw(damaged(CIFAR if inside else gzip.compress(CIFAR)))
    path.write_bytes(gzip.compress(content) if inside else content)
    read = tried(cifar10.read, [path])
    assert read is None or read.shape == (32, 32, 3)


def zipped(content, method=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr(f"caltech-101/{caltech101.ARCHIVE}", content)
        archive.writestr("__MACOSX/x", b"litter")
    return file.getvalue()


CALTECH = packed([("a/x.jpg", tarfile.REGTYPE, None, b"picture")])


@cases(st.booleans(), st.sampled_from([0, 8]), st.data())
def test_zip_archives_damaged(folder, inside, method, data):
    path = folder / "caltech-101.zip"
    if inside:
        path.write_bytes(zipped(data.draw(damaged(CALTECH)), method))
    else:
        path.write_bytes(data.draw(damaged(zipped(CALTECH, method))))
    with contextlib.suppress(ArchiveError):
        list(caltech101.pictures_of(path))


# Pictures


def picture(kind):
    file = io.BytesIO()
    Image.linear_gradient("L").resize((40, 30)).save(file, kind)
    return file.getvalue()


PICTURES = [picture(kind) for kind in ("PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP", "PPM", "ICO")]


@cases(st.sampled_from(PICTURES).flatmap(damaged) | st.binary(max_size=60))
def test_pictures_damaged(content):
    with contextlib.suppress(image_files.UnreadableError):
        assert image_files.decode(content, 8).image.mode in ("L", "RGB")
