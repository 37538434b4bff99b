"""The folder of a trained run, as `generate` reads it: networks, images, names of classes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vae import likelihoods
from vae.data.pixels import to_unit
from vae.latent import mixture
from vae.latent.mixture import Mixture
from vae.latent.onnx import Decoder, Encoder, Velocity
from vae.latent.posteriors import ApproximatePosterior
from vae.plan.messages import near
from vae.services.errors import UserError


class Run:
    """The results of a run.

    folder: its path; decoder: its decoder; pixel_seed: of the pixels of images, None for means.

    Raises UserError if the folder holds no decoder, or a damaged one.
    """

    def __init__(self, folder: Path, pixel_seed: int | None = None):
        self.folder = folder
        self.pixel_seed = pixel_seed
        if not (folder / "decoder.onnx").is_file():
            raise UserError(
                f"{folder} holds no decoder.onnx, so it is no trained run. "
                f"In the folder of the project, «snakemake --cores 2 {folder}/grid.png» trains "
                "it, where config/config.yaml names it."
            )
        self.decoder = Decoder(folder / "decoder.onnx")

    def images(self, z: np.ndarray, labels: np.ndarray | int | None) -> np.ndarray:
        """Images at z [..., D], of classes if it is conditional: float32 [..., H, W, C] in [0, 1].

        Means of p(x|z), or pixels drawn from it, the same for the same z and seed.
        """
        if self.pixel_seed is None:
            return self.decoder(z, labels)
        likelihood = likelihoods.get(self.decoder.about["likelihood"])
        rng = np.random.default_rng([self.pixel_seed, 2])
        return to_unit(likelihood.sample(self.decoder.parameters(z, labels), rng))

    @property
    def labels(self) -> list[str]:
        """Names of the classes of a conditional run."""
        return self.decoder.class_names

    def label(self, text: str | None) -> int | None:
        """Return the number of a class, from its name or number; None if not conditional.

        Raises UserError if there is no such class, or if the run needs one or takes none.
        """
        if not self.decoder.classes:
            if text is not None:
                raise UserError(f"--class: {self.folder} is not conditional, so it takes no class.")
            return None
        if text is None:
            raise UserError(
                f"{self.folder} is conditional: --class says which of {first_names(self.labels)}."
            )
        return number(text, self.labels)

    def encoder(self) -> Encoder:
        """Read the encoder.

        Raises UserError if there is none, or a damaged one.
        """
        if not (self.folder / "encoder.onnx").is_file():
            raise UserError(f"{self.folder} holds no encoder.onnx, so no picture can be encoded.")
        return Encoder(self.folder / "encoder.onnx")

    def posterior(self) -> ApproximatePosterior:
        """Read q(z|x).

        Raises UserError if one of its files is missing or damaged.
        """
        names = ("encoder.onnx", "posterior.onnx")
        if missing := [name for name in names if not (self.folder / name).is_file()]:
            raise UserError(f"{self.folder} holds no {missing[0]}, so no picture can be completed.")
        return ApproximatePosterior(*(self.folder / name for name in names))

    def crop(self, network: Decoder | Encoder) -> str:
        """How the pictures that the run was trained on got the size of its images.

        Raises UserError if its files do not say so.
        """
        preparation = network.about["image"]["preparation"]
        if not preparation:
            raise UserError(
                f"{self.folder} does not say how its images were cropped: say it yourself, with "
                "--crop fit, stretch or pad."
            )
        return preparation.get("crop", "fit")  # nothing was cropped

    def mixture(self) -> Mixture:
        """Read the Gaussian mixture.

        Raises UserError if there is none, or a damaged one.
        """
        path = self.folder / "mixture.npz"
        if not path.is_file():
            raise UserError(f"{path} is missing; «snakemake --cores 2 {path}» builds it.")
        return mixture.load(path)

    def second_stage(self) -> Velocity:
        """Read the second stage.

        Raises UserError if there is none, or a damaged one.
        """
        path = self.folder / "second_stage.onnx"
        if not path.is_file():
            raise UserError(
                f"{path} is missing. If config/config.yaml gives this run a second stage, "
                f'"snakemake --cores 2 {path}" trains it; config/README.md says how.'
            )
        return Velocity(path)


def number(text: str, names: Sequence[str]) -> int:
    """Return the number of a class, from its name; or from its number, if no name is a number.

    Raises UserError if there is no such class.
    """
    if text in names:
        return names.index(text)
    named_by_numbers = any(name.isdecimal() for name in names)
    if text.isdecimal() and not named_by_numbers and int(text) < len(names):
        return int(text)
    hint = near(text, names).removesuffix(".")
    raise UserError(f"--class: there is no {text!r}{hint} in {first_names(names)}.")


def first_names(names: Sequence[str]) -> str:
    """Return the first of some names, for a sentence."""
    text = ", ".join(names[:12])
    return text + (f" and {len(names) - 12} more" if len(names) > 12 else "")
