import base64
import io
import json
import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.helpers.pages import EVIL, content, scores_of, unpack
from vae.data import images
from vae.explorer import page, templates
from vae.explorer.runtime import Runtime, pack
from vae.latent import codes, mixture
from vae.latent.codes import DatasetCodes
from vae.latent.mixture import Mixture
from vae.latent.tsne import Map
from vae.services.errors import DamagedError

RUNTIME = Runtime("var ort;", pack(b"glue"), pack(b"wasm"))


def test_codes_and_labels_come_back_in_one_order():
    facts, of_test, _, _ = content()
    indices = page.order(of_test.labels, scores_of(40))
    np.testing.assert_allclose(unpack(facts["scores"], "<f4"), scores_of(40)[indices], rtol=1e-6)
    assert sorted(indices) == list(range(40))
    codes = unpack(facts["codes"], "<i2").reshape(40, 3) * unpack(facts["scale"], "<f4")
    np.testing.assert_allclose(codes, of_test.z[indices], atol=1e-4)
    np.testing.assert_array_equal(unpack(facts["labels"], "<i2"), of_test.labels[indices])
    assert facts["information"]["name"] == "KL"
    values = facts["information"]["values"]
    np.testing.assert_allclose(values, of_test.kl.mean(axis=0), atol=1e-4)


def test_the_first_images_are_of_as_many_classes_as_can_be():
    labels = np.repeat([0, 1, 2, -1], [50, 3, 2, 1])
    score = np.arange(56.0)
    indices = labels[page.order(labels, score)]
    assert set(indices[:4]) == {-1, 0, 1, 2}
    assert sorted(indices[4:7]) == [0, 1, 2]
    np.testing.assert_array_equal(page.order(labels, score), page.order(labels, score))


def test_the_images_of_the_highest_scores_are_among_the_first():
    score = np.arange(100.0)
    indices = page.order(np.zeros(100, int), score)
    assert sorted(indices) == list(range(100))
    assert {*range(100 - page.OUTLIERS, 100)} <= {*indices[: 2 * page.OUTLIERS]}


def test_images_on_a_map_come_before_others_and_bring_their_places():
    _, of_test, pixels, run = content(400)
    rows = np.arange(1, 400, 2)
    places = np.random.default_rng(0).normal(size=(200, 2)) * 30
    facts = page.content(
        run,
        of_test,
        scores_of(400),
        pixels,
        Mixture(np.ones(1), np.zeros((1, 3)), np.eye(3)[None]),
        b"onnx",
        0,
        Map(rows, places, np.zeros(200, int)),
    )
    indices = page.order(of_test.labels, scores_of(400), rows)
    assert sorted(indices) == list(range(400))
    first = 2 * page.OUTLIERS
    np.testing.assert_array_equal(
        indices[:first], page.order(of_test.labels, scores_of(400))[:first]
    )
    odd = indices[first:] % 2
    assert (np.diff(odd) <= 0).all()
    sent = unpack(facts["map"]["places"], "<i2").reshape(-1, 2)
    on_map = indices % 2 == 1
    assert (sent[~on_map] == page.FAR).all()
    expected = places[indices[on_map] // 2]
    np.testing.assert_allclose(sent[on_map] * facts["map"]["scale"], expected, atol=0.01)
    assert content()[0]["map"] is None


def test_the_principal_components_are_orthonormal_and_ordered():
    facts, of_test, _, _ = content(400, 5)
    axes = unpack(facts["components"]["axes"], "<f4").reshape(5, 5)
    np.testing.assert_allclose(axes @ axes.T, np.eye(5), atol=1e-5)
    variances = ((of_test.z - of_test.z.mean(axis=0)) @ axes.T).var(axis=0)
    np.testing.assert_allclose(
        facts["components"]["shares"], variances / variances.sum(), atol=1e-3
    )
    assert (np.diff(variances) < 0).all()


def test_a_mixture_is_sent_as_the_triangle_of_its_factor():
    facts, *_ = content()
    factors = unpack(facts["mixture"]["factors"], "<f4")
    np.testing.assert_allclose(factors, np.sqrt([1, 0, 2, 0, 0, 3]), rtol=1e-6)


@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 3), (128, 128, 3)])
def test_pictures_are_tiles_in_the_order_of_the_codes(shape):
    facts, of_test, pixels, _ = content(n=7, shape=shape)
    pictures = facts["pictures"]
    side = min(shape[0], page.TILE)
    assert (pictures["count"], pictures["columns"], pictures["side"]) == (7, 3, side)
    with Image.open(io.BytesIO(base64.b64decode(pictures["url"].partition(",")[2]))) as image:
        assert image.size == (3 * side, 3 * side)
        tile = np.asarray(image.convert("RGB"))[side : 2 * side, :side]
    if side <= page.LOSSLESS:
        expected = pixels[page.order(of_test.labels, scores_of(len(pixels)))[3]]
        np.testing.assert_array_equal(tile, np.broadcast_to(expected, tile.shape))


