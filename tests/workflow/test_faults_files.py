"""Files that are damaged, or hold what makes no sense: told in a paragraph, and repaired.

The rows of docs/faults.md, in a project whose path has spaces, with results/ a link elsewhere.
"""

import logging
import os
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

from tests.helpers.faults import fails, run, succeeds
from vae.data import preparation
from vae.latent import encoding
from vae.plan.datasets import source_settings
from vae.services.jobs import job


def damage(path, share):
    """Keep a part of a file, and its date, so that Snakemake sees no reason to make it anew."""
    times = path.stat()
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)] or b"a foreign file")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_damaged_and_foreign_files(project):
    folder = run(project)
    damage(folder.with_name("images.npz"), 0.5)
    damage(folder / "decoder.onnx", 0.5)
    damage(folder / "history.csv", 0)
    notes = [folder / "notes.txt", folder.with_name("notes.txt"), folder.parents[1] / "notes.txt"]
    for path in notes:
        path.write_text("mine")
    readers = {
        "codes.npz": "images.npz",  # and not the decoder, which is set aside meanwhile
        "grid.png": "ld_2/decoder.onnx",
        "history.png": "ld_2/history.csv",
    }
    for name in readers:
        (folder / name).unlink()
    targets = [f"results/digits/ld_2/{name}" for name in readers]
    said = [f"{path} is damaged or was not written by this" for path in readers.values()]
    fails(project, *targets, words=[f"results/digits/{text}" for text in said])
    assert not (folder / "decoder.onnx").exists()
    assert folder.with_name("damaged.images.npz").exists()
    succeeds(project, *targets)

    damage(folder / "run.json", 0)  # by itself: other pictures want it, too
    (folder / "architecture.png").unlink()
    picture = "results/digits/ld_2/architecture.png"
    fails(project, picture, words=["results/digits/ld_2/run.json is damaged"])
    succeeds(project, picture)
    assert {path.read_text() for path in notes} == {"mine"}


def test_no_numbers_in_a_network(project, tmp_path, capsys):
    path = run(project) / "encoder.onnx"
    network = onnx.load(path)
    for tensor in network.graph.initializer:
        array = onnx.numpy_helper.to_array(tensor)
        if array.dtype == np.float32:
            tensor.CopyFrom(onnx.numpy_helper.from_array(array * np.nan, tensor.name))
    onnx.save(network, path)
    with pytest.raises(SystemExit), job(tmp_path / "log"):
        posterior = path.with_name("posterior.onnx")
        paths = (path.parents[1] / "images.npz", path, posterior, tmp_path / "codes.npz")
        encoding.encode(*paths, seed=0, threads=1)
    shown = " ".join(capsys.readouterr().err.split())
    assert "encoder.onnx contains NaN or infinity: training diverged, or" in shown
    assert "Lower learning_rate in config/config.yaml, or delete the file" in shown
    assert not (tmp_path / "codes.npz").exists()


def test_no_numbers_in_pictures_and_names_with_spaces(tmp_path, capsys):
    folder = tmp_path / "my pictures"
    for number in range(20):
        path = folder / f"a class, «{number % 2}»" / f"picture no. {number} .tiff"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.full((8, 8), np.nan if number == 0 else number / 20, np.float32)
        Image.fromarray(pixels).save(path)
    settings = source_settings("folder", {"size": 8})
    params = {"format": "folder", "settings": settings, "class_names": []}
    source = {"folder": str(folder)}
    outputs = (str(tmp_path / "images.npz"), str(tmp_path / "skipped.csv"))
    preparation.prepare([], params, source, 1, *outputs)
    with np.load(outputs[0], allow_pickle=False) as images:
        assert len(images["train_pixels"]) + len(images["test_pixels"]) == 19
        assert list(images["class_names"]) == ["a class, «0»", "a class, «1»"]
    (line,) = Path(outputs[1]).read_text(encoding="utf-8").splitlines()[1:]
    assert line.startswith('"a class, «0»/picture no. 0 .tiff",some of its values are NaN')
    settings["max_skipped"] = 0.01
    with pytest.raises(SystemExit), job(tmp_path / "log"):
        preparation.prepare([], params, source, 1, *outputs)
    shown = capsys.readouterr().err
    assert "1 of 20 files" in shown
    assert "Repair or remove them, or raise max_skipped" in shown
    logging.getLogger("vae").handlers = []
