"""Raw data: what reads it returns what is right, or says what is wrong."""

import contextlib
import gzip
import io
import struct
import tarfile
import warnings
import zipfile

import numpy as np
import pytest
from hypothesis import strategies as st

from tests.helpers import sources
from tests.properties import cases, damaged, tried
from vae.data import archives
from vae.data.archives import ArchiveError, contents, names, tar_members
from vae.data.sources import caltech101, cifar10, idx
from vae.data.sources import folder as own_folder
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
odd_names = st.sampled_from(
    ["/etc/x", "../x", "a/../../x", "a/x.jpg", "", ".", "a" * 99]
) | st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)
members = st.tuples(
    odd_names,
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


@st.composite
def zip_files(draw):
    """A zip file of members with any names, contents, kinds and declared sizes."""
    file = io.BytesIO()
    method = draw(st.sampled_from([0, 8]))
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w", method) as archive:
        warnings.simplefilter("ignore")  # a name twice
        for name in draw(st.lists(odd_names, max_size=5)):
            info = zipfile.ZipInfo(name.replace("\0", "") or "x")
            info.external_attr = draw(st.sampled_from([0, 0o120777 << 16, 0o100644 << 16, 16]))
            archive.writestr(info, draw(st.binary(max_size=50)))
    return file.getvalue()


@cases(zip_files().flatmap(lambda content: st.just(content) | damaged(content)))
def test_zip_files_of_anything(folder, content):
    path = folder / "any.zip"
    path.write_bytes(content)
    with contextlib.suppress(ArchiveError):
        found = names(path)
        for name, data in contents(path, found):
            assert name in found
            assert not name.startswith("/")
            assert ".." not in name.split("/")
            assert isinstance(data, bytes)
    tried(lambda: sources.read(own_folder, path, size=2))


@pytest.mark.parametrize("name", ["a.zip", "a.tar"])
def test_links_and_paths_that_lead_out_are_left_out(folder, name):
    path = folder / name
    if name == "a.zip":
        with zipfile.ZipFile(path, "w") as archive:
            link = zipfile.ZipInfo("link.png")
            link.external_attr = 0o120777 << 16
            archive.writestr(link, "/etc/passwd")
            for member in ("/etc/x.png", "../y.png", "a/../../z.png", "a/b.png"):
                archive.writestr(member, b"picture")
    else:
        plain = [("/etc/x.png", "../y.png", "a/../../z.png", "a/b.png"), tarfile.REGTYPE]
        members = [(member, plain[1], None, b"picture") for member in plain[0]]
        members.append(("link.png", tarfile.SYMTYPE, None, b""))
        path.write_bytes(packed(members, bytes))
    assert names(path) == ["a/b.png"]
    assert [*contents(path, ["a/b.png"])] == [("a/b.png", b"picture")]


@cases(st.integers(0, 3000), st.integers(0, 3000))
def test_zip_bombs_are_not_unpacked(monkeypatch, folder, size, limit):
    monkeypatch.setattr(archives, "MAX_BYTES", limit)
    monkeypatch.setattr(archives, "MOST_TIMES", 1)
    path = folder / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", bytes(size))
    if size > max(limit, path.stat().st_size):
        with pytest.raises(ArchiveError, match="unpacks to more than"):
            [*contents(path, ["a"])]
    else:
        assert [*contents(path, ["a"])] == [("a", bytes(size))]


def test_a_file_that_is_too_large_for_the_memory_is_not_read(monkeypatch, folder):
    monkeypatch.setattr(archives, "LARGEST", 10)
    path = folder / "large.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", bytes(11))
    with pytest.raises(ArchiveError, match="a file of more than 10 bytes"):
        names(path)
    path.with_suffix(".tar").write_bytes(packed([("a", tarfile.REGTYPE, None, bytes(11))], bytes))
    with pytest.raises(ArchiveError, match="a file of more than 10 bytes"):
        names(path.with_suffix(".tar"))
