"""How good networks are after the same epochs: trained by this project, and by the straight port.

python -m benchmarks.parity mnist=results/mnist/images.npz [--epochs 5] [--seeds 3]
    [--engines ours,float32] [--set model=conv]

For each dataset named, its first configured run. All are exported to ONNX, and -ELBO is computed
in float32 on the same test images with the same draws. Writes parity.csv into `--out`.
"""

import argparse
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from benchmarks import OUT
from benchmarks.cases import first_run, settings, some_of
from benchmarks.worker import keep_to
from vae import likelihoods
from vae.data import images
from vae.evaluation import bounds
from vae.latent.onnx import Decoder
from vae.latent.posteriors import ApproximatePosterior
from vae.services.files import atomic

ENGINES = ("ours", "float32", "port")  # float32: ours, without bfloat16
DRAWS = 4  # z an image
LATENT = {"prior": "normal", "posterior": "gaussian"}


def compare(
    path: str, run: dict[str, Any], engines: Sequence[str], threads: int
) -> dict[str, float]:
    """-ELBO on the test images of an npz file, in nats an image, by engine.

    Each training is a process of its own.
    """
    context = multiprocessing.get_context("spawn")
    found = {}
    for engine in engines:
        with ProcessPoolExecutor(1, context) as pool:
            found[engine] = pool.submit(_loss, engine, path, run, threads).result()
    return found


def evaluate(path: str, encoder: Path, decoder: Path, likelihood: str, seed: int) -> float:
    """-ELBO of two ONNX files on the test images, in nats an image."""
    test = images.load(path).test
    posterior = ApproximatePosterior(encoder, "")(test)
    log_prob = likelihoods.get(likelihood).log_likelihood
    log_p, kl = bounds.terms(posterior, Decoder(decoder), log_prob, DRAWS, seed)
    return float(kl.sum(axis=2).mean() - log_p.mean())


def _loss(name: str, path: str, run: dict[str, Any], threads: int) -> float:
    keep_to(threads)
    data = images.load(path)

    from benchmarks import port
    from vae.plan.run_settings import RunSettings
    from vae.training import engine, export, fit

    if name == "port":
        engine.use_threads(threads)
        encoder, decoder = port.fit(data.train.pixels, run)
        networks = (export.with_code(encoder), decoder)
    else:
        run = run | {"precision": {"float32": "float32"}.get(name, run["precision"])}
        settings = RunSettings(**run)
        vae = fit.train(data, settings, engine.start(settings, threads)).vae
        networks = export.networks(vae)[:2]
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, f"{network.name}.onnx") for network in networks]
        for network, file in zip(networks, files, strict=True):
            export.write_onnx(network, file, {"latent": LATENT})
        return evaluate(path, *files, run["likelihood"], run["seed"])


def main(arguments: Sequence[str]) -> None:
    """Print a line a training, and write the table."""
    options = _options(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    rows = []
    for dataset, path in options.datasets:
        for seed in range(options.seeds):
            run = first_run(dataset, options.set | {"epochs": options.epochs, "seed": seed})
            found = compare(path, run, options.engines, options.threads)
            values = ("model", "latent_dim", "batch_size", "epochs", "seed")
            rows.append({"dataset": dataset} | {key: run[key] for key in values} | found)
            print(
                f"{dataset}, {run['model']}, {options.epochs} epochs, seed {seed}: −ELBO in nats "
                "an image " + ", ".join(f"{name} {loss:.2f}" for name, loss in found.items()),
                flush=True,
            )
            options.out.mkdir(parents=True, exist_ok=True)
            with atomic(options.out / "parity.csv") as part:
                pd.DataFrame(rows).to_csv(part, index=False, float_format="%.6g")


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m benchmarks.parity", description=__doc__.splitlines()[0]
    )
    parser.add_argument("datasets", nargs="+", type=_dataset, help="for example mnist=PATH")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=1, help="how many, from 0 on")
    parser.add_argument(
        "--engines", type=some_of(ENGINES), default=["ours", "port"], help=", ".join(ENGINES)
    )
    parser.add_argument("--set", type=_setting, nargs="+", default=[], help="model=conv, for one")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=OUT, help="folder for what is written")
    options = parser.parse_args(arguments)
    options.set = dict(options.set)
    return options


def _setting(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    return name, yaml.safe_load(value)


def _dataset(text: str) -> tuple[str, str]:
    name, _, path = text.partition("=")
    if name not in settings().runs:
        raise argparse.ArgumentTypeError(f"no dataset {name!r} in config/config.yaml")
    if not Path(path).is_file():
        raise argparse.ArgumentTypeError(f"{name}: no file {path!r}; NAME=PATH is wanted")
    return name, path


if __name__ == "__main__":
    main(sys.argv[1:])
