"""Test images with their places and pictures in one table, for `embedding-atlas`: `atlas.parquet`.

Its column of images is what Hugging Face's libraries take for one.
"""

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from vae.data import images
from vae.evaluation import scores
from vae.latent import tsne
from vae.latent.codes import random_rows
from vae.latent.onnx import slices
from vae.services.errors import reading
from vae.services.files import atomic

MOST = 10_000  # images, where there is no map
ROWS = 1000  # of a row group: so many pictures are in memory


def export(
    path_to_scores: str,
    path_to_images: str,
    path_to_map: str | None,
    path_to_atlas: str,
    seed: int,
) -> None:
    """Write the rows of scores.parquet of test images, with `x`, `y` and `image`.

    path_to_map: where images lie, and which of them; None for the first two values of the codes, of
    MOST images at random if there are more.

    Raises UserError if a file is damaged.
    """
    with reading(path_to_scores):
        table = pq.read_table(path_to_scores, filters=[("split", "=", "test")])
    if path_to_map:
        rows, places, _ = tsne.load(path_to_map)
    else:
        rows = random_rows(len(table), MOST, np.random.default_rng(seed))
        code = scores.read(path_to_scores, "test", ["code"])["code"][rows]
        places = np.pad(code, ((0, 0), (0, 1)))[:, :2]  # of one dimension, a line
    pixels = images.load_split(path_to_images, "test").pixels
    with atomic(path_to_atlas) as part:
        writer = None
        for some in slices(len(rows), ROWS):
            block = table.take(rows[some])
            for name, values in zip("xy", places[some].T, strict=True):
                block = _with_column(block, name, pa.array(values))
            block = _with_column(block, "image", _pictures(pixels, rows[some], block["file"]))
            writer = writer or pq.ParquetWriter(part, block.schema)
            writer.write_table(block)
        writer.close()


def _with_column(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    """A table with one more column, in place of the source's own of this name."""
    if name in table.column_names:
        table = table.rename_columns(
            [f"source_{name}" if column == name else column for column in table.column_names]
        )
    return table.append_column(name, values)


def _pictures(pixels: np.ndarray, rows: np.ndarray, files: pa.ChunkedArray) -> pa.Array:
    """Some images as PNG files, each with the name of its own file: {bytes, path}."""
    contents = []
    for row in rows:
        image = pixels[row]
        with io.BytesIO() as file:
            Image.fromarray(image[..., 0] if image.shape[2] == 1 else image).save(file, "PNG")
            contents.append(file.getvalue())
    names = files.combine_chunks().cast(pa.string())
    return pa.StructArray.from_arrays([pa.array(contents, pa.binary()), names], ["bytes", "path"])
