"""A hierarchical network: a code at the top, and maps of detail below it, from coarse to fine.

A ladder VAE (Sønderby et al. 2016, arXiv 1602.02282) whose inference runs top-down through the
features of the generator, with residual blocks as NVAE's (Vahdat and Kautz 2020, arXiv 2007.03898).
Each group of values is in coordinates in which its prior is N(0, I): the generator multiplies it by
a scale that depends on what lies above it. So all of z is N(0, I), and the decoder is a function of
one flat z: first the code, then each group of detail, as h x w x channels.

Images are cut into patches, and their maps halved until at most 8 of them lie along the shorter
side. What a residual block adds starts at zero. The posterior of a group starts with variance 1.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import keras
from keras import layers

from vae.models import Group, Hierarchy, maps, resnet
from vae.plan.run_settings import RunSettings

SETTINGS = {
    "filters": {"type": "whole", "bounds": {"ge": 1, "le": 4096}, "default": 64,
                "abbreviation": "f", "description": "filters of the convolutions"},
    "intermediate_dim": {"type": "whole", "bounds": {"ge": 1, "le": 65_536}, "default": 256,
                         "abbreviation": "id", "description": "units of the dense hidden layer"},
    "latent_channels": {"type": "whole", "bounds": {"ge": 1, "le": 1024}, "default": 4,
                        "abbreviation": "lc",
                        "description": "channels of each map of detail of `ladder`"},
    "levels": {"type": "whole", "bounds": {"ge": 1, "le": 64}, "default": 3,
               "abbreviation": "lv",
               "description": "maps of detail of `ladder`, spread over its scales"},
    "patch": {"type": "whole", "bounds": {"ge": 1, "le": 64}, "default": 4, "abbreviation": "pa",
              "description": "pixels along the side of a patch of `ladder`"},
}  # fmt: skip
LEARNING_RATE = 0.002  # of Adam
PRIORS = ("normal",)  # a hierarchy learns its own
CONDITIONAL = False

SIDE = 8  # of the coarsest map, at most, along its shorter side
POSTERIOR_FILTERS = 32
HEAD = "patches_out"


def build(
    image_shape: tuple[int, int, int], channels: int, run: RunSettings, classes: int = 0
) -> Hierarchy:
    """Patches, residual blocks at each scale, one dense layer above; mirrored, with detail."""
    ladder = _Ladder(image_shape, channels, run)
    return Hierarchy(ladder.joint(), ladder.separate, tuple(ladder.groups), HEAD)


@dataclass
class _Ladder:
    """The three networks of a run. Layers of the same name are the same layer in each.

    scales: height and width of the maps, from coarse to fine; groups: of z, the code first.
    """

    image_shape: tuple[int, int, int]
    channels: int
    run: RunSettings

    def __post_init__(self):
        sizes = [tuple(math.ceil(side / self.run.patch) for side in self.image_shape[:2])]
        while min(sizes[0]) > SIDE:
            sizes.insert(0, tuple(math.ceil(side / 2) for side in sizes[0]))
        self.scales = sizes
        self.groups = [Group("code", (self.run.latent_dim,))]
        for level in range(self.run.levels):
            shape = (*sizes[level * len(sizes) // self.run.levels], self.run.latent_channels)
            self.groups.append(Group(f"detail_{level + 1}", shape))
        self.latent_size = sum(group.size for group in self.groups)

    def joint(self) -> keras.Model:
        """From noise [B, D] and image to `z_mean`, `z_log_var` [B, D] and `logits`."""
        image = keras.Input(self.image_shape, name="image")
        noise = keras.Input((self.latent_size,), name="noise")
        posterior = _Posterior(self._bottom_up(image), self.run, self._slices(noise))
        logits = self._top_down(posterior)
        outputs = {"z_mean": _flat(posterior.means, "z_mean"), "logits": logits}
        outputs["z_log_var"] = _flat(posterior.log_vars, "z_log_var")
        return keras.Model([noise, image], outputs, name="joint")

    def separate(self) -> tuple[keras.Model, keras.Model]:
        """Encoder, from image to `z` [B, D] without noise; decoder, from z to logits."""
        image = keras.Input(self.image_shape, name="image")
        posterior = _Posterior(self._bottom_up(image), self.run)
        self._top_down(posterior)
        encoder = keras.Model(image, {"z": _flat(posterior.means, "z")}, name="encoder")
        z = keras.Input((self.latent_size,), name="z")
        values = self._slices(z)
        logits = self._top_down(lambda name, hidden, scale: values[name])
        return encoder, keras.Model(z, logits, name="decoder")

    def _bottom_up(self, image: keras.KerasTensor) -> list[keras.KerasTensor]:
        """Features of an image at each scale, from coarse to fine."""
        filters, patch = self.run.filters, self.run.patch
        hidden = layers.Conv2D(filters, patch, patch, "same", name="patches")(image)
        hidden = resnet.block(hidden, "image_block_1")
        features = [resnet.block(hidden, "image_block_2")]
        for scale in range(len(self.scales) - 1, 0, -1):
            hidden = layers.Conv2D(filters, 2, 2, "same", name=f"image_halves_{scale}")(features[0])
            features.insert(0, resnet.block(hidden, f"image_block_{scale}_halved"))
        return features

    def _top_down(
        self, choose: Callable[[str, keras.KerasTensor | None, int], keras.KerasTensor]
    ) -> keras.KerasTensor:
        """Logits, from the values of each group that `choose` returns for its name, h and scale."""
        filters = self.run.filters
        code = choose(self.groups[0].name, None, 0)
        hidden = layers.Dense(self.run.intermediate_dim, "relu", name="hidden")(code)
        hidden = layers.Concatenate(name="code_and_hidden")([code, hidden])
        size = (*self.scales[0], filters)
        hidden = layers.Dense(math.prod(size), name="features")(hidden)
        hidden = layers.Reshape(size, name="map")(hidden)
        hidden = resnet.block(hidden, "block_0")
        for scale, shape in enumerate(self.scales):
            if scale:
                name = f"doubles_{scale}"
                hidden = layers.Conv2DTranspose(filters, 2, 2, "same", name=name)(hidden)
                hidden = maps.crop(hidden, shape, f"doubles_{scale}_crop")
                hidden = resnet.block(hidden, f"block_{scale}")
            for group in self.groups[1:]:
                if group.shape[:2] == shape:
                    values = choose(group.name, hidden, scale)
                    hidden = self._added(hidden, values, group.name)
        head = layers.Conv2DTranspose(
            *(self.channels, self.run.patch, self.run.patch, "same"),
            dtype="float32",
            name=HEAD,
        )
        return maps.crop(head(hidden), self.image_shape)

    def _added(
        self, hidden: keras.KerasTensor, values: keras.KerasTensor, name: str
    ) -> keras.KerasTensor:
        """h, changed by the values of a group times the scale that h gives them."""
        scale = layers.Conv2D(values.shape[-1], 1, activation="softplus", name=f"{name}_scale")
        scaled = layers.Multiply(name=f"{name}_scaled")([scale(hidden), values])
        # From zero on: otherwise the first draws are noise, and learning to ignore it comes first.
        options = {"kernel_initializer": "zeros", "name": f"{name}_change"}
        change = layers.Conv2D(self.run.filters, 1, **options)(scaled)
        hidden = layers.Add(name=f"{name}_added")([hidden, change])
        return resnet.block(hidden, f"{name}_block")

    def _slices(self, flat: keras.KerasTensor) -> dict[str, keras.KerasTensor]:
        """Vectors [B, D] as the values of each group."""
        column = layers.Reshape((self.latent_size, 1), dtype="float32", name="column")(flat)
        values, start = {}, 0
        for group in self.groups:
            after = self.latent_size - start - group.size
            crop = layers.Cropping1D((start, after), dtype="float32", name=f"{group.name}_part")
            shape = layers.Reshape(group.shape, dtype="float32", name=f"{group.name}_values")
            values[group.name] = shape(crop(column))
            start += group.size
        return values


class _Posterior:
    """Chooses the values of each group from q(z|x), and keeps its means and log-variances.

    features: of the image, by scale; noise: by group; without it the values are the means.
    """

    def __init__(
        self,
        features: list[keras.KerasTensor],
        run: RunSettings,
        noise: dict[str, keras.KerasTensor] | None = None,
    ):
        self.features, self.run, self.noise = features, run, noise
        self.means: list[keras.KerasTensor] = []
        self.log_vars: list[keras.KerasTensor] = []

    def __call__(
        self, name: str, hidden: keras.KerasTensor | None, scale: int
    ) -> keras.KerasTensor:
        """Values of a group, in float32."""
        features = self.features[scale]
        if hidden is None:
            hidden = layers.Flatten(name=f"{name}_features")(features)
            hidden = layers.Activation("relu", name=f"{name}_relu")(hidden)
            hidden = layers.Dense(self.run.intermediate_dim, "relu", name=f"{name}_hidden")(hidden)
            output = layers.Dense
            options = {"units": self.run.latent_dim}
        else:
            hidden = layers.Concatenate(name=f"{name}_both")([hidden, features])
            hidden = layers.Activation("relu", name=f"{name}_relu")(hidden)
            hidden = layers.Conv2D(
                *(POSTERIOR_FILTERS, 3), padding="same", activation="relu", name=f"{name}_hidden"
            )(hidden)
            output = layers.Conv2D
            options = {"filters": self.run.latent_channels, "kernel_size": 1}
        options["dtype"] = "float32"
        mean = output(**options, name=f"{name}_mean")(hidden)
        self.means.append(mean)
        if self.noise is None:
            return mean
        log_var = output(**options, kernel_initializer="zeros", name=f"{name}_log_var")(hidden)
        self.log_vars.append(log_var)
        deviation = layers.Rescaling(0.5, dtype="float32", name=f"{name}_half")(log_var)
        deviation = layers.Activation("exponential", dtype="float32", name=f"{name}_sd")(deviation)
        noise = layers.Multiply(dtype="float32", name=f"{name}_noise")(
            [deviation, self.noise[name]]
        )
        return layers.Add(dtype="float32", name=f"{name}_draw")([mean, noise])


def _flat(parts: list[keras.KerasTensor], name: str) -> keras.KerasTensor:
    """The values of all groups as vectors [B, D]."""
    flat = [layers.Flatten(dtype="float32", name=f"{name}_{i}")(p) for i, p in enumerate(parts)]
    return layers.Concatenate(dtype="float32", name=name)(flat)
