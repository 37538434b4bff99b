"""Generate images with a trained run, from scripts and terminals.

It reads the run's ONNX files, and so starts in half a second.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # which PYTHONSAFEPATH leaves out

from vae.services.errors import UserError
from vae.terminal import code_requests, code_text, command_line, inpainting, output
from vae.terminal.prompt import ask
from vae.terminal.trained_run import Run


def generate(arguments: argparse.Namespace) -> None:
    """Do what the command line says.

    Raises UserError.
    """
    run = Run(arguments.run, arguments.seed if arguments.pixels else None)
    sources = ("z", "codes", "random", "grid", "encode", "interpolate", "inpaint")
    if sys.stdin.isatty() and not any(getattr(arguments, name) for name in sources):
        if arguments.output:
            raise UserError("-o: say what to decode, for example --random 16.")
        ask(run, arguments)
        return
    if arguments.encode:
        arguments.encode = code_requests.pictures(arguments.encode)
    z = labels = None
    if not arguments.inpaint:
        z, labels = code_requests.codes(run, arguments)
    if arguments.encode and not arguments.output:
        sys.stdout.reconfigure(errors="surrogateescape")  # a file's name may be any bytes
        print(code_text.text(z, arguments.encode), end="")
        return
    if not arguments.output and not sys.stdout.isatty():
        raise UserError("Say where the image is to go, for example -o image.png.")
    images = inpainting.images(run, arguments) if arguments.inpaint else run.images(z, labels)
    if arguments.output:
        output.save(images, z, arguments.output, arguments.scale, arguments.encode)
    else:
        output.show(images)


def main(words: Sequence[str]) -> int:
    """Run the command; returns its exit status."""
    arguments = command_line.parse(words)
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
