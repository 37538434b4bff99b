"""What a VAE is held against: bits of a Gaussian without a latent space, pixels as a code."""

import itertools
import logging
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy import linalg

from vae.data import images, near_duplicates
from vae.evaluation import representation
from vae.evaluation.metrics import COPIES, GAUSSIAN, mean, metric
from vae.latent.onnx import slices
from vae.services import records
from vae.services.errors import UserError
from vae.services.progress import Progress

logger = logging.getLogger(__name__)

MOST_VALUES = 3072  # of a patch: a covariance of 75 MB, those of CIFAR-10 as a whole
FEWEST_SAMPLES = 20  # for each value of a patch: with fewer, large patches do no better
IMAGES = 1024  # at a time

Region = tuple[slice, slice]


class Gaussian(NamedTuple):
    """A normal distribution of the levels, 0 to 255, of patches: N(mean, covariance).

    mean: float64 [H, W, C]; covariance: float64 [P, P], of which the lower triangle counts.
    """

    mean: np.ndarray
    covariance: np.ndarray

    def bits(self, pixels: np.ndarray, regions: Sequence[Region]) -> np.ndarray:
        """-log2 of the density of levels plus noise from U(-1/2, 1/2), on average over the noise.

        pixels: uint8 [N, H, W, C]; regions: of them, added up, all of one shape, at most that of a
        patch: what lies beyond is integrated out. Returns float64 [N].

        An upper bound on the bits of a discrete model (Theis et al. 2016, arXiv 1511.01844).
        """
        shape = pixels[(slice(0), *regions[0])].shape[1:]
        kept = np.zeros(self.mean.shape, bool)
        kept[tuple(map(slice, shape))] = True
        kept = kept.ravel()
        mean = self.mean.ravel()[kept]
        covariance = self.covariance if kept.all() else self.covariance[np.ix_(kept, kept)]
        factor = linalg.cholesky(covariance, lower=True, check_finite=False)
        whitening, _ = linalg.lapack.dtrtri(factor, lower=1, overwrite_c=1)
        area = len(mean) / 2 * math.log(2 * math.pi) - np.log(np.diag(whitening)).sum()
        of_noise = np.square(whitening).sum() / 24  # the variance of the noise is 1/12
        nats = np.full(len(pixels), len(regions) * (area + of_noise))
        for part, (rows, columns) in itertools.product(slices(len(pixels), IMAGES), regions):
            error = pixels[part, rows, columns].reshape(-1, len(mean)) - mean
            nats[part] += 0.5 * np.square(error @ whitening.T).sum(axis=1)
        return nats / math.log(2)


def fit(pixels: np.ndarray, patch: tuple[int, int]) -> Gaussian:
    """The moments of patches of images and of their mirror images, wherever they lie.

    pixels: uint8 [N, H, W, C]; patch: height and width. The variance of the noise, 1/12, is added.
    """
    size = (*patch, pixels.shape[3])
    values, count = math.prod(size), 0
    total, products = np.zeros(values), np.zeros((values, values), order="F")
    regions = list(_regions(pixels.shape[1:3], patch, inside=True))
    progress = Progress(logger)
    for part in slices(len(pixels), IMAGES):
        progress.info("moments: %d of %d images", part.start, len(pixels))
        block = pixels[part]
        for shown, (rows, columns) in itertools.product((block, block[:, :, ::-1]), regions):
            x = shown[:, rows, columns].reshape(-1, values).astype(float)
            # Added in place, to one half: this matrix is what takes time to read and write.
            products = linalg.blas.dsyrk(1, x.T, 1, products, lower=1, overwrite_c=1)
            total += x.sum(axis=0)
            count += len(x)
    total /= count
    products /= count
    products -= np.outer(total, total)
    products[np.diag_indices(values)] += 1 / 12
    return Gaussian(total.reshape(size), products)


