from dataclasses import replace

import keras
import pytest

from tests.helpers.config import run_settings
from vae.training import engine
from vae.training.engine import Engine

PLAIN = Engine("tensorflow", False, "float32", False, 1, 7, {"xla": "slow"})


@pytest.fixture
def processor(monkeypatch, tmp_path):
    """A function that gives the machine a processor with flags, and no GPU."""

    def give(flags):
        monkeypatch.setattr(engine, "CPUINFO", tmp_path / "cpuinfo")
        monkeypatch.setattr(engine, "devices", lambda: ["cpu:0"])
        engine.CPUINFO.write_text(f"processor\t: 0\nflags\t\t: fpu {flags}\nbugs\t: \n")

    return give


@pytest.mark.parametrize(
    ("flags", "precision"),
    [
        ("avx512_bf16 amx_bf16", "mixed_bfloat16"),
        ("avx512_bf16", "mixed_bfloat16"),
        ("avx512f", "float32"),
        ("", "float32"),
    ],
)
def test_on_a_cpu(processor, flags, precision):
    processor(flags)
    chosen = engine.choose(run_settings(batch_size=64), threads=2)
    assert (chosen.xla, chosen.precision) == (False, precision)
    assert chosen.cpu_layers
    assert chosen.shards == 2
    assert set(chosen.why) == {"xla", "precision", "cpu_layers", "shards", "steps_per_execution"}
    assert chosen.compile_options(300) == {"jit_compile": False, "steps_per_execution": 50}
    assert chosen.compile_options(3)["steps_per_execution"] == 3


@pytest.mark.parametrize(
    ("threads", "batch_size", "shards"),
    [
        (1, 256, 1),
        (2, 256, 2),
        (8, 256, 8),
        (16, 256, 8),  # of 32 images, with two threads each
        (2, 63, 1),
        (3, 64, 1),  # two shards would leave a thread with nothing to do
        (6, 128, 3),
        (4, 1, 1),
    ],
)
def test_every_thread_has_a_shard_of_its_own_or_an_equal_share_of_one(
    processor, threads, batch_size, shards
):
    processor("")
    assert engine.choose(run_settings(batch_size=batch_size), threads).shards == shards


def test_where_the_processor_is_not_known(processor):
    processor("")
    engine.CPUINFO.unlink()
    assert engine.choose(run_settings(), threads=2).precision == "float32"


@pytest.mark.parametrize(
    ("capability", "precision"), [((9, 0), "mixed_bfloat16"), ((7, 5), "float32")]
)
def test_on_a_gpu(monkeypatch, capability, precision):
    monkeypatch.setattr(engine, "devices", lambda: ["gpu:0"])
    monkeypatch.setattr(engine, "_compute_capability", lambda: capability)
    chosen = engine.choose(run_settings(batch_size=256), threads=8)
    assert (chosen.xla, chosen.precision) == (True, precision)
    assert (chosen.cpu_layers, chosen.shards) == (False, 1)


def test_the_config_has_the_last_word(processor):
    processor("amx_bf16")
    chosen = engine.choose(run_settings(xla=True, precision="mixed_bfloat16"), threads=2)
    assert (chosen.xla, chosen.precision) == (True, "mixed_bfloat16")
    assert (chosen.cpu_layers, chosen.shards) == (False, 1)
    assert set(chosen.why) == {"steps_per_execution"}
    assert engine.choose(run_settings(xla=True), threads=2).precision == "float32"


def test_the_words_in_the_log():
    assert str(PLAIN) == "tensorflow, no XLA, float32, up to 7 steps an execution (xla: slow)"
    parts = replace(PLAIN, cpu_layers=True, shards=2)
    assert parts.computing == "tensorflow, no XLA, float32, CPU layers, batches in 2 shards"


def test_the_environment_of_a_run():
    found = engine.environment(PLAIN)
    assert found["engine"]["precision"] == "float32"
    assert found["devices"] == ["cpu:0"] or engine.on_gpu()
    assert {"python", "tensorflow", "keras", "numpy", "onnx"} <= set(found["versions"])


def test_devices_are_those_that_keras_lists():
    assert engine.devices() == keras.distribution.list_devices()
