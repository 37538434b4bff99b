"""The metrics of generated images: one table of them, and their names among a run's metrics."""
# ruff: noqa: E501, since the rows of a table are lines

from typing import Any

# Of images from one origin, compared with test images: title, unit, and whether more is better (1),
# less is (-1) or neither (0). `vae.plan` reads both tables from this source: units are parameters
# of the rule that evaluates samples, both tables are parameters of the rule that compares.
# fmt: off
METRICS = {
    "frechet_distance": ("Fréchet distance", "squared difference of features", -1),
    "kernel_distance": ("kernel distance", "squared mean discrepancy", -1),
    "precision": ("precision", "share of generated images", 1),
    "recall": ("recall", "share of test images", 1),
    "density": ("density", "1", 0),
    "coverage": ("coverage", "share of test images", 1),
    "classes_covered": ("classes covered", "share of classes", 1),
}
# Where images come from: title, and the metrics that comparison.csv has of them. `generation.CODES`
# has the functions; the floor is real images, so what a perfect model would have.
ORIGINS = {
    "prior": ("prior", ("frechet_distance", "kernel_distance", "precision", "recall", "coverage", "classes_covered")),
    "tempered": ("prior, detail at 0.8", ("frechet_distance", "kernel_distance", "precision", "recall", "coverage", "classes_covered")),
    "mixture": ("mixture", ("frechet_distance", "kernel_distance", "precision", "recall", "coverage", "classes_covered")),
    "second_stage": ("second stage", ("frechet_distance", "kernel_distance", "precision", "recall", "coverage", "classes_covered")),
    "reconstructions": ("reconstructions", ("frechet_distance",)),
    "floor": ("training images", ("frechet_distance",)),
}
# fmt: on
FLOOR = "floor"


def metric(name: str, value: float, images: int, *error: float) -> dict[str, Any]:
    """A metric as it is written to sample_quality.json.

    images: how many there are from each side; error: its standard error, if it is known.
    """
    return {"value": value, "unit": METRICS[name][1], "images": images} | dict(
        zip(["standard_error"], error, strict=False)
    )


def full_name(name: str, origin: str) -> str:
    """What a metric of images from one origin is called among all metrics of a run."""
    return f"classifier_{name}_{origin}"


def by_full_name(quality: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The metrics in a sample_quality.json."""
    return {
        full_name(name, origin): metric
        for origin, metrics in quality["origins"].items()
        for name, metric in metrics.items()
    }
