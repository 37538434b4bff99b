"""Pages of TIFF files and tiles of large pictures."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from tests.helpers import sources
from tests.helpers.pictures import animation, bomb, turned
from vae.data import resizing
from vae.data.sources import folder
from vae.services.errors import UserError

REDUCED, PAGE, MASK = 1, 2, 4


def tiff(*pages, kinds=(), about=None):
    """A TIFF file of these arrays; kinds: of each page its NewSubfileType; about: its metadata."""
    images = [Image.fromarray(page) for page in pages]
    for image, kind in zip(images, kinds, strict=False):
        image.encoderinfo = {"tiffinfo": {254: kind}}
    file = io.BytesIO()
    options = {"tiffinfo": {270: about}} if about else images[0].__dict__.get("encoderinfo", {})
    images[0].save(file, "TIFF", save_all=True, append_images=images[1:], **options)
    return file.getvalue()


def flat(value, height=8, width=8):
    return np.full((height, width), value, np.uint8)


@pytest.fixture
def read(tmp_path):
    """A function: gray values of the images of files in a folder, by name; and what is skipped."""

    def read(files, workers=1, size=4, **settings):
        for name, content in files.items():
            (tmp_path / name).write_bytes(content)
        settings = {"channels": "gray", "max_skipped": 1, "test_share": 0.5} | settings
        images, skipped = sources.read(folder, tmp_path, workers=workers, size=size, **settings)
        parts = images.splits.values()
        values = {
            name: round(float(image.mean()))
            for part in parts
            for name, image in zip(part.files, part.pixels, strict=True)
        }
        groups = {
            name: group
            for part in parts
            for name, group in zip(part.files, part.columns.get("group", []), strict=False)
        }
        return dict(sorted(values.items())), groups, skipped

    return read


ONE = {"one.tif": tiff(flat(99)), "two.tif": tiff(flat(98)), "z.png": animation()}


def test_pages_are_images_named_by_their_number_and_a_group(read, caplog):
    values, groups, skipped = read(ONE | {"stack.tif": tiff(*map(flat, (10, 20, 30)))})
    assert values == {
        "one.tif": 99,
        "stack.tif[0]": 10,
        "stack.tif[1]": 20,
        "stack.tif[2]": 30,
        "two.tif": 98,
        "z.png": values["z.png"],
    }
    assert {groups[f"stack.tif[{n}]"] for n in range(3)} == {"stack.tif"}
    assert groups["one.tif"] == ""
    assert skipped == []
    assert "1 files have several frames or pages: the first was taken" in caplog.text


def test_the_first_page_alone(read):
    values, groups, _ = read(ONE | {"stack.tif": tiff(*map(flat, (10, 20)))}, pages="first")
    assert values["stack.tif"] == 10
    assert len(values) == 4
    assert groups == {}


def test_a_group_of_the_users_own_counts_for_pages(read):
    files = {
        f"p{n}_{m}.tif": tiff(flat(40 * n + m), flat(40 * n + m + 9))
        for n in (1, 2, 3)
        for m in (1, 2)
    }
    _, groups, _ = read(files, group=r"(p\d)_")
    assert {groups[f"p1_{m}.tif[{n}]"] for m in (1, 2) for n in (0, 1)} == {"p1"}


def test_reduced_pages_masks_and_pages_of_another_size_are_left_out_and_counted(read, caplog):
    pages = [flat(10), flat(20, 4, 4), flat(30), flat(40), flat(50), flat(60, 8, 9), flat(70)]
    stack = tiff(*pages, kinds=[0, REDUCED, MASK, PAGE, REDUCED | PAGE, 0, 0])
    values, _, skipped = read(ONE | {"stack.tif": stack})
    assert [name for name in values if "stack" in name] == [f"stack.tif[{n}]" for n in (0, 3, 6)]
    assert skipped == []
    assert "4 pages and tiles were left out" in caplog.text
    caplog.clear()
    values, _, _ = read(ONE | {"stack.tif": tiff(flat(1, 2, 2), flat(2), kinds=[REDUCED, 0])})
    assert values["stack.tif[1]"] == 2


def test_a_file_has_so_many_pages_at_most(read, caplog):
    values, _, _ = read(ONE | {"stack.tif": tiff(*map(flat, range(10, 90, 10)))}, max_pages=3)
    assert len(values) == 3 + 3
    assert "5 pages and tiles were left out" in caplog.text


@pytest.mark.parametrize(
    "about",
    [
        '<OME xmlns="x"><Image><Pixels ID="1" SizeC="3" SizeX="8"></Pixels></Image></OME>',
        "ImageJ=1.53t\nimages=3\nchannels=3\nmode=composite\n",
    ],
)
def test_pages_that_are_channels_are_an_error(read, about):
    stack = tiff(*map(flat, (10, 20, 30)), about=about)
    with pytest.raises(UserError, match=r"stack.tif has 3 channels, .* pages: first .* bands"):
        read(ONE | {"stack.tif": stack})
    assert read({"stack.tif": stack}, pages="first")[0]["stack.tif"] == 10
    one = about.replace('SizeC="3"', 'SizeC="1"').replace("channels=3\n", "")
    assert len(read({"stack.tif": tiff(*map(flat, (10, 20, 30)), about=one)})[0]) == 6


def test_a_page_that_is_damaged_is_skipped_alone(read):
    noise = np.random.default_rng(0).integers(0, 256, (3, 64, 64), np.uint8)
    content = tiff(*noise)
    place = content.index(noise[2].tobytes()[:16])
    values, _, skipped = read(ONE | {"stack.tif": content[: place + 100]})
    assert set(values) >= {*ONE}
    assert skipped or len(values) == 6


def test_a_table_of_pages_that_is_damaged_leaves_the_first(read):
    content = bytearray(tiff(flat(10), flat(20)))
    (first,) = struct.unpack_from("<I", content, 4)
    (entries,) = struct.unpack_from("<H", content, first)
    struct.pack_into("<I", content, first + 2 + 12 * entries, 1 << 30)
    values, _, skipped = read(ONE | {"stack.tif": bytes(content)})
    assert skipped == []
    assert [name for name in values if "stack" in name] == ["stack.tif"]


def test_tiles_lie_in_the_picture_and_are_named_by_row_and_column(read):
    scan = np.kron(np.arange(1, 13, dtype=np.uint8).reshape(3, 4) * 20, np.ones((8, 8), np.uint8))
    stored = io.BytesIO()
    Image.fromarray(np.pad(scan, ((0, 3), (0, 5)))).save(stored, "PNG")
    values, groups, _ = read(
        {"scan.png": stored.getvalue(), "a.png": stored.getvalue()[:-1]},
        tiles={"size": 8, "stride": 8},
    )
    assert {n: v for n, v in values.items() if "scan" in n} == {
        f"scan.png[{8 * row},{8 * column}]": 20 * (4 * row + column + 1)
        for row in range(3)
        for column in range(4)
    }
    assert {group for name, group in groups.items() if "scan" in name} <= {"scan.png", "a.png"}


def png(array):
    file = io.BytesIO()
    Image.fromarray(array).save(file, "PNG")
    return file.getvalue()


NOISE = np.random.default_rng(0).integers(0, 256, (4, 32, 48), np.uint8)
MANY = {f"{number}.png": png(page) for number, page in enumerate(NOISE)}


def test_tiles_may_overlap(read):
    values, _, _ = read(MANY, tiles={"size": 16, "stride": 8})
    assert len(values) == 4 * 3 * 5
    assert "0.png[16,32]" in values


def test_a_picture_smaller_than_a_tile_is_one(read):
    values, _, _ = read(MANY, tiles={"size": 500, "stride": 500})
    assert [*values] == [f"{number}.png[0,0]" for number in range(4)]


def test_flat_tiles_are_left_out_and_counted(read, caplog):
    scan = np.concatenate([NOISE[0][:, :32], flat(7, 32, 32)], axis=1)
    values, _, _ = read(
        MANY | {"scan.png": png(scan)}, tiles={"size": 16, "stride": 16}, min_contrast=5
    )
    assert [name for name in values if "scan" in name] == [
        f"scan.png[{r},{c}]" for r in (0, 16) for c in (0, 16)
    ]
    assert "4 pages and tiles were left out" in caplog.text


def test_tiles_of_a_picture_that_lies_on_its_side_are_of_the_upright_one(read):
    values, _, _ = read(
        {"turned.jpg": turned(6), "2.jpg": turned(8)}, size=2, tiles={"size": 20, "stride": 20}
    )
    assert [*values] == ["2.jpg[0,0]", "2.jpg[20,0]", "turned.jpg[0,0]", "turned.jpg[20,0]"]
    assert abs(values["turned.jpg[0,0]"] - 76) < 5, "red"
    assert abs(values["turned.jpg[20,0]"] - 29) < 5, "blue"
    assert abs(values["2.jpg[0,0]"] - 29) < 5


def test_pages_have_tiles_too(read):
    values, groups, _ = read(MANY | {"stack.tif": tiff(*NOISE)}, tiles={"size": 16, "stride": 16})
    assert len([name for name in values if "stack" in name]) == 4 * 6
    assert groups["stack.tif[3][16,32]"] in ("stack.tif", "0.png", "3.png")


def test_a_file_of_many_parts_comes_in_several_results(read, monkeypatch):
    files = MANY | {"stack.tif": tiff(*NOISE)}
    expected = read(files, tiles={"size": 8, "stride": 8}, min_contrast=70)
    monkeypatch.setattr(resizing, "_MOST_BYTES", 100)
    assert read(files, tiles={"size": 8, "stride": 8}, min_contrast=70, workers=2) == expected
    assert read(files, tiles={"size": 8, "stride": 8}, min_contrast=70) == expected


def test_more_pixels_are_allowed_by_max_pixels(read):
    files = MANY | {"bomb.png": bomb(10_000)}
    _, _, skipped = read(files)
    assert skipped == [
        (
            "bomb.png",
            "Image size (100000000 pixels) exceeds limit of 89478485 pixels; max_pixels raises it",
        )
    ]
    values, _, skipped = read(files, max_pixels=100_000_000, tiles={"size": 5000, "stride": 5000})
    assert len([name for name in values if "bomb" in name]) == 4
    assert skipped == []
    _, _, skipped = read({"a.png": png(flat(3)), "b.png": png(flat(9))}, max_pixels=32 * 48 - 1)
    assert len(skipped) == 5
