import io

import numpy as np
from PIL import Image

from tests.helpers.figures import TITLE, picture
from vae.figures import charts, mosaics, sheet
from vae.latent import sampling


def test_the_same_arrays_give_the_same_bytes(tmp_path):
    z, labels = np.random.default_rng(0).normal(size=(30, 3)), np.arange(30) % 4
    contents = set()
    for number in range(2):
        path = tmp_path / f"{number}.png"
        sheet.save(charts.latent_space(z, labels, tuple("abcd"), z.var(axis=0), TITLE), path)
        contents.add(path.read_bytes())
    assert len(contents) == 1


def test_an_animation_goes_there_and_back(tmp_path):
    z = sampling.uniform_grid(3, 2, planes=4)
    frames = []
    for number, plane in enumerate(z):
        images = np.full((2, 2, 8, 8, 1), number / 4)
        frames.append(mosaics.plane(images, plane, 2.0, TITLE))
    sheet.save_animation(frames, tmp_path / "grid.gif")
    with Image.open(io.BytesIO((tmp_path / "grid.gif").read_bytes())) as gif:
        assert gif.n_frames == 6
        assert gif.info["loop"] == 0
        assert max(gif.size) <= sheet.LONGEST


def test_a_long_title_ends_on_the_sheet(tmp_path):
    title = (
        "caltech101_92   ·   ld_32_id_256_e_100_m_resnet_lr_0.002   ·   z from somewhere far away"
    )
    figure = mosaics.samples(np.zeros((4, 8, 8, 1)), title)
    picture(figure, tmp_path / "samples.png")
    (text,) = [t for t in figure.texts if title in t.get_text()]
    assert text.get_window_extent().x1 < figure.bbox.width
