"""The pictures of the benchmark of memory as arrays, a table and a Parquet file."""

import csv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.lib import format as npy
from PIL import Image

ROW_GROUP = 1000  # pictures

# What is prepared from them: the settings of each dataset. With percentiles, pixels are kept as
# floats until the images are split.
DATASETS = {
    "arrays": {"source": {"arrays": "pictures.npz"}},
    "percentiles": {"source": {"arrays": "pictures.npz"}, "intensity": "percentile"},
    "table": {"source": {"table": "pictures.csv"}, "size": 64},
    "parquet": {"source": {"parquet": "pictures.parquet"}, "size": 64},
}


def write(folder: Path) -> None:
    """Write the files that DATASETS name, of the pictures below `folder`/pictures.

    The array is compressed, which is the harder case: nothing of it can be mapped.
    """
    paths = sorted((folder / "pictures").glob("*/*.png"))
    with open(folder / "pictures.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("path", "label"))
        table.writerows((path.relative_to(folder), path.parent.name) for path in paths)
    schema = pa.schema({"image": pa.binary(), "label": pa.string()})
    with pq.ParquetWriter(folder / "pictures.parquet", schema) as writer:
        for some in _chunks(paths):
            columns = [[path.read_bytes() for path in some], [path.parent.name for path in some]]
            writer.write_table(pa.table(columns, schema=schema))
    with zipfile.ZipFile(
        folder / "pictures.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1
    ) as archive:
        with archive.open("images.npy", "w", force_zip64=True) as file:
            header = {"descr": "|u1", "fortran_order": False, "shape": (len(paths), 64, 64, 3)}
            npy.write_array_header_1_0(file, header)
            for path in paths:
                with Image.open(path) as picture:
                    file.write(np.asarray(picture).tobytes())
        with archive.open("labels.npy", "w") as file:
            npy.write_array(file, np.array([int(path.parent.name) for path in paths]))


def _chunks(paths: list[Path]) -> Iterator[list[Path]]:
    return (paths[i : i + ROW_GROUP] for i in range(0, len(paths), ROW_GROUP))
