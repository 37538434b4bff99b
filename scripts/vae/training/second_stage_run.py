"""The training of a second stage, from images and a trained run to its files."""

import hashlib
import importlib
import logging
import math
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.format import open_memmap

from vae.data import images
from vae.data.images import Images, Split
from vae.latent.onnx import BATCH, slices
from vae.latent.posteriors import ApproximatePosterior
from vae.plan.config import SecondStageTraining
from vae.plan.run_settings import RunSettings
from vae.services import gpus, records
from vae.services.checkpoints import Checkpoints, identity
from vae.services.files import atomic
from vae.services.progress import Progress

logger = logging.getLogger(__name__)


def train(
    path_to_images: str,
    path_to_encoder: str,
    path_to_posterior: str,
    path_to_run: str,
    settings: dict[str, Any],
    code: str,
    threads: int,
    outputs: dict[str, str],
) -> None:
    """Fit a second stage to the codes of a run; write its network, its history and its record.

    Goes on from the checkpoint of a training that was interrupted.

    settings: the values of `SecondStageTraining`; code: fingerprint of what trains; outputs: paths
    of network (.keras), onnx, history, record.
    """
    run = records.read(path_to_run)
    folder = Path(path_to_run).parent
    weights = hashlib.sha256(Path(path_to_posterior).read_bytes()).hexdigest()
    depends_on = {"settings": settings, "run": run["settings"], "weights": weights}
    with (
        gpus.reserved(),
        Checkpoints(
            folder=folder.parent / ".checkpoints" / f"{folder.name}.second_stage",
            identity=identity(depends_on, code, path_to_images),
            threads=threads,
        ) as checkpoints,
    ):
        posterior = ApproximatePosterior(path_to_encoder, path_to_posterior, checkpoints.threads)
        _train(images.load(path_to_images), posterior, run, settings, checkpoints, outputs)


def _train(
    data: Images,
    posterior: ApproximatePosterior,
    run: dict[str, Any],
    settings: dict[str, Any],
    checkpoints: Checkpoints,
    outputs: dict[str, str],
) -> None:
    # TensorFlow takes seconds to import, so only once the log is there.
    from vae.training import engine, export, second_stage

    start = time.perf_counter() - sum(row["seconds"] for row in checkpoints.rows)
    engine.use_gpus()
    values = RunSettings(**run["settings"])
    running = engine.choose(values, checkpoints.threads)
    engine.use_threads(checkpoints.threads)
    export.check()
    flip, seed = values.flip, values.seed
    held_out, split = data.held_out
    train, measured = (
        second_stage.Gaussians(
            *_encoded(some, posterior, mirrored, seed, checkpoints.folder / name),
            some.labels,
            mirrored,
        )
        for name, some, mirrored in (("train", data.train, flip), (held_out, split, False))
    )
    labelled = all((codes.labels >= 0).all() for codes in (train, measured))
    classes = len(data.class_names) if labelled and len(data.class_names) > 1 else 0
    network, history = second_stage.train(
        train,
        (held_out, measured),
        *(_code_shape(data, values), classes, SecondStageTraining(**settings), seed),
        *(checkpoints, running.precision),
    )
    export.save_model(network, outputs["network"])
    about = {"dataset": run["dataset"], "run": run["run"]}
    about |= {"class_names": list(data.class_names) if classes else []}
    export.write_onnx(network, outputs["onnx"], about)
    with atomic(outputs["history"]) as part:
        history.to_csv(part, index=False, float_format="%.9g")
    record = {
        "dataset": run["dataset"],
        "run": run["run"],
        "settings": settings,
        "final": history.iloc[-1].to_dict(),
        "seconds": round(time.perf_counter() - start, 1),
        "threads": checkpoints.threads,
        **engine.environment(running),
        "parameters": network.count_params(),
    }
    records.write(record, outputs["record"])


def _code_shape(data: Images, run: RunSettings) -> tuple[int, ...]:
    """(H, W, C) if a code of the run's network is a map, else (D,)."""
    network = importlib.import_module(f"vae.models.{run.model}")
    if hasattr(network, "code_shape"):
        return network.code_shape(data.shape, run)
    return (run.latent_dim,)


def _encoded(
    split: Split, posterior: ApproximatePosterior, flip: bool, seed: int, path: Path
) -> tuple[np.ndarray, np.ndarray | None]:
    """Mean and log-variance of q of each image's code, in files: float32 [N, D] or [2N, D].

    Where q is not normal, one draw from it, and None. flip: then of each mirrored image.
    """
    shape = (len(split) * (1 + flip), posterior.latent_dim)
    mean, log_var = (
        open_memmap(f"{path}_{name}.npy", "w+", np.float32, shape) for name in ("mean", "log_var")
    )
    rng, progress = np.random.default_rng(seed), Progress(logger)
    for mirrored in (False, True)[: 1 + flip]:
        for part in slices(len(split), BATCH // math.prod(split.pixels.shape[1:])):
            some, start = split[part], part.start + mirrored * len(split)
            progress.info("codes: %d of %d", start, len(mean))
            if mirrored:
                some = replace(some, pixels=some.pixels[:, :, ::-1])
            q = posterior(some)
            rows = slice(start, start + len(some))
            if posterior.gaussian:
                mean[rows], log_var[rows] = q.z, q.z_log_var
            else:
                noise = rng.standard_normal((len(some), 1, q.z.shape[1]), np.float32)
                mean[rows] = q.draw(noise).z[:, 0, : posterior.latent_dim]
    return mean, log_var if posterior.gaussian else None
