import io

from PIL import Image

from benchmarks.resizing import draw_archive
from vae.data.sources import caltech101


def test_a_drawn_archive_reads_like_caltech101(tmp_path):
    draw_archive(tmp_path / "drawn.zip", 3)
    found = dict(caltech101.pictures_of(tmp_path / "drawn.zip"))
    assert list(found) == [f"drawn/image_{number:04}.jpg" for number in range(3)]
    with Image.open(io.BytesIO(found["drawn/image_0000.jpg"])) as picture:
        assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (300, 200))
    assert len(set(found.values())) == 3
