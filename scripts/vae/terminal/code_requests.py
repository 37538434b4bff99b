"""The codes that a command line asks for: typed, random, on a grid, or of pictures."""

import argparse
import glob
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from vae.latent import sampling, second_stage
from vae.latent.onnx import Decoder, Encoder
from vae.services import listing
from vae.services.errors import UserError
from vae.terminal import code_text
from vae.terminal.command_line import IMAGES
from vae.terminal.trained_run import Run, number


def codes(run: Run, arguments: argparse.Namespace) -> tuple[np.ndarray, np.ndarray | int | None]:
    """Return the codes, float32 [..., D] as they are laid out, and their labels.

    Raises UserError if an argument does not fit the run, or a file cannot be read.
    """
    latent_dim = run.decoder.latent_dim
    detail = run.decoder.latent_size - latent_dim
    if arguments.random and arguments.origin == "second_stage":
        return draw_from_second_stage(run, arguments)
    if arguments.random and run.decoder.classes and arguments.label is None:
        labels = sampling.classes(arguments.random, run.decoder.classes)
        return draw(run, arguments), labels
    label = run.label(arguments.label)
    if arguments.random:
        return draw(run, arguments), label
    if arguments.z:
        return code_text.code(" ".join(arguments.z), latent_dim, "--z", detail), label
    if arguments.grid:
        return grid(latent_dim, arguments.grid, arguments.seed), label
    if arguments.encode:
        return encode(run, arguments.encode, label, arguments), label
    if arguments.interpolate:
        first, last = encode(run, arguments.interpolate, label, arguments)
        share = np.linspace(0, 1, arguments.steps or IMAGES, dtype=np.float32)[:, None]
        return (1 - share) * first + share * last, label
    if arguments.codes in (None, "-"):
        return code_text.parse(sys.stdin.read(), latent_dim, "standard input", detail), label
    try:
        text = Path(arguments.codes).read_text(encoding="utf-8", errors="surrogateescape")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"--codes: {arguments.codes} cannot be read: {error}") from error
    return code_text.parse(text, latent_dim, arguments.codes, detail), label


def draw(run: Run, arguments: argparse.Namespace) -> np.ndarray:
    """Return random codes, each with random detail if the run has any: float32 [N, D]."""
    count, seed = arguments.random, arguments.seed
    if arguments.origin == "prior":
        z = sampling.prior(count, run.decoder.latent_dim, seed)
    else:
        z = run.mixture().draw(count, seed)
    return sampling.with_detail(z, run.decoder.latent_size, seed, arguments.temperature)


def draw_from_second_stage(
    run: Run, arguments: argparse.Namespace
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return random codes, of a class or of all in turn, with random detail; their labels."""
    velocity, count = run.second_stage(), arguments.random
    labels = None
    if velocity.classes and arguments.label is None:
        labels = sampling.classes(count, velocity.classes)
    elif velocity.classes:
        labels = np.full(count, number(arguments.label, velocity.class_names))
    elif arguments.label is not None:
        raise UserError(f"--class: the second stage of {run.folder} knows no classes.")
    how = arguments.guidance, arguments.steps or second_stage.STEPS
    z = second_stage.draw(velocity, count, labels, *how, arguments.seed)
    z = sampling.with_detail(z, run.decoder.latent_size, arguments.seed, arguments.temperature)
    return z, labels


def grid(latent_dim: int, side: int, seed: int) -> np.ndarray:
    """Return codes spread over the prior, as in grid.png of few dimensions: float32 [R, C, D].

    Of three dimensions, nine planes 3 by 3.
    """
    z = sampling.uniform_grid(latent_dim, side, seed=seed)
    if latent_dim == 3:
        z = z.reshape(3, 3, side, side, 3).swapaxes(1, 2).reshape(3 * side, 3 * side, 3)
    return z


def pictures(paths: Sequence[Path]) -> list[Path]:
    """Return the pictures that paths name: files, folders with all that is below them, patterns.

    Raises UserError if a folder holds no picture, or nothing matches a pattern.
    """
    result = []
    for path in paths:
        if path.is_dir():
            files = (path / file.path for file in listing.list_files(path).files)
            Image.init()
            found = [file for file in files if file.suffix.lower() in Image.EXTENSION]
        elif not path.exists() and glob.has_magic(str(path)):
            found = pictures([Path(p) for p in sorted(glob.glob(str(path), recursive=True))])
        else:
            found = [path]
        if not found:
            raise UserError(f"{path}: there is no picture in it.")
        result += found
    return result


def encode(
    run: Run, paths: Sequence[Path], label: int | None, arguments: argparse.Namespace
) -> np.ndarray:
    """Return the codes of pictures, without noise: float32 [N, D]."""
    encoder = run.encoder()
    labels = None if label is None else np.full(len(paths), label)
    preparation = encoder.about["image"]["preparation"]
    return encoder(read(run, encoder, paths, preparation, arguments), labels)


def read(
    run: Run,
    network: Decoder | Encoder,
    paths: Sequence[Path],
    preparation: Mapping[str, Any],
    arguments: argparse.Namespace,
) -> np.ndarray:
    """Return pictures as images of the size that a network has: uint8 [N, H, W, C].

    preparation: how their pixels are read; they are cropped as those of the run, unless --crop says
    otherwise. --invert gives negatives.
    """
    # Decoding and its processes: only here.
    from vae.data.image_files import UnreadableError
    from vae.data.pictures import look_of
    from vae.data.resizing import thumbnail

    height, width, channels = network.image_shape
    crop = arguments.crop or run.crop(network)
    look = look_of(preparation, channels)
    pixels = np.empty((len(paths), height, width, channels), np.uint8)
    for image, path in zip(pixels, paths, strict=True):
        try:
            picture = thumbnail(path, (height, width), crop, look)
        except UnreadableError as error:
            raise UserError(f"{path} cannot be read as a picture: {error}.") from error
        image[:] = 255 - picture if arguments.invert else picture
    return pixels
