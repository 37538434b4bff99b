"""Generate images with a trained run, from scripts and terminals.

It reads the run's ONNX files, and so starts in half a second.
"""

import argparse
import contextlib
import json
import math
import os
import shutil
import sys
import tempfile
import webbrowser
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from vae.figures import tiles
from vae.latent import mixture, sampling
from vae.latent.onnx import Decoder, Encoder
from vae.services.errors import UserError
from vae.services.files import atomic
from vae.terminal import code_text
from vae.terminal.half_blocks import blocks

EXAMPLES = """\
examples:
  %(prog)s results/digits/ld_2 --z 0.5 -1.2 -o digit.png
  %(prog)s results/digits/ld_2 --random 16 --seed 1 -o digits.png
  %(prog)s results/digits/ld_2 --encode digit.png > codes.csv
  %(prog)s results/digits/ld_2 < codes.csv -o again.png
  %(prog)s results/digits/ld_2                    asks for numbers
"""
FRAME_MS = 60


def parser() -> argparse.ArgumentParser:
    """What the command line may say."""
    words = argparse.ArgumentParser(
        prog="python scripts/generate.py",
        description="Generate images with a trained run.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    words.add_argument("run", type=Path, help="folder of a run, such as results/mnist/ld_2")
    what = words.add_argument_group("what to decode (default: codes from standard input)")
    what = what.add_mutually_exclusive_group()
    what.add_argument("--z", nargs="+", metavar="Z", help="one code, a number a dimension")
    what.add_argument("--codes", metavar="CSV", help="a code a line; - is standard input")
    what.add_argument("--random", type=_positive, metavar="N", help="random codes")
    what.add_argument(
        "--grid",
        type=_positive,
        nargs="?",
        const=20,
        metavar="SIDE",
        help="codes spread evenly over the prior, so many on a side (default: 20)",
    )
    what.add_argument(
        "--encode", type=Path, nargs="+", metavar="IMAGE", help="codes of pictures; prints them"
    )
    what.add_argument(
        "--interpolate",
        type=Path,
        nargs=2,
        metavar="IMAGE",
        help="from the code of one picture to that of another, in a straight line",
    )
    words.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="a picture; .gif: an image after the other; .csv: the codes; .npy: pixels, float32 "
        "[N, H, W, C] in [0, 1]; -: PNG to standard output (default: text, on a terminal)",
    )
    words.add_argument("--class", dest="label", help="of a conditional run: name or number")
    words.add_argument("--seed", type=_whole, default=0, help="of --random (default: 0)")
    words.add_argument(
        "--origin",
        choices=("prior", "mixture"),
        default="prior",
        help="what --random draws from: N(0, I), or the Gaussian mixture in mixture.npz",
    )
    words.add_argument(
        "--steps", type=_positive, default=24, help="images of --interpolate (default: 24)"
    )
    words.add_argument(
        "--scale",
        type=_positive,
        metavar="N",
        help=f"enlarge each pixel to NxN (default: images to {tiles.LARGEST} pixels, if smaller)",
    )
    words.add_argument(
        "--crop",
        choices=("fit", "stretch", "pad"),
        default="fit",
        help="how a picture that is encoded becomes a square (default: fit)",
    )
    words.add_argument(
        "--invert", action="store_true", help="encode the negative: ink on paper for MNIST"
    )
    return words


def _positive(text: str) -> int:
    if (value := _whole(text)) < 1:
        raise argparse.ArgumentTypeError("should be at least 1")
    return value


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text.strip()!r} is no whole number from 0")
    return int(text)


class Run:
    """A folder of results: its decoder and the names of its classes."""

    def __init__(self, folder: Path):
        self.folder = folder
        if not (folder / "decoder.onnx").is_file():
            raise UserError(
                f"{folder} holds no decoder.onnx, so it is no trained run. "
                f"In the folder of the project, «snakemake --cores 2 {folder}/grid.png» trains "
                "it, where config/config.yaml names it."
            )
        self.decoder = Decoder(folder / "decoder.onnx")
        self.class_names: list[str] = []
        with contextlib.suppress(OSError, ValueError, LookupError):  # numbers will do
            record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
            self.class_names = record["class_names"]

    def label(self, given: str | None) -> int | None:
        """The number of a class given by name or number; None where the run is not conditional."""
        if not self.decoder.classes:
            if given is not None:
                raise UserError(f"--class: {self.folder} is not conditional, so it takes no class.")
            return None
        names = self.class_names or [str(k) for k in range(self.decoder.classes)]
        if given is None:
            raise UserError(f"{self.folder} is conditional: --class says which of {shown(names)}.")
        if given in names:
            return names.index(given)
        if given.isdecimal() and int(given) < len(names):
            return int(given)
        from vae.plan.config import near  # pydantic: 0.2 s, for an error alone

        hint = near(given, names).removesuffix(".")
        raise UserError(f"--class: there is no {given!r}{hint} in {shown(names)}.")


