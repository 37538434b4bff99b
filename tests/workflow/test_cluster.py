"""`snakemake --profile gpu-cluster` on a real Slurm: one node, two pretended GPUs."""

import json
import os
import re
import shutil
import signal
import subprocess
import time

import psutil
import pytest

from tests.helpers import slurm
from tests.helpers.workspace import FIGURES

PROFILE = (
    *("--profile", "gpu-cluster", "--latency-wait", "10", "--jobs", "4"),
    *("--slurm-init-seconds-before-status-checks", "3", "--slurm-no-account"),
    "--default-resources",
    *("runtime=10", "mem_mb=500", "slurm_partition=cpu"),
    "--set-resources",
    *("train:slurm_partition=gpu", "train_classifier:slurm_partition=gpu"),
)
HISTORY = [f"results/digits/ld_{n}/history.csv" for n in (2, 3)]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    if reason := slurm.missing():
        pytest.skip(reason)
    with slurm.running(tmp_path_factory.mktemp("slurm")) as running:
        yield running


@pytest.fixture
def before(cluster):
    """How many jobs had ended before the test."""
    return len(cluster.completed())


@pytest.fixture
def long_training(unbuilt_copy):
    """A training of one run, in many short epochs."""
    content = unbuilt_copy.config
    content["datasets"]["digits"] |= {"latent_dim": 2, "epochs": 100, "batch_size": 32}
    unbuilt_copy.write_config(content)
    return unbuilt_copy


def log_of(workspace, run="ld_2"):
    log = workspace.path / f"results/digits/{run}/logs/train.log"
    return log.read_text() if log.exists() else ""


def wait_for(text, workspace, snakemake, seconds=300):
    deadline = time.monotonic() + seconds
    while not re.search(text, log_of(workspace)):
        assert snakemake.poll() is None, snakemake.communicate()
        if time.monotonic() > deadline:
            snakemake.kill()
            raise AssertionError(log_of(workspace))
        time.sleep(0.1)


def gpu_jobs(cluster, before, key="JobState"):
    """How each job on the partition with GPUs has ended, since the test began."""
    jobs = cluster.completed()[before:]
    return [job[key] for job in jobs if job["Partition"] == "gpu"]


def gpu_of(log):
    return re.search(r"CUDA_VISIBLE_DEVICES=(\d)", log)[1]


def test_the_profile_plans_without_a_slurm(fresh, tmp_path):
    for program in ("bash", "sh", "which"):  # and no squeue
        (tmp_path / program).symlink_to(shutil.which(program))
    done = fresh.copy(tmp_path / "project").snakemake(
        *("--profile", "gpu-cluster", "-n"), env=os.environ | {"PATH": str(tmp_path)}
    )
    assert done.returncode == 0, done.stderr
    text = re.sub(r"^ +(?=rule )", "", done.stdout + done.stderr, flags=re.M)  # those of groups
    jobs = re.findall(r"^(?:local)?rule (\w+):\n((?: .*\n)*)", text, re.M)
    assert len(jobs) > 30
    with_gpu = {rule for rule, text in jobs if re.search(r"resources:.* gpu=", text)}
    assert with_gpu == {"train", "train_classifier"}


@pytest.mark.parametrize(("most", "memory"), [(4000, 4010), (7, 4007)])
def test_a_training_asks_for_room_for_its_images(built_copy, most, memory):
    os.truncate(built_copy.path / "results/digits/images.npz", 10_400_000)
    done = built_copy.snakemake(
        *("--profile", "gpu-cluster", "-n", "--forcerun", "train"),
        *("--config", f"max_cached_mb={most}", "--", HISTORY[0]),
    )
    assert done.returncode == 0, done.stderr
    assert re.findall(r"mem_mb=(\S+?),", done.stdout + done.stderr) == [str(memory)]


