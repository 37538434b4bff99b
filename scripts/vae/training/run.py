"""The training of a run, from its images to its files."""

import hashlib
import logging
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vae.data import images
from vae.data.images import Images
from vae.plan.run_settings import RunSettings
from vae.services import gpus, records, warning_texts
from vae.services.checkpoints import Checkpoints, identity
from vae.services.files import atomic
from vae.services.heartbeats import Heartbeat

if TYPE_CHECKING:
    from vae.models import Group

logger = logging.getLogger(__name__)


def train(
    path_to_images: str,
    paths_to_weights: Sequence[str],
    settings: dict[str, Any],
    code: str,
    names: dict[str, str],
    threads: int,
    outputs: dict[str, str],
    tensorboard: bool | int = False,
) -> None:
    """Fit a run to the images of an npz file; write its models, its history and its record.

    Goes on from the checkpoint of a training that was interrupted, and keeps a heartbeat meanwhile.

    paths_to_weights: of the run whose weights this one starts with, if it does so; settings: the
    values of `RunSettings`; code: fingerprint of what trains; names: dataset and run; outputs:
    paths of encoder, decoder, vae (.keras), encoder_onnx, posterior_onnx, decoder_onnx, weights,
    history, record; tensorboard: whether to write event files, with samples every five epochs, or
    every so many.
    """
    folder = Path(outputs["record"]).parent
    start = [hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in paths_to_weights]
    record = names | {"settings": settings, "init_from_sha256": start}
    with (
        Heartbeat(folder / "logs/heartbeat.json") as heartbeat,
        gpus.reserved(),
        Checkpoints(
            folder=folder.parent / ".checkpoints" / folder.name,
            identity=identity({"settings": settings, "start": start}, code, path_to_images),
            threads=threads,
            on_epoch=heartbeat.epoch_done,
        ) as checkpoints,
    ):
        _train(
            *(path_to_images, paths_to_weights, checkpoints, heartbeat),
            *(record, outputs, tensorboard),
        )


def _train(
    path_to_images: str,
    paths_to_weights: Sequence[str],
    checkpoints: Checkpoints,
    heartbeat: Heartbeat,
    record: dict[str, Any],
    outputs: dict[str, str],
    tensorboard: bool | int,
) -> None:
    # TensorFlow takes seconds to import, so only once the log and the heartbeat are there.
    from vae.training import defaults, engine, export, fit, trouble, weights
    from vae.training.event_files import event_files

    start = time.perf_counter() - sum(row["seconds"] for row in checkpoints.rows)
    data = images.load(path_to_images, shuffled=True)
    run = RunSettings(**record["settings"])
    run = defaults.resolved(run, len(data.train), data.validation is not None)
    heartbeat.images, heartbeat.state.epochs = len(data.train), run.epochs
    engine.use_gpus()
    running = engine.start(run, checkpoints.threads)
    export.check()
    counts = {"train": len(data.train), "test": len(data.test), "shape": list(data.shape)}
    logger.info("%(train)d training and %(test)d test images, %(shape)s", counts)
    folder = Path(outputs["record"]).parent / "logs/tensorboard"
    events = event_files(folder, tensorboard, checkpoints.rows)
    start_with = next(iter(paths_to_weights), None)
    vae, history, kept_epoch = fit.train(data, run, running, checkpoints, start_with, events)
    warnings = trouble.found(history, run, len(data.train), kept_epoch)
    for text in warning_texts.sentences(warnings):
        logger.warning("%s", text)

    networks = export.networks(vae)
    export.save_keras(networks, outputs["encoder"], outputs["decoder"], outputs["vae"])
    export.save_onnx(
        networks,
        outputs["encoder_onnx"],
        outputs["posterior_onnx"],
        outputs["decoder_onnx"],
        about(data, record, run, vae.groups),
    )
    weights.save(vae, outputs["weights"])
    with atomic(outputs["history"]) as part:
        history.to_csv(part, index=False, float_format="%.9g")
    record |= {
        "images": counts,
        "preparation": dict(data.preparation),
        "class_names": list(data.class_names),
        "resolved": run.model_dump(exclude_none=True),
        "epochs": len(history),
        "kept_epoch": kept_epoch,
        "warnings": warnings,
        "final": history.iloc[kept_epoch - 1].to_dict(),
        "seconds": round(time.perf_counter() - start, 1),
        "threads": checkpoints.threads,
        **engine.environment(running),
        "latent_size": vae.latent_size,
        "parameters": sum(math.prod(weight.shape) for weight in vae.trainable_variables),
        "architecture": export.architecture(vae, networks),
    }
    records.write(record, outputs["record"])


def about(
    data: Images, names: dict[str, Any], run: RunSettings, groups: Sequence["Group"]
) -> dict[str, Any]:
    """What the metadata of a run's ONNX files say; names: `dataset` and `run`; groups: of z."""
    height, width, channels = data.shape
    image = {"dtype": "float32", "range": [0, 1], "layout": "N x H x W x C"}
    image |= {"height": height, "width": width, "channels": channels}
    return {
        "dataset": names["dataset"],
        "run": names["run"],
        "image": image | {"preparation": dict(data.preparation)},
        "class_names": list(data.class_names),
        "latent": {
            "groups": [
                {"name": group.name, "dimensions": group.size, "shape": list(group.shape)}
                for group in groups
            ],
            "prior": run.prior,
            "posterior": "hierarchical" if groups[1:] else "gaussian",
        },
        "likelihood": run.likelihood,
    }
