"""What `generate --inpaint` does: a picture whose hidden pixels are filled in."""

import argparse

import numpy as np

from vae.latent import inpainting
from vae.services.errors import UserError
from vae.terminal import code_requests
from vae.terminal.trained_run import Run


def images(run: Run, arguments: argparse.Namespace) -> np.ndarray:
    """What is expected of the picture, or --samples completions: float32 [N, H, W, C] in [0, 1].

    Raises UserError if a file cannot be read, or nothing or everything is hidden.
    """
    if not arguments.mask:
        raise UserError("--inpaint: name a picture that is white where pixels are hidden: --mask.")
    if arguments.output and arguments.output.lower().endswith(".csv"):
        raise UserError("-o: --inpaint makes pictures, not codes. Name one, such as out.png.")
    label = run.label(arguments.label)
    posterior = run.posterior()
    preparation = run.decoder.about["image"]["preparation"]
    (pixels,) = code_requests.read(run, run.decoder, [arguments.inpaint], preparation, arguments)
    # A mask is white and black, whatever the bands and the range of the run's images.
    plain = argparse.Namespace(**vars(arguments) | {"invert": False})
    (mask,) = code_requests.read(run, run.decoder, [arguments.mask], {}, plain)
    hidden = mask.mean(axis=-1) >= 127.5
    if hidden.all() or not hidden.any():
        what = "everything is hidden" if hidden.all() else "nothing is hidden"
        raise UserError(f"--mask: {what} by {arguments.mask}. Pixels are hidden where it is white.")
    found = inpainting.complete(
        pixels, hidden, posterior, run.decoder, label, arguments.samples or 1, arguments.seed
    )
    return found.samples if arguments.samples else found.mean[None]
