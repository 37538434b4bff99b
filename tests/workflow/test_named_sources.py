"""Sources by name, with tiny raw files of their layouts in place of the published ones."""

import pytest

from tests.helpers import ROOT
from tests.helpers.layouts import LAYOUTS
from tests.helpers.workspace import Workspace, new_workspace
from vae.data import images

RUN = {"model": "mlp", "latent_dim": 2, "intermediate_dim": 8, "epochs": 1, "batch_size": 8}
# Gray, colour, and with further columns.
DATASETS = {"kmnist": "kmnist", "blood": "bloodmnist", "sprites": "dsprites"}


@pytest.fixture(scope="module")
def named(tmp_path_factory) -> Workspace:
    workspace = new_workspace(tmp_path_factory.mktemp("named") / "my project")
    datasets = {name: {"source": source} | RUN for name, source in DATASETS.items()}
    workspace.write_config({"datasets": datasets})
    return workspace


def test_the_files_that_would_be_downloaded_are_listed(named):
    examples = str(ROOT / "config/examples.yaml")
    target = "results/kmnist/ld_2/grid.png"
    done = named.snakemake("-n", "--configfile", examples, "--", target)
    assert done.returncode == 0, done.stderr
    for part in ("train", "t10k"):
        for kind in ("images-idx3", "labels-idx1"):
            assert f"results/raw/kmnist/{part}-{kind}-ubyte.gz" in done.stdout + done.stderr


def test_sources_are_prepared_trained_and_drawn(named):
    for source in DATASETS.values():
        folder = named.path / "results/raw" / source
        folder.mkdir(parents=True)
        LAYOUTS[source](folder)
    targets = {name: f"results/{name}/ld_2/grid.png" for name in DATASETS}
    named.build(*targets.values())
    found = {name: images.load(named.path / f"results/{name}/images.npz") for name in DATASETS}
    shapes = {name: data.shape for name, data in found.items()}
    assert shapes == {"kmnist": (28, 28, 1), "blood": (28, 28, 3), "sprites": (64, 64, 1)}
    assert list(found["sprites"].train.columns)[:2] == ["color", "shape"]
    assert found["sprites"].preparation["format"] == "dsprites"
    assert all((named.path / target).is_file() for target in targets.values())


def test_files_that_no_program_may_fetch_are_asked_for(named):
    named.configure("faces", source="celeba", size=32, **RUN)
    done = named.snakemake("--cores", "1", "--", "results/raw/celeba/img_align_celeba.zip")
    assert done.returncode == 1
    assert "for people, not for programs, to fetch: http://mmlab.ie.cuhk.edu.hk" in done.stderr
    assert "Traceback" not in done.stderr
