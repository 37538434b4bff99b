"""A page of samples by class without their names: can people tell what was generated?

python -m benchmarks.blind results/cifar10/ld_512 --each 10 --out FOLDER
python -m benchmarks.blind results/caltech101_92/ld_1152 --classes watch Leopards --each 8
    --images results/caltech101_92/images.npz --out FOLDER

Draws samples of a run's second stage into page.png, a row a class, in random order and numbered,
and which class each row has into key.csv: whoever judges the page writes a word for each row before
the key is opened. With --images also nearest.png, each sample above the training image nearest to
it, mirrored ones included, which shows whether samples are copies.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from vae.data import images
from vae.figures.neighbours import nearest
from vae.figures.sheet import album, blocks, save
from vae.figures.tiles import mosaic
from vae.latent import sampling, second_stage
from vae.services.files import atomic
from vae.terminal.trained_run import Run, number


def page(
    run: Run, classes: Sequence[str], each: int, guidance: float, steps: int, seed: int
) -> tuple[np.ndarray, list[str]]:
    """Samples [K, each, H, W, C] in [0, 1], and the classes of their rows, in random order.

    Raises UserError if the run has no second stage, or no such class.
    """
    velocity = run.second_stage()
    known = [number(name, velocity.class_names) for name in classes or velocity.class_names]
    rows = np.random.default_rng(seed).permutation(known)
    labels = np.repeat(rows, each)
    z = second_stage.draw(velocity, len(labels), labels, guidance, steps, seed)
    decoder = run.decoder
    z = sampling.with_detail(z, decoder.latent_size, seed, sampling.TEMPERATURE)
    samples = decoder(z, labels).reshape(len(rows), each, *decoder.image_shape)
    return samples, [velocity.class_names[row] for row in rows]


def main(arguments: Sequence[str]) -> None:
    """Write the page, its key and, if asked for, the training images nearest to its samples."""
    options = _options(arguments)
    how = options.guidance, options.steps, options.seed
    samples, names = page(Run(options.run), options.classes, options.each, *how)
    options.out.mkdir(parents=True, exist_ok=True)
    rows = [str(row) for row in range(1, len(names) + 1)]
    figure = album(mosaic(samples), "What does each row show?", "one class a row", rows)
    save(figure, options.out / "page.png")
    with atomic(options.out / "key.csv") as part:
        pd.DataFrame({"row": rows, "class": names}).to_csv(part, index=False)
    if options.images:
        train = images.load_split(options.images, "train").pixels
        found, _ = nearest(samples.reshape(-1, *samples.shape[2:]), train, flip=True)
        pairs = np.stack([samples, found.reshape(samples.shape) / 255], axis=1)
        title = "the training images nearest to them by their pixels, mirrored ones included"
        figure = blocks(pairs, ["sample", "nearest"], "Are they copies?", title)
        save(figure, options.out / "nearest.png")


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m benchmarks.blind", description=__doc__.splitlines()[0]
    )
    parser.add_argument("run", type=Path, help="for example results/cifar10/ld_512")
    parser.add_argument("--classes", nargs="+", default=[], help="by default all")
    parser.add_argument("--each", type=int, default=10, help="samples of each class")
    parser.add_argument("--guidance", type=float, default=second_stage.GUIDANCE)
    parser.add_argument("--steps", type=int, default=second_stage.STEPS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--images", type=Path, help="for nearest.png: the dataset's images.npz")
    parser.add_argument("--out", type=Path, required=True, help="folder for what is written")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
