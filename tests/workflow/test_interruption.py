"""Trainings that are killed: the same command goes on, and gives what it would have given."""

import os
import random
import re
import signal
import time
from dataclasses import dataclass

import numpy as np
import onnx
import pandas as pd
import pytest

from tests.helpers import ROOT, python
from tests.helpers.workspace import Workspace
from vae.services import checkpoints
from vae.services.jobs import AGAIN

# Trainings that are killed, by name of the run: the keys of their variant. The epochs of the first
# take a twentieth of a second each, those of the second a third.
PARENT = {"prior": "flow", "couplings": 4}  # ld_2_cp_4_pr_flow
KILLED = {
    "ld_2_e_400_cp_4_ema_0.99_from_ld_2_cp_4_pr_flow_pr_flow": {
        **PARENT,
        "epochs": 400,
        "ema": 0.99,
        "init_from": "ld_2_cp_4_pr_flow",
    },
    "ld_2_f_8_e_60_m_ladder_ar_10_as_0.1_es_59_ema_0.99_k_best": {
        "epochs": 60,
        "ema": 0.99,
        "model": "ladder",
        "filters": 8,
        "keep": "best",
        "early_stopping": 59,
        "augment_rotate": 10,
        "augment_shift": 0.1,
    },
}

README = (ROOT / "README.md").read_text(encoding="utf-8")

# How often to kill a real training of MNIST, which takes a while.
KILLS = int(os.environ.get("VAE_TEST_KILLS", "0"))


@dataclass
class Training:
    """Trainings that a command does side by side, and their logs.

    networks: files that hold all weights.
    """

    workspace: Workspace
    dataset: str
    runs: tuple[str, ...]
    options: tuple[str, ...] = ()

    rule = "train"
    history = "history.csv"
    networks = ("posterior.onnx", "decoder.onnx")

    def path(self, run, name):
        return self.workspace.path / "results" / self.dataset / run / name

    def checkpoints(self, run):
        """The folder of a run's checkpoints."""
        return self.path(".checkpoints", run)

    @property
    def targets(self):
        return [f"results/{self.dataset}/{run}/{self.history}" for run in self.runs]

    def log(self, run):
        """What the attempt says that is under way, or was the last."""
        path = self.path(run, f"logs/{self.rule}.log")
        return path.read_text().rpartition(AGAIN)[2] if path.exists() else ""

    def behind(self, run):
        """The number of epochs that are behind, as the log has it."""
        done = re.findall(r"epoch (\d+)/", self.log(run))
        return int(done[-1]) if done else self.resumed_at(run) - 1

    def resumed_at(self, run):
        found = re.search(r"resumed at epoch (\d+)", self.log(run))
        return int(found[1]) if found else 1

    def start(self):
        for run in self.runs:  # those of the last attempt would be taken for those of the next
            self.path(run, f"logs/{self.rule}.log").unlink(missing_ok=True)
        return self.workspace.start("--cores", "4", *self.options, "--", *self.targets)

    def interrupt(self, number, after, seconds):
        """Start the command; signal each training, at a random moment within so many seconds.

        after: the pattern of a line in the log from which these count.

        Returns what the command printed.
        """
        snakemake, moments = self.start(), {}
        while len(moments) < len(self.runs) or any(moments.values()):
            assert snakemake.poll() is None, snakemake.communicate()
            for run in self.runs:
                if run not in moments and re.search(after, self.log(run)):
                    moments[run] = time.monotonic() + random.uniform(0, seconds)
                if moments.get(run) and time.monotonic() > moments[run]:
                    (lock,) = self.checkpoints(run).glob("*/lock")
                    os.kill(int(lock.read_text().split()[0]), number)
                    moments[run] = None
            time.sleep(0.01)
        output = "".join(snakemake.communicate(timeout=120))
        assert snakemake.returncode == 1, output
        return output

    def finish(self):
        self.workspace.build(*self.targets, cores=4, options=self.options)

    def saved(self, run):
        """The number of epochs that a checkpoint has."""
        copies = self.checkpoints(run).glob("*/[ab].npz")
        return max((len(checkpoints.read(path)[0]["rows"]) for path in copies), default=0)