def test_no_picture_is_sent_where_none_is_wanted():
    assert content(at_most=0)[0]["pictures"] is None
    assert content(at_most=3)[0]["pictures"]["count"] == 3


def test_what_is_too_much_is_left_out(monkeypatch):
    """Random pixels, which nothing compresses."""
    monkeypatch.setattr(page, "CODE_BYTES", 150)
    monkeypatch.setattr(page, "PICTURE_BYTES", 1200)
    monkeypatch.setattr(page, "OTHER_BYTES", 20)
    facts, *_ = content()
    assert len(unpack(facts["labels"], "<i2")) == 25
    assert 0 < facts["pictures"]["count"] < 25
    assert facts["components"] is None
    assert facts["mixture"] is None


@pytest.mark.parametrize("latent_dim", [1, 2, 200])
def test_a_page_is_below_six_megabytes_beside_its_model(latent_dim):
    wasm = Runtime("", "", "x" * 4_950_000)
    shape = (28, 28, 1) if latent_dim < 200 else (128, 128, 3)
    facts, *_ = content(3000 if latent_dim < 200 else 600, latent_dim, shape)
    assert len(page.page(facts, wasm)) - len(facts["decoder"]) < 6e6


def test_names_end_no_element_and_begin_no_comment():
    facts, *_ = content(names=(EVIL, "b"))
    text = page.page(facts | {"run": EVIL}, RUNTIME)
    assert EVIL not in text
    assert "<!--" not in text
    (data,) = re.findall(r'id="run">(.*?)</script>', text)
    assert json.loads(data)["classNames"] == [EVIL, "b"]
    assert "@@" not in text


def test_the_sources_of_the_page_load_nothing_from_elsewhere():
    for path in templates.SOURCES.iterdir():
        assert not re.search(r"https?:|//cdn|@import|\burl\(", path.read_text("utf-8")), path


@pytest.fixture
def results(tmp_path):
    """The files of a run that a page is made from, by the parameters of `explore`."""
    _, of_test, pixels, run = content()
    names = {"run": "json", "images": "npz", "codes": "npz", "mixture": "npz"}
    names |= {"decoder": "onnx", "runtime": "json", "scores": "parquet"}
    paths = {f"path_to_{name}": tmp_path / f"{name}.{suffix}" for name, suffix in names.items()}
    test = images.Split(pixels, np.maximum(of_test.labels, 0))
    images.save(images.Images(test, test, ("a", "b")), paths["path_to_images"])
    both = DatasetCodes({"train": of_test, "test": of_test}, ("a", "b"))
    codes.save(both, paths["path_to_codes"])
    mixture.save(Mixture(np.ones(1), np.zeros((1, 3)), np.eye(3)[None]), paths["path_to_mixture"])
    paths["path_to_decoder"].write_bytes(b"onnx")
    table = pa.table({"split": ["test"] * len(pixels), "score": scores_of(len(pixels))})
    pq.write_table(table, paths["path_to_scores"])
    paths["path_to_run"].write_text(json.dumps(run))
    paths["path_to_runtime"].write_text(json.dumps(vars(RUNTIME)))
    return paths | {"path_to_map": None}


def test_a_page_is_written_from_the_results_of_a_run(results, tmp_path, caplog):
    caplog.set_level("INFO", "vae")
    path = tmp_path / "explorer.html"
    page.explore(**results, path_to_page=path, at_most=5)
    assert "digits · ld_3" in path.read_text("utf-8")
    assert caplog.messages == ["0.1 MB, of which the decoder takes 0.0 MB"]


@pytest.mark.parametrize("damage", ['{"dataset": "dig', "[]", "\0\0\0"])
def test_a_damaged_record_of_a_run_is_named(results, tmp_path, damage):
    results["path_to_run"].write_text(damage)
    with pytest.raises(DamagedError, match=r"run\.json is damaged") as error:
        page.explore(**results, path_to_page=tmp_path / "explorer.html", at_most=5)
    assert error.value.path == results["path_to_run"]
    assert not (tmp_path / "explorer.html").exists()
