"""Thumbnails: as sharp as Lanczos' filter alone, in order, in little memory, on all cores."""

import io
import math
import os
import signal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from benchmarks import thumbnails as benchmark
from vae.data import resizing
from vae.data.image_files import UnreadableError
from vae.data.resizing import thumbnail, thumbnails
from vae.data.sources import caltech101
from vae.services.errors import UserError

LANCZOS = Image.Resampling.LANCZOS


def photograph(width: int, height: int, seed: int = 0) -> Image.Image:
    """Smooth colours with some detail."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (9, 12, 3), np.uint8))
    smooth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), np.float32)
    detail = random.normal(0, 8, smooth.shape)
    return Image.fromarray((smooth + detail).clip(0, 255).astype(np.uint8))


def jpeg(image: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", **options)
    return file.getvalue()


def psnr(image: np.ndarray, reference: object) -> float:
    """Peak signal-to-noise ratio, dB."""
    error = np.square(image.astype(np.float64) - np.asarray(reference)).mean()
    return 10 * np.log10(255**2 / max(error, 1e-9))


def lossless(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 140), st.integers(1, 140))
def test_the_filter_is_pillows(width, height, columns, rows):
    image = photograph(width, height)
    thumb = thumbnail(lossless(image), (rows, columns), "stretch", reducing_gap=math.inf)
    assert psnr(thumb, image.resize((columns, rows), LANCZOS)) > 45


def test_a_flat_image_stays_flat():
    for value in (0, 1, 127, 255):
        data = lossless(Image.new("RGB", (47, 610), (value,) * 3))
        assert (thumbnail(data, (92, 20), "stretch") == value).all()


def marked(width: int, height: int) -> bytes:
    """Green, with a red middle of a third of each side; PNG."""
    image = Image.new("RGB", (width, height), (0, 255, 0))
    image.paste((255, 0, 0), (width // 3, height // 3, width - width // 3, height - height // 3))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def extent(mask: np.ndarray) -> tuple[int, int]:
    """Rows and columns that a mask reaches over."""
    return int(mask.any(axis=1).sum()), int(mask.any(axis=0).sum())


@pytest.mark.parametrize(
    ("crop", "size", "red", "black"),
    [
        ("stretch", (90, 30), (20, 20), (0, 0)),
        ("fit", (90, 30), (20, 60), (0, 0)),
        ("fit", (30, 90), (60, 20), (0, 0)),
        ("pad", (90, 30), (7, 20), (40, 60)),
        ("pad", (30, 90), (20, 7), (60, 40)),
    ],
)
def test_crop_modes(crop, size, red, black):
    pixels = thumbnail(marked(*size), 60, crop).astype(int)
    assert pixels.shape == (60, 60, 3)
    is_red = (pixels[..., 0] > 128) & (pixels[..., 1] < 128)
    assert np.abs(np.subtract(extent(is_red), red)).max() <= 1
    is_black = pixels.sum(axis=2) < 30
    assert is_black.sum() == pytest.approx(black[0] * black[1], abs=61)


@pytest.mark.parametrize("size", [1, 2, 31, 92, 128])
@pytest.mark.parametrize("crop", ["fit", "stretch", "pad"])
def test_sizes_are_exact(size, crop):
    for shape in ((1, 1), (1, 500), (640, 3), (91, 93)):
        pixels = thumbnail(jpeg(photograph(*shape)), size, crop)
        assert pixels.shape == (size, size, 3)
        assert pixels.dtype == np.uint8


@pytest.mark.parametrize(
    ("crop", "size", "red", "black"),
    [
        ("stretch", (90, 30), (10, 20), 0),
        ("stretch", (30, 90), (10, 20), 0),
        ("fit", (90, 30), (10, 30), 0),
        ("fit", (30, 90), (30, 20), 0),
        ("fit", (60, 30), (10, 20), 0),
        ("pad", (90, 30), (7, 20), 10 * 60),
        ("pad", (30, 90), (10, 3), 30 * 50),
        ("pad", (60, 30), (10, 20), 0),
    ],
)
def test_crop_modes_of_a_frame_that_is_not_square(crop, size, red, black):
    pixels = thumbnail(marked(*size), (30, 60), crop).astype(int)
    assert pixels.shape == (30, 60, 3)
    is_red = (pixels[..., 0] > 128) & (pixels[..., 1] < 128)
    assert np.abs(np.subtract(extent(is_red), red)).max() <= 1
    assert (pixels.sum(axis=2) < 30).sum() == pytest.approx(black, abs=61)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_frame_that_is_not_square_is_filled_upright(orientation):
    """The picture is 90x45 once it is upright, as wide as the frame."""
    upright = photograph(90, 45)
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(turns[orientation]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = jpeg(stored, exif=exif, quality=98, subsampling=0)
    expected = upright.resize((40, 20), LANCZOS)
    for crop in ("fit", "stretch", "pad"):
        assert psnr(thumbnail(data, (20, 40), crop), expected) > 35


def test_many_thumbnails_that_are_not_square():
    files = [(str(n), jpeg(photograph(50, 40, n))) for n in range(20)]
    pixels = np.concatenate([p.copy() for p, _ in thumbnails(files, (8, 12), "fit", workers=1)])
    expected = [thumbnail(data, (8, 12), "fit") for _, data in files]
    np.testing.assert_array_equal(pixels, expected)


@pytest.mark.parametrize("shape", [(1211, 807), (903, 2000), (1209, 1217)])
@pytest.mark.parametrize("crop", ["fit", "stretch"])
@pytest.mark.parametrize("kind", ["JPEG", "BMP"])
def test_large_pictures_are_reduced_first(shape, crop, kind):
    """Of 903 pixels, halved, the last one of 452 is half a pixel: it must not shift the image."""
    image = photograph(*shape)
    file = io.BytesIO()
    image.save(file, kind)
    full = Image.open(file)
    box = (0, 0, *shape)
    if crop == "fit":
        left, top = ((side - min(shape)) / 2 for side in shape)
        box = (left, top, shape[0] - left, shape[1] - top)
    expected = full.resize((64, 64), LANCZOS, box)
    assert psnr(thumbnail(file.getvalue(), 64, crop), expected) > 45


def test_gray_becomes_rgb():
    gray = photograph(60, 50).convert("L")
    pixels = thumbnail(jpeg(gray), 20, "stretch")
    assert (pixels == pixels[..., :1]).all()


@pytest.fixture(scope="module")
def pictures(datasets) -> list[tuple[str, bytes]]:
    """200 pictures of Caltech101, from all of its classes."""
    path = datasets / "caltech101/caltech-101.zip"
    every = list(caltech101.pictures_of(path))
    return every[7 :: len(every) // 200][:200]


@pytest.mark.parametrize(
    ("size", "worst", "nine_in_ten"), [(32, 36, 40), (64, 40, 50), (92, 40, 50), (128, 40, 50)]
)
def test_quality(pictures, size, worst, nine_in_ten):
    """Against a full decode and Pillow's Lanczos filter."""
    assert len(pictures) == 200
    levels = []
    for pixels, outcomes in thumbnails(pictures, size, "stretch"):
        assert not any(outcome.unreadable for outcome in outcomes)
        for thumb in pixels:
            levels.append(psnr(thumb, benchmark.whole(pictures[len(levels)][1], size)))
    assert min(levels) >= worst
    assert np.percentile(levels, 10) >= nine_in_ten