def shown(names: Sequence[str]) -> str:
    """The first of some names, in a sentence."""
    first = ", ".join(names[:12])
    return first + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def points(run: Run, arguments: argparse.Namespace) -> tuple[np.ndarray, np.ndarray | int | None]:
    """The codes that were asked for, float32 [..., D] as they are laid out, and their labels."""
    latent_dim = run.decoder.latent_dim
    if arguments.random and run.decoder.classes and arguments.label is None:
        labels = sampling.classes(arguments.random, run.decoder.classes)
        return draw(run, arguments), labels
    label = run.label(arguments.label)
    if arguments.random:
        return draw(run, arguments), label
    if arguments.z:
        return code_text.code(" ".join(arguments.z), latent_dim, "--z"), label
    if arguments.grid:
        return grid(latent_dim, arguments.grid, arguments.seed), label
    if arguments.encode:
        return encode(run, arguments.encode, label, arguments), label
    if arguments.interpolate:
        first, last = encode(run, arguments.interpolate, label, arguments)
        share = np.linspace(0, 1, arguments.steps, dtype=np.float32)[:, None]
        return (1 - share) * first + share * last, label
    if arguments.codes in (None, "-"):
        return code_text.parse(sys.stdin.read(), latent_dim, "standard input"), label
    try:
        text = Path(arguments.codes).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"--codes: {arguments.codes} cannot be read: {error}") from error
    return code_text.parse(text, latent_dim, arguments.codes), label


def draw(run: Run, arguments: argparse.Namespace) -> np.ndarray:
    """Random codes: float32 [N, D]."""
    n, latent_dim = arguments.random, run.decoder.latent_dim
    if arguments.origin == "prior":
        return sampling.prior(n, latent_dim, arguments.seed)
    path = run.folder / "mixture.npz"
    if not path.is_file():
        raise UserError(f"{path} is missing; «snakemake --cores 2 {path}» builds it.")
    return mixture.load(path).draw(n, arguments.seed)


def grid(latent_dim: int, side: int, seed: int) -> np.ndarray:
    """Codes as in grid.png: float32 [R, C, D]; the nine planes of three dimensions 3 by 3."""
    z = sampling.uniform_grid(latent_dim, side, seed=seed)
    if latent_dim == 3:
        z = z.reshape(3, 3, side, side, 3).swapaxes(1, 2).reshape(3 * side, 3 * side, 3)
    return z


def encode(
    run: Run, paths: list[Path], label: int | None, arguments: argparse.Namespace
) -> np.ndarray:
    """Codes of pictures, the means of q(z|x): float32 [N, D]."""
    from vae.data.image_files import UnreadableError
    from vae.data.resizing import thumbnail

    if not (run.folder / "encoder.onnx").is_file():
        raise UserError(f"{run.folder} holds no encoder.onnx, so no picture can be encoded.")
    encoder = Encoder(run.folder / "encoder.onnx")
    height, _, channels = encoder.image_shape
    pixels = np.empty((len(paths), *encoder.image_shape), np.uint8)
    for image, path in zip(pixels, paths, strict=True):
        try:
            square = thumbnail(path, height, arguments.crop)
        except UnreadableError as error:
            raise UserError(f"{path} cannot be read as a picture: {error}.") from error
        if channels == 1:
            square = np.asarray(Image.fromarray(square).convert("L"))[..., None]
        image[:] = 255 - square if arguments.invert else square
    labels = None if label is None else np.full(len(paths), label)
    return encoder(pixels, labels)[0]


