"""Trained networks, run by ONNX Runtime.

ONNX Runtime starts in 0.2 s; TensorFlow, which trained them, takes 12 s and 700 MB.
"""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from vae.data.pixels import to_unit
from vae.services.errors import UserError, reading

# So many pixels and channels at a time: activations of 64 filters then take 90 to 260 MB.
BATCH = 2**20


def slices(n: int, size: int) -> Iterator[slice]:
    """Cut n things into slices of `size`, at least 1."""
    size = max(size, 1)
    return (slice(start, start + size) for start in range(0, n, size))


class _Network:
    """An ONNX file and the shapes of its inputs and outputs, without the batch."""

    image_shape: tuple[int, int, int]
    latent_dim: int
    classes: int

    def __init__(self, path: str | Path, names: tuple[str, ...], threads: int):
        self._path = path
        content = Path(path).read_bytes()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 4  # what fails is raised, with the same words
        with reading(path):
            self._session = onnxruntime.InferenceSession(
                content, options, providers=["CPUExecutionProvider"]
            )
            nodes = [*self._session.get_inputs(), *self._session.get_outputs()]
            self._shapes = {node.name: tuple(node.shape[1:]) for node in nodes}
            if missing := [name for name in names if name not in self._shapes]:
                raise ValueError(f"no {', '.join(missing)} among {', '.join(self._shapes)}")
        (self.classes,) = self._shapes.get("class", (0,))

    def _run(self, outputs: tuple[str, ...], batches: Iterator[dict]) -> list[np.ndarray]:
        """The outputs of all batches. Raises UserError if one of them is not finite."""
        parts: list[list[np.ndarray]] = [[] for _ in outputs]
        for batch in batches:
            for arrays, array in zip(parts, self._session.run(outputs, batch), strict=True):
                arrays.append(array)
        arrays = [np.concatenate(parts.pop(0)) for _ in outputs]  # frees one before the next
        for name, array in zip(outputs, arrays, strict=True):
            if not np.isfinite(array).all():
                raise UserError(
                    f"The {name} from {self._path} contains NaN or infinity: training diverged, or "
                    "the file is damaged. Lower learning_rate in config/config.yaml, or delete the "
                    "file; then run the same command again: it will be trained anew."
                )
        return arrays

    def _scaled(self, pixels: np.ndarray, labels: np.ndarray | None = None) -> Iterator[dict]:
        """Batches of uint8 pixels [N, H, W, C] as `image` in [0, 1], with their classes [N]."""
        if pixels.dtype != np.uint8:
            raise ValueError(f"pixels: expected uint8, got {pixels.dtype}")
        if pixels.shape[1:] != self.image_shape:
            here, there = (" × ".join(map(str, s)) for s in (pixels.shape[1:], self.image_shape))
            raise UserError(
                f"{self._path} takes images of {there} pixels and channels, and these are {here}: "
                "they were prepared anew since it was trained. Delete it and run the same command "
                "again: it will be trained on them."
            )
        one_hot = self._one_hot(labels)
        for s in self._slices(len(pixels)):
            yield {"image": to_unit(pixels[s])} | {k: v[s] for k, v in one_hot.items()}

    def _one_hot(self, labels: np.ndarray | None) -> dict[str, np.ndarray]:
        """The input `class` of a conditional network, from labels [N]; else nothing."""
        if "class" not in self._shapes:
            return {}
        if labels is None:
            raise ValueError("a conditional network needs labels")
        return {"class": np.eye(self.classes, dtype=np.float32)[labels]}

    def _slices(self, n: int) -> Iterator[slice]:
        """Parts of n images that are small enough to compute at once; an empty one if n is 0."""
        return slices(max(n, 1), BATCH // math.prod(self.image_shape))


class RunNetwork(_Network):
    """A network of a run.

    about: its metadata, by name; latent_size: D, all values of z; latent_dim: how many of them, the
    first ones, are the code. The others, if a network has any, are detail.
    """

    about: dict[str, Any]
    latent_size: int

    def __init__(self, path: str | Path, names: tuple[str, ...], threads: int):
        super().__init__(path, names, threads)
        with reading(path):
            texts = self._session.get_modelmeta().custom_metadata_map
            if "latent" not in texts:
                raise ValueError("it has no metadata: an older version wrote it")
            self.about = {key: json.loads(text) for key, text in texts.items()}
            self.latent_dim = self.about["latent"]["groups"][0]["dimensions"]

    @property
    def class_names(self) -> list[str]:
        """Names of the classes of the images, in the order of their labels."""
        return self.about["class_names"]

    @property
    def gaussian(self) -> bool:
        """Whether q(z|x) is a normal distribution and the prior N(0, I), as the metadata say."""
        latent = self.about["latent"]
        return (latent["posterior"], latent["prior"]) == ("gaussian", "normal")


class Encoder(RunNetwork):
    """z of an image without noise: its code, then its detail.

    image_shape: (H, W, C); classes: K, 0 where it is not conditional.
    """

    def __init__(self, path: str | Path, intra_op_num_threads: int = 1):
        """Read encoder.onnx.

        Raises UserError where the file is damaged or is something else.
        """
        super().__init__(path, ("image", "z"), intra_op_num_threads)
        self.image_shape = self._shapes["image"]
        (self.latent_size,) = self._shapes["z"]

    def __call__(self, pixels: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
        """z of uint8 pixels [N, H, W, C], float32 [N, D].

        labels: [N], which a conditional network needs and any other ignores.
        """
        (z,) = self._run(("z",), self._scaled(pixels, labels))
        return z

    def outputs(
        self, names: tuple[str, ...], pixels: np.ndarray, labels: np.ndarray | None = None
    ) -> dict[str, np.ndarray]:
        """What this encoder gives of `names`: float32 [N, D] by name.

        `z`; `z_mean` and `z_log_var` if q(z|x) is a normal distribution; `u_mean` and `u_log_var`
        if it is one before the map of a learned prior.
        """
        names = tuple(name for name in names if name in self._shapes)
        return dict(zip(names, self._run(names, self._scaled(pixels, labels)), strict=True))


class Posterior(RunNetwork):
    """q(z|x) of a trained VAE, to draw from.

    image_shape: (H, W, C); groups: G, of z, by which its KL is split; classes: K, 0 where it is not
    conditional.
    """

    def __init__(self, path: str | Path, intra_op_num_threads: int = 1):
        """Read posterior.onnx.

        Raises UserError where the file is damaged or is something else.
        """
        super().__init__(path, ("image", "noise", "z", "log_q", "kl"), intra_op_num_threads)
        self.image_shape = self._shapes["image"]
        (self.latent_size,) = self._shapes["noise"]
        (self.groups,) = self._shapes["kl"]

    def __call__(
        self, pixels: np.ndarray, noise: np.ndarray, labels: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """One draw for each image: z [N, D], log q(z|x) [N] and the KL [N, G], float32.

        pixels: uint8 [N, H, W, C]; noise: float32 [N, D], from N(0, I); labels: [N].
        """
        batches = zip(self._scaled(pixels, labels), self._slices(len(pixels)), strict=True)
        inputs = (batch | {"noise": noise[part]} for batch, part in batches)
        z, log_q, kl = self._run(("z", "log_q", "kl"), inputs)
        return z, log_q, kl


class Decoder(RunNetwork):
    """p(x|z) of a trained VAE, or p(x|z, class).

    image_shape: (H, W, C); classes: K, 0 where it is not conditional.

    Codes alone, [..., latent_dim], are decoded with the detail at 0. Labels of any shape that
    broadcasts to z [...] choose the class; a decoder that is not conditional ignores them.
    """

    def __init__(self, path: str | Path, intra_op_num_threads: int = 1):
        """Read decoder.onnx.

        Raises UserError where the file is damaged or is something else.
        """
        super().__init__(path, ("z", "mean"), intra_op_num_threads)
        self.image_shape = self._shapes["mean"]
        (self.latent_size,) = self._shapes["z"]

    def __call__(self, z: np.ndarray, labels: np.ndarray | int | None = None) -> np.ndarray:
        """The mean of p(x|z), float32 [..., H, W, C] in [0, 1], for z [..., D]."""
        return self._decode(z, labels, ("mean",))["mean"]

    def parameters(
        self, z: np.ndarray, labels: np.ndarray | int | None = None
    ) -> dict[str, np.ndarray]:
        """The mean and the parameters of the likelihood by name, each [..., H, W, C]."""
        return self._decode(z, labels, tuple(n for n in self._shapes if n not in ("z", "class")))

    def _decode(
        self, z: np.ndarray, labels: np.ndarray | int | None, outputs: tuple[str, ...]
    ) -> dict[str, np.ndarray]:
        *leading, size = np.shape(z)
        if size not in (self.latent_dim, self.latent_size):
            raise ValueError(f"z: expected [..., {self.latent_size}], got {np.shape(z)}")
        points = np.asarray(z, np.float32).reshape(-1, size)
        if size < self.latent_size:
            points = np.pad(points, ((0, 0), (0, self.latent_size - size)))
        each = None if labels is None else np.broadcast_to(labels, leading).ravel()
        inputs = {"z": points} | self._one_hot(each)
        batches = ({k: v[s] for k, v in inputs.items()} for s in self._slices(len(points)))
        arrays = self._run(outputs, batches)
        return {
            name: array.reshape(*leading, *array.shape[1:])
            for name, array in zip(outputs, arrays, strict=True)
        }


class Velocity(_Network):
    """The velocity of codes on their way from noise, as a second stage learned it.

    latent_dim: D; classes: K, 0 where there are none; class_names: theirs.
    """

    def __init__(self, path: str | Path, intra_op_num_threads: int = 1):
        """Read second_stage.onnx.

        Raises UserError where the file is damaged or is something else.
        """
        super().__init__(path, ("code", "time", "velocity"), intra_op_num_threads)
        (self.latent_dim,) = self._shapes["code"]
        with reading(path):
            texts = self._session.get_modelmeta().custom_metadata_map
            self.class_names = json.loads(texts["class_names"])

    def __call__(
        self, code: np.ndarray, time: float, labels: np.ndarray | None = None
    ) -> np.ndarray:
        """The velocity of codes [N, D] at a time in [0, 1]: float32 [N, D].

        labels: classes [N]; None for any class.
        """
        inputs = {"code": code, "time": np.full((len(code), 1), time, np.float32)}
        if self.classes:
            one_hot = np.zeros((len(code), self.classes), np.float32)
            if labels is not None:
                one_hot[np.arange(len(code)), labels] = 1
            inputs["class"] = one_hot
        (velocity,) = self._run(("velocity",), iter([inputs]))
        return velocity


class Classifier(_Network):
    """What a network that tells the classes of a dataset apart sees in images.

    image_shape: (H, W, C); classes: K.
    """

    def __init__(self, path: str | Path, intra_op_num_threads: int = 1):
        """Read classifier.onnx.

        Raises UserError where the file is damaged or is something else.
        """
        super().__init__(path, ("image", "features", "logits"), intra_op_num_threads)
        self.image_shape = self._shapes["image"]
        (self.classes,) = self._shapes["logits"]

    def __call__(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Features and logits, float32 [N, F] and [N, K], of uint8 pixels [N, H, W, C]."""
        features, logits = self._run(("features", "logits"), self._scaled(pixels))
        return features, logits
