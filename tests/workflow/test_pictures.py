"""A folder of one's own and the archives of colour images, through the real workflow."""

import csv
import shutil

import numpy as np
import pytest
from PIL import Image

from scripts import generate
from tests.helpers.workspace import Workspace
from vae.latent import codes
from vae.terminal import code_text

CONV = {"model": "conv", "filters": 4, "intermediate_dim": 8, "epochs": 1, "batch_size": 64}
CONV["evaluation"] = {"draws": 2, "samples": 5, "images": 20}
NAME = "a «name» with 'quotes' & spaces é.png"


@pytest.fixture(scope="module")
def flowers(built, tmp_path_factory) -> Workspace:
    """A project with a folder of 40 pictures, one of them broken, built next to the digits."""
    workspace = built.copy(tmp_path_factory.mktemp("flowers") / "project")
    rng = np.random.default_rng(0)
    for number in range(40):
        name = "red <b>" if number % 2 else "blue"
        folder = workspace.path / "my pictures" / name
        folder.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 256, (30, 40, 3), np.uint8)
        Image.fromarray(pixels).save(folder / (NAME if number == 0 else f"{number}.png"))
    (workspace.path / "my pictures/blue/2.png").write_bytes(b"no picture at all")
    images = {"source": {"folder": "my pictures"}, "size": 19, "crop": "pad", "validation": 0}
    workspace.configure("flowers", **images, latent_dim=2, **CONV)
    workspace.build()
    return workspace


@pytest.fixture
def flowers_copy(flowers, tmp_path) -> Workspace:
    """A project of the test's own; no file in results may be written to."""
    return flowers.copy(tmp_path / "project", link_results=True)


