"""The figures that are drawn, as their modules in `vae/figures` state in literals.

FILES: name of each file -> its label in the report. OF: "run" (the default), "second stage" for
runs that have one, "anomaly" for those with thresholds, or "dataset" for a figure that shows all
runs of one. DRAWN_FOR: keys of a run -> the values for which it is drawn, all of which have to
match. DRAWN_ABOVE: keys of a run -> the number above which it is drawn. DRAWN_WITH: keys of a run,
of which it needs one that is not 0. SETTINGS: the figure settings that it uses, as
`vae.plan.parts` reads them.

Imported by the Snakefile, so by every process of a workflow: no NumPy, no TensorFlow here.
"""

from collections.abc import Mapping
from typing import Any

from vae.plan.parts import Part, parts


def files_of_a_dataset() -> list[str]:
    """Names of the figures that show all runs of a dataset, sorted."""
    return sorted(file for part in _figures("dataset") for file in part.constants["FILES"])


def files_of_a_run(
    values: Mapping[str, Any], second_stage: bool = False, anomaly: bool = False
) -> list[str]:
    """Names of the figures that are drawn for a run with these values, sorted.

    second_stage: whether it has one; anomaly: whether its scorer has thresholds.
    """
    there = {"run": True, "second stage": second_stage, "anomaly": anomaly}
    return sorted(
        file
        for kind in there
        for part in _figures(kind)
        if there[kind] and _is_drawn(part, values)
        for file in part.constants["FILES"]
    )


def _is_drawn(part: Part, values: Mapping[str, Any]) -> bool:
    fits = (values.get(key) in those for key, those in part.constants.get("DRAWN_FOR", {}).items())
    above = (values[key] > least for key, least in part.constants.get("DRAWN_ABOVE", {}).items())
    keys = part.constants.get("DRAWN_WITH", [])
    return all(fits) and all(above) and (not keys or any(values.get(key) for key in keys))


def is_drawn(figure: str, values: Mapping[str, Any]) -> bool:
    """Whether the figure of a module of `vae.figures` is drawn for a run with these values."""
    return _is_drawn(parts("figures")[figure], values)


def label(file: str) -> str:
    """The label that a figure has in the report, by its file's name.

    Raises LookupError if no figure states this file.
    """
    for part in parts("figures").values():
        if file in part.constants["FILES"]:
            return part.constants["FILES"][file]
    raise LookupError(f"no module in scripts/vae/figures has {file!r} in its FILES")


def setting_keys(figure: str) -> set[str]:
    """The keys of the figure settings that a module of `vae.figures` uses."""
    return set(parts("figures")[figure].settings)


def _figures(of: str) -> list[Part]:
    return [part for part in parts("figures").values() if part.constants.get("OF", "run") == of]