def bits_per_dimension(train: np.ndarray, test: np.ndarray, patch: tuple[int, int]) -> np.ndarray:
    """Bits of test images under a Gaussian of patches of training images, a pixel and channel.

    train, test: uint8 [N, H, W, C]; patch: height and width. Images are cut into patches, as if
    these had nothing to do with each other. Returns float64 [N].
    """
    gaussian = fit(train, patch)
    by_shape = defaultdict(list)
    for rows, columns in _regions(test.shape[1:3], patch, inside=False):
        by_shape[rows.stop - rows.start, columns.stop - columns.start].append((rows, columns))
    bits = sum(gaussian.bits(test, regions) for regions in by_shape.values())
    return bits / math.prod(test.shape[1:])


def patch_size(shape: tuple[int, int, int], count: int) -> tuple[int, int]:
    """Height and width of the largest patches that so many training images are enough for.

    shape: of an image. An image as a whole, if it has at most MOST_VALUES; else, or where it has
    fewer than FEWEST_SAMPLES for each value, cut into 2x2 patches, 3x3, ...
    """
    height, width, channels = shape
    for cuts in range(1, max(height, width) + 1):
        patch = math.ceil(height / cuts), math.ceil(width / cuts)
        values = math.prod(patch) * channels
        samples = 2 * count * len(list(_regions((height, width), patch, inside=True)))
        if values <= MOST_VALUES and samples >= FEWEST_SAMPLES * values:
            break
    return patch


def _regions(size: tuple[int, int], patch: tuple[int, int], inside: bool) -> Iterator[Region]:
    """Rows and columns of the patches of an image; the last ones may be smaller.

    inside: whether these are moved into the image instead, and so overlap with others.
    """
    sides = []
    for length, side in zip(size, patch, strict=True):
        starts = range(0, length, side)
        if inside:
            starts = [min(start, length - side) for start in starts]
        sides.append([slice(start, min(start + side, length)) for start in starts])
    yield from itertools.product(*sides)


def evaluate(path_to_images: str, path_to_baselines: str, dataset: str) -> None:
    """Write baselines.json: the metrics of a dataset that its runs are held against, with units.

    Bits of all test images, as `bits_per_dimension` of a run. `patch` is what the Gaussian is one
    of, and `notes` say so if that is not an image as a whole. What pixels say of an image's class,
    as codes of a run. `warnings` tell of test images that are nearly the same as a training image.

    Raises UserError if there are no test images.
    """
    data = images.load(path_to_images)
    train, test = data.train.pixels, data.test.pixels
    if not len(test):
        raise UserError("The dataset has no test images, so there is nothing to evaluate on.")
    patch = patch_size(data.shape, len(train))
    result = mean(GAUSSIAN, bits_per_dimension(train, test, patch))
    logger.info("%s: %.5g ± %.2g", GAUSSIAN, result["value"], result["standard_error"])
    notes = []
    if patch != data.shape[:2]:
        notes.append(
            f"{GAUSSIAN} is of patches of {patch[0]}x{patch[1]} pixels, each taken by itself: a "
            f"covariance may have at most {MOST_VALUES} rows, and needs {FEWEST_SAMPLES} samples "
            f"for each to be worth estimating; here are {len(train)} training images of "
            f"{data.shape[0]}x{data.shape[1]} pixels, and their mirror images."
        )
    of_pixels = {}
    if not representation.cannot_test({"train": data.train, "test": data.test}):
        of_pixels = representation.of_pixels(data.train, data.test)
    warnings = near_duplicates.warnings(data.train, data.test)
    count = warnings["near duplicates"]["count"] if warnings else 0
    content = {
        "dataset": dataset,
        "images": {"train": len(train), "test": len(test), "shape": list(data.shape)},
        "patch": [*patch, data.shape[2]],
        "metrics": {GAUSSIAN: result} | of_pixels | {COPIES: metric(COPIES, count, len(test))},
        "warnings": warnings,
        "notes": notes,
    }
    records.write(content, path_to_baselines)
