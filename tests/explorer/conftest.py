"""Results of a run from which other tools get their files."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vae.data import images
from vae.data.images import Images, Split

N = 7


@pytest.fixture
def scored(tmp_path):
    """Write scores.parquet, images.npz and run.json of test images; returns what is in them."""

    def write(latent_dim=3, shape=(4, 6, 1)):
        rng = np.random.default_rng(0)
        pixels = rng.integers(0, 256, (N, *shape), np.uint8)
        test = Split(pixels, np.zeros(N, int))
        images.save(Images(test[:2], test, ("a",)), tmp_path / "images.npz")
        code = rng.normal(size=(N, latent_dim)).astype(np.float32)
        columns = {
            "index": np.arange(N),
            "file": [f"some\tfile {i}\n.png" for i in range(N)],
            "split": ["test"] * N,
            "class_name": ["a cat", None, *["dog"] * (N - 2)],
            "x": np.arange(N) + 0.5,  # of the source
            "score": rng.normal(size=N),
            "novelty": rng.random(N),
            "mse": rng.random(N),
            "code": pa.FixedSizeListArray.from_arrays(pa.array(code.ravel()), latent_dim),
        }
        training = {name: pa.array(values)[:2] for name, values in columns.items()}
        training["split"] = ["train", "train"]
        tables = [pa.table(training), pa.table(columns)]
        pq.write_table(pa.concat_tables(tables), tmp_path / "scores.parquet")
        record = {"dataset": "pets", "run": f"ld_{latent_dim}"}
        (tmp_path / "run.json").write_text(json.dumps(record))
        return columns | {"code": code, "pixels": pixels}

    return write
