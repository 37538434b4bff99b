"""Processes that are killed or in each other's way, and clocks: told, and repaired.

The rows of docs/faults.md, in a project whose path has spaces, with results/ a link elsewhere.
"""

import os
import signal
import time

import psutil

from tests.helpers.faults import fails, run, succeeds, whole


def test_a_clock_that_was_put_back(project):
    later = time.time() + 7200
    for path in (project.path / "results").resolve().rglob("*"):
        os.utime(path, (later, later))
    # As for files that are too large for Snakemake to compare their checksums.
    option = ("--max-checksum-file-size", "0")
    assert project.snakemake("-n", *option).stdout.count("rule") == 0
    (run(project) / "latent.png").unlink()
    (run(project) / "codes.npz").unlink()
    succeeds(project, options=option)
    assert "encode" not in succeeds(project, options=option)
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


def test_images_cut_off_in_the_middle_of_an_epoch(project):
    images, log = run(project).with_name("images.npz"), run(project) / "logs/train.log"
    project.configure("digits", latent_dim=2, epochs=10_000)
    snakemake = project.start("--cores", "1", "results/digits/ld_2/run.json")
    while "epoch 2/10000" not in (log.read_text() if log.exists() else ""):
        assert snakemake.poll() is None
        time.sleep(0.05)
    os.truncate(images, 0)
    text = " ".join("".join(snakemake.communicate(timeout=120)).split())
    assert snakemake.returncode == 1
    assert "train was killed (SIGBUS): results/digits/images.npz was cut off while" in text
    target = "results/digits/ld_2/run.json"
    fails(project, target, words=["images.npz is damaged", "Run the same command again"])
    assert project.planned(target)["prepare"] == {"digits"}


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
