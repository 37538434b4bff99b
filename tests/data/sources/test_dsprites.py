"""dSprites: images with the factors that made them, and what can be wrong with the file."""

import numpy as np
import pytest

from tests.helpers import sources
from tests.helpers.layouts import dsprites, letters
from vae.data.sources import dsprites as source
from vae.services.errors import UserError

FILE = "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz"


def test_each_image_keeps_its_shape_and_its_factors(tmp_path):
    ((expected, shapes),) = dsprites(tmp_path).values()
    images, _ = sources.read(source, tmp_path / FILE, test_share=0.25)
    assert images.class_names == ("square", "ellipse", "heart")
    assert (len(images.train), len(images.test), images.validation) == (9, 3, None)
    for split in images.splits.values():
        assert list(split.columns) == [*source.FACTORS]
        for i, file in enumerate(split.files):
            row = int(file.removeprefix("imgs/"))
            np.testing.assert_array_equal(split.pixels[i], expected[row])
            assert images.class_names[split.labels[i]] == shapes[row]
            values = [split.columns[name][i] for name in source.FACTORS]
            assert values == [1, row % 3 + 1, row + 0.5, row + 0.25, row, row]


def factors(shape=1.0, count=3):
    return np.full((count, 6), [1, shape, 0.5, 0, 0, 0])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"imgs": None}, "it has no array 'imgs'"),
        ({"imgs": letters(3, 64)[..., 0]}, "imgs has the value 255, and there are 0 and 1"),
        ({"imgs": letters(3, 32, high=1)[..., 0]}, r"imgs is uint8 \[3, 32, 32\]"),
        ({"latents_values": factors(count=2)}, r"\[2, 6\], not float64 \[N, 6\] for 3 images"),
        ({"latents_values": factors()[:, 1:]}, r"latents_values is float64 \[3, 5\]"),
        ({"latents_values": factors().astype(int)}, "latents_values is int64"),
        ({"latents_values": factors(shape=4)}, "it has a label 4, and there are 1 to 3"),
        ({"latents_values": np.array([{}], object)}, "no array 'latents_values'"),
    ],
)
def test_other_arrays_are_refused(tmp_path, changes, reason):
    arrays = {"imgs": letters(3, 64, high=1)[..., 0], "latents_values": factors()} | changes
    np.savez(tmp_path / FILE, **{k: array for k, array in arrays.items() if array is not None})
    with pytest.raises(UserError, match=f"{FILE} is damaged.*{reason}"):
        sources.read(source, tmp_path / FILE)
