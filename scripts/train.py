"""Train the variational autoencoder of one run."""

import json
import logging
import platform
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from scripts.vae.files import atomic
from scripts.vae.jobs import job

logger = logging.getLogger(__name__)

PACKAGES = ("keras", "numpy", "onnx", "onnxruntime", "tf2onnx")


def train(
    images: str,
    run: dict[str, Any],
    threads: int,
    outputs: dict[str, str],
    title: dict[str, str],
) -> None:
    """Fit a run on the images of an npz file; write its models, history and run.json."""
    import keras  # 5 s: after the log is open, so that it shows what takes the time

    from scripts.vae import export, training
    from scripts.vae.images import load

    start = time.perf_counter()
    training.use_threads(threads)
    data = load(images)
    logger.info("%(dataset)s, %(run)s", title)
    logger.info("%d training images, %d test images, %s", len(data.train), len(data.test), data.shape)
    vae, history = training.fit(data, run)

    export.save_keras(vae, outputs["encoder"], outputs["decoder"], outputs["vae"])
    export.save_onnx(vae, outputs["encoder_onnx"], outputs["decoder_onnx"])
    with atomic(outputs["history"]) as part:
        history.round(6).to_csv(part, index=False)
    record = title | {
        "settings": run,
        "images": {"train": len(data.train), "test": len(data.test), "shape": list(data.shape)},
        "class_names": list(data.class_names),
        "final": history.iloc[-1].to_dict(),
        "seconds": round(time.perf_counter() - start, 1),
        "threads": threads,
        "engine": training.engine(vae, 50),
        "devices": keras.distribution.list_devices(),
        "machine": f"{platform.system()} {platform.machine()}",
        "versions": {"python": platform.python_version(), keras.backend.backend(): _backend()}
        | {name: version(name) for name in PACKAGES},
        "parameters": int(vae.encoder.count_params() + vae.decoder.count_params()),
        "architecture": export.architecture(vae),
    }
    with atomic(outputs["record"]) as part:
        Path(part).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _backend() -> str:
    import keras

    return __import__(keras.backend.backend()).__version__


if __name__ == "__main__":
    with job(snakemake.log[0]):
        train(
            images=snakemake.input.images,
            run=snakemake.params.run,
            threads=snakemake.threads,
            outputs=dict(snakemake.output.items()),
            title=dict(snakemake.wildcards.items()),
        )
