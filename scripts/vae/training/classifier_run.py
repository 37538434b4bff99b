"""The training of a dataset's classifier, from its images to its files."""

import time

from vae.data import images
from vae.services import gpus, records


def train(
    path_to_images: str, dataset: str, threads: int, path_to_network: str, path_to_record: str
) -> None:
    """Write classifier.onnx, and how it was trained and how good it is to classifier.json."""
    with gpus.reserved():
        _train(path_to_images, dataset, threads, path_to_network, path_to_record)


def _train(
    path_to_images: str, dataset: str, threads: int, path_to_network: str, path_to_record: str
) -> None:
    # TensorFlow takes seconds to import, so only once the log is there.
    from vae.training import classifier, engine, export

    start = time.perf_counter()
    engine.use_threads(threads)
    engine.use_gpus()
    data = images.load(path_to_images, shuffled=True)
    model, accuracy = classifier.fit(data)
    export.write_onnx(model, path_to_network)
    record = {
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
    records.write(record, path_to_record)
