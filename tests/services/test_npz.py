import os
import zipfile

import numpy as np
import pytest

from vae.services import npz

PIXELS = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
ARRAYS = {
    "pixels": PIXELS,
    "fortran": np.asfortranarray(PIXELS),
    "numbers": np.arange(5, dtype=">i8"),
    "texts": np.array(["a", "é"]),
    "scalar": np.array("text"),
    "none": np.zeros((0, 3), np.uint8),
}


@pytest.fixture
def path(tmp_path):
    np.savez(tmp_path / "a.npz", **ARRAYS)
    return tmp_path / "a.npz"


@pytest.mark.parametrize("mapped", [False, True])
def test_arrays_come_back_as_they_were(path, mapped):
    arrays = npz.read(path, mapped=lambda name: mapped)
    assert list(arrays) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(arrays[name], array)


def test_only_what_is_wanted_is_read_and_compared(path):
    content = bytearray(path.read_bytes())
    content[content.index(PIXELS.tobytes())] ^= 1
    path.write_bytes(content)
    assert set(npz.read(path, lambda name: name != "pixels")) == {*ARRAYS} - {"pixels"}
    for names in ((), ARRAYS):
        with pytest.raises(zipfile.BadZipFile, match="Bad CRC-32"):
            npz.read(path, mapped=names.__contains__)


def test_what_is_mapped_is_not_written_to_and_outlives_a_replacement(path, tmp_path):
    pixels = npz.read(path, mapped=lambda name: True)["pixels"]
    with pytest.raises(ValueError, match="read-only"):
        pixels[0] = 0
    np.savez(tmp_path / "b.npz", pixels=np.zeros_like(PIXELS))
    os.replace(tmp_path / "b.npz", path)
    np.testing.assert_array_equal(pixels, PIXELS)


def test_a_mapped_array_takes_no_memory(tmp_path):
    np.savez(tmp_path / "large.npz", zeros=np.zeros(50_000_000, np.uint8))
    before = _anonymous()
    array = npz.read(tmp_path / "large.npz", mapped=lambda name: True)["zeros"]
    assert not array.any()
    assert _anonymous() - before < 10_000_000


def _anonymous():
    """Bytes of anonymous memory of this process."""
    try:
        with open("/proc/self/status") as file:
            (line,) = [line for line in file if line.startswith("RssAnon")]
    except (OSError, ValueError):
        pytest.skip("this system does not say how much memory is anonymous")
    return 1024 * int(line.split()[1])


@pytest.mark.parametrize("save", [np.savez_compressed, np.savez])
def test_what_np_savez_does_not_write_is_refused(tmp_path, save):
    array = PIXELS if save is np.savez_compressed else np.array([object()], dtype=object)
    save(tmp_path / "a.npz", array=array)
    with pytest.raises(ValueError, match=r"did not write|contains neither numbers nor text"):
        npz.read(tmp_path / "a.npz")
