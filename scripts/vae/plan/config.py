"""The config: what may be written in it.

Imported by the Snakefile, so by every process of a workflow: no NumPy, no TensorFlow here.
"""

from typing import Annotated, Any, Literal, get_type_hints

from pydantic import Discriminator, Field, Tag, create_model

from vae.plan.constants import constant
from vae.plan.fields import OneOrMore, Setting, Strict, real, whole
from vae.plan.parts import by_part, fields, fields_of_all, parts
from vae.plan.sources import OwnData, Source

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
    epochs: Annotated[whole(ge=1, le=100_000), Setting("e")] = Field(
        60, description="passes over the training set"
    )
    batch_size: Annotated[whole(ge=1, le=65_536), Setting("bs")] = Field(
        256, description="images per step"
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
        Setting("l", "`bernoulli` for gray images of `sources.yaml`, else `gaussian`"),
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
    ] = Field(None, description="its peak")
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

Variant = create_model(
    "Variant",
    __base__=Strict,
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


FigureSettings = create_model(
    "FigureSettings",
    __base__=Strict,
    __doc__="How much the figures of a dataset show; by default as much as is readable.",
    **fields_of_all("figures"),
)


class EvaluationSettings(Strict):
    """How many draws and images metrics.json and sample_quality.json are computed from."""

    draws: whole(ge=2, le=10_000) = Field(
        10, description="z per image for the ELBO of the whole test set"
    )
    samples: whole(ge=1, le=100_000) = Field(
        500,
        description="z per image for the importance-weighted NLL; in up to three dimensions, 5,000 "
        "more from the prior for all images",
    )
    images: whole(ge=1, le=1_000_000) = Field(
        2000,
        description="test images from which the importance-weighted and the exact NLL of all are "
        "estimated: drawn at random, the same for every run",
    )
    generated: whole(ge=6, le=1_000_000) = Field(
        2000,
        description="images of each origin in `sample_quality.json`, and test images that they are "
        "compared with; at most as many as there are",
    )


class SecondStageTraining(Strict):
    """What the training of a second stage depends on besides its run and its images."""

    kind: Literal["rectified_flow"] = Field(
        "rectified_flow",
        description="`rectified_flow`: a network learns the way from noise to codes (Liu et al. "
        "2023)",
    )
    epochs: whole(ge=1, le=100_000) = Field(
        10, description="passes over the codes of the training set; more pay more than anything"
    )
    batch_size: whole(ge=1, le=65_536) = Field(128, description="codes per step")
    learning_rate: real(gt=0, le=1) = Field(
        0.002, description="of Adam at the start; it falls to 0 as a half cosine"
    )
    filters: whole(ge=1, le=4096) = Field(
        128, description="filters of its convolutions, or units of its layers where codes are flat"
    )
    blocks: whole(ge=1, le=64) = Field(5, description="residual blocks")


class SecondStageSettings(SecondStageTraining):
    """Another distribution of codes to draw from, learned after the training of a run."""

    runs: Annotated[list[str] | None, Setting(default="those with `model: spatial`")] = Field(
        None, description="runs that get one, such as `[ld_512]`"
    )
    guidance: real(ge=0) = Field(
        constant("vae.latent.second_stage", "GUIDANCE"),
        description="how far samples follow their class: 0 not at all, 1 as learned, more for "
        "plainer and less varied images",
    )
    steps: whole(ge=1, le=1000) = Field(
        constant("vae.latent.second_stage", "STEPS"), description="steps from noise to a code"
    )


class ExplorerSettings(Strict):
    """Pages to explore runs in; they are built on request."""

    runs: Annotated[list[str] | None, Setting(default="all")] = Field(
        None, description="runs that the dataset's page links, such as `[ld_2, ld_20_e_10]`"
    )
    images: whole(ge=0, le=2000) = Field(
        2000,
        description="test images in a page, at most; fewer if they are large; with 0 only their "
        "codes and classes leave this machine",
    )


def _source_kind(value: Any) -> str:
    return "name" if isinstance(value, str) else "own"


SourceSettings = create_model(
    "SourceSettings",
    __base__=Strict,
    __doc__="How the raw data of a dataset become images.",
    **fields("data/sources", in_names=False),
)


class Dataset(RunSettings, SourceSettings):
    """Images and the runs that are trained on them."""

    source: Annotated[
        Annotated[str, Tag("name")] | Annotated[OwnData, Tag("own")],
        Discriminator(_source_kind),
    ] = Field(
        description="a name in `sources.yaml`: `digits`, `mnist`, `fashion-mnist`, `cifar10`, "
        "`caltech101`; or data of your own: `{folder: path}`, `{arrays: path}`, `{table: path}` or "
        "`{parquet: path}`"
    )
    validation: whole(ge=0, le=10_000_000) = Field(
        0,
        description="training images set aside to choose the best run by: `history.csv` follows "
        "them, `comparison.csv` marks by them",
    )
    latent_dim: OneOrMore[whole(ge=1, le=65_536)] = Field(
        description=RunSettings.model_fields["latent_dim"].description
    )
    variants: list[Variant] = Field([], description="more runs, named by what they change")
    figures: Annotated[FigureSettings, Setting(default=" ")] = Field(
        FigureSettings(), description="how much the figures show"
    )
    evaluation: Annotated[EvaluationSettings, Setting(default=" ")] = Field(
        EvaluationSettings(),
        description="what `metrics.json` and `sample_quality.json` are computed from",
    )
    second_stage: Annotated[SecondStageSettings | None, Setting(default=" ")] = Field(
        None, description="another distribution of codes to draw samples from"
    )
    explorer: Annotated[ExplorerSettings, Setting(default=" ")] = Field(
        ExplorerSettings(), description="pages to explore runs in"
    )


DatasetName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]


class Config(Strict):
    """The whole config: config/sources.yaml, config/config.yaml, and what is laid over them."""

    mirrors: list[str] = Field(
        [],
        description="folders or URLs (`file:`, `http:`, `https:`) laid out as `<source>/<file>`, "
        "tried before the official ones",
    )
    max_cached_mb: whole(ge=0) = Field(
        4000,
        description="memory, in MB, that a training asks a cluster for at most to keep images.npz "
        "in the page cache, beyond what it needs itself",
    )
    datasets: dict[DatasetName, Dataset | None] = Field(
        description="the datasets, by name: a letter, then letters, digits or `_`; `null` removes "
        "a dataset that an earlier file defines"
    )
    sources: dict[str, Source] = Field({}, description="where raw files come from")
