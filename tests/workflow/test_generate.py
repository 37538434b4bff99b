"""The command as the README has it."""

import contextlib
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from onnx import helper
from PIL import Image

from tests.helpers import ROOT, python
from tests.helpers.networks import write


def test_the_examples_of_the_readme_run_as_written(built_copy):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    examples = re.findall(r"^python scripts/(?:generate|score)\.py .*$", text, re.M)
    assert len(examples) > 6
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    mask = np.zeros((8, 8), np.uint8)
    mask[4:] = 255
    Image.fromarray(mask).save(built_copy.path / "mask.png")
    for example in examples:
        done = subprocess.run(
            example,
            shell=True,
            cwd=built_copy.path,
            env=os.environ | {"PATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if "asks" in example:  # of nobody, here
            assert "there is no code in it" in done.stderr
            continue
        assert done.returncode == 0, done.stderr
        assert not done.stderr
        output = example.split("#")[0].split()[-1]
        if output.endswith(".csv"):
            head, row = (built_copy.path / output).read_text().splitlines()
            assert head == ("file,score" if "score" in output else "file,z0,z1")
            assert row.startswith("digit.png,")
            continue
        with Image.open(built_copy.path / output) as image:
            image.load()
            assert min(image.size) >= 96


COMPARE = "\nnp.testing.assert_allclose(same, reconstructions, atol=1e-4)\n"


def test_the_programs_of_the_readme_run_as_written(built_copy):
    """With the digits, and a second stage and a decoder that are zero."""
    folder = built_copy.path / "results/cifar10/ld_512"
    folder.mkdir(parents=True)
    for name, inputs, output in (
        ("second_stage", {"code": (512,), "time": (1,), "class": (10,)}, {"velocity": (512,)}),
        ("decoder", {"z": (512,)}, {"mean": (32, 32, 3)}),
    ):
        (shape,) = output.values()
        first, (out,) = next(iter(inputs)), output
        nodes = [
            helper.make_node("MatMul", [first, "zeros"], ["flat"]),
            helper.make_node("Reshape", ["flat", "shape"], [out]),
        ]
        zeros = np.zeros((512, np.prod(shape)), np.float32)
        constants = {"zeros": zeros, "shape": np.array([-1, *shape])}
        write(folder / f"{name}.onnx", inputs, output, nodes, constants)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    programs = re.findall(r"```python\n(.*?)```", text, re.S)
    assert len(programs) == 2
    done = python("-c", programs[0] + COMPARE + programs[1], cwd=built_copy.path)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no terminals on this system")
def test_on_a_terminal_it_asks_for_numbers(built):
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "scripts.generate", "results/digits/ld_2"]
    process = subprocess.Popen(
        command, cwd=built.path, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True
    )
    os.close(theirs)
    os.write(ours, b"0.5 -1.2\nquit\n")
    said = b""
    with contextlib.suppress(OSError):  # that is how a terminal ends
        while part := os.read(ours, 65536):
            said += part
    assert process.wait(timeout=60) == 0
    os.close(ours)
    assert "▀" in said.decode()


@pytest.mark.parametrize("command", ["generate", "score", "status"])
@pytest.mark.parametrize("as_module", [True, False])
def test_commands_start_as_files_and_as_modules(command, as_module):
    words = ["-m", f"scripts.{command}"] if as_module else [f"scripts/{command}.py"]
    variables = {"PYTHONPATH": ""}  # nor does the library have to be on it
    if not as_module:  # which Python itself finds in the working directory
        variables["PYTHONSAFEPATH"] = "1"
    done = subprocess.run(
        [sys.executable, *words, "--help"],
        cwd=ROOT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(f"usage: python scripts/{command}.py")
