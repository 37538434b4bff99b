"""The config: what may be written in it.

Imported by the Snakefile, so by every process of a workflow: no NumPy, no TensorFlow here.
"""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, create_model

from vae.plan.constants import constant
from vae.plan.fields import Name, OneOrMore, Setting, Strict, or_auto, or_bool, real, whole
from vae.plan.parts import fields, fields_of_all
from vae.plan.run_settings import RunSettings, Variant
from vae.plan.sources import OwnData, Source

FigureSettings = create_model(
    "FigureSettings",
    __base__=Strict,
    __doc__="How much the figures of a dataset show; by default as much as is readable.",
    **fields_of_all("figures"),
)


class EvaluationSettings(Strict):
    """How many draws and images metrics and scores are computed from."""

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
    scores: Literal["some", "all"] = Field(
        "some",
        description="training images that have an ELBO in `scores.parquet`: `all`, or `some`, "
        "the first 10,000",
    )
    map_sigma: Annotated[
        real(ge=0, le=1000) | None, Setting(default="a 32nd of the shorter side")
    ] = Field(
        None,
        description="standard deviation, in pixels, of the Gaussian filter that smooths error maps",
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


class AnomalySettings(Strict):
    """What is normal, and from which score on an image is called an anomaly."""

    normal: Annotated[OneOrMore[Name] | None, Setting(default="unknown")] = Field(
        None,
        description="the class of normal images, such as `good`, or several: runs are "
        "trained on these alone, and tested with all others as well",
    )
    contamination: real(gt=0, le=0.5) = Field(
        0.1,
        description="share of the validation images whose score is above the threshold; of "
        "training images if there are no validation images",
    )
    score: Literal["auto", "sum", "max"] = Field(
        "auto",
        description="`sum`: the `score` of `scores.parquet`; `max`: the maximum of the error map; "
        "`auto`: max if the test images have masks, else sum",
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
        description="a name in `sources.yaml`, such as `kmnist` (docs/datasets.md shows them all); "
        "or data of your own: `{folder: path}`, `{arrays: path}`, `{table: path}` or "
        "`{parquet: path}`"
    )
    validation: or_auto(whole(ge=0, le=10_000_000)) = Field(
        "auto",
        description="training images set aside to choose epochs and runs by; `auto`: with fewer "
        "than 2,000 of them, a tenth, from 8 to a quarter",
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
        description="what metrics and scores are computed from",
    )
    second_stage: Annotated[SecondStageSettings | None, Setting(default=" ")] = Field(
        None, description="another distribution of codes to draw samples from"
    )
    anomaly: Annotated[AnomalySettings | None, Setting(default=" ")] = Field(
        None, description="what is normal, and from which score on an image is an anomaly"
    )
    tensorboard: or_bool(whole(ge=1)) = Field(
        False,
        description="whether the next trainings write event files for TensorBoard, with samples "
        "every five epochs, or every so many",
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
