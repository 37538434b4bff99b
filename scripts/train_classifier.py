"""Train the classifier that generated images of a dataset are compared by."""

import json
import time

from vae.data.images import load
from vae.services import gpus
from vae.services.files import atomic
from vae.services.jobs import job


def train_classifier(images: str, threads: int, dataset: str, network: str, record: str) -> None:
    """Write classifier.onnx, and how it came about and how good it is to classifier.json."""
    from vae.training import classifier, engine, export  # TensorFlow: once the log is open

    start = time.perf_counter()
    engine.use_threads(threads)
    gpus.use()
    data = load(images)
    model, accuracy = classifier.fit(data)
    export.write_onnx(model, network)
    content = {
        "dataset": dataset,
        "test_accuracy": {"value": accuracy, "unit": "share of images", "images": len(data.test)},
        "protocol": classifier.FROZEN,
        "epochs": classifier.epochs_for(len(data.train)),
        "images": {"train": len(data.train), "test": len(data.test), "shape": list(data.shape)},
        "class_names": list(data.class_names),
        "parameters": model.count_params(),
        "seconds": round(time.perf_counter() - start, 1),
        "threads": threads,
    }
    with atomic(record) as part:
        part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    with job(snakemake.log[0]), gpus.one_of_its_own():
        train_classifier(
            images=snakemake.input.images,
            threads=snakemake.threads,
            dataset=snakemake.wildcards.dataset,
            network=snakemake.output.network,
            record=snakemake.output.record,
        )
