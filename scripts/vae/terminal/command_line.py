"""The command line of `generate`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from vae.figures import tiles
from vae.latent import sampling
from vae.latent.second_stage import GUIDANCE, STEPS
from vae.terminal import code_text

EXAMPLES = """\
examples:
  %(prog)s results/digits/ld_2 --z 0.5 -1.2 -o digit.png
  %(prog)s results/digits/ld_2 --random 16 --seed 1 -o digits.png
  %(prog)s results/digits/ld_2 --encode digit.png > codes.csv
  %(prog)s results/digits/ld_2 < codes.csv -o again.png
  %(prog)s results/digits/ld_2                    asks for numbers
"""

IMAGES = 24


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Parse the words of a command line; exits with a message if they make no sense."""
    # argparse takes -1e-3 for an option, but nothing with a space in it.
    words = [
        f" {word}" if word[0:1] == "-" and code_text.is_number(word.split(",")[0]) else word
        for word in words
    ]
    return _parser().parse_args(words)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python scripts/generate.py",
        description="Generate images with a trained run.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", type=Path, help="folder of a run, such as results/mnist/ld_2")
    group = parser.add_argument_group("what to decode (default: codes from standard input)")
    source = group.add_mutually_exclusive_group()
    source.add_argument("--z", nargs="+", metavar="Z", help="one code, a number a dimension")
    source.add_argument("--codes", metavar="CSV", help="a code a line; - is standard input")
    source.add_argument("--random", type=_positive, metavar="N", help="random codes")
    source.add_argument(
        "--grid",
        type=_positive,
        nargs="?",
        const=20,
        metavar="SIDE",
        help="codes spread evenly over the prior, so many on a side (default: 20)",
    )
    source.add_argument(
        "--encode",
        type=Path,
        nargs="+",
        metavar="IMAGE",
        help="codes of pictures, of all below a folder, or of a pattern such as 'photos/*.png'; "
        "prints them, each after the name of its file",
    )
    source.add_argument(
        "--interpolate",
        type=Path,
        nargs=2,
        metavar="IMAGE",
        help="from the code of one picture to that of another, in a straight line",
    )
    source.add_argument(
        "--inpaint",
        type=Path,
        metavar="IMAGE",
        help="a picture, the pixels filled in that --mask hides: with what is expected of them",
    )
    parser.add_argument(
        "--mask",
        type=Path,
        metavar="IMAGE",
        help="of --inpaint: a picture that is white where pixels are hidden, else black",
    )
    parser.add_argument(
        "--samples",
        type=_positive,
        metavar="N",
        help="of --inpaint: so many ways in which the hidden pixels may look, instead",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="a picture; .gif: an image after the other; .csv: the codes; .npy: pixels, float32 "
        "[N, H, W, C] in [0, 1]; -: PNG to standard output (default: text, on a terminal)",
    )
    parser.add_argument(
        "--class",
        dest="label",
        help="of a conditional run or a second stage: its name; "
        "or its number from 0, if no class is called by a number",
    )
    parser.add_argument(
        "--seed", type=_whole, default=0, help="of --random, --pixels and --inpaint (default: 0)"
    )
    parser.add_argument(
        "--pixels",
        action="store_true",
        help="draw the pixels of an image from p(x|z), noise and all, in place of its mean",
    )
    parser.add_argument(
        "--origin",
        choices=("prior", "mixture", "second_stage"),
        default="prior",
        help="what --random draws from: N(0, I), the Gaussian mixture in mixture.npz, or the "
        "second stage in second_stage.onnx",
    )
    parser.add_argument(
        "--guidance",
        type=_from_zero,
        default=GUIDANCE,
        metavar="G",
        help="how far draws from a second stage follow their class: 1 as learned, more is plainer "
        f"and less varied (default: {GUIDANCE:g})",
    )
    parser.add_argument(
        "--temperature",
        type=_from_zero,
        default=sampling.TEMPERATURE,
        metavar="T",
        help="standard deviation of the random detail of --random, where a network has detail "
        f"below its code (default: {sampling.TEMPERATURE:g}; the prior's is 1)",
    )
    parser.add_argument(
        "--steps",
        type=_positive,
        help=f"images of --interpolate (default: {IMAGES}); steps from noise to a code of a second "
        f"stage (default: {STEPS})",
    )
    parser.add_argument(
        "--scale",
        type=_positive,
        metavar="N",
        help=f"enlarge each pixel to NxN (default: images to {tiles.LARGEST} pixels, if smaller)",
    )
    parser.add_argument(
        "--crop",
        choices=("fit", "stretch", "pad"),
        help="how a picture that is encoded gets the size of the run's images: cut at the margins, "
        "stretched, or padded (default: as the images that the run was trained on)",
    )
    parser.add_argument(
        "--invert", action="store_true", help="encode the negative: ink on paper for MNIST"
    )
    return parser


def _positive(text: str) -> int:
    if (value := _whole(text)) < 1:
        raise argparse.ArgumentTypeError("should be at least 1")
    return value


def _from_zero(text: str) -> float:
    if not code_text.is_number(text) or float(text) < 0:
        raise argparse.ArgumentTypeError(f"{text.strip()!r} is not a number from 0")
    return float(text)


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text.strip()!r} is no whole number from 0")
    return int(text)