def test_a_folder_becomes_images_with_classes_and_a_list_of_what_was_left_out(flowers):
    results = flowers.path / "results/flowers"
    with np.load(results / "images.npz") as images:
        assert images["train_pixels"].shape == (31, 19, 19, 3)
        assert images["test_pixels"].shape == (8, 19, 19, 3)
        assert images["train_pixels"].dtype == np.uint8
        assert list(images["class_names"]) == ["blue", "red <b>"]
        assert set(images["test_labels"]) == {0, 1}
    with open(results / "skipped.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["path"] for row in rows] == ["blue/2.png"]
    assert rows[0]["reason"]
    with Image.open(results / "ld_2/grid.png") as picture:
        assert max(picture.size) <= 1500


def test_a_picture_is_encoded_as_it_was_for_training(flowers, capsys):
    run = flowers.path / "results/flowers/ld_2"
    train = codes.load(run / "codes.npz").splits["train"]
    pictures = [str(flowers.path / "my pictures" / name) for name in train.files]
    assert generate.main([str(run), "--encode", *pictures]) == 0
    z = code_text.parse(capsys.readouterr().out, 2, "")
    np.testing.assert_allclose(z, train.z, atol=1e-4)
    assert generate.main([str(run), "--encode", *pictures, "--crop", "fit"]) == 0
    assert np.abs(code_text.parse(capsys.readouterr().out, 2, "") - train.z).max() > 1e-2


def test_pictures_without_classes_have_no_classifier(flowers_copy):
    (flowers_copy.path / "my pictures/blue").rename(flowers_copy.path / "blue")
    plan = flowers_copy.planned()
    assert plan["evaluate_samples"] == {"flowers/ld_2"}
    assert "train_classifier" not in plan


def test_an_untouched_folder_runs_nothing(flowers_copy):
    assert flowers_copy.planned() == {}


def test_a_new_a_changed_or_a_removed_file_prepares_the_dataset_again(flowers_copy):
    folder = flowers_copy.path / "my pictures/blue"
    changes = [
        lambda: Image.new("RGB", (9, 9)).save(folder / "new.png"),
        lambda: Image.new("RGB", (8, 9)).save(folder / "4.png"),
        lambda: (folder / NAME).unlink(),
    ]
    signatures = set()
    for change in changes:
        change()
        plan = flowers_copy.planned()
        assert plan["prepare"] == {"flowers"}
        assert plan["train"] == {"flowers/ld_2"}
        signatures.add(str(plan))


def test_a_copy_with_its_times_runs_nothing_and_one_without_them_says_what_to_do(flowers_copy):
    pictures = flowers_copy.path / "my pictures"
    pictures.rename(flowers_copy.path / "moved")
    flowers_copy.configure("flowers", source={"folder": "moved"})
    assert flowers_copy.planned() == {"write_model_card": {"flowers/ld_2"}}, "which names the place"
    shutil.copytree(flowers_copy.path / "moved", pictures, copy_function=shutil.copyfile)
    flowers_copy.configure("flowers", source={"folder": "my pictures"})
    done = flowers_copy.snakemake("-n", "flowers")
    assert "flowers, since the images were prepared: 0 new files, 0 gone, 0 of" in done.stderr
    assert '"snakemake --touch" keeps what was built from them' in done.stderr
    assert "rule train:" in done.stdout + done.stderr
    assert flowers_copy.snakemake("--cores", "1", "--touch", "flowers").returncode == 0
    done = flowers_copy.snakemake("-n", "flowers")
    assert "since the images were prepared" not in done.stderr
    assert "rule train:" not in done.stdout + done.stderr


def test_the_code_of_one_network_runs_its_own_runs_alone(flowers_copy):
    flowers_copy.edit("scripts/vae/models/conv.py", "\n\n\n", "\n\nSOMETHING_NEW = 1\n\n\n")
    plan = flowers_copy.planned()
    assert plan["train"] == {"flowers/ld_2"}
    assert "prepare" not in plan


def test_the_code_of_one_reader_prepares_its_own_datasets_alone(flowers_copy):
    flowers_copy.edit("scripts/vae/data/sources/folder.py", "\n\n\n", "\n\nSOMETHING_NEW = 1\n\n\n")
    assert flowers_copy.planned()["prepare"] == {"flowers"}


def test_too_many_broken_files_stop_with_what_to_do(flowers, tmp_path):
    workspace = flowers.copy(tmp_path / "project")
    for number in (4, 6, 8):
        (workspace.path / f"my pictures/blue/{number}.png").write_bytes(b"broken")
    done = workspace.snakemake("--cores", "2", "--", "results/flowers/images.npz")
    assert done.returncode == 1
    assert "max_skipped" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"source": {"folder": "no such folder"}}, "there is no folder 'no such folder'"),
        ({"source": {"foldr": "my pictures"}}, "datasets.flowers.source.foldr: unknown key"),
        ({"size": None}, "datasets.flowers.size: this key is needed"),
        ({"crop": "cut"}, "'cut' is not one of fit, stretch, pad"),
        ({"background": True}, "datasets.flowers.background: images of the format folder"),
    ],
)
def test_mistakes_about_folders_are_told(flowers_copy, changes, expected):
    flowers_copy.configure("flowers", **changes)
    done = flowers_copy.snakemake("-n")
    assert done.returncode == 1
    assert expected in done.stderr
    assert "Traceback" not in done.stderr


def test_colour_archives_from_a_mirror(unbuilt_copy, datasets):
    """One epoch on the shortened CIFAR-10; Caltech101 as far as images."""
    run = CONV | {"latent_dim": 2}
    caltech = run | {"source": "caltech101"}
    unbuilt_copy.write_config(
        {
            "datasets": {
                "cifar10": run | {"source": "cifar10", "batch_size": 1024},
                "caltech101_92": caltech | {"size": 92},
                "caltech101_128": caltech | {"size": 128},
            }
        }
    )
    overlay = (datasets / "overlay.yaml").read_text().replace("../shared/datasets", str(datasets))
    (unbuilt_copy.path / "overlay.yaml").write_text(overlay)
    targets = [f"results/caltech101_{size}/images.npz" for size in (92, 128)]
    targets.append("results/cifar10/ld_2/samples.png")
    unbuilt_copy.build(*targets, options=("--configfile", "overlay.yaml"))
    for size in (92, 128):
        with np.load(unbuilt_copy.path / f"results/caltech101_{size}/images.npz") as images:
            assert images["train_pixels"].shape == (2424, size, size, 3)
            assert images["test_pixels"].shape == (606, size, size, 3)
            assert images["train_pixels"].dtype == np.uint8
            assert len(images["class_names"]) == 101
            assert "BACKGROUND_Google" not in images["class_names"]
            assert (np.bincount(images["test_labels"]) == 6).all()
    with np.load(unbuilt_copy.path / "results/cifar10/images.npz") as images:
        assert images["train_pixels"].shape == (6000, 32, 32, 3)
        assert list(images["class_names"][:2]) == ["airplane", "automobile"]
