"""Raw files of the sources that are configured, damaged: images, or an error."""

import io
import struct
import tempfile
import zlib
from pathlib import Path

import numpy as np
import scipy.io
from hypothesis import strategies as st

from tests.data.sources.test_layouts import FILES, read
from tests.helpers.layouts import LAYOUTS
from tests.properties import cases, damaged, tried
from vae.data import matlab


def written(name):
    """The files of a source, by name."""
    with tempfile.TemporaryDirectory() as folder:
        LAYOUTS[name](Path(folder))
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


RAW = {name: written(name) for name, _ in FILES}


@cases(st.sampled_from(FILES), st.data())
def test_raw_files_with_a_damaged_one(folder, chosen, data):
    name, file = chosen
    content = RAW[name] | {file: data.draw(damaged(RAW[name][file]))}
    for path, part in content.items():
        (folder / path).write_bytes(part)
    settings = {"max_skipped": 1} if name == "celeba" else {}
    found = tried(lambda: read(name, folder, **settings))
    assert found is None or found[0].train.pixels.ndim == 4


FILE = io.BytesIO()
scipy.io.savemat(FILE, {"x": np.arange(60.0).reshape(3, 20), "names": np.array(["a"], object)})
PLAIN = FILE.getvalue()


def packed(content):
    """A MATLAB file with all of its arrays in one compressed element."""
    element = zlib.compress(content[128:])
    return content[:128] + struct.pack("<II", 15, len(element)) + element


sizes = st.sampled_from([0, 1, 7, 8, 2**31 - 1, 2**31, 2**32 - 1]) | st.integers(0, 2**32 - 1)


@cases(st.integers(32, len(PLAIN) // 4 - 1), sizes, st.booleans())
def test_matlab_files_that_promise_anything(folder, place, size, is_packed):
    content = PLAIN[: 4 * place] + struct.pack("<I", size) + PLAIN[4 * place + 4 :]
    (folder / "a.mat").write_bytes(packed(content) if is_packed else content)
    arrays = tried(matlab.load, folder / "a.mat", ["x"])
    assert arrays is None or arrays["x"].size <= 60 * 8


@cases(st.sampled_from([PLAIN, packed(PLAIN)]).flatmap(damaged))
def test_matlab_files_that_are_damaged(folder, content):
    (folder / "a.mat").write_bytes(content)
    tried(matlab.load, folder / "a.mat", ["x"])
