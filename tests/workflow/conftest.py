"""Projects that several files of tests share.

Each is built once, also where two processes of pytest-xdist want it.
"""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.browser import browser
from tests.helpers.explorer import EVIL, open_run, ready
from tests.helpers.workspace import Workspace, new_workspace
from vae.explorer import runtime as explorer_runtime
from vae.services.errors import UserError


@pytest.fixture(scope="session")
def once(tmp_path_factory) -> Callable[[str, Callable[[Path], object]], Path]:
    """A function that returns a folder of this name, which the first process to ask fills."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent

    def fill_once(name: str, fill: Callable[[Path], object]) -> Path:
        folder, full = root / name, root / f"{name}.full"
        with open(root / f"{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not full.exists():
                shutil.rmtree(folder, ignore_errors=True)  # of a process that failed
                folder.mkdir()
                fill(folder)
                full.touch()
        return folder

    return fill_once


@pytest.fixture(scope="session")
def fresh(once) -> Workspace:
    """The project with a tiny config, nothing built; not to be written to."""
    return Workspace(once("fresh", lambda folder: new_workspace(folder / "project")) / "project")


@pytest.fixture(scope="session")
def built(fresh, once) -> Workspace:
    """The same after `snakemake --cores 2`; not to be written to."""
    return Workspace(once("built", lambda to: fresh.copy(to / "project").build()) / "project")


@pytest.fixture
def unbuilt_copy(fresh, tmp_path) -> Workspace:
    """A project of the test's own, nothing built."""
    return fresh.copy(tmp_path / "project")


@pytest.fixture
def built_copy(built, tmp_path) -> Workspace:
    """A project of the test's own, everything built."""
    return built.copy(tmp_path / "project")


@pytest.fixture
def project(built, tmp_path) -> Workspace:
    """The same in a path with spaces, with results/ a link to another folder."""
    workspace = built.copy(tmp_path / "my project, with spaces")
    (tmp_path / "another disk").mkdir()
    shutil.move(workspace.path / "results", tmp_path / "another disk/results")
    (workspace.path / "results").symlink_to("../another disk/results")
    return workspace


@pytest.fixture(scope="session")
def chromium():
    """A browser without network."""
    with browser() as launched:
        yield launched


@pytest.fixture(scope="session")
def runtime(once) -> Path:
    """What decodes in a page, fetched as the rule does."""
    name = f"onnxruntime-web-{explorer_runtime.VERSION}.json"
    try:
        return once("runtime", lambda folder: explorer_runtime.fetch(folder / name)) / name
    except UserError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def explored(built, runtime, once) -> Workspace:
    """Pages of the digits, and of a run on pictures: conditional, a flow, a class named in HTML.

    Not to be written to.
    """

    def fill(folder: Path) -> None:
        workspace = built.copy(folder / "project")
        (workspace.path / "results/raw").mkdir(exist_ok=True)
        shutil.copy(runtime, workspace.path / "results/raw")
        rng = np.random.default_rng(0)
        for number in range(60):
            pictures = workspace.path / "pictures" / ("plain" if number % 2 else EVIL)
            pictures.mkdir(parents=True, exist_ok=True)
            pixels = rng.integers(0, 256, (12, 12, 3), np.uint8)
            Image.fromarray(pixels).save(pictures / f"{number}.png")
        network = {"model": "conv", "filters": 4, "intermediate_dim": 8, "conditional": True}
        prior = {"prior": "flow", "couplings": 2, "flow_hidden": 8}
        settings = network | prior | {"size": 12, "latent_dim": [5], "epochs": 1}
        workspace.configure("pictures", source={"folder": "pictures"}, validation=0, **settings)
        workspace.build(*(f"results/{name}/explorer.html" for name in ("digits", "pictures")))

    return Workspace(once("explored", fill) / "project")


@pytest.fixture
def page(chromium, explored, request):
    """A page that is ready: by default of three dimensions."""
    with open_run(chromium, explored, getattr(request, "param", "digits/ld_3")) as page:
        ready(page)
        yield page