def save(images: np.ndarray, z: np.ndarray, output: str, scale: int | None) -> None:
    """Write images [..., H, W, C] in [0, 1] as what the name of the file says, or their codes."""
    suffix = Path(output).suffix.lower()
    if suffix == ".csv":
        with atomic(output) as part:
            part.write_text(code_text.text(z.reshape(-1, z.shape[-1])), encoding="utf-8")
    elif suffix == ".npy":
        with atomic(output) as part:
            np.save(part, images.reshape(-1, *images.shape[-3:]))
    elif suffix == ".gif":
        flat = images.reshape(-1, 1, 1, *images.shape[-3:])
        frames = [Image.fromarray(picture(image, scale)) for image in flat]
        frames += frames[-2:0:-1]  # and back
        with atomic(output) as part:
            frames[0].save(part, save_all=True, append_images=frames[1:], duration=FRAME_MS, loop=0)
    elif output == "-":
        Image.fromarray(picture(images, scale)).save(sys.stdout.buffer, "PNG")
    elif Image.registered_extensions().get(suffix) not in Image.SAVE:
        raise UserError(f"-o: {output!r} has no ending of a picture, such as .png.")
    else:
        with atomic(output) as part:
            Image.fromarray(picture(images, scale)).save(part)


def picture(images: np.ndarray, scale: int | None) -> np.ndarray:
    """Images [..., H, W, C] as one picture, uint8 [h, w, 3]: a list becomes a square of rows."""
    if images.ndim < 5:
        images = images.reshape(-1, *images.shape[-3:])
        images = tiles.in_rows(images, math.ceil(math.sqrt(len(images))))
    largest = scale * max(images.shape[2:4]) if scale else tiles.LARGEST
    return tiles.mosaic(images, (sys.maxsize, sys.maxsize), largest)


def show(images: np.ndarray) -> None:
    """Draw images on the terminal, in colours unless NO_COLOR is set (no-color.org)."""
    colours = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    columns = shutil.get_terminal_size().columns
    scale = max(1, 32 // max(images.shape[-3:-1]))
    print(blocks(picture(images, scale), columns, colours), end="")


def ask(run: Run, arguments: argparse.Namespace) -> None:
    """Ask for codes and show their images, until the end of the input."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401, arrow keys and history for input()

    latent_dim = run.decoder.latent_dim
    if run.decoder.classes and arguments.label is None:
        names = run.class_names or [str(k) for k in range(run.decoder.classes)]
        arguments.label = input(f"class ({shown(names)}): ").strip()
    label = run.label(arguments.label)
    numbers = "a number" if latent_dim == 1 else f"{latent_dim} numbers"
    print(
        f"{numbers[0].upper()}{numbers[1:]}, mostly between -3 and 3; Enter alone draws them at "
        "random.\n«save FILE» keeps the image, «open» shows it in a window, «quit» ends."
    )
    rng = np.random.default_rng()
    z = np.zeros(latent_dim, np.float32)
    while True:
        line = input("z: ")
        try:
            match line.split():
                case ["quit" | "exit" | "q"]:
                    return
                case ["save", *name]:
                    save(run.decoder(z, label), z, " ".join(name), arguments.scale)
                    continue
                case ["open"]:
                    name = Path(tempfile.mkdtemp()) / f"{run.folder.resolve().name}.png"
                    save(run.decoder(z, label), z, str(name), arguments.scale)
                    webbrowser.open(name.as_uri())
                    continue
                case []:
                    z = rng.standard_normal(latent_dim, dtype=np.float32)
                    print(" ".join(f"{value:.3f}" for value in z))
                case _:
                    z = code_text.code(line, latent_dim, "z")
            show(run.decoder(z, label))
        except (UserError, OSError) as error:
            print(error)


def generate(arguments: argparse.Namespace) -> None:
    """Do what the command line says.

    Raises UserError.
    """
    run = Run(arguments.run)
    what = ("z", "codes", "random", "grid", "encode", "interpolate")
    if sys.stdin.isatty() and not any(getattr(arguments, name) for name in what):
        if arguments.output:
            raise UserError("-o: say what to decode, for example --random 16.")
        ask(run, arguments)
        return
    z, labels = points(run, arguments)
    if arguments.encode and not arguments.output:
        print(code_text.text(z), end="")
        return
    if not arguments.output and not sys.stdout.isatty():
        raise UserError("Say where the image is to go, for example -o image.png.")
    images = run.decoder(z, labels)
    if arguments.output:
        save(images, z, arguments.output, arguments.scale)
    else:
        show(images)


def main(words: Sequence[str]) -> int:
    """Run the command; returns its exit status."""
    # argparse takes -1e-3 for an option, but nothing with a space in it.
    spaced = [
        f" {word}" if word[0:1] == "-" and code_text.is_number(word.split(",")[0]) else word
        for word in words
    ]
    arguments = parser().parse_args(spaced)
    try:
        generate(arguments)
    except (UserError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except (EOFError, KeyboardInterrupt):
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
