import json

import numpy as np
import pytest
from onnx import helper

from tests.helpers.networks import write
from tests.helpers.pages import EVIL, content
from vae.explorer import index
from vae.services.errors import DamagedError


@pytest.fixture
def runs(tmp_path):
    """Folders of two runs, each with a decoder whose images are its two codes."""
    folders = [tmp_path / name for name in ("ld_2", "ld_3")]
    nodes = [
        helper.make_node("Sigmoid", ["z"], ["flat"]),
        helper.make_node("Reshape", ["flat", "shape"], ["mean"]),
    ]
    for folder in folders:
        folder.mkdir()
        constants = {"shape": np.array([-1, 2, 1, 1])}
        write(folder / "decoder.onnx", {"z": (2,)}, {"mean": (2, 1, 1)}, nodes, constants)
        (folder / "run.json").write_text(json.dumps(content()[-1] | {"run": folder.name}))
    return folders


def link(folders, path):
    names = ("explorer.html", "run.json", "decoder.onnx")
    index.link_explorers(*([folder / name for folder in folders] for name in names), path)


def test_a_card_links_a_run_and_shows_its_images():
    run = content()[-1] | {"run": EVIL}
    text = index.index("digits", [index.card("ld_3/explorer.html", run, np.zeros((4, 8, 8, 1)))])
    assert 'href="ld_3/explorer.html"' in text
    assert "3 latent dimensions" in text
    assert "<img src=x" not in text
    assert "@@" not in text


def test_each_run_gets_a_card_in_the_order_of_its_files(runs, tmp_path):
    link(runs, tmp_path / "digits/explorer.html")
    text = (tmp_path / "digits/explorer.html").read_text("utf-8")
    assert text.index('href="ld_2/explorer.html"') < text.index('href="ld_3/explorer.html"')
    assert "<h2>ld_3</h2>" in text


@pytest.mark.parametrize("damage", ['{"dataset": "dig', "[]"])
def test_a_damaged_record_of_a_run_is_named(runs, tmp_path, damage):
    (runs[1] / "run.json").write_text(damage)
    with pytest.raises(DamagedError, match=r"ld_3/run\.json is damaged"):
        link(runs, tmp_path / "digits/explorer.html")
    assert not (tmp_path / "digits/explorer.html").exists()
