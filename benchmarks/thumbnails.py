"""How near thumbnails are to Lanczos' filter over the whole picture, and what they cost.

python -m benchmarks.thumbnails results/raw/caltech101/caltech-101.zip

Of every fourth picture of Caltech101, and of photographs of 12 megapixels that it draws. Writes
thumbnails.csv into `--out`.
"""

import argparse
import io
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

from benchmarks import OUT
from vae.data.resizing import thumbnail
from vae.data.sources import caltech101
from vae.evaluation.metrics import psnr
from vae.services.files import atomic

SIZES = (32, 64, 92, 128)
# Values of `draft_gap` and `reducing_gap` of `thumbnail`.
GAPS = [
    *((draft, 3) for draft in (2, 3, 4, 6, math.inf)),
    *((4, 4), (math.inf, 4), (2, 2), (math.inf, 2), (math.inf, math.inf)),
]


def photograph(seed: int, width: int = 4000, height: int = 3000) -> bytes:
    """Return a JPEG file of discs of all sizes that hide one another, with noise.

    Such an image has edges of any length and as much detail at any scale, as photographs have
    (Lee, Mumford & Huang 2001, doi 10.1023/A:1011109015675).
    """
    rng = np.random.default_rng(seed)
    smallest, largest, count = 8, 1000, width * height // 400
    share = rng.random(count)
    radii = (smallest**-2 + share * (largest**-2 - smallest**-2)) ** -0.5
    centres = rng.uniform(0, (width, height), (count, 2))
    colours = rng.uniform(0, 255, (count, 1)) + rng.normal(0, 30, (count, 3))
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)
    for radius, centre, colour in zip(
        radii, centres, colours.clip(0, 255).astype(int).tolist(), strict=True
    ):
        draw.circle(tuple(centre), radius, tuple(colour))
    noise = rng.standard_normal((height, width, 3), np.float32)
    pixels = (np.asarray(image) + 4 * noise).clip(0, 255).astype(np.uint8)
    with io.BytesIO() as file:
        Image.fromarray(pixels).save(file, "JPEG", quality=90)
        return file.getvalue()


def whole(content: bytes, size: int) -> np.ndarray:
    """Decode a picture at its full size and resize it in one step: uint8 [size, size, 3]."""
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image.convert("RGB").resize((size, size), Image.Resampling.LANCZOS))


def compare(contents: Sequence[bytes], size: int) -> list[dict[str, float]]:
    """Return a row for each of GAPS: PSNR in dB, at worst and of nine in ten, and CPU ms."""
    references = np.stack([whole(content, size) for content in contents]) / np.float32(255)
    rows = []
    for draft, reducing in GAPS:
        gaps = {"draft_gap": draft, "reducing_gap": reducing}
        start = time.process_time()
        thumbs = np.stack([thumbnail(content, size, "stretch", **gaps) for content in contents])
        seconds = time.process_time() - start
        levels = psnr(references, thumbs / np.float32(255))
        rows.append(
            {
                "size": size,
                **gaps,
                "worst": levels.min(),
                "nine_in_ten": np.percentile(levels, 10),
                "milliseconds": 1e3 * seconds / len(contents),
            }
        )
    return rows


def main(arguments: Sequence[str]) -> None:
    """Print the figures, and write them as a table."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks.thumbnails", description=__doc__.splitlines()[0]
    )
    parser.add_argument("archive", type=Path, help="of Caltech101")
    parser.add_argument("--every", type=int, default=4, help="take every n-th picture")
    parser.add_argument("--photographs", type=int, default=8, help="of 12 megapixels")
    parser.add_argument("--out", type=Path, default=OUT, help="folder for what is written")
    options = parser.parse_args(arguments)
    pictures = [content for _, content in caltech101.pictures_of(options.archive)]
    kinds = {
        "Caltech101": pictures[:: options.every],
        "12 megapixels": [photograph(seed) for seed in range(options.photographs)],
    }
    rows = []
    for kind, contents in kinds.items():
        for size in SIZES:
            rows += [{"pictures": kind} | row for row in compare(contents, size)]
            print(pd.DataFrame(rows[-len(GAPS) :]).to_string(index=False), flush=True)
    options.out.mkdir(parents=True, exist_ok=True)
    with atomic(options.out / "thumbnails.csv") as part:
        pd.DataFrame(rows).to_csv(part, index=False, float_format="%.4g")


if __name__ == "__main__":
    main(sys.argv[1:])
