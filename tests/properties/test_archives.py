"""Raw data: what reads it returns what is right, or says what is wrong."""

import contextlib
import gzip
import io
import struct
import tarfile
import zipfile

import numpy as np
import pytest
from hypothesis import strategies as st

from tests.helpers import sources
from tests.properties import cases, damaged, tried
from vae.data import archives
from vae.data.archives import ArchiveError, tar_members
from vae.data.sources import caltech101, cifar10, idx
from vae.services.errors import UserError

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
    read = tried(sources.read, idx, *(folder / f"{other}.gz" for other in RAW))
    assert read is None or read[0].train.pixels.ndim == 4


@cases(st.lists(st.integers(0, 2**32 - 1), min_size=3, max_size=3), st.binary(max_size=50))
def test_idx_headers_that_promise_anything(folder, sizes, content):
    path = folder / "train-images-idx3-ubyte.gz"
    header = struct.pack(">HBB3I", 0, 8, 3, *sizes)
    path.write_bytes(gzip.compress(header + content))
    with pytest.raises(UserError, match=r"damaged or not the right file|missing"):
        sources.read(idx, path)


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
    read = tried(sources.read, cifar10, path)
    assert read is None or read[0].shape == (32, 32, 3)


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
