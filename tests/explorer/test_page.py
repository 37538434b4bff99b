import base64
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from tests.helpers.explorer import unpack
from vae.explorer import page
from vae.explorer.runtime import Runtime, pack
from vae.latent.codes import Latents
from vae.latent.mixture import Mixture

RUNTIME = Runtime("var ort;", pack(b"glue"), pack(b"wasm"))
EVIL = "</script><!--<img src=x onerror=alert(1)>"


def content(n=40, latent_dim=3, shape=(8, 8, 1), at_most=2000, names=("a", "b")):
    rng = np.random.default_rng(0)
    z = rng.normal(size=(n, latent_dim)).astype(np.float32)
    labels = rng.integers(-1, len(names), n)
    run = {
        "dataset": "digits",
        "run": "ld_3",
        "settings": {"model": "mlp", "conditional": False, "latent_dim": latent_dim, "epochs": 2},
        "class_names": list(names),
        "final": {"loss": 1.5},
    }
    mixture = Mixture(
        np.ones(1), np.zeros((1, latent_dim)), np.diag(np.arange(1.0, latent_dim + 1))[None]
    )
    pixels = rng.integers(0, 256, (n, *shape), np.uint8)
    latents = Latents(z, np.zeros_like(z), labels, names)
    known = page.content(run, latents, pixels, mixture, b"onnx", at_most)
    return known, latents, pixels, run


def test_codes_and_labels_come_back_in_one_order():
    known, latents, _, _ = content()
    chosen = page.order(latents.labels)
    assert sorted(chosen) == list(range(40))
    codes = unpack(known["codes"], "<i2").reshape(40, 3) * unpack(known["scale"], "<f4")
    np.testing.assert_allclose(codes, latents.z_mean[chosen], atol=1e-4)
    np.testing.assert_array_equal(unpack(known["labels"], "<i2"), latents.labels[chosen])
    np.testing.assert_allclose(known["kl"], latents.kl, atol=1e-4)


def test_the_first_images_are_of_as_many_classes_as_can_be():
    labels = np.repeat([0, 1, 2, -1], [50, 3, 2, 1])
    chosen = labels[page.order(labels)]
    assert set(chosen[:4]) == {-1, 0, 1, 2}
    assert sorted(chosen[4:7]) == [0, 1, 2]
    np.testing.assert_array_equal(page.order(labels), page.order(labels))


def test_the_principal_components_are_orthonormal_and_ordered():
    known, latents, _, _ = content(400, 5)
    axes = unpack(known["components"]["axes"], "<f4").reshape(5, 5)
    np.testing.assert_allclose(axes @ axes.T, np.eye(5), atol=1e-5)
    variances = ((latents.z_mean - latents.z_mean.mean(axis=0)) @ axes.T).var(axis=0)
    np.testing.assert_allclose(
        known["components"]["shares"], variances / variances.sum(), atol=1e-3
    )
    assert (np.diff(variances) < 0).all()


def test_a_mixture_is_sent_as_the_triangle_of_its_factor():
    known, *_ = content()
    factors = unpack(known["mixture"]["factors"], "<f4")
    np.testing.assert_allclose(factors, np.sqrt([1, 0, 2, 0, 0, 3]), rtol=1e-6)


@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 3), (128, 128, 3)])
def test_pictures_are_tiles_in_the_order_of_the_codes(shape):
    known, latents, pixels, _ = content(n=7, shape=shape)
    pictures = known["pictures"]
    side = min(shape[0], page.TILE)
    assert (pictures["count"], pictures["columns"], pictures["side"]) == (7, 3, side)
    with Image.open(io.BytesIO(base64.b64decode(pictures["url"].partition(",")[2]))) as image:
        assert image.size == (3 * side, 3 * side)
        tile = np.asarray(image.convert("RGB"))[side : 2 * side, :side]
    if side <= page.LOSSLESS:
        expected = pixels[page.order(latents.labels)[3]]
        np.testing.assert_array_equal(tile, np.broadcast_to(expected, tile.shape))


def test_no_picture_is_sent_where_none_is_wanted():
    assert content(at_most=0)[0]["pictures"] is None
    assert content(at_most=3)[0]["pictures"]["count"] == 3


def test_what_is_too_much_is_left_out(monkeypatch):
    """Random pixels, which nothing compresses."""
    monkeypatch.setattr(page, "CODE_BYTES", 150)
    monkeypatch.setattr(page, "PICTURE_BYTES", 1200)
    monkeypatch.setattr(page, "OTHER_BYTES", 20)
    known, *_ = content()
    assert len(unpack(known["labels"], "<i2")) == 25
    assert 0 < known["pictures"]["count"] < 25
    assert known["components"] is None
    assert known["mixture"] is None


@pytest.mark.parametrize("latent_dim", [1, 2, 200])
def test_a_page_is_below_six_megabytes_beside_its_model(latent_dim):
    wasm = Runtime("", "", "x" * 4_950_000)
    shape = (28, 28, 1) if latent_dim < 200 else (128, 128, 3)
    known, *_ = content(3000 if latent_dim < 200 else 600, latent_dim, shape)
    assert len(page.page(known, wasm)) - len(known["decoder"]) < 6e6


def test_names_end_no_element_and_begin_no_comment():
    known, *_ = content(names=(EVIL, "b"))
    text = page.page(known | {"run": EVIL}, RUNTIME)
    assert EVIL not in text
    assert "<!--" not in text
    (data,) = re.findall(r'id="run">(.*?)</script>', text)
    assert json.loads(data)["classNames"] == [EVIL, "b"]
    assert "@@" not in text


def test_a_card_links_a_run_and_shows_its_images():
    run = content()[-1] | {"run": EVIL}
    text = page.index("digits", [page.card("ld_3/explorer.html", run, np.zeros((4, 8, 8, 1)))])
    assert 'href="ld_3/explorer.html"' in text
    assert "3 latent dimensions" in text
    assert "<img src=x" not in text
    assert "@@" not in text


def test_the_sources_of_the_page_load_nothing_from_elsewhere():
    for path in page.SOURCES.iterdir():
        assert not re.search(r"https?:|//cdn|@import|\burl\(", path.read_text("utf-8")), path