class SecondStage(Training):
    """Trainings of second stages."""

    rule = "train_second_stage"
    history = "second_stage_history.csv"
    networks = ("second_stage.onnx",)

    def checkpoints(self, run):
        return self.path(".checkpoints", f"{run}.second_stage")


def weights(training, run):
    """All weights and constants, sorted: constants stand in a file in any order."""
    networks = [onnx.load(training.path(run, name)) for name in training.networks]
    tensors = [tensor for network in networks for tensor in network.graph.initializer]
    return sorted(map(onnx.numpy_helper.to_array, tensors), key=lambda array: array.tobytes())


def check_equal(interrupted, uninterrupted, run, epochs):
    """The same history, but for seconds, and the same weights, bit for bit."""
    both = (interrupted, uninterrupted)
    for old, new in zip(*(weights(training, run) for training in both), strict=True):
        np.testing.assert_array_equal(old, new)
    histories = [pd.read_csv(training.path(run, training.history)) for training in both]
    assert list(histories[0].epoch) == list(range(1, epochs + 1))
    pd.testing.assert_frame_equal(
        *(history.drop(columns="seconds") for history in histories), check_exact=True
    )


def test_trainings_killed_seven_times_give_the_same(unbuilt_copy, fresh, tmp_path):
    epochs = {run: changes["epochs"] for run, changes in KILLED.items()}
    settings = {"epochs": 3, "batch_size": 32, "validation": "auto"}
    unbuilt_copy.configure("digits", latent_dim=2, variants=[PARENT, *KILLED.values()], **settings)
    training = Training(unbuilt_copy, "digits", tuple(epochs))

    epoch_done = r"epoch (?!1/)\d+/"  # so that one is saved
    for _ in range(5):
        training.interrupt(signal.SIGKILL, epoch_done, 0.3)
    output = training.interrupt(signal.SIGTERM, epoch_done, 0.3)
    stopped = r"Stopped by SIGTERM after epoch (\d+)\. The same command goes on after epoch \1\."
    assert len(re.findall(stopped, output)) == 2
    last = {run: int(re.search(stopped, training.log(run))[1]) for run in epochs}

    snakemake = training.start()
    while not all(re.search(epoch_done, training.log(run)) for run in epochs):
        assert snakemake.poll() is None, snakemake.communicate()
        time.sleep(0.01)
    assert {run: training.resumed_at(run) - 1 for run in epochs} == last
    snakemake.kill()
    snakemake.communicate(timeout=60)  # which the trainings end, too, soon after
    for run in epochs:
        assert "Stopped by the end of Snakemake" in training.log(run)
    assert unbuilt_copy.snakemake("--unlock").returncode == 0
    training.finish()
    assert all(training.resumed_at(run) > last[run] for run in epochs)
    assert not (unbuilt_copy.path / "results/digits/.checkpoints").exists()

    uninterrupted = Training(fresh.copy(tmp_path / "uninterrupted"), "digits", tuple(epochs))
    uninterrupted.workspace.write_config(unbuilt_copy.config)
    uninterrupted.finish()
    for run in epochs:
        check_equal(training, uninterrupted, run, epochs[run])
        assert training.path(run, "logs/train.log").read_text().count(AGAIN) == 7


