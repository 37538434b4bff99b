"""The training of a dataset's classifier, from its images to its files."""

import logging
import time
from pathlib import Path

import numpy as np

from vae.data import images
from vae.data.images import Images
from vae.services import gpus, records
from vae.services.files import atomic

logger = logging.getLogger(__name__)


def train(
    path_to_images: str, dataset: str, threads: int, path_to_network: str, path_to_record: str
) -> None:
    """Write classifier.onnx, and how it was trained and how good it is to classifier.json.

    With fewer than two classes there is nothing to learn: classifier.onnx is empty then, and
    classifier.json says why.
    """
    data = images.load(path_to_images, shuffled=True)
    about = {
        "dataset": dataset,
        "images": {"train": len(data.train), "test": len(data.test), "shape": list(data.shape)},
        "class_names": list(data.class_names),
    }
    reason = _nothing_to_learn(data)
    if reason:
        logger.info("no classifier: %s", reason)
        with atomic(path_to_network) as part:
            Path(part).touch()
        records.write(about | {"reason": reason}, path_to_record)
        return
    with gpus.reserved():
        _train(data, about, threads, path_to_network, path_to_record)


def _nothing_to_learn(data: Images) -> str:
    """Why there are no two classes to tell apart; empty if there are."""
    classes = np.unique(data.train.labels[data.train.labels >= 0])
    if len(classes) > 1:
        return ""
    count = "one class" if len(classes) else "no classes"
    return f"the training images have {count}, and a classifier tells classes apart"


def _train(
    data: Images, about: dict, threads: int, path_to_network: str, path_to_record: str
) -> None:
    # TensorFlow takes seconds to import, so only once the log is there.
    from vae.training import classifier, engine, export

    start = time.perf_counter()
    engine.use_threads(threads)
    engine.use_gpus()
    model, accuracy = classifier.fit(data)
    export.write_onnx(model, path_to_network)
    record = about | {
        "test_accuracy": {
            "value": accuracy,
            "unit": "share of images",
            "images": int((data.test.labels >= 0).sum()),
        },
        "protocol": classifier.FROZEN,
        "epochs": classifier.epochs_for(len(data.train)),
        "parameters": model.count_params(),
        "seconds": round(time.perf_counter() - start, 1),
        "threads": threads,
    }
    records.write(record, path_to_record)
