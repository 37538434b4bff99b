"""A model card in Markdown: what a run is, what it was trained on, how good it is, how to load it.

The headings are those of Mitchell et al. 2019 (arXiv 1810.03993), as far as they apply.
"""

from typing import Any

from vae.evaluation.metrics import TABLE, baselines_of, joined
from vae.evaluation.sample_metrics import by_full_name
from vae.services import records, warning_texts
from vae.services.files import atomic
from vae.services.words import counted

LOADING = """\
Images are float32 in [0, 1], N x H x W x C. Codes z are N(0, I) under the prior.

```python
import keras, numpy as np

encoder = keras.saving.load_model("encoder.keras")  # stock layers: needs none of this project
decoder = keras.saving.load_model("decoder.keras")
images = np.random.random((16, {shape})){label}  # put your own here
z = encoder.predict({keras_image})["z"]  # [16, {latent_size}]
reconstructions = decoder.predict({keras_z})  # [16, {shape}]
```

```python
import numpy as np, onnxruntime

encoder = onnxruntime.InferenceSession("encoder.onnx")
decoder = onnxruntime.InferenceSession("decoder.onnx")
images = np.random.random((16, {shape})).astype("float32"){label}  # put your own here
codes = encoder.run(None, {{"image": images{feed}}})[0]  # [16, {latent_size}]
z = np.random.standard_normal((16, {latent_size})).astype("float32")
samples = decoder.run(None, {{"z": z{feed}}})[0]  # [16, {shape}]
```

The metadata of the ONNX files say the same, and the names of the classes.
"""

NORMAL = (
    "It was trained on normal images alone, of the class {}. The test images, and so the metrics "
    "below, are of all classes. `anomalies.json` says how well it tells them apart."
)
NOVELTY = {
    "validation": "`scores.parquet` has the code and the score of every image. `novelty` is the "
    "percentile of a score among those of the validation images.",
    "train": "`scores.parquet` has the code and the score of every image. `novelty` is the "
    "percentile of a score among those of the training images, as there are no validation images. "
    "The network was fitted to them, so it overstates how novel other images are.",
}
PLAIN = {"label": "", "keras_image": "images", "keras_z": "z", "feed": ""}
CONDITIONAL = {
    "label": '\nlabel = np.eye({classes}, dtype="float32")[[0] * 16]  # one-hot: the first class',
    "keras_image": "[images, label]",
    "keras_z": "[z, label]",
    "feed": ', "class": label',
}
CROPS = {
    "fit": "; pictures are cut at their margins to this shape, and resized",
    "stretch": "; pictures are resized to this shape, which changes their proportions",
    "pad": "; pictures are padded to this shape, and resized",
}


def write(
    path_to_run: str,
    path_to_metrics: str,
    path_to_representation: str,
    path_to_quality: str,
    path_to_baselines: str,
    data: dict[str, str],
    path_to_card: str,
) -> None:
    """Write the card of a run; data: where its images come from, see `text`."""
    evaluation = joined(records.read(path_to_metrics), records.read(path_to_representation))
    others = map(records.read, (path_to_quality, path_to_baselines))
    card = text(records.read(path_to_run), evaluation, *others, data)
    with atomic(path_to_card) as part:
        part.write_text(card, encoding="utf-8")


def text(
    record: dict[str, Any],
    evaluation: dict[str, Any],
    quality: dict[str, Any],
    of_dataset: dict[str, Any],
    data: dict[str, str],
) -> str:
    """The card of a run, from its run.json, metrics.json, sample_quality.json and baselines.json.

    evaluation: with the metrics of representation.json; data: `source`, `licence` and `citation` of
    the images.
    """
    settings, images = record["resolved"], record["images"]
    warnings = record["warnings"] | evaluation["warnings"] | of_dataset["warnings"]
    warnings = warning_texts.sentences(warnings)
    shape = " × ".join(map(str, images["shape"]))
    classes = len(record["class_names"])
    normal = record["preparation"].get("normal")
    held_against = baselines_of(evaluation["metrics"], settings, of_dataset)
    found = evaluation["metrics"] | held_against
    metrics = {name: found[name] for name in TABLE if name in found} | by_full_name(quality)
    devices = ", ".join(record["devices"])
    kind = "conditional variational" if settings["conditional"] else "variational"
    facts = {
        "Model": f"{kind} autoencoder, network `{settings['model']}`, "
        f"{counted(settings['latent_dim'], 'latent dimension')}, "
        f"{counted(record['parameters'], 'parameter')}",
        "Likelihood": settings["likelihood"],
        "Images": f"{shape}, {images['train']:,} for training, {images['test']:,} for testing"
        + (f", {counted(classes, 'class', 'classes')}" if classes else ", without labels")
        + CROPS.get(record["preparation"].get("crop"), ""),
        "Source": data["source"],
        "Licence of the images": data["licence"],
        "Citation": data["citation"],
        "Training": f"{_epochs(record)}, {record['seconds']:,.0f} s on "
        f"{devices} ({record['machine']}, {counted(record['threads'], 'thread')}), in "
        f"{record['engine']['precision']} with {record['engine']['backend']}",
    }
    parts = [
        f"# {record['dataset']}, {record['run']}",
        _table(("", ""), facts.items()),
        *([NORMAL.format(", ".join(normal))] if normal else []),
        *(["## What did not work", *warnings] if warnings else []),
        "## What it is for",
        "Looking at what a variational autoencoder learns: its latent space, its samples, its "
        "reconstructions. Not a lossless code, nor a source of images that could be taken for "
        "real ones: samples are smoother than the images it was trained on, and nothing outside "
        "their distribution comes out right. Who shares the model shares what it remembers of "
        "the training images.",
        "## How good it is",
        "On the test images, which it was not trained on. ± is the standard error of the mean.",
        _table(
            ("metric", "value", "unit", "images"),
            [
                (name, _value(metric), metric["unit"], f"{metric['images']:,}")
                for name, metric in metrics.items()
                if isinstance(metric["value"], int | float)
            ],
        ),
        *evaluation["notes"],
        *(of_dataset["notes"] if "bits_per_dimension" in found else []),
        *quality["notes"],
        NOVELTY[evaluation["novelty_among"]],
        "## How to load it",
        loading(record["latent_size"], images["shape"], settings["conditional"] and classes),
        "## How it came about",
        _table(("setting", "value"), settings.items()),
        _table(("version", ""), record["versions"].items()),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _epochs(record: dict[str, Any]) -> str:
    trained, kept = record["epochs"], record["kept_epoch"]
    return counted(trained, "epoch") + (
        f", of which epoch {kept} was kept" if kept < trained else ""
    )


def loading(latent_size: int, shape: list[int], classes: int) -> str:
    """Code that encodes and decodes 16 images; classes: of a conditional run, else 0."""
    parts = CONDITIONAL if classes else PLAIN
    label = parts["label"].format(classes=classes)
    sizes = {"latent_size": latent_size, "shape": ", ".join(map(str, shape))}
    return LOADING.format(**sizes, **parts | {"label": label})


def _value(metric: dict[str, Any]) -> str:
    value = f"{metric['value']:.5g}"
    return f"{value} ± {metric['standard_error']:.2g}" if "standard_error" in metric else value


def _table(head: tuple[str, ...], rows: Any) -> str:
    """A Markdown table; a | in a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    cells = ([" ".join(str(cell).split()).replace("|", r"\|") for cell in row] for row in lines)
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)
