import numpy as np

from tests.helpers.figures import TITLE, picture
from vae.figures import latent_space, samples, sheet


def test_the_same_arrays_give_the_same_bytes(tmp_path):
    z, labels = np.random.default_rng(0).normal(size=(30, 3)), np.arange(30) % 4
    contents = set()
    for number in range(2):
        path = tmp_path / f"{number}.png"
        sheet.save(latent_space.draw(z, labels, tuple("abcd"), z.var(axis=0), TITLE), path)
        contents.add(path.read_bytes())
    assert len(contents) == 1


def test_a_long_title_ends_on_the_sheet(tmp_path):
    title = (
        "caltech101_92   ·   ld_32_id_256_e_100_m_resnet_lr_0.002   ·   z from somewhere far away"
    )
    figure = samples.draw(np.zeros((4, 8, 8, 1)), title, "the prior, N(0, I)")
    picture(figure, tmp_path / "samples.png")
    (text,) = [t for t in figure.texts if title in t.get_text()]
    assert text.get_window_extent().x1 < figure.bbox.width


def test_small_differences_look_small():
    low, high = sheet.limits(np.array([100.0, 100.01, np.nan, np.inf]))
    assert high - low > 5
    assert low < 100 < high
    low, high = sheet.limits(np.array([1e-6, 2e-6]))
    assert high - low > 0.1
    low, high = sheet.limits(np.array([100.0, 300.0]))
    assert (round(low), round(high)) == (84, 316)
    assert sheet.limits(np.array([np.nan]))[0] < 0
