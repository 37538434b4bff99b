"""The training of a run, from its images to its files."""

import logging
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vae.data import images
from vae.data.images import Images
from vae.plan.config import RunSettings
from vae.services import gpus, records
from vae.services.checkpoints import Checkpoints, identity
from vae.services.files import atomic
from vae.services.heartbeats import Heartbeat

if TYPE_CHECKING:
    from vae.models import Group

logger = logging.getLogger(__name__)


def train(
    path_to_images: str,
    settings: dict[str, Any],
    code: str,
    names: dict[str, str],
    threads: int,
    outputs: dict[str, str],
) -> None:
    """Fit a run to the images of an npz file; write its models, its history and its record.

    Goes on from the checkpoint of a training that was interrupted, and keeps a heartbeat meanwhile.

    settings: the values of `RunSettings`; code: fingerprint of what trains; names: dataset and run;
    outputs: paths of encoder, decoder, vae (.keras), encoder_onnx, posterior_onnx, decoder_onnx,
    history, record.
    """
    folder = Path(outputs["record"]).parent
    run = RunSettings(**settings)
    with (
        Heartbeat(folder / "logs/heartbeat.json", run.epochs) as heartbeat,
        gpus.reserved(),
        Checkpoints(
            folder=folder.parent / ".checkpoints" / folder.name,
            identity=identity(settings, code, path_to_images),
            threads=threads,
            on_epoch=heartbeat.epoch_done,
        ) as checkpoints,
    ):
        _train(path_to_images, run, checkpoints, heartbeat, names | {"settings": settings}, outputs)


def _train(
    path_to_images: str,
    run: RunSettings,
    checkpoints: Checkpoints,
    heartbeat: Heartbeat,
    record: dict[str, Any],
    outputs: dict[str, str],
) -> None:
    # TensorFlow takes seconds to import, so only once the log and the heartbeat are there.
    from vae.training import engine, export, fit

    start = time.perf_counter() - sum(row["seconds"] for row in checkpoints.rows)
    engine.use_gpus()
    running = engine.start(run, checkpoints.threads)
    export.check()
    data = images.load(path_to_images, shuffled=True)
    heartbeat.images = len(data.train)
    counts = {"train": len(data.train), "test": len(data.test), "shape": list(data.shape)}
    logger.info("%(train)d training and %(test)d test images, %(shape)s", counts)
    vae, history = fit.train(data, run, running, checkpoints)

    networks = export.networks(vae)
    export.save_keras(networks, outputs["encoder"], outputs["decoder"], outputs["vae"])
    export.save_onnx(
        networks,
        outputs["encoder_onnx"],
        outputs["posterior_onnx"],
        outputs["decoder_onnx"],
        about(data, record, run, vae.groups),
    )
    with atomic(outputs["history"]) as part:
        history.to_csv(part, index=False, float_format="%.9g")
    record |= {
        "images": counts,
        "preparation": dict(data.preparation),
        "class_names": list(data.class_names),
        "final": history.iloc[-1].to_dict(),
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
