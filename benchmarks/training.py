"""How fast networks train, beside PyTorch, Keras on JAX, a straight port, and the machine's limit.

python -m benchmarks.training [--cases mlp,conv92] [--engines ours,port] [--rounds 5]

Each engine is a process of its own; those of a case take turns. Writes training.csv, training.json
(the machine) and training.png into `--out`. docs/benchmarks.md says what they mean.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks import OUT, ROOT, networks, peers, plots
from benchmarks.cases import CASES, ENGINES, Case, engines, some_of
from benchmarks.workers import Answer, Worker, WorkerError, alternate, module
from vae.services.cores import available_cores
from vae.services.files import atomic


def measure(
    case: Case,
    names: Sequence[str],
    rounds: int,
    threads: int,
    peer: str | None,
    images: int | None = None,
) -> dict[str, list[Answer]]:
    """The answers of each engine that works here, one a round.

    peer: interpreter of the peers' environment. images: of an epoch; as the case says by default.
    """
    workers: dict[str, Worker] = {}
    with ExitStack() as stack:
        for name in names:
            engine = ENGINES[name]
            if engine.peer and peer is None:
                continue
            job = {
                "kind": engine.kind,
                "options": engine.options,
                "run": case.run,
                "image_shape": case.image_shape,
                "images": images or (case.few if engine.slow else case.images),
                "threads": threads,
            }
            python = peer if engine.peer else None
            command = module(python, "benchmarks.worker", json.dumps(job))
            env = _environment(engine.backend, threads)
            worker = stack.enter_context(Worker(command, env))
            start = time.perf_counter()
            try:
                worker.answer()
            except WorkerError as error:
                _say(f"{name} is left out: {error}")
                continue
            workers[name] = worker
            _say(f"{name} is warm after {time.perf_counter() - start:.0f} s")
        return alternate(workers, rounds, _say)


def rows(name: str, case: Case, answers: dict[str, list[Answer]]) -> list[dict[str, Any]]:
    """A row an engine: medians over rounds, and what they are to those of `ours` and the limits.

    ratio: images/s of ours over this engine's. memory_ratio: peak memory likewise.
    """
    flops = networks.training_flops(networks.build(case.image_shape, case.run))
    speeds = {engine: _speeds(engine, given, flops) for engine, given in answers.items()}
    medians = {engine: statistics.median(values) for engine, values in speeds.items()}
    peaks = {engine: given[-1]["peak_mb"] for engine, given in answers.items()}
    result = []
    for engine, values in speeds.items():
        gemm = ENGINES[engine].kind == "gemm"
        row = {
            "case": name,
            "engine": engine,
            "images_per_second": medians[engine],
            "lowest": min(values),
            "highest": max(values),
            "ratio": _over("ours", engine, medians),
            "gflops_per_second": medians[engine] * flops / 1e9,
            "share_of_float32": _over(engine, "gemm_float32", medians),
            "share_of_bfloat16": _over(engine, "gemm_bfloat16", medians),
            "peak_memory_mb": None if gemm else peaks[engine],
            "memory_ratio": None if gemm else _over("ours", engine, peaks),
            "rounds": len(values),
            "versions": " ".join(f"{k}={v}" for k, v in answers[engine][-1]["versions"].items()),
        }
        result.append(row)
    return result


def machine() -> dict[str, Any]:
    """What the figures depend on beside the code: processor, memory, system, threads."""
    name, flags = _processor()
    interesting = ("avx2", "avx512f", "avx512_bf16", "avx512_fp16", "amx_bf16", "amx_tile")
    return {
        "processor": name,
        "instructions": [flag for flag in interesting if flag in flags],
        "cores": available_cores(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def _speeds(engine: str, answers: list[Answer], flops: int) -> list[float]:
    """Images a second in each round; of the limits, those that their FLOP/s would be enough for."""
    unit = flops if ENGINES[engine].kind == "gemm" else 1
    return [answer["work"] / answer["seconds"] / unit for answer in answers]


def _over(above: str, below: str, values: dict[str, float]) -> float | None:
    return values[above] / values[below] if above in values and below in values else None


def _environment(backend: str, threads: int) -> dict[str, str]:
    pools = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    own = {"KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "2"}
    no_gpu = {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}
    return os.environ | own | no_gpu | dict.fromkeys(pools, str(threads))


def _processor() -> tuple[str, set[str]]:
    """Its name and what it can do."""
    path = Path("/proc/cpuinfo")
    if path.exists():
        lines = (line.partition(":") for line in path.read_text(encoding="utf-8").splitlines())
        facts = {key.strip(): value.strip() for key, _, value in lines}
        return facts.get("model name", platform.machine()), set(facts.get("flags", "").split())
    command = ["sysctl", "-n", "machdep.cpu.brand_string"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or platform.machine(), set()


def _say(text: str) -> None:
    print(f"  {text}", flush=True)


def main(arguments: Sequence[str]) -> None:
    """Measure, and write what came out after each case."""
    options = _options(arguments)
    names = [name for name in ENGINES if name in options.engines]
    peer = peers.python() if any(ENGINES[name].peer for name in names) else None
    facts = machine() | {"threads": options.threads, "rounds": options.rounds}
    table: list[dict[str, Any]] = []
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.cases:
        case = CASES[name]
        print(f"{name}: {case.dataset}, {'x'.join(map(str, case.image_shape))}", flush=True)
        chosen = engines(case, names)
        answers = measure(case, chosen, options.rounds, options.threads, peer, options.images)
        found = rows(name, case, answers)
        for row in found:
            _say(
                f"{row['engine']:<24}{row['images_per_second']:>10,.0f} images/s"
                + (f", ours {row['ratio']:.2f} times" if row["ratio"] else "")
            )
        table += found
        if all(ENGINES[row["engine"]].kind == "gemm" for row in table):
            continue
        frame = pd.DataFrame(table)
        with atomic(options.out / "training.csv") as part:
            frame.to_csv(part, index=False, float_format="%.4g")
        with atomic(options.out / "training.json") as part:
            part.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
        plots.save_training(frame, facts, options.out / "training.png")
    if not table:
        raise SystemExit("No engine could be measured: see above.")


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m benchmarks.training", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--cases", type=some_of(CASES), default=list(CASES), help=", ".join(CASES))
    parser.add_argument(
        "--engines", type=some_of(ENGINES), default=list(ENGINES), help=", ".join(ENGINES)
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--images", type=int, help="of an epoch (default: each case has its own)")
    parser.add_argument("--out", type=Path, default=OUT, help="folder for what is written")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
