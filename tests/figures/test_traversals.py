import numpy as np
import pytest

from tests.helpers.figures import TITLE, picture, texts
from vae.figures import traversals
from vae.latent.codes import Information


@pytest.mark.parametrize("shape", [(8, 8, 1), (128, 128, 3)])
@pytest.mark.parametrize("latent_dim", [1, 2, 64])
def test_traversals_name_the_dimensions_shown(tmp_path, shape, latent_dim):
    kl = Information("KL", "nats", np.arange(latent_dim, dtype=float))
    dimensions = np.argsort(-kl.values)[: traversals.dimensions_that_fit(shape)]
    values = np.linspace(-3, 3, 5)
    images = np.zeros((len(dimensions), 5, *shape))
    figure = traversals.draw(images, values, dimensions, kl, TITLE)
    picture(figure, tmp_path / "traversals.png")
    assert {f"z[{d}]" for d in dimensions} <= set(texts(figure))
