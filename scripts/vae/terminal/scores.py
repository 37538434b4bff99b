"""What `score` does: a line for each image, and pictures of where it errs."""

import argparse
import csv
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path, PurePosixPath
from typing import TextIO

import numpy as np
from PIL import Image

from vae.data.streams import Block
from vae.latent.onnx import BATCH
from vae.latent.scoring import Scorer
from vae.services.cores import available_cores
from vae.services.errors import UserError
from vae.services.files import atomic
from vae.services.words import counted
from vae.terminal import new_images

EXAMPLES = """\
examples:
  %(prog)s results/digits/ld_2 digit.png
  %(prog)s results/flowers/ld_32 photos/ -o scores.csv --maps maps/
  %(prog)s results/mnist/ld_20 more.npz -o scores.csv
"""


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Parse the words of a command line; exits with a message if they make no sense."""
    parser = argparse.ArgumentParser(
        prog="python scripts/score.py",
        description="Score images by how well they fit a trained run: the higher, the worse.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", type=Path, help="folder of a run, such as results/mnist/ld_2")
    parser.add_argument(
        "images",
        nargs="+",
        help="pictures, folders with all pictures below them, patterns such as 'photos/*.png', "
        "arrays (.npz, .npy), tables of paths (.csv, .tsv), Parquet files",
    )
    parser.add_argument(
        "-o", "--output", metavar="CSV", help="a line an image (default: standard output)"
    )
    parser.add_argument(
        "--maps",
        type=Path,
        metavar="FOLDER",
        help="write an error map of each image there: a TIFF file of floats, in nats a pixel; "
        "and what is above the threshold, if the scorer has one, as a PNG file",
    )
    return parser.parse_args(words)


def write(arguments: argparse.Namespace) -> int:
    """Score images, a few at a time, and write what comes out; returns how many there were.

    Unreadable files are named on standard error.

    Raises UserError if there is no scorer, or images cannot be what it takes.
    """
    path = arguments.run / "scorer.onnx"
    if not path.is_file():
        raise UserError(
            f'{path} is missing; "snakemake --cores 2 {path}" makes it, in the folder of the '
            "project, of a run that is not conditional."
        )
    scorer = Scorer(path, available_cores())
    preparation = scorer.about["image"]["preparation"]
    blocks = new_images.read(arguments.images, preparation, scorer.image_shape)
    with atomic(arguments.output) if arguments.output else nullcontext() as part:
        if part is None:
            sys.stdout.reconfigure(errors="surrogateescape")  # a file's name may be any bytes
            return _write(scorer, blocks, sys.stdout, arguments.maps)
        with open(part, "w", newline="", encoding="utf-8", errors="surrogateescape") as file:
            return _write(scorer, blocks, file, arguments.maps)


def _write(scorer: Scorer, blocks: Iterable[Block], file: TextIO, maps: Path | None) -> int:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["file", *scorer.columns])
    count = skipped = 0
    for block in _batched(blocks, max(1, BATCH // np.prod(scorer.image_shape))):
        for name, reason in block.skipped:
            print(f"{name} cannot be read as a picture: {reason}", file=sys.stderr)
        skipped += len(block.skipped)
        if not block.files:
            continue
        found = scorer(block.pixels)
        numbers = zip(*(found[name].tolist() for name in scorer.columns), strict=True)
        writer.writerows(
            [name, *(f"{value:.9g}" for value in row)]
            for name, row in zip(block.files, numbers, strict=True)
        )
        for kind in scorer.maps if maps else ():
            for name, picture in zip(block.files, found[kind], strict=True):
                _save(picture, maps, name)
        count += len(block.files)
    if skipped:
        print(f"{counted(count, 'image')} scored, {skipped} unreadable", file=sys.stderr)
    return count


def _batched(blocks: Iterable[Block], size: int) -> Iterator[Block]:
    """Blocks of at least so many images, but for the last one, with their pixels copied."""
    waiting: list[Block] = []
    for block in blocks:
        waiting.append(block._replace(pixels=np.array(block.pixels)))
        if sum(len(b.files) for b in waiting) >= size:
            yield _joined(waiting)
            waiting = []
    if waiting:
        yield _joined(waiting)


def _joined(blocks: list[Block]) -> Block:
    return blocks[0]._replace(
        pixels=np.concatenate([block.pixels for block in blocks]),
        files=[name for block in blocks for name in block.files],
        skipped=[file for block in blocks for file in block.skipped],
    )


def _save(picture: np.ndarray, folder: Path, name: str) -> None:
    """Write an error map [H, W], or a mask, below a folder, called like its image.

    Nothing leads out of the folder.
    """
    parts = [part for part in PurePosixPath(name).parts if part not in ("/", "..")]
    path = folder.joinpath(*parts)
    is_mask = picture.dtype == bool
    with atomic(path.with_name(f"{path.name}.{'mask.png' if is_mask else 'tiff'}")) as part:
        Image.fromarray(255 * picture.astype(np.uint8) if is_mask else picture).save(part)
