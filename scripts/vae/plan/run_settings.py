"""The settings of a training run: every value that it depends on besides its images.

Imported by the Snakefile, so by every process of a workflow: no NumPy, no TensorFlow here.
"""

from typing import Annotated, Literal, get_type_hints

from pydantic import Field, create_model

from vae.plan.fields import OneOrMore, Setting, Strict, or_auto, real, whole
from vae.plan.parts import by_part, fields, parts

MODELS = tuple(parts("models"))
LIKELIHOODS = tuple(parts("likelihoods"))
PRIORS = tuple(parts("priors"))
# Of each a run has one, by the key that names it: its settings are settings of the run.
CHOSEN = {"model": "models", "likelihood": "likelihoods", "prior": "priors"}


_RATES = {name: part.constants["LEARNING_RATE"] for name, part in parts("models").items()}
RMSPROP_RATE = 0.001


class CommonSettings(Strict):
    """What a training run depends on besides its images and what its network adds.

    In the order in which the settings stand in a run's name.
    """

    latent_dim: Annotated[whole(ge=1, le=65_536), Setting("ld")] = Field(
        description="dimensions of the latent space; a list gives one run for each"
    )
    epochs: Annotated[or_auto(whole(ge=1, le=100_000)), Setting("e")] = Field(
        "auto",
        description="passes over the training set; `auto` is 60, but at least what 1,000 steps "
        "take and at most what 30,000 take",
    )
    batch_size: Annotated[or_auto(whole(ge=1, le=65_536)), Setting("bs")] = Field(
        "auto",
        description="images per step; `auto` is a tenth of the training images, from 1 to 256",
    )
    model: Annotated[
        Literal[MODELS] | None,
        Setting("m", "`mlp` for gray images of up to 32 pixels, else `resnet`"),
    ] = Field(
        None,
        description="the network: `mlp` (dense), `conv` (the original convolutional one), "
        "`resnet` (residual, on patches), `spatial` (a map of codes) or "
        "`ladder` (hierarchical: the best likelihoods)",
    )
    likelihood: Annotated[
        Literal[LIKELIHOODS] | None,
        Setting("l", "`gaussian`, or what the source in `sources.yaml` says"),
    ] = Field(
        None,
        description="p(x|z): `bernoulli` (values as probabilities), `gaussian` (one learned "
        "variance), `gaussian_rgb` (one covariance of the channels) or `logistic_mixture` (each "
        "pixel's own distribution)",
    )
    optimizer: Annotated[Literal["adam", "adamax", "rmsprop"], Setting("o")] = Field(
        "adam",
        description="`adam`; `adamax`, as most hierarchical VAEs; or `rmsprop`, as in the original "
        "project",
    )
    learning_rate: Annotated[
        real(gt=0, le=1) | None,
        Setting("lr", f"adam, adamax: the network's ({by_part(_RATES)}); rmsprop: {RMSPROP_RATE}"),
    ] = Field(
        None,
        description="its peak; by default, with `batch_size: auto`, times the root of batch / 256",
    )
    schedule: Annotated[Literal["cosine", "constant"], Setting("sch")] = Field(
        "cosine", description="learning rate after the warm-up: `cosine` falls to 0, or `constant`"
    )
    warmup_epochs: Annotated[real(ge=0), Setting("w")] = Field(
        1.0,
        description="epochs in which the learning rate rises from 0; at most a fifth of the "
        "training",
    )
    beta: Annotated[real(ge=0), Setting("beta")] = Field(
        1.0, description="weight of the KL in the loss (Higgins et al. 2017); 1 is the ELBO"
    )
    kl_warmup_epochs: Annotated[real(ge=0), Setting("klw")] = Field(
        0.0,
        description="epochs in which the weight of the KL rises from 0 to beta (Bowman et al. "
        "2016); helps against unused dimensions",
    )
    conditional: Annotated[bool, Setting("c")] = Field(
        False,
        description="give both networks the class, so that samples of one class can be drawn "
        "(Sohn et al. 2015); needs at least two classes",
    )
    binarize: Annotated[Literal["none", "dynamic"], Setting("bin")] = Field(
        "none",
        description="`dynamic` draws each training pixel as black or white by its gray value, "
        "anew in every epoch (Burda et al. 2015); needs `bernoulli`",
    )
    flip: Annotated[bool, Setting("flip")] = Field(
        False, description="mirror each training image, left to right, in half of the epochs"
    )
    precision: Annotated[Literal["auto", "float32", "mixed_bfloat16"], Setting("p")] = Field(
        "auto",
        description="of the networks; `auto` is `mixed_bfloat16` if the hardware computes with "
        "it, else `float32`; `run.json` says which, and why",
    )
    xla: Annotated[Literal["auto"] | bool, Setting("xla")] = Field(
        "auto",
        description="compile training steps with XLA: `true`, `false`, or `auto` (on GPUs, and "
        "under JAX)",
    )
    seed: Annotated[whole(ge=0, le=2**31 - 1), Setting("seed")] = Field(
        0, description="all randomness of a run comes from it"
    )
    clip_norm: Annotated[real(gt=0) | None, Setting("cn", "`null`")] = Field(
        None,
        description="the largest norm that the gradient of all weights together may have; a larger "
        "one is scaled down; `null`: no limit",
    )
    ema: Annotated[real(gt=0, lt=1) | None, Setting("ema", "`null`")] = Field(
        None,
        description="decay per step of an average of the weights, such as 0.999; the average is "
        "evaluated and saved; `null`: no average",
    )
    keep: Annotated[Literal["auto", "last", "best"], Setting("k")] = Field(
        "auto",
        description="weights that are saved: of the `last` epoch, or the `best` by validation "
        "images; `auto`: best if `epochs` is auto and there are such images",
    )
    early_stopping: Annotated[whole(ge=1, le=100_000) | None, Setting("es", "`null`")] = Field(
        None,
        description="epochs without a better loss on validation images after which training ends; "
        "`null`: it does not end early",
    )
    augment_shift: Annotated[real(ge=0, le=0.5), Setting("as")] = Field(
        0.0,
        description="training images are moved at random, by at most this share of their sides",
    )
    augment_rotate: Annotated[real(ge=0, le=180), Setting("ar")] = Field(
        0.0, description="training images are turned at random, by at most so many degrees"
    )
    augment_zoom: Annotated[real(ge=0, le=0.5), Setting("az")] = Field(
        0.0,
        description="training images are enlarged or shrunk at random, by at most this share",
    )
    augment_brightness: Annotated[real(ge=0, lt=1), Setting("ab")] = Field(
        0.0,
        description="training images become brighter or darker at random, by at most this share",
    )
    init_from: Annotated[str | None, Setting("from", "`null`")] = Field(
        None,
        description="a run of this dataset, such as `ld_32`, with whose weights training starts",
    )
    prior: Annotated[Literal[PRIORS], Setting("pr")] = Field(
        "normal",
        description="p(z): `normal` is N(0, I); `flow` is learned with the networks and better by "
        "some nats, for two dimensions or more",
    )