def test_a_sweep_runs_on_the_cluster_two_trainings_at_once(cluster, before, unbuilt_copy):
    done = unbuilt_copy.snakemake(*PROFILE, "--", "digits")
    assert done.returncode == 0, done.stdout + done.stderr
    results = unbuilt_copy.path / "results/digits"
    assert (results / "comparison.png").exists()
    assert len(list(results.glob("ld_*/*.png"))) == 2 * len(FIGURES)

    jobs = cluster.completed()[before:]
    assert {job["JobState"] for job in jobs} == {"COMPLETED"}
    partitions = [job["Partition"] for job in jobs]
    assert partitions.count("gpu") == 3  # with the classifier
    assert 2 <= partitions.count("cpu") <= 5  # prepare, and figures that share submissions
    logs = [log_of(unbuilt_copy, run) for run in ("ld_2", "ld_3")]
    logs.append((results / "logs/train_classifier.log").read_text())
    assert {gpu_of(log) for log in logs} == {"0", "1"}
    local = set(re.findall(r"^localrule (\w+):", done.stdout + done.stderr, re.M))
    assert {"compare", "write_model_card"} <= local
    assert "there is a GPU" in log_of(unbuilt_copy, "ld_2")  # but this TensorFlow has no CUDA
    assert not list(results.glob("ld_*/logs/heartbeat.json"))


def test_trainings_share_a_submission(cluster, before, unbuilt_copy):
    components = ("--group-components", "train=2")
    done = unbuilt_copy.snakemake(*PROFILE, *components, "--", *HISTORY)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(gpu_jobs(cluster, before)) == 1
    assert gpu_of(log_of(unbuilt_copy, "ld_2")) == gpu_of(log_of(unbuilt_copy, "ld_3"))
    logs = [log_of(unbuilt_copy, run) for run in ("ld_2", "ld_3")]
    times = sorted(re.findall(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", log, re.M) for log in logs)
    assert times[0][-1] <= times[1][0], "one begins once the other has ended"


def test_a_job_that_fails_shows_its_log(cluster, before, unbuilt_copy):
    content = unbuilt_copy.config
    content["datasets"] = {"mine": {"source": {"folder": "mine"}, "size": 8, "latent_dim": 2}}
    unbuilt_copy.write_config(content)
    for name in ("a", "b"):
        (unbuilt_copy.path / "mine" / name).mkdir(parents=True)
        (unbuilt_copy.path / "mine" / name / "picture.png").write_bytes(b"no picture")
    done = unbuilt_copy.snakemake(*PROFILE, "--retries", "0", "--", "results/mine/images.npz")
    assert done.returncode == 1
    assert "results/mine/logs/prepare.log" in done.stderr
    (failed,) = cluster.completed()[before:]
    assert failed["JobState"] == "FAILED"
    (kept,) = unbuilt_copy.path.glob(f".snakemake/slurm_logs/**/{failed['JobId']}.log")
    assert "picture" in kept.read_text()


def test_a_training_that_runs_into_its_time_limit_goes_on(cluster, before, long_training):
    snakemake = long_training.start(*PROFILE, "--", HISTORY[0])
    wait_for(r"epoch (?!1/)\d+/100", long_training, snakemake)
    beat = json.loads((long_training.path / "results/digits/ld_2/logs/heartbeat.json").read_text())
    psutil.Process(beat["pid"]).suspend()  # however fast the machine is; Slurm wakes it to end it
    assert cluster.job(beat["job"])["MinMemoryNode"] == "4000M"  # as much again for each attempt
    cluster.limit(beat["job"], minutes=1)
    wait_for(r"resumed at epoch \d+", long_training, snakemake)
    output = "".join(snakemake.communicate(timeout=300))
    assert snakemake.returncode == 0, output
    assert gpu_jobs(cluster, before) == ["TIMEOUT", "COMPLETED"]
    assert gpu_jobs(cluster, before, "TimeLimit") == ["1", "1440"]  # twice the 720 of the rule


def test_a_killed_snakemake_is_recovered_by_the_documented_commands(cluster, before, long_training):
    snakemake = long_training.start(*PROFILE, "--", HISTORY[0])
    wait_for(r"epoch (?!1/)\d+/100", long_training, snakemake)
    snakemake.send_signal(signal.SIGKILL)
    output = "".join(snakemake.communicate(timeout=60))
    assert cluster.jobs()  # its training goes on, and knows nothing
    run_id = re.search(r"SLURM run ID: (\S+)", output)[1]
    subprocess.run(["scancel", f"--name={run_id}"], check=True, timeout=30)
    cluster.wait_until_empty()
    assert long_training.snakemake(*PROFILE, "--unlock").returncode == 0
    done = long_training.snakemake(*PROFILE, "--", HISTORY[0])
    assert done.returncode == 0, done.stderr
    assert "resumed at epoch" in log_of(long_training)
    assert gpu_jobs(cluster, before) == ["CANCELLED", "COMPLETED"]