def test_a_second_stage_killed_three_times_gives_the_same(unbuilt_copy, tmp_path):
    second_stage = {"epochs": 40, "batch_size": 32, "filters": 8, "blocks": 1, "runs": ["ld_2"]}
    unbuilt_copy.configure("digits", latent_dim=2, flip=True, second_stage=second_stage)
    unbuilt_copy.build("results/digits/ld_2/run.json")
    uninterrupted = SecondStage(unbuilt_copy.copy(tmp_path / "copy"), "digits", ("ld_2",))
    training = SecondStage(unbuilt_copy, "digits", ("ld_2",))
    for _ in range(3):
        training.interrupt(signal.SIGKILL, r"epoch (?!1/)\d+/", 0.2)
    training.finish()
    uninterrupted.finish()
    check_equal(training, uninterrupted, "ld_2", 40)
    assert training.path("ld_2", "logs/train_second_stage.log").read_text().count(AGAIN) == 3
    assert not (unbuilt_copy.path / "results/digits/.checkpoints").exists()

    unbuilt_copy.build("digits")
    assert unbuilt_copy.planned() == {}
    (code,) = (c for c in re.findall(r"```python\n(.*?)```", README, re.S) if "second_stage" in c)
    code = code.replace("results/cifar10/ld_512", "results/digits/ld_2").replace("512", "2")
    assert python("-c", f"{code}\nprint(images.shape)", cwd=unbuilt_copy.path).stdout == (
        "(16, 8, 8, 1)\n"
    )
    generate = ("scripts/generate.py", "results/digits/ld_2", "--random", "3", "-o", "drawn.csv")
    for label, said in (("7", ""), ("ten", "--class: there is no 'ten' in 0, 1, 2")):
        words = (*generate, "--origin", "second_stage", "--class", label)
        assert said in python(*words, cwd=unbuilt_copy.path).stderr
    assert (unbuilt_copy.path / "drawn.csv").read_text().count("\n") == 3
    runs = {"digits/ld_2"}
    drawn = {"plot_samples_second_stage": runs, "evaluate_samples": runs}
    after = drawn | {"compare": {"digits"}, "write_model_card": runs}
    unbuilt_copy.configure("digits", second_stage=second_stage | {"guidance": 3.0})
    assert unbuilt_copy.planned() == after
    unbuilt_copy.configure("digits", second_stage=second_stage | {"epochs": 41})
    assert unbuilt_copy.planned() == after | {"train_second_stage": runs}


@pytest.mark.skipif(not KILLS, reason="VAE_TEST_KILLS is not set: half an hour for 20")
@pytest.mark.parametrize(
    ("run", "epochs", "kills"), [("ld_2", 10, KILLS), ("ld_2_e_4_m_conv", 4, max(1, KILLS // 4))]
)
def test_mnist_killed_at_random_moments(
    unbuilt_copy, tmp_path, datasets, capsys, run, epochs, kills
):
    variants = [{"epochs": 4, "model": "conv"}]
    unbuilt_copy.write_config(
        {
            "datasets": {
                "mnist": {"source": "mnist", "latent_dim": 2, "epochs": 10, "variants": variants}
            }
        }
    )
    options = ("--configfile", str(datasets / "overlay.yaml"))
    unbuilt_copy.build("results/mnist/images.npz", options=options)
    training = Training(unbuilt_copy, "mnist", (run,), options)
    uninterrupted = Training(unbuilt_copy.copy(tmp_path / "copy"), "mnist", (run,), options)
    uninterrupted.finish()
    seconds = pd.read_csv(uninterrupted.path(run, "history.csv")).seconds.median()
    first, last = (
        pd.Timestamp(re.search(rf"^(.{{19}}) {text}", uninterrupted.log(run), re.M)[1])
        for text in (r"\d+ training and", f"epoch {epochs}/")
    )
    # Between start-up and the second epoch, so that every fourth attempt gets an epoch further.
    window = (last - first).total_seconds() - (epochs - 1.7) * seconds
    behind, lost = [], []
    for _ in range(kills):
        training.interrupt(signal.SIGKILL, r"training and \d+ test images", window)
        saved = training.saved(run)
        behind.append(max(saved, training.behind(run)))
        lost.append(behind[-1] - saved)
    training.finish()
    with capsys.disabled():
        print(f"\n{run}: an epoch takes {seconds:.1f} s; killed {kills} times")
        print(f"epochs behind at each kill: {behind}; of these not saved: {lost}")
    assert max(lost) <= 1
    check_equal(training, uninterrupted, run, epochs)
