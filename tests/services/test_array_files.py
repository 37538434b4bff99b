"""Arrays of .npy and .npz files, a few rows at a time."""

import zipfile

import numpy as np
import pytest

from vae.services import array_files

VALUES = np.arange(60).reshape(5, 4, 3)
ARRAYS = {
    "uint8": VALUES.astype(np.uint8),
    "fortran": np.asfortranarray(VALUES.astype(">u2")),
    "flat": np.arange(7.0),
    "texts": np.array(["a", "éé"]),
    "empty": np.zeros((0, 3), np.int16),
}


def read(path, name, count):
    return np.concatenate([*array_files.rows(path, array_files.members(path)[name], count)])


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("count", [1, 2, 100])
def test_rows_come_back_as_they_were(tmp_path, save, count):
    save(tmp_path / "a.npz", **ARRAYS, objects=np.array([{}], dtype=object))
    members = array_files.members(tmp_path / "a.npz")
    assert list(members) == list(ARRAYS)  # without the objects
    for name in set(ARRAYS) - {"empty"}:
        np.testing.assert_array_equal(read(tmp_path / "a.npz", name, count), ARRAYS[name])
        assert members[name].dtype == ARRAYS[name].dtype


@pytest.mark.parametrize("name", ["uint8", "fortran"])
def test_a_file_of_one_array_is_called_after_it(tmp_path, name):
    np.save(tmp_path / "faces.npy", ARRAYS[name])
    np.testing.assert_array_equal(read(tmp_path / "faces.npy", "faces.npy", 2), ARRAYS[name])


def test_damage_is_found_at_the_end(tmp_path):
    np.savez(tmp_path / "a.npz", a=ARRAYS["uint8"])
    content = bytearray((tmp_path / "a.npz").read_bytes())
    content[content.index(ARRAYS["uint8"].tobytes())] ^= 1
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(zipfile.BadZipFile, match="CRC"):
        read(tmp_path / "a.npz", "a", 2)


def test_a_header_that_promises_too_much_is_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros(10**5, np.uint8))
    content = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(content[:-1])
    with pytest.raises(ValueError, match="not as long as its header says"):
        array_files.members(tmp_path / "a.npy")
