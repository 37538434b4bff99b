import keras
import pytest

from scripts.vae import engine
from scripts.vae.engine import Engine
from tests.vae.test_elbo import RUN

DENSE, CONVOLUTIONAL = (
    (keras.Sequential([keras.Input((4, 4, 1)), layer]),)
    for layer in (keras.layers.Flatten(), keras.layers.Conv2D(1, 1))
)


@pytest.fixture
def processor(monkeypatch, tmp_path):
    """A function that gives the machine a processor with flags, and no GPU."""

    def give(flags):
        monkeypatch.setattr(engine, "CPUINFO", tmp_path / "cpuinfo")
        monkeypatch.setattr(engine, "devices", lambda: ["cpu:0"])
        engine.CPUINFO.write_text(f"processor\t: 0\nflags\t\t: fpu {flags}\nbugs\t: \n")

    return give


@pytest.mark.parametrize(
    ("networks", "flags", "xla", "precision"),
    [
        (DENSE, "avx512_bf16 amx_bf16", True, "float32"),
        (DENSE, "", True, "float32"),
        (CONVOLUTIONAL, "avx512_bf16 amx_bf16", False, "mixed_bfloat16"),
        (CONVOLUTIONAL, "avx512_bf16", False, "mixed_bfloat16"),
        (CONVOLUTIONAL, "avx512f", False, "float32"),
    ],
)
def test_on_a_cpu(processor, networks, flags, xla, precision):
    processor(flags)
    chosen = engine.choose(networks, RUN, 300)
    assert (chosen.xla, chosen.precision) == (xla, precision)
    assert chosen.fused == (networks is CONVOLUTIONAL)
    assert set(chosen.why) - {"fused"} == {"xla", "precision", "steps_per_execution"}
    assert chosen.compile_options() == {"jit_compile": xla, "steps_per_execution": 50}


def test_where_the_processor_is_not_known(processor, tmp_path):
    processor("")
    engine.CPUINFO.unlink()
    assert engine.choose(CONVOLUTIONAL, RUN, 300).precision == "float32"


@pytest.mark.parametrize(
    ("capability", "precision"), [((9, 0), "mixed_bfloat16"), ((7, 5), "float32")]
)
def test_on_a_gpu(monkeypatch, capability, precision):
    monkeypatch.setattr(engine, "devices", lambda: ["gpu:0"])
    monkeypatch.setattr(engine, "_compute_capability", lambda: capability)
    for networks in (DENSE, CONVOLUTIONAL):
        chosen = engine.choose(networks, RUN, 3)
        assert (chosen.xla, chosen.precision) == (True, precision)
        assert chosen.steps_per_execution == 3


def test_the_config_has_the_last_word(processor):
    processor("amx_bf16")
    run = RUN | {"xla": True, "precision": "float32"}
    chosen = engine.choose(CONVOLUTIONAL, run, 1)
    assert (chosen.xla, chosen.precision) == (True, "float32")
    assert set(chosen.why) == {"steps_per_execution"}


def test_the_words_in_the_log():
    chosen = Engine("tensorflow", False, "float32", False, 7, {"xla": "slow"})
    assert str(chosen) == "tensorflow, no XLA, float32, 7 steps an execution (xla: slow)"


def test_the_environment_of_a_run():
    found = engine.environment(Engine("tensorflow", False, "float32", False, 7, {}))
    assert found["engine"]["precision"] == "float32"
    assert found["devices"] == ["cpu:0"] or engine.on_gpu()
    assert {"python", "tensorflow", "keras", "numpy", "onnx"} <= set(found["versions"])
