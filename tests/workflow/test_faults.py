"""The table of docs/faults.md: each fault injected, told in a paragraph, and repaired.

All of it in a project whose path has spaces, with results/ a link to another folder.
"""

import contextlib
import logging
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import onnx
import psutil
import pytest
from PIL import Image

from scripts import encode
from tests.workflow.conftest import Workspace
from vae.data import preparation
from vae.services.jobs import AGAIN, job

NO_ROOM = "No space left on device. Make room on that disk"
DEV_FULL = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")


@pytest.fixture
def project(built, tmp_path) -> Workspace:
    """A project of the test's own, everything built."""
    workspace = built.copy(tmp_path / "my project, with spaces")
    (tmp_path / "another disk").mkdir()
    shutil.move(workspace.path / "results", tmp_path / "another disk/results")
    (workspace.path / "results").symlink_to("../another disk/results")
    return workspace


def run(project):
    return project.path / "results/digits/ld_2"


def fails(project, *arguments, words=(), command=None, **options):
    """Run a command that has to fail, with all of these words and no traceback."""
    done = (command or project.snakemake)("--cores", "2", "--keep-going", *arguments, **options)
    output = done.stdout + done.stderr
    assert done.returncode == 1, output
    assert "Traceback" not in output, output
    text = " ".join(output.split())
    for expected in words:
        assert expected in text, f"{expected!r} is not in\n{output}"


def succeeds(project, *arguments):
    done = project.snakemake("--cores", "2", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (project.path / "results").is_symlink()
    return done.stdout + done.stderr


def whole(project):
    """Everything is built, and no half file is left anywhere."""
    assert project.planned() == {}
    assert not [*(project.path / "results").resolve().rglob(".part.*")]
    for path in (project.path / "results").resolve().rglob("*.png"):
        with Image.open(path) as image:
            image.load()


def fill_disk(*paths):
    """Let the next try to write each of these files end as on a full disk."""
    for path in paths:
        path.unlink(missing_ok=True)
        path.with_name(f".part.{path.name}").symlink_to("/dev/full")


@DEV_FULL
def test_a_full_disk_while_codes_pictures_and_tables_are_written(project):
    targets = "ld_2/latents.npz ld_2/grid.png ld_3/grid.gif comparison.csv".split()
    targets = [f"results/digits/{target}" for target in targets]
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
    assert not [*folder.glob("*.keras"), *folder.glob("*.onnx")]  # Snakemake takes the others back
    succeeds(project, target)
    log = (folder / "logs/train.log").read_text()
    assert log.count("epoch 3/3") == 1
    assert "resumed at epoch 4" in log  # so no epoch was lost
    assert "No space left on device" in log.partition(AGAIN)[0]


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
        "mixture.npz": "images.npz",
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
    if os.geteuid():
        return project.snakemake
    if not shutil.which("setpriv"):
        pytest.skip("root may write anywhere, and there is no setpriv to give that up with")
    drop = "-dac_override,-dac_read_search"
    return lambda *arguments: project.snakemake(
        *arguments, before=("setpriv", f"--bounding-set={drop}", "--inh-caps=-all")
    )


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


def test_a_clock_that_was_put_back(project):
    later = time.time() + 7200
    for path in (project.path / "results").resolve().rglob("*"):
        os.utime(path, (later, later))
    # As for files that are too large for Snakemake to compare their checksums.
    option = ("--max-checksum-file-size", "0")
    assert project.snakemake("-n", *option).stdout.count("rule") == 0
    (run(project) / "latent.png").unlink()
    (run(project) / "latents.npz").unlink()
    succeeds(project, *option)
    assert "encode" not in succeeds(project, *option)
    whole(project)


def test_two_snakemakes_in_one_folder(project):
    target = run(project) / "grid.png"
    target.unlink()
    first = project.start("--cores", "1")
    locks = project.path / ".snakemake/locks"
    while not (locks.exists() and any(locks.iterdir())):
        assert first.poll() is None
        time.sleep(0.01)
    first.send_signal(signal.SIGSTOP)
    try:
        words = ["Directory cannot be locked", "no other Snakemake process is trying to create"]
        fails(project, words=words)
    finally:
        first.send_signal(signal.SIGCONT)
        output = "".join(first.communicate(timeout=120))
    assert first.returncode == 0, output
    whole(project)


def test_a_process_killed_for_memory(project):
    (run(project) / "latent.png").unlink()
    snakemake = project.start("--cores", "1")
    while True:
        children = psutil.Process(snakemake.pid).children(recursive=True)
        if found := [p for p in children if "plot_latent.py" in " ".join(p.cmdline()[-1:])]:
            found[-1].send_signal(signal.SIGKILL)  # what the kernel does
            break
        assert snakemake.poll() is None
        time.sleep(0.01)
    text = " ".join("".join(snakemake.communicate(timeout=120)).split())
    assert snakemake.returncode == 1
    assert "plot_latent was killed (SIGKILL): as a rule by the system, because memory" in text
    assert "Have fewer jobs side by side (--cores 1)" in text
    assert not (run(project) / "latent.png").exists()
    succeeds(project)
    whole(project)


def test_no_numbers_in_a_network(project, tmp_path, capsys):
    path = run(project) / "encoder.onnx"
    network = onnx.load(path)
    for tensor in network.graph.initializer:
        array = onnx.numpy_helper.to_array(tensor)
        if array.dtype == np.float32:
            tensor.CopyFrom(onnx.numpy_helper.from_array(array * np.nan, tensor.name))
    onnx.save(network, path)
    with pytest.raises(SystemExit), job(tmp_path / "log"):
        encode.encode(path.parents[1] / "images.npz", path, tmp_path / "latents.npz", threads=1)
    shown = " ".join(capsys.readouterr().err.split())
    assert "encoder.onnx gives a z_mean that is no number: its training diverged, or the" in shown
    assert "Lower learning_rate in config/config.yaml, or delete the file" in shown
    assert not (tmp_path / "latents.npz").exists()


def test_no_numbers_in_pictures_and_names_with_spaces(tmp_path, capsys):
    folder = tmp_path / "my pictures"
    for number in range(20):
        path = folder / f"a class, «{number % 2}»" / f"picture no. {number} .tiff"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.full((8, 8), np.nan if number == 0 else number / 20, np.float32)
        Image.fromarray(pixels).save(path)
    options = {"size": 8, "crop": "fit", "test_share": 0.2, "max_skipped": 0.05}
    params = {"format": "folder", "folder": str(folder), "options": options}
    outputs = (str(tmp_path / "images.npz"), str(tmp_path / "skipped.csv"))
    preparation.prepare([], params, 1, *outputs)
    with np.load(outputs[0], allow_pickle=False) as images:
        assert len(images["train_pixels"]) + len(images["test_pixels"]) == 19
        assert list(images["class_names"]) == ["a class, «0»", "a class, «1»"]
    (line,) = Path(outputs[1]).read_text(encoding="utf-8").splitlines()[1:]
    assert line.startswith('"a class, «0»/picture no. 0 .tiff",its values reach from nan')
    params["options"]["max_skipped"] = 0.01
    with pytest.raises(SystemExit), job(tmp_path / "log"):
        preparation.prepare([], params, 1, *outputs)
    shown = capsys.readouterr().err
    assert "1 of 20 files" in shown
    assert "Repair or remove them, or raise max_skipped" in shown
    logging.getLogger("scripts").handlers = []
