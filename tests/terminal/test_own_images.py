"""A config for a folder of pictures, from a look at them."""

import os
import shutil
import subprocess
import tarfile

import numpy as np
import pytest
import yaml
from PIL import Image

from tests.helpers import ROOT
from vae.plan import loading
from vae.services.errors import UserError
from vae.terminal import own_images

CONFIG = "datasets: {taken: {source: digits, latent_dim: 2}}\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with a config of its own, which is the working directory."""
    root = tmp_path / "project"
    shutil.copytree(ROOT / "config", root / "config", ignore=shutil.ignore_patterns("datasets"))
    (root / "config/config.yaml").write_text(CONFIG)
    monkeypatch.setattr(loading, "PROJECT", root)
    monkeypatch.chdir(root)
    return root


def pictures(folder, count=12, size=(36, 30), mode="RGB", name="{0:02}.png"):
    """A folder of noise; pictures of several classes if the name has folders."""
    rng = np.random.default_rng(0)
    for number in range(count):
        path = folder / name.format(number, number % 2)
        path.parent.mkdir(parents=True, exist_ok=True)
        shape = size[::-1] if mode in ("L", "I;16") else (*size[::-1], 3)
        pixels = rng.integers(0, 256, shape).astype(np.uint16 if mode == "I;16" else np.uint8)
        Image.fromarray(pixels).save(path)
    return folder


def added(folder):
    """The dataset's name, its config, and what was said."""
    name, text = own_images.add(str(folder))
    content = yaml.safe_load((loading.PROJECT / f"config/datasets/{name}.yaml").read_text())
    assert [*content["datasets"]] == [name]
    return name, content["datasets"][name], text


def test_a_folder_becomes_a_dataset_that_every_command_knows(project, tmp_path):
    folder = pictures(tmp_path / "My Pictures (2)", name="{1}/{0:02}.png")
    name, dataset, text = added(folder)
    assert name == "my_pictures_2"
    assert dataset == {
        "source": {"folder": str(folder)},
        "size": 30,
        "channels": "rgb",
        "test_share": 0.2,
        "model": "resnet",
        "latent_dim": [2, 8],
    }
    assert [*loading.load().runs["my_pictures_2"]] == ["ld_2", "ld_8"]
    assert "taken" in loading.load().runs
    assert "about" in text
    assert "MB in results/my_pictures_2/" in text
    lines = (project / "config/datasets/my_pictures_2.yaml").read_text().splitlines()
    for number, line in enumerate(lines):
        if line.startswith("    ") and not line.strip().startswith("#"):
            assert lines[number - 1].strip().startswith("# "), "each says why"
    assert "    # the folders are classes, 2 in all" in lines


def test_the_same_folder_again_keeps_what_was_edited(project, tmp_path):
    folder = pictures(tmp_path / "pets")
    name, *_ = added(folder)
    file = project / f"config/datasets/{name}.yaml"
    file.write_text(file.read_text().replace("size: 30", "size: 16"))
    (tmp_path / "link").symlink_to(folder)
    for again in (folder, f"{folder}/", tmp_path / "link", tmp_path / "project/../pets"):
        assert own_images.add(str(again))[0] == name
    assert "stays as it is" in own_images.add(str(folder))[1]
    assert "size: 16" in file.read_text()


def test_another_folder_is_another_dataset(project, tmp_path):
    names = [added(pictures(tmp_path / f"{n}/pets"))[0] for n in range(3)]
    assert names == ["pets", "pets_2", "pets_3"]
    assert added(pictures(tmp_path / "taken"))[0] == "taken_2"
    assert added(pictures(tmp_path / "train"))[0] == "train_2", "a rule is called so"
    assert added(pictures(tmp_path / "2024 été"))[0] == "images_2024_ete"
    assert added(pictures(tmp_path / "図"))[0] == "images"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"size": (400, 300)}, {"size": [64, 88]}),
        ({"size": (300, 290)}, {"size": 64}),
        ({"size": (28, 28), "mode": "L"}, {"size": 28, "channels": "gray", "model": "mlp"}),
        ({"size": (80, 80), "mode": "L"}, {"channels": "gray", "model": "resnet"}),
        ({"size": (20, 20), "mode": "I;16"}, {"channels": "gray", "intensity": "percentile"}),
        ({"count": 220, "size": (9, 9)}, {"latent_dim": [2, 32]}),
        ({"name": "train/{0}.png"}, {"test_share": 0.2}),
        ({"count": 30, "name": "patient_{0:02}_{1}.png"}, {"group": None}),
    ],
)
def test_choices_follow_from_the_pictures(project, tmp_path, options, expected):
    _, dataset, _ = added(pictures(tmp_path / "x", **options))
    assert {key: dataset.get(key) for key in expected} == expected


