"""The textures that docs/anomalies.md has figures of."""

import numpy as np

from benchmarks import textures


def test_defects_are_where_their_mask_says():
    for kind in textures.DEFECTS:
        rng = np.random.default_rng(1)
        plain = textures.texture(rng)
        picture, mask = textures.with_defects(plain, kind, rng)
        assert {*np.unique(mask)} == {0, 255}
        assert (mask > 0).sum() in range(textures.SQUARE**2, 2 * textures.SQUARE**2 + 1)
        assert not (picture != plain)[mask == 0].any()
        assert (picture != plain)[mask > 0].mean() > 0.9
