"""Decoding of pictures: the odd ones look right, the bad ones are named."""

import importlib.util
import io
import sys
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.helpers.pictures import BLUE, GOOD, RED, WHITE, bomb, encoded, halves, turned
from vae.data import image_files
from vae.data.image_files import Look, decode
from vae.data.resizing import thumbnail


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
    assert image_files._plain(image, image_files.PLAIN).convert("RGB").getpixel((35, 10))[0] < 40
    assert image_files._plain(image, image_files.PLAIN).mode == "RGB"


@pytest.mark.parametrize(("mode", "value"), [("I", 70_000), ("I", 9), ("F", 1.5), ("F", np.nan)])
def test_values_without_a_known_white_are_no_picture(mode, value):
    with pytest.raises(Exception, match=r"its values of the type .* set intensity|NaN or infinity"):
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


@pytest.mark.parametrize(
    "orientation", [b"\0\3\0\0\0\1\0\0", b"\0\3\0\0\0\1\0\x09", b"\0\2\0\0\0\0026\0"]
)
def test_an_orientation_that_there_is_not_is_upright(orientation):
    """0, 9, and "6" as text."""
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12" + orientation + bytes(6)
    data = encoded(halves(), "JPEG", exif=exif)
    plain = encoded(halves(), "JPEG")
    for crop in ("fit", "stretch"):
        np.testing.assert_array_equal(
            thumbnail(data, (8, 16), crop), thumbnail(plain, (8, 16), crop)
        )


def test_postscript_is_not_run():
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n%%EOF\n"
    with pytest.raises(Exception, match="EPS is a program"):
        decode(eps, 1)


def seen(mode, left, right, **look):
    """What the two halves of a picture become, each [C]."""
    data = encoded(halves(mode, left, right), "TIFF")
    return thumbnail(data, (20, 40), "stretch", Look(**look))[0, [5, 35]].tolist()


@pytest.mark.parametrize(
    ("mode", "left", "right", "look", "expected"),
    [
        ("RGB", (9, 99, 199), (1, 2, 3), {"bands": (2,), "channels": "gray"}, [[99], [2]]),
        ("RGB", (9, 99, 199), (1, 2, 3), {"bands": (3, 1, 2)}, [[199, 9, 99], [3, 1, 2]]),
        ("RGBA", (9, 9, 9, 70), (9, 9, 9, 0), {"bands": (4,), "channels": "gray"}, [[70], [0]]),
        ("L", 50, 60, {"bands": (1,), "channels": "gray"}, [[50], [60]]),
        ("RGBA", (200,) * 3 + (255,), (200,) * 3 + (0,), {"channels": "gray"}, [[200], [255]]),
        ("RGBA", (90,) * 4, (200,) * 3 + (0,), {"background": "black"}, [[32] * 3, [0] * 3]),
        ("RGB", (255, 0, 0), (0, 0, 255), {"channels": "gray"}, [[76], [29]]),
        ("L", 10, 30, {"intensity": (10, 30)}, [[0] * 3, [255] * 3]),
        ("1", 0, 1, {"channels": "gray", "intensity": (0, 255)}, [[0], [255]]),
        (
            "RGBA",
            (30, 9, 20, 255),
            (0, 0, 0, 0),
            {"intensity": (10, 30)},
            [[255, 0, 128], [255] * 3],
        ),
        ("I;16", 0, 4095, {"channels": "gray", "intensity": (0, 4095)}, [[0], [255]]),
        ("I", -1000, 400, {"intensity": (-1000, 400)}, [[0] * 3, [255] * 3]),
        ("F", -1.5, 8, {"channels": "gray", "intensity": "percentile"}, [[-1.5], [8]]),
        ("I;16", 7, 65_535, {"intensity": "percentile"}, [[7] * 3, [65_535] * 3]),
        ("RGB", (1, 2, 3), (4, 5, 6), {"intensity": "percentile"}, [[1, 2, 3], [4, 5, 6]]),
    ],
)
def test_looks(mode, left, right, look, expected):
    assert seen(mode, left, right, **look) == expected


def test_bands_that_a_file_lacks_are_named():
    with pytest.raises(image_files.UnreadableError, match=r"3 bands \(R, G, B\), .* asks for 4"):
        seen("RGB", RED, BLUE, bands=(4,))


def test_16_bits_of_a_portable_graymap_are_known():
    data = encoded(Image.fromarray(np.array([[0, 257 * 9]], np.uint16)), "PPM")
    assert decode(data, 1).image.getpixel((1, 0)) == 9


def test_the_square_in_the_middle_is_a_share_of_the_shorter_side():
    pixels = np.arange(60, dtype=np.uint8).reshape(6, 10)
    png = encoded(Image.fromarray(pixels), "PNG")
    picture = decode(png, 1, Look("gray", center=2 / 3))
    assert (picture.width, picture.height, picture.reduced) == (4, 4, False)
    assert np.array_equal(np.asarray(picture.image), pixels[1:5, 3:7])
    jpeg = encoded(Image.new("RGB", (178, 218)), "JPEG")
    assert decode(jpeg, 1, Look(center=0.8315)).image.size == (148, 148)


def test_a_file_of_several_frames_says_so_and_a_damaged_second_one_does_no_harm():
    animation = GOOD["animated.gif"]
    assert decode(animation, 1).several
    assert not decode(GOOD["palette.png"], 1).several
    assert decode(animation[:-9], 1).image.size == (30, 30)


def test_heic_is_read_if_its_package_is_installed(monkeypatch):
    calls = []
    package = SimpleNamespace(register_heif_opener=lambda: calls.append(1))
    monkeypatch.setitem(sys.modules, "pillow_heif", package)
    spec = importlib.util.find_spec("vae.data.image_files")
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    assert calls == [1]
