import numpy as np
import pytest

from vae.evaluation import sample_metrics
from vae.evaluation.comparison import TABLE
from vae.evaluation.metrics import GROUPS, METRICS, REPRESENTATION, mean
from vae.plan.constants import constant
from vae.plan.run_settings import RunSettings


@pytest.mark.parametrize("name", TABLE)
def test_a_row_is_complete(name):
    metric = TABLE[name]
    assert metric.title
    assert metric.unit
    assert metric.better in (-1, 0, 1)
    assert set(GROUPS[metric.group]) <= set(RunSettings.model_fields)
    assert metric.panel in {None, "", *TABLE}
    assert metric.compared or (metric.panel is None and not metric.group)


def test_planning_reads_the_tables_from_the_source():
    assert constant("vae.evaluation.metrics", "METRICS") == METRICS
    assert constant("vae.evaluation.metrics", "REPRESENTATION") == REPRESENTATION
    assert not {*METRICS} & {*REPRESENTATION}
    for name in ("METRICS", "ORIGINS"):
        literal = constant("vae.evaluation.sample_metrics", name)
        assert literal == getattr(sample_metrics, name)


def test_a_mean_has_its_unit_and_its_standard_error():
    values = np.array([1.0, 2.0, 4.0])
    metric = mean("psnr", values)
    assert (metric["unit"], metric["images"]) == ("dB", 3)
    assert metric["value"] == pytest.approx(7 / 3)
    assert metric["standard_error"] == pytest.approx(values.std(ddof=1) / np.sqrt(3))
