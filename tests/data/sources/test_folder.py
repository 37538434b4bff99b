"""A folder of pictures: the odd ones look right, the bad ones are named."""

import io
import os
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from vae.data import image_files
from vae.data.image_files import decode
from vae.data.resizing import thumbnail
from vae.data.sources import folder
from vae.services.errors import UserError

WHITE, RED, BLUE = (255, 255, 255), (255, 0, 0), (0, 0, 255)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def halves(mode: str = "RGB", left: object = RED, right: object = BLUE) -> Image.Image:
    """40x20 pixels of two colours."""
    image = Image.new(mode, (40, 20), left)
    image.paste(right, (20, 0, 40, 20))
    return image


def turned(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(halves(), "JPEG", exif=exif, quality=95, subsampling=0)


def bomb(side: int) -> bytes:
    """A PNG file of `side` x `side` black pixels of one bit, packed without the work."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    # The same piece of zeros, as often as needed; a flush makes it independent of the one before.
    piece, size = 1 << 20, side * (1 + (side + 7) // 8)
    pack = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = pack.compress(bytes(piece)) + pack.flush(zlib.Z_FULL_FLUSH)
    last = zlib.compressobj(9, zlib.DEFLATED, -15)
    tail = last.compress(bytes(size % piece)) + last.flush()
    adler = struct.pack(">HH", size % 65521, 1)
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    data = b"\x78\xda" + packed * (size // piece) + tail + adler
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


def gray_16() -> np.ndarray:
    return np.linspace(0, 65535, 32, dtype=np.uint16).reshape(1, 32).repeat(32, axis=0)


def palette_with_alpha() -> bytes:
    image = halves().quantize(2)
    return encoded(image, "PNG", transparency=image.getpixel((39, 0)))


def animation() -> bytes:
    frames = [Image.new("P", (30, 30), 1), Image.new("P", (30, 30), 2)]
    for frame in frames:
        frame.putpalette([0, 0, 0, *RED, *BLUE])
    return encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])


GOOD = {
    "cmyk.jpg": encoded(Image.new("CMYK", (40, 30), (0, 255, 255, 0)), "JPEG", quality=95),
    "16 bits.png": encoded(Image.fromarray(gray_16()), "PNG"),
    "palette.png": palette_with_alpha(),
    "turned.jpg": turned(6),
    "animated.gif": animation(),
    'it\'s "odd" ключ 鍵 ü.png': encoded(halves(), "PNG"),
}
BAD = {
    "truncated.jpg": (encoded(halves().resize((400, 400)), "JPEG")[:-900], "truncated"),
    "text.png": (b"It was a dark and stormy night.", "not a picture"),
    "empty.jpg": (b"", "not a picture"),
    "bomb.png": (bomb(30_000), "900000000 pixels"),
}


def scene(seed: int) -> bytes:
    """A small photograph of nothing."""
    noise = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), np.uint8)
    image = Image.fromarray(noise).resize((48, 40), Image.Resampling.BICUBIC)
    return encoded(image, "JPEG", quality=90)


@pytest.fixture(scope="module")
def three_hundred(tmp_path_factory) -> Path:
    """300 pictures in two classes, good, odd and bad, and a link in a circle."""
    root = tmp_path_factory.mktemp("pictures")
    for name in ("one class", "другой"):
        (root / name).mkdir()
    odd = GOOD | {name: data for name, (data, _) in BAD.items()}
    for name, data in odd.items():
        (root / "one class" / name).write_bytes(data)
    for number in range(300 - len(odd)):
        name = ("one class", "другой")[number % 2]
        (root / name / f"{number:03}.jpg").write_bytes(scene(number))
    (root / "one class/loop").symlink_to("..")
    return root


def test_three_hundred_pictures(three_hundred):
    images, skipped = folder.read(three_hundred, 16)
    assert images.class_names == ("one class", "другой")
    assert images.shape == (16, 16, 3)
    assert (len(images.train), len(images.test)) == (237, 59)
    reasons = dict(skipped)
    assert set(reasons) == {f"one class/{name}" for name in (*BAD, "loop")}
    for name, (_, reason) in BAD.items():
        assert reason in reasons[f"one class/{name}"]
        assert "\n" not in reasons[f"one class/{name}"]


def test_too_many_bad_files_are_an_error(three_hundred):
    with pytest.raises(UserError) as error:
        folder.read(three_hundred, 16, max_skipped=0.01)
    text = str(error.value)
    assert f"5 of 301 files in {three_hundred} cannot be read" in text
    assert "more than the 1% that max_skipped admits" in text
    assert "  one class/text.png: not a picture in a format that Pillow knows" in text


def test_the_images_do_not_depend_on_the_number_of_workers(three_hundred):
    one, three = (folder.read(three_hundred, 8, workers=n)[0] for n in (1, 3))
    np.testing.assert_array_equal(one.train.pixels, three.train.pixels)
    np.testing.assert_array_equal(one.test.labels, three.test.labels)


def test_each_image_keeps_its_label(tmp_path):
    for number, name in enumerate(("black", "gray", "white")):
        (tmp_path / name).mkdir()
        for index in range(40):
            image = Image.new("L", (9, 9), 100 * number + index)
            image.save(tmp_path / name / f"{index}.png")
    images, _ = folder.read(tmp_path, 4, workers=1)
    for part in (images.train, images.test):
        np.testing.assert_array_equal(part.pixels[:, 0, 0, 0] // 100, part.labels)
    values = np.concatenate([part.pixels[:, 0, 0, 0] for part in (images.train, images.test)])
    assert sorted(values) == [100 * n + i for n in range(3) for i in range(40)]


def test_a_folder_without_subfolders_has_no_labels(tmp_path):
    for number in range(10):
        (tmp_path / f"{number}.jpg").write_bytes(scene(number))
    images, skipped = folder.read(tmp_path, 8)
    assert skipped == []
    assert images.class_names == ()
    assert set(images.train.labels) == set(images.test.labels) == {-1}
    assert (len(images.train), len(images.test)) == (8, 2)


def test_files_beside_the_classes_are_skipped(tmp_path):
    (tmp_path / "class/deeper").mkdir(parents=True)
    for number in range(10):
        (tmp_path / f"class/deeper/{number}.jpg").write_bytes(scene(number))
    (tmp_path / "README.txt").write_text("Pictures of nothing.")
    images, skipped = folder.read(tmp_path, 8, max_skipped=0.1)
    assert images.class_names == ("class",)
    assert skipped == [("README.txt", "beside the folders of the classes")]


@pytest.mark.parametrize("name", ["nowhere", "file"])
def test_no_such_folder(tmp_path, name):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=f"{name} cannot be read.*working directory"):
        folder.read(tmp_path / name, 8)


def test_an_empty_folder_and_one_picture(tmp_path):
    with pytest.raises(UserError, match="holds no file"):
        folder.read(tmp_path, 8)
    (tmp_path / "1.jpg").write_bytes(scene(1))
    with pytest.raises(UserError, match=r"1 readable picture.* add pictures"):
        folder.read(tmp_path, 8)


def test_names_that_are_no_text_can_be_printed(tmp_path):
    (tmp_path / os.fsdecode(b"cl\xe9")).mkdir()
    for number in range(3):
        (tmp_path / os.fsdecode(b"cl\xe9") / f"{number}.jpg").write_bytes(scene(number))
    (tmp_path / os.fsdecode(b"cl\xe9/\xff.jpg")).write_bytes(b"none")
    images, skipped = folder.read(tmp_path, 8, max_skipped=0.5)
    assert images.class_names == ("cl\\xe9",)
    assert skipped[0].path == "cl\\xe9/\\xff.jpg"


def test_the_good_ones_look_right():
    seen = {name: thumbnail(data, 20, "stretch").astype(int) for name, data in GOOD.items()}
    assert np.abs(seen["cmyk.jpg"] - RED).max() <= 3
    ramp = seen["16 bits.png"][:, :, 0]
    assert np.abs(ramp[10] - (np.arange(20) + 0.5) * 255 / 20).max() <= 6
    assert np.abs(seen["palette.png"][:, :8] - RED).max() <= 3
    assert np.abs(seen["palette.png"][:, 12:] - WHITE).max() <= 3
    assert np.abs(seen["turned.jpg"][:8] - RED).max() <= 5
    assert np.abs(seen["turned.jpg"][12:] - BLUE).max() <= 5
    assert np.abs(seen["animated.gif"] - RED).max() == 0
    assert np.abs(seen['it\'s "odd" ключ 鍵 ü.png'][:, :8] - RED).max() <= 3


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_every_orientation_is_turned_upright(orientation, kind):
    image = Image.new("RGB", (48, 32))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 23, 15), fill=RED)
    draw.rectangle((24, 0, 47, 15), fill=BLUE)
    draw.rectangle((0, 16, 23, 31), fill=WHITE)
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(image, kind, exif=exif)
    # Where the corners end up, row by row: red, blue, white and black as they are stored.
    corners = ("rbwk", "brkw", "kwbr", "wkrb", "rwbk", "wrkb", "kbwr", "bkrw")[orientation - 1]
    colours = {"r": RED, "b": BLUE, "w": WHITE, "k": (0, 0, 0)}
    pixels = thumbnail(data, 32, "stretch").astype(int)
    found = [pixels[y, x] for y in (8, 24) for x in (8, 24)]
    expected = [colours[letter] for letter in corners]
    assert np.abs(np.array(found) - expected).max() < 40


@pytest.mark.parametrize(
    ("mode", "left", "right", "seen"),
    [
        ("1", 0, 1, (0, 255)),
        ("L", 10, 250, (10, 250)),
        ("LA", (0, 255), (0, 0), (0, 255)),
        ("LA", (0, 128), (200, 255), (127, 200)),
        ("RGBA", (0, 0, 0, 255), (9, 9, 9, 0), (0, 255)),
        ("RGBA", (0, 0, 0, 51), (0, 0, 0, 204), (204, 51)),
        ("I;16", 0, 65535, (0, 255)),
        ("I;16B", 257 * 100, 257 * 200, (100, 200)),
        ("I", 257 * 7, 257 * 250, (7, 250)),
        ("F", 0.0, 1.0, (0, 255)),
        ("CMYK", (0, 0, 0, 255), (0, 0, 0, 0), (0, 255)),
        ("YCbCr", (50, 128, 128), (150, 128, 128), (50, 150)),
    ],
)
def test_every_mode_becomes_8_bits_on_white(mode, left, right, seen):
    image = halves(mode, left, right)
    picture = decode(encoded(image, "TIFF"), 1).image.convert("RGB")
    for place, value in zip(((5, 10), (35, 10)), seen, strict=True):
        assert max(abs(band - value) for band in picture.getpixel(place)) <= 1


@pytest.mark.parametrize("mode", ["La", "PA", "RGBa", "RGBX", "HSV"])
def test_modes_that_no_file_here_has(mode):
    plain = {"La": "LA", "RGBa": "RGBA", "PA": "P"}.get(mode, "RGB")
    image = halves().convert(plain).convert(mode)
    assert image_files._plain(image).convert("RGB").getpixel((35, 10))[0] < 40
    assert image_files._plain(image).mode == "RGB"


@pytest.mark.parametrize(("mode", "value"), [("I", 70_000), ("I", -1), ("F", 1.5), ("F", np.nan)])
def test_values_without_a_known_white_are_no_picture(mode, value):
    with pytest.raises(Exception, match=f"in the mode {mode} they should lie between"):
        decode(encoded(halves(mode, 0, value), "TIFF"), 1)


def test_a_transparent_colour_becomes_white():
    gray = halves("L", 0, 100)
    for image, colour in ((gray, 0), (gray.convert("RGB"), (0, 0, 0))):
        picture = decode(encoded(image, "PNG", transparency=colour), 1).image.convert("RGB")
        assert picture.getpixel((5, 10)) == WHITE
        assert picture.getpixel((35, 10)) == (100, 100, 100)


def test_a_bomb_is_one_from_the_size_that_pillow_warns_of():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        assert Image.open(io.BytesIO(bomb(9_600))).size == (9_600, 9_600)
    with pytest.raises(Exception, match="92160000 pixels"):
        decode(bomb(9_600), 1)


def test_the_bomb_would_be_a_picture():
    with Image.open(io.BytesIO(bomb(3_000))) as image:
        image.load()
        assert image.size == (3_000, 3_000)
        assert image.getextrema() == (0, 0)


def test_damaged_exif_does_not_spoil_a_picture():
    data = turned(6).replace(b"Exif\0\0MM\0*", b"Exif\0\0MM\xff\xff")
    assert b"\xff\xff" in data
    assert thumbnail(data, 8, "stretch").shape == (8, 8, 3)


def test_postscript_is_not_run():
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n%%EOF\n"
    with pytest.raises(Exception, match="EPS is a program"):
        decode(eps, 1)
