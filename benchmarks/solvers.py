"""How samples of a second stage depend on the solver, its steps and the guidance.

python -m benchmarks.solvers results/cifar10/ld_512 --steps 10 25 50 --guidance 1 2 --out FOLDER

Fréchet distances by the product's own protocol: as many images as sample_quality.json compares,
by the dataset's classifier, which lies beside the run. Each solver takes the same noise. What a
sample costs is how often the velocity is computed for it; with a guidance other than 1 each time
takes two passes. Writes solvers.csv and solvers.png.

Euler's method; Adams and Bashforth's of two steps, which extrapolates from the velocity before;
Heun's, which computes two velocities a step.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from vae.data import images
from vae.data.pixels import to_uint8
from vae.evaluation.sample_quality import frechet_distance, precision_recall
from vae.figures.colours import COLOURS
from vae.figures.sheet import save, sheet, styled
from vae.latent import sampling, second_stage
from vae.latent.onnx import Classifier, Decoder, Velocity, slices
from vae.services.files import atomic

DASHES = {"Euler": ":", "Adams-Bashforth": "-", "Heun": "--"}

Field = Callable[[np.ndarray, float], np.ndarray]


def euler(z: np.ndarray, velocity: Field, steps: int) -> np.ndarray:
    for step in range(steps):
        z = z + velocity(z, step / steps) / steps
    return z


def adams_bashforth(z: np.ndarray, velocity: Field, steps: int) -> np.ndarray:
    before = None
    for step in range(steps):
        now = velocity(z, step / steps)
        z = z + (now if before is None else 1.5 * now - 0.5 * before) / steps
        before = now
    return z


def heun(z: np.ndarray, velocity: Field, steps: int) -> np.ndarray:
    """With half as many steps, since each takes two velocities; the last is one of Euler's."""
    steps = (steps + 1) // 2
    for step in range(steps):
        now = velocity(z, step / steps)
        if step + 1 < steps:
            now = (now + velocity(z + now / steps, (step + 1) / steps)) / 2
        z = z + now / steps
    return z


SOLVERS = {"Euler": euler, "Adams-Bashforth": adams_bashforth, "Heun": heun}


def measure(
    folder: Path, count: int, steps: Sequence[int], guidances: Sequence[float]
) -> Iterator[dict[str, float | str]]:
    """A row for each solver, number of velocities and guidance."""
    data = images.load(folder.parent / "images.npz")
    classifier = Classifier(folder.parent / "classifier.onnx", 2)
    decoder = Decoder(folder / "decoder.onnx", 2)
    velocity = Velocity(folder / "second_stage.onnx", 2)
    test = data.test[np.random.default_rng(0).permutation(len(data.test))[:count]]
    real, _ = classifier(test.pixels)
    for guidance in guidances:
        for number in steps:
            for name, solve in SOLVERS.items():
                noise = np.random.default_rng(0).standard_normal(
                    (len(test), velocity.latent_dim), np.float32
                )
                found = []
                for part in slices(len(test), second_stage.TOGETHER):
                    labels = test.labels[part]
                    z = solve(noise[part], second_stage.guided(velocity, labels, guidance), number)
                    z = sampling.with_detail(z, decoder.latent_size, 0, sampling.TEMPERATURE)
                    found.append(classifier(to_uint8(decoder(z, labels)))[0])
                seen = np.concatenate(found)
                yield {
                    "solver": name,
                    "velocities": number,
                    "guidance": guidance,
                    "frechet_distance": frechet_distance(real, seen),
                    "recall": precision_recall(real, seen)[1],
                }


@styled
def draw(rows: pd.DataFrame, title: str) -> Figure:
    """Fréchet distance against velocities a sample: a colour a guidance, dashes a solver."""
    figure = sheet(900, 640, "How many steps?", title, "constrained")
    axes = figure.subplots()
    for (guidance, of_guidance), colour in zip(rows.groupby("guidance"), COLOURS, strict=False):
        for solver, line in of_guidance.groupby("solver", sort=False):
            style = {"color": colour, "linestyle": DASHES[solver], "marker": "o", "markersize": 4}
            label = f"guidance {guidance:g}, {solver}"
            axes.plot(line["velocities"], line["frechet_distance"], label=label, **style)
    axes.set(xscale="log", xlabel="velocities a sample", ylabel="Fréchet distance of samples")
    ticks = sorted(set(rows["velocities"]))
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.minorticks_off()
    axes.set_ylim(0, 1.05 * rows["frechet_distance"].max())
    axes.grid(axis="y")
    axes.legend(fontsize="x-small")
    return figure


def main(arguments: Sequence[str]) -> None:
    """Print a line a measurement; write the table and the picture."""
    options = _options(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for row in measure(options.run, options.images, options.steps, options.guidance):
        rows.append(row)
        print(*(f"{v:.3f}" if isinstance(v, float) else v for v in row.values()), flush=True)
        with atomic(options.out / "solvers.csv") as part:
            pd.DataFrame(rows).to_csv(part, index=False, float_format="%.4g")
    title = f"{options.run.parent.name} {options.run.name}, {options.images} images"
    save(draw(pd.DataFrame(rows), title), options.out / "solvers.png")


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m benchmarks.solvers", description=__doc__.splitlines()[0]
    )
    parser.add_argument("run", type=Path, help="for example results/cifar10/ld_512")
    parser.add_argument("--steps", type=int, nargs="+", default=[10, 25, 50])
    parser.add_argument("--guidance", type=float, nargs="+", default=[1.0, second_stage.GUIDANCE])
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--out", type=Path, required=True, help="folder for what is written")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