RunSettings = create_model(
    "RunSettings",
    __base__=CommonSettings,
    __doc__="What a training run depends on besides its images.",
    **fields(*CHOSEN.values()),
)

# In the order in which they stand in a run's name: the first version's, then newer ones, sorted.
_COMMON = list(CommonSettings.model_fields)
_FIRST_VERSION = _COMMON[: _COMMON.index("seed") + 1]
_NAMED_FIRST = ["latent_dim", "intermediate_dim", "filters", *_FIRST_VERSION]
ABBREVIATIONS = {
    name: setting.abbreviation
    for name in dict.fromkeys([*_NAMED_FIRST, *sorted(RunSettings.model_fields)])
    if name in RunSettings.model_fields
    for setting in RunSettings.model_fields[name].metadata
    if isinstance(setting, Setting)
}


class VariantTerms(Strict):
    """What a variant says of its runs that no training depends on."""

    name: Annotated[str, Field(pattern=r"^ld_[A-Za-z0-9_.+-]+$")] | None = Field(
        None,
        description="name of its run, such as `ld_512_best`, in place of one made of what the "
        "variant sets; begins with `ld_`",
    )
    recommended: bool = Field(
        False, description="the run with the best pictures: first in the comparison"
    )
    on_request: bool = Field(
        False,
        description="built only where one of its files is asked for by name; not in `all`, the "
        "comparison or the dataset's page",
    )


Variant = create_model(
    "Variant",
    __base__=VariantTerms,
    __doc__="More runs of a dataset: keys of a run that differ, each a value or a list of values.",
    **{
        name: (
            OneOrMore[hint],
            # None if left out; a `null` in the config becomes [None], as far as the key may be None
            Field(None, description=RunSettings.model_fields[name].description),
        )
        for name, hint in get_type_hints(RunSettings, include_extras=True).items()
        if name in RunSettings.model_fields
    },
)
