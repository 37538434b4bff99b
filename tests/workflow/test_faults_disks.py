"""Disks that are full, read-only or away: each fault injected, told in a paragraph, and repaired.

The rows of docs/faults.md, in a project whose path has spaces, with results/ a link elsewhere.
"""

import contextlib
import os
import shutil
import subprocess

import pytest

from tests.helpers.faults import fails, run, succeeds, whole, without_rights
from vae.services.jobs import AGAIN

NO_ROOM = "No space left on device. Make room on that disk"
DEV_FULL = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")


def fill_disk(*paths):
    """Let the next try to write each of these files end as on a full disk."""
    for path in paths:
        path.unlink(missing_ok=True)
        path.with_name(f".part.{path.name}").symlink_to("/dev/full")


@DEV_FULL
def test_a_full_disk_while_codes_pictures_and_tables_are_written(project):
    for names in (["ld_2/grid.png", "ld_3/grid.gif", "comparison.csv"], ["ld_2/codes.npz"]):
        targets = [f"results/digits/{name}" for name in names]
        fill_disk(*(project.path / target for target in targets))
        fails(project, *targets, words=[f"{path}: {NO_ROOM}" for path in targets])
        assert not any((project.path / target).exists() for target in targets)
    succeeds(project)
    whole(project)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 20 MB, where this may mount one."""
    disk = tmp_path / "small disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(disk)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no right to mount a small disk here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_disk_with_no_room_for_anything(project, small_disk):
    results = project.path / "results"
    shutil.copytree(results, small_disk / "results")
    results.unlink()
    results.symlink_to(small_disk / "results")
    (run(project) / "latent.png").unlink()
    with contextlib.suppress(OSError), open(small_disk / "filling", "wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    fails(project, words=[f"results/digits/ld_2/latent.png: {NO_ROOM}"])
    assert not (run(project) / "latent.png").exists()
    (small_disk / "filling").unlink()
    succeeds(project)
    whole(project)


@DEV_FULL
def test_a_full_disk_while_images_and_models_are_written(project):
    folder, images = run(project), run(project).with_name("images.npz")
    project.edit("config/config.yaml", "epochs: 2", "epochs: 3")
    target = "results/digits/ld_2/history.csv"
    fill_disk(images, folder / "decoder.keras")
    fails(project, target, words=[f"results/digits/images.npz: {NO_ROOM}"])
    assert not images.exists()
    fails(project, target, words=[f"results/digits/ld_2/decoder.keras: {NO_ROOM}"])
    left = {path.name for kind in ("keras", "onnx") for path in folder.glob(f"*.{kind}")}
    assert left <= {"scorer.onnx"}  # of another rule; Snakemake takes the others back
    succeeds(project, target)
    log = (folder / "logs/train.log").read_text()
    assert log.count("epoch 3/3") == 1
    assert "resumed at epoch 4" in log  # so no epoch was lost
    assert "No space left on device" in log.partition(AGAIN)[0]


def test_something_in_the_place_of_a_folder(project, tmp_path):
    folder, aside = run(project), tmp_path / "aside"
    folder.rename(aside)
    folder.write_text("mine")
    fails(project, words=["results/digits/ld_2 is a file, and results need a folder in its place"])
    folder.unlink()
    aside.rename(folder)
    disk = tmp_path / "another disk"
    disk.rename(tmp_path / "unmounted")
    fails(project, words=["another disk/results, which is not there; nothing was run. Mount that"])
    (tmp_path / "unmounted").rename(disk)
    succeeds(project)
    whole(project)


def without_privileges(project):
    """The real command, unable to write where permissions forbid it, as root else is."""
    return lambda *arguments: project.snakemake(*arguments, before=without_rights())


def test_read_only_results(project):
    (run(project) / "grid.png").unlink()
    places = [run(project), run(project) / "logs"]
    for place in places:
        place.chmod(0o555)
    fails(
        project,
        words=["results/digits/ld_2 cannot be written to; nothing was run. Make it writable"],
        command=without_privileges(project),
    )
    assert project.snakemake("-n").returncode == 0  # looking is allowed, and nothing is locked
    for place in places:
        place.chmod(0o755)
    succeeds(project)
    whole(project)
