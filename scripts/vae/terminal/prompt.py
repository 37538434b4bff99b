"""A prompt that asks for codes and draws their images."""

import argparse
import contextlib
import tempfile
import webbrowser
from pathlib import Path

import numpy as np

from vae.services.errors import UserError
from vae.terminal import code_text
from vae.terminal.output import save, show
from vae.terminal.trained_run import Run, first_names


def ask(run: Run, arguments: argparse.Namespace) -> None:
    """Ask for codes and show their images, until the end of the input."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401, arrow keys and history for input()

    latent_dim = run.decoder.latent_dim
    detail = run.decoder.latent_size - latent_dim
    if run.decoder.classes and arguments.label is None:
        arguments.label = input(f"class ({first_names(run.labels)}): ").strip()
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
                    save(run.images(z, label), z, " ".join(name), arguments.scale)
                    continue
                case ["open"]:
                    path = Path(tempfile.mkdtemp()) / f"{run.folder.resolve().name}.png"
                    save(run.images(z, label), z, str(path), arguments.scale)
                    webbrowser.open(path.as_uri())
                    continue
                case []:
                    z = rng.standard_normal(latent_dim, dtype=np.float32)
                    print(" ".join(f"{value:.3f}" for value in z))
                    noise = rng.standard_normal(detail, dtype=np.float32)
                    z = np.append(z, np.float32(arguments.temperature) * noise)
                case _:
                    z = code_text.code(line, latent_dim, "z", detail)
            show(run.images(z, label))
        except (UserError, OSError) as error:
            print(error)