@pytest.fixture(scope="module")
def twelve_megapixels() -> bytes:
    return benchmark.photograph(0)


@pytest.mark.parametrize(("size", "least"), [(32, 40), (64, 50), (92, 50), (128, 50)])
def test_quality_of_a_photograph_of_12_megapixels(twelve_megapixels, size, least):
    reference = benchmark.whole(twelve_megapixels, size)
    assert psnr(thumbnail(twelve_megapixels, size, "stretch"), reference) >= least


def numbered(count: int) -> list[tuple[str, bytes]]:
    return [(str(n), jpeg(Image.new("L", (8, 8), n % 256))) for n in range(count)]


@pytest.mark.parametrize("workers", [1, 3])
def test_order_is_kept_and_bad_ones_leave_no_gap(workers):
    files = numbered(250)
    files[17] = ("17", b"")
    values, names, bad = [], [], []
    for pixels, outcomes in thumbnails(files, 4, "fit", workers):
        values += pixels[:, 0, 0, 0].tolist()
        names += [name for outcome in outcomes for name in outcome.images]
        bad += [name for outcome in outcomes for name, _ in outcome.unreadable]
    assert bad == ["17"]
    assert names == [name for name, _ in files if name != "17"]
    assert np.abs(np.array(values) - [int(name) for name in names]).max() <= 1


def test_paths_and_contents_are_the_same(tmp_path):
    data = jpeg(photograph(50, 40))
    (tmp_path / "a.jpg").write_bytes(data)
    np.testing.assert_array_equal(
        thumbnail(tmp_path / "a.jpg", 16, "fit"), thumbnail(data, 16, "fit")
    )


def test_files_are_taken_as_they_are_needed():
    taken = []

    def files():
        for number in range(100_000):
            taken.append(number)
            yield str(number), data

    data = jpeg(Image.new("L", (8, 8)))
    chunks = thumbnails(files(), 4, "fit", workers=1)
    next(chunks)
    chunks.close()
    assert len(taken) < 500


def test_large_files_come_in_small_chunks():
    data = jpeg(Image.new("L", (8, 8))) + bytes(1 << 20)
    chunks = list(thumbnails([("a", data)] * 5, 4, "fit", workers=1))
    assert [len(pixels) for pixels, _ in chunks] == [1] * 5


def test_large_thumbnails_come_in_small_chunks():
    chunks = thumbnails(numbered(3), 700, "fit", workers=1)
    assert [pixels.shape for pixels, _ in chunks] == [(1, 700, 700, 3)] * 3


def test_nothing_gives_nothing():
    assert list(thumbnails([], 4, "fit")) == []


def test_an_error_of_the_files_comes_through():
    def files():
        yield from numbered(40)
        raise UserError("the archive ends here")

    with pytest.raises(UserError, match="the archive ends here"):
        list(thumbnails(files(), 4, "fit", workers=1))


def test_a_killed_worker_is_told(monkeypatch):
    def killed(*arguments):
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.delitem(resizing.sys.modules, "tensorflow", raising=False)  # so that it is forked
    monkeypatch.setattr(resizing, "parts_of", killed)
    with pytest.raises(UserError, match=r"was killed.* memory.*--cores 1"):
        list(thumbnails(numbered(3), 4, "fit", workers=1))


def test_a_process_with_tensorflow_is_not_forked(monkeypatch):
    monkeypatch.setitem(resizing.sys.modules, "tensorflow", None)
    files = [*numbered(2), ("bad", b"bad")]
    ((pixels, outcomes),) = thumbnails(files, 4, "fit", workers=1)
    assert len(pixels) == 2
    assert [not outcome.unreadable for outcome in outcomes] == [True, True, False]


def test_a_missing_file_is_unreadable(tmp_path):
    with pytest.raises(UnreadableError, match="No such file or directory"):
        thumbnail(tmp_path / "none.jpg", 4, "fit")
