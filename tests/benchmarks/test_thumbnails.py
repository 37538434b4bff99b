import io
import math

from PIL import Image

from benchmarks import thumbnails
from vae.data.resizing import GAP


def test_a_drawn_photograph_is_a_jpeg_file_of_its_size():
    with Image.open(io.BytesIO(thumbnails.photograph(0, 400, 300))) as image:
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (400, 300))


def test_rows_have_the_quality_of_each_pair_of_gaps():
    contents = [thumbnails.photograph(seed, 400, 300) for seed in range(2)]
    rows = {
        (row["draft_gap"], row["reducing_gap"]): row for row in thumbnails.compare(contents, 32)
    }
    assert set(rows) == set(thumbnails.GAPS)
    assert rows[math.inf, math.inf]["worst"] > 45
    for row in rows.values():
        assert 30 < row["worst"] <= row["nine_in_ten"] <= 100
        assert row["milliseconds"] > 0
    assert (GAP, GAP) in rows
