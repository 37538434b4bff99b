"""The locks agree with each other, and with what conda reads."""

import re

import pytest
import yaml

from tests.helpers import ROOT


def pins(lock):
    """Package and version of each line, as often as there are versions for several Pythons."""
    return set(re.findall(r"^([a-z0-9_.-]+)==(\S+)", (ROOT / lock).read_text(), re.M))


@pytest.mark.parametrize("name", ["", "-gpu"])
def test_conda_reads_the_pins_of_the_lock(name):
    content = yaml.safe_load((ROOT / f"environment{name}.yml").read_text())
    lines = content["dependencies"][-1]["pip"]
    found = {tuple(line.partition(" ")[0].split("==")) for line in lines}
    assert found == pins(f"requirements{name}.lock"), "run `make lock`: it writes both"


@pytest.mark.parametrize(
    "file",
    ["requirements.lock", "requirements-gpu.lock", "environment.yml", "environment-gpu.yml"],
)
@pytest.mark.parametrize("plugin", ["slurm", "slurm-jobstep"])
def test_every_environment_has_the_plugins_of_the_cluster_profile(file, plugin):
    text = (ROOT / file).read_text()
    assert re.search(rf'^[ "-]*snakemake-executor-plugin-{plugin}==\d', text, re.M)


def test_with_cuda_all_else_is_the_same():
    cpu, gpu = pins("requirements.lock"), pins("requirements-gpu.lock")
    assert {name for name, _ in cpu - gpu} == {"tensorflow-cpu"}
    assert all(name.startswith("nvidia-") for name, _ in gpu - cpu)
    assert ("tensorflow", dict(cpu)["tensorflow-cpu"]) in gpu
