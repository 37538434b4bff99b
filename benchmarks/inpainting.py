"""How well a run fills in hidden pixels, beside the mean image and nearest neighbours.

python -m benchmarks.inpainting results/mnist/ld_20 --images 200 --out FOLDER

Of test images, with a square in the middle hidden, the lower half, or half of the pixels at random:
the mean squared error of hidden pixels of what a run expects, of one of its completions, of the
mean training image, and of the training images whose visible pixels are nearest: the nearest one,
and the mean of the nearest ten. Writes inpainting.csv and inpainting.png.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from vae.data import images
from vae.data.images import Images
from vae.data.pixels import to_unit
from vae.figures.sheet import blocks, save, styled
from vae.latent.inpainting import complete
from vae.latent.onnx import BATCH, Decoder, slices
from vae.latent.posteriors import ApproximatePosterior
from vae.services.files import atomic

NEIGHBOURS = 10
SHOWN = 10  # images in the picture
ROWS = ("image", "hidden", "expected", "completion", "nearest")
MASKS = ("a square", "the lower half", "half at random")


def mask(name: str, height: int, width: int, seed: int) -> np.ndarray:
    """Which pixels are hidden: bool [H, W]."""
    hidden = np.zeros((height, width), bool)
    if name == "a square":
        hidden[height // 4 : -(height // 4), width // 4 : -(width // 4)] = True
    elif name == "the lower half":
        hidden[height // 2 :] = True
    else:
        hidden = np.random.default_rng(seed).random((height, width)) < 0.5
    return hidden


def neighbours(train: np.ndarray, image: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """The training images that are nearest by their visible pixels: float32 [K, H, W, C]."""
    wanted = to_unit(image)[~hidden]
    distances = [
        np.square(to_unit(train[part][:, ~hidden]) - wanted).sum(axis=(1, 2))
        for part in slices(len(train), BATCH // image.size)
    ]
    rows = np.argsort(np.concatenate(distances), kind="stable")[:NEIGHBOURS]
    return to_unit(train[rows])


def completions(
    folder: Path, data: Images, rows: np.ndarray, name: str
) -> Iterator[dict[str, np.ndarray]]:
    """By method, what each test image is taken to be: float32 [H, W, C]; and its mask [H, W]."""
    decoder = Decoder(folder / "decoder.onnx", 2)
    posterior = ApproximatePosterior(folder / "encoder.onnx", folder / "posterior.onnx", 2)
    mean = (data.train.pixels.mean(axis=0, dtype=float) / 255).astype(np.float32)
    for row in rows:
        image, label = data.test.pixels[row], data.test.labels[row]
        hidden = mask(name, *image.shape[:2], seed=row)
        label = int(label) if decoder.classes else None
        found = complete(image, hidden, posterior, decoder, label, seed=row)
        near = neighbours(data.train.pixels, image, hidden)
        yield {
            "image": to_unit(image),
            "hidden": hidden,
            "expected": found.mean,
            "completion": found.samples[0],
            "mean image": mean,
            "nearest": near[0],
            "mean of ten": near.mean(axis=0),
        }


def errors(found: dict[str, np.ndarray]) -> dict[str, float]:
    """The mean squared error of the hidden pixels, by method."""
    image, hidden = found["image"], found["hidden"]
    return {
        method: float(np.square(y - image)[hidden].mean())
        for method, y in found.items()
        if method not in ("image", "hidden")
    }


@styled
def draw(shown: Sequence[Sequence[dict[str, np.ndarray]]], title: str) -> Figure:
    """A block for each kind of mask: images, what is seen of them, and how they are filled in."""
    pictures = []
    for of_mask in shown:
        rows = []
        for row in ROWS:
            of_row = []
            for found in of_mask:
                hidden = found["hidden"][..., None]
                value = np.where(hidden, 0.5, found["image"]) if row == "hidden" else found[row]
                of_row.append(np.where(hidden, value, found["image"]))
            rows.append(np.stack(of_row))
        pictures.append(np.stack(rows))
    return blocks(np.stack(pictures), list(ROWS), "Hidden pixels, filled in", title)


def main(arguments: Sequence[str]) -> None:
    """Print a line a mask; write the table and the picture."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks.inpainting", description=__doc__.splitlines()[0]
    )
    parser.add_argument("run", type=Path, help="for example results/mnist/ld_20")
    parser.add_argument("--images", type=int, default=200, help="test images (default: 200)")
    parser.add_argument("--out", type=Path, required=True, help="folder for what is written")
    options = parser.parse_args(arguments)
    data = images.load(options.run.parent / "images.npz")
    rows = np.random.default_rng(0).permutation(len(data.test))[: options.images]
    table, shown = [], []
    for name in MASKS:
        found = list(completions(options.run, data, rows, name))
        of_mask = pd.DataFrame([errors(each) for each in found])
        means, noise = of_mask.mean(), of_mask.sem().add_suffix("_error")
        table.append({"hidden": name, "images": len(found)} | dict(means) | dict(noise))
        print(name, *(f"{k}: {v:.4f}" for k, v in means.items()), sep="   ", flush=True)
        shown.append(found[:SHOWN])
    options.out.mkdir(parents=True, exist_ok=True)
    with atomic(options.out / "inpainting.csv") as part:
        pd.DataFrame(table).to_csv(part, index=False, float_format="%.4g")
    title = f"{options.run.parent.name} {options.run.name}"
    save(draw(shown, title), options.out / "inpainting.png")


if __name__ == "__main__":
    main(sys.argv[1:])
