"""A table with a row for each image: its code, and how well it fits the run: `scores.parquet`."""

import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from vae import likelihoods
from vae.data.images import Images, Split
from vae.evaluation import bounds, reconstruction
from vae.evaluation.metrics import OF_RECONSTRUCTIONS
from vae.evaluation.testset import elbo_of_images
from vae.latent.onnx import BATCH, Decoder, slices
from vae.latent.posteriors import ApproximatePosterior
from vae.latent.scoring import black_and_white, scored
from vae.services.errors import reading
from vae.services.files import atomic

ROWS = 1000  # of a row group: so many are in memory
MOST = 10_000  # training images that have an ELBO, if not all have one; a multiple of ROWS
ELBO = ("elbo", "reconstruction", "kl")
# In the order of the table.
OF_RUN = (*ELBO, "score", "novelty", *OF_RECONSTRUCTIONS, "code")
OF_IMAGE = ("index", "file", "split", "label", "class_name")


@dataclass(frozen=True)
class Run:
    """A trained run, and how its images are evaluated.

    likelihood: name of a module of `vae.likelihoods`; draws: z an image for its ELBO; binary:
    whether it is a run on black and white images; every: whether all training images get an ELBO,
    not just MOST of them.
    """

    posterior: ApproximatePosterior
    decoder: Decoder
    likelihood: str
    seed: int
    draws: int
    binary: bool = False
    every: bool = False


def write(
    data: Images,
    drawn: Images,
    run: Run,
    known: Mapping[str, Mapping[str, np.ndarray]],
    path: str | Path,
) -> str:
    """Write a row for each image of every split; docs/scores.md has the columns.

    data: the images; drawn: those that likelihoods are of, which for a binary run were drawn from
    them; known: by split what `testset` has found of each image of it, by column, [N].

    Memory holds ROWS images, and the score of all. Returns the split whose images `novelty` is a
    percentile among: validation, or train if there is none.
    """
    reference = "validation" if data.validation else "train"
    scores = []
    with atomic(path) as part, tempfile.TemporaryFile(dir=part.parent) as draft:
        writer = None
        for name, split in data.splits.items():
            for rows in slices(len(split), ROWS):
                some = split[rows], drawn.splits[name][rows], rows.start
                columns = _of_run(*some, run, training=name not in known)
                columns |= {key: values[rows] for key, values in known.get(name, {}).items()}
                if name == reference:
                    scores.append(columns["score"])
                of_source = _of_source(split[rows], name, rows.start, data.class_names)
                ordered = {key: columns[key] for key in OF_RUN if key in columns}
                table = pa.table(of_source | ordered)
                writer = writer or pq.ParquetWriter(draft, table.schema)
                writer.write_table(table)
        writer.close()
        _add_novelty(draft, np.sort(np.concatenate(scores)), part)
    return reference


def _of_source(
    block: Split, name: str, start: int, class_names: Sequence[str]
) -> dict[str, np.ndarray | pa.Array]:
    """Which image of a split each is, from `start` on, and what its source says of it."""
    labels = block.labels.tolist()
    names = [class_names[i] if 0 <= i < len(class_names) else None for i in labels]
    theirs = {
        f"source_{key}" if key in OF_IMAGE + OF_RUN else key: values
        for key, values in block.columns.items()
    }
    return {
        "index": np.arange(start, start + len(block)),
        "file": pa.array([*block.files], pa.string()),
        "split": pa.array([name] * len(block), pa.string()),
        "label": block.labels,
        "class_name": pa.array(names, pa.string()),
    } | theirs


def _of_run(
    block: Split, drawn: Split, start: int, run: Run, training: bool
) -> dict[str, np.ndarray | pa.Array]:
    """What a run says of some images of a split, from `start` on.

    drawn: what likelihoods are of; training: whether to find what `testset` finds of others, too.
    """
    q = run.posterior(block)
    code = pa.array(q.z[:, : run.decoder.latent_dim].ravel())
    columns = {"code": pa.FixedSizeListArray.from_arrays(code, run.decoder.latent_dim)}
    if run.binary:
        q = run.posterior(Split(black_and_white(block.pixels), block.labels))
    parts = []
    for rows in slices(len(q), BATCH // math.prod(run.decoder.image_shape)):
        found = scored(q[rows], run.decoder, run.likelihood)
        parts.append({"score": found.score})
        if training and not run.binary:
            parts[-1] |= reconstruction.errors_of(q.pixels[rows], found.reconstructions)
    columns |= {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    if training and run.binary:
        q = run.posterior(drawn)
        columns |= reconstruction.errors(
            drawn.pixels, lambda rows: run.decoder(q.z[rows], drawn.labels[rows])
        )
    if training and (run.every or start < MOST):
        log_prob = likelihoods.get(run.likelihood).log_likelihood
        terms = bounds.terms(q, run.decoder, log_prob, run.draws, [run.seed, 2, start])
        columns |= elbo_of_images(terms)
    elif training:
        columns |= dict.fromkeys(ELBO, np.full(len(block), np.nan))
    return columns


def _add_novelty(draft: BinaryIO, reference: np.ndarray, path: Path) -> None:
    """Write a table again, with the percentile of each score among others, which are sorted."""
    with pq.ParquetFile(draft) as file:
        place = file.schema_arrow.get_field_index("score") + 1
        field = pa.field("novelty", pa.float64())
        with pq.ParquetWriter(path, file.schema_arrow.insert(place, field)) as writer:
            for group in range(file.num_row_groups):
                table = file.read_row_group(group)
                below = np.searchsorted(reference, table["score"].to_numpy(), side="right")
                novelty = pa.array(100 * below / len(reference))
                writer.write_table(table.add_column(place, field, novelty))


def read(path: str | Path, split: str, columns: Sequence[str]) -> dict[str, np.ndarray]:
    """Read some columns of a split, by name: [N], but `code` [N, D].

    Raises UserError if the file is damaged.
    """
    with reading(path):
        table = pq.read_table(path, columns=[*columns], filters=[("split", "=", split)])
        return {name: _array(table[name].combine_chunks()) for name in columns}


def _array(column: pa.Array) -> np.ndarray:
    if pa.types.is_fixed_size_list(column.type):
        return column.flatten().to_numpy().reshape(len(column), -1)
    return column.to_numpy(zero_copy_only=False)


def write_csv(path_to_scores: str | Path, path_to_csv: str | Path) -> None:
    """Write the table as CSV, with a column for each dimension of a code: z0, z1, ...

    Raises UserError if the file is damaged.
    """
    with (
        reading(path_to_scores),
        pq.ParquetFile(path_to_scores) as file,
        atomic(path_to_csv) as part,
    ):
        writer = None
        for group in range(file.num_row_groups):
            table = file.read_row_group(group)
            code = _array(table["code"].combine_chunks())
            table = table.drop_columns("code")
            for dimension, values in enumerate(code.T):
                table = table.append_column(f"z{dimension}", pa.array(values))
            writer = writer or csv.CSVWriter(part, table.schema)
            writer.write_table(table)
        writer.close()
