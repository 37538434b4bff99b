"""Train the variational autoencoder of one run."""

import json
import logging
import time
from typing import Any

from vae.data.images import load
from vae.services import gpus
from vae.services.checkpoints import Checkpoints, identity
from vae.services.files import atomic
from vae.services.heartbeats import Heartbeat
from vae.services.jobs import job

logger = logging.getLogger("vae.train")  # not __main__, which no handler hears


def train(
    images: str,
    run: dict[str, Any],
    checkpoints: Checkpoints,
    heartbeat: Heartbeat,
    names: dict[str, str],
    outputs: dict[str, str],
) -> None:
    """Fit a run on the images of an npz file; write its models, its history and its record."""
    # TensorFlow takes seconds, so only once the log is open.
    from vae.training import engine, export, fit

    start = time.perf_counter() - sum(row["seconds"] for row in checkpoints.rows)
    gpus.use()
    chosen = engine.start(run, checkpoints.threads)
    export.check()
    data = load(images)
    heartbeat.images = len(data.train)
    counts = {"train": len(data.train), "test": len(data.test), "shape": list(data.shape)}
    logger.info("%(train)d training and %(test)d test images, %(shape)s", counts)
    vae, history = fit.fit(data, run, chosen, checkpoints)

    export.save_keras(vae, outputs["encoder"], outputs["decoder"], outputs["vae"])
    export.save_onnx(vae, outputs["encoder_onnx"], outputs["decoder_onnx"])
    with atomic(outputs["history"]) as part:
        history.to_csv(part, index=False, float_format="%.9g")
    record = names | {
        "settings": run,
        "images": counts,
        "class_names": list(data.class_names),
        "final": history.iloc[-1].to_dict(),
        "seconds": round(time.perf_counter() - start, 1),
        "threads": checkpoints.threads,
        **engine.environment(chosen),
        "parameters": vae.encoder.count_params() + vae.decoder.count_params(),
        "architecture": export.architecture(vae),
    }
    with atomic(outputs["record"]) as part:
        part.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    with (
        job(snakemake.log[0]),
        Heartbeat(
            f"results/{snakemake.wildcards.dataset}/{snakemake.wildcards.run}/logs/heartbeat.json",
            snakemake.params.run["epochs"],
        ) as heartbeat,
        gpus.one_of_its_own(),
        Checkpoints(
            folder=f"results/{snakemake.wildcards.dataset}/.checkpoints/{snakemake.wildcards.run}",
            identity=identity(snakemake.params.run, snakemake.params.code, snakemake.input.images),
            threads=snakemake.threads,
            on_epoch=heartbeat.epoch_done,
        ) as checkpoints,
    ):
        train(
            images=snakemake.input.images,
            run=snakemake.params.run,
            checkpoints=checkpoints,
            heartbeat=heartbeat,
            names=dict(snakemake.wildcards.items()),
            outputs=dict(snakemake.output.items()),
        )