def test_a_split_and_groups_are_seen_in_names(project, tmp_path):
    for split in ("train", "test"):
        pictures(tmp_path / "x" / split)
    _, dataset, _ = added(tmp_path / "x")
    assert dataset["split_folders"] is True
    assert "test_share" not in dataset
    for number in range(6):
        pictures(tmp_path / "y", 4, name=f"patient_{number}_{{0}}.png")
    _, dataset, _ = added(tmp_path / "y")
    assert dataset["group"] == r"(patient[_-]?\d+)"


def test_a_scan_is_cut_into_tiles(project, tmp_path, monkeypatch):
    monkeypatch.setattr(own_images, "SCAN", 600 * 600)
    monkeypatch.setattr(own_images, "LIMIT", 1000)
    _, dataset, text = added(pictures(tmp_path / "scans", 1, (1100, 600)))
    assert dataset["tiles"] == {"size": 512, "stride": 512}
    assert dataset["max_pixels"] == 660_000
    assert dataset["size"] == 64
    assert "of 2 images of" in text


def test_an_archive_is_looked_into(project, tmp_path):
    folder = pictures(tmp_path / "pets", name="{1}/{0}.png")
    with tarfile.open(tmp_path / "pets.tar.gz", "w:gz") as archive:
        archive.add(folder, "pets")
    name, dataset, _ = added(tmp_path / "pets.tar.gz")
    assert name == "pets"
    assert dataset["source"] == {"folder": str(tmp_path / "pets.tar.gz")}


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("", "Which folder"),
        ("none", "none is not a folder of pictures, nor a .zip"),
        ("empty", "empty holds no picture"),
        ("text", r"None of 1 files in .*text is a picture, such as a.png: not a picture"),
        ("a.zip", "cannot be read as an archive"),
    ],
)
def test_what_is_no_folder_of_pictures_is_said(project, folder, words):
    (project / "empty").mkdir()
    (project / "text").mkdir()
    (project / "text/a.png").write_text("text")
    (project / "a.zip").write_text("text")
    with pytest.raises(UserError, match=words):
        own_images.add(folder)
    assert not (project / "config/datasets").exists()


@pytest.mark.parametrize("shell", ["bash", "dash", "zsh"])
@pytest.mark.parametrize("typed", ["~/my\\ pic\\'s", '"~/my pic\'s"', "'~/a \"b\" $HOME'"])
def test_paths_as_they_are_typed_in_a_shell(tmp_path, shell, typed):
    """make passes them on as they are, with a Python in its place that shows them."""
    if not (shutil.which(shell) and shutil.which("make")):
        pytest.skip(f"{shell} or make is missing")
    (tmp_path / ".venv/bin").mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / ".venv/bin/python").write_text('#!/bin/sh\nprintf %s "$FOLDER"\n')
    (tmp_path / ".venv/bin/python").chmod(0o755)
    (tmp_path / "requirements.lock").touch()
    (tmp_path / ".venv/ready").touch()
    done = subprocess.run(
        [shell, "-c", f"make --no-print-directory images FOLDER={typed}"],
        cwd=tmp_path,
        env=os.environ | {"HOME": "/home/me"},
        capture_output=True,
        text=True,
        check=True,
    )
    expected = 'a "b" $HOME' if "HOME" in typed else "my pic's"
    assert done.stdout in (f"~/{expected}", f"/home/me/{expected}")
