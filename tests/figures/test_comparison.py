import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from tests.helpers.comparison import run, table
from tests.helpers.figures import picture
from vae.figures import comparison


@pytest.mark.parametrize("sizes", [[2], [2, 3, 4, 5, 6, 10, 15, 20, 64]])
def test_the_picture_is_drawn_for_one_run_and_for_many(sizes, tmp_path):
    runs = [
        run(size, seed, epochs, kl=np.log(size) * 5 + seed, pca_mse=0.05)
        for size in sizes
        for seed in (0, 1)
        for epochs in (10, 60)
    ]
    picture(comparison.draw(table(*runs), "mnist"), tmp_path / "comparison.png")


@pytest.mark.parametrize("sizes", [[2], [2, 3]])
def test_a_baseline_is_a_line_for_one_latent_size_and_for_many(sizes):
    runs = (run(size, bits_per_dimension=4.0) for size in sizes)
    figure = comparison.draw(table(*runs, gaussian_bits_per_dimension=3.5), "mnist")
    (axes,) = (axes for axes in figure.axes if axes.get_title("left") == "bits per dimension")
    (line,) = (line for line in axes.lines if line.get_label() == "Gaussian")
    assert len(line.get_xdata()) == 2
    assert set(line.get_ydata()) == {3.5}


def test_titles_of_panels_do_not_run_into_each_other():
    values = dict.fromkeys(comparison.PANELS, 1.0)
    figure = comparison.draw(table(run(2, **values), run(3, **values)), "mnist")
    FigureCanvasAgg(figure).draw()  # lays it out
    boxes = [axes._left_title.get_window_extent() for axes in figure.axes if axes.get_title("left")]
    assert len(boxes) == 1 + len(comparison.PANELS)
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[i + 1 :]), i


def test_runs_that_differ_in_many_settings_leave_room_for_the_panels():
    values = dict.fromkeys(comparison.PANELS, 1.0)
    words = {f"a_setting_of_the_network_{i}": i for i in range(8)}
    runs = run(2, **values), run(3, epochs=10, **values)
    for (record, *_), sign in zip(runs, (1, -1), strict=True):
        record["resolved"] |= {key: sign * (1 + number) for key, number in words.items()}
    figure = comparison.draw(table(*runs), "mnist")
    FigureCanvasAgg(figure).draw()  # lays it out
    for axes in figure.axes:
        assert axes.get_window_extent().width > 0.15 * figure.bbox.width


def test_no_axis_makes_noise_look_like_a_result():
    values = [dict.fromkeys(comparison.PANELS, 1.0) for _ in range(3)]
    for i, of_run in enumerate(values):
        of_run |= {"nll_importance_weighted": 100 + 0.01 * i, "active_units": 3 - i / 100}
        of_run |= {"kl": 6 + 0.001 * i, "reconstruction": 140 + 0.01 * i, "ssim": 0.9}
    runs = [run(2 + i, **of_run) for i, of_run in enumerate(values)]
    for i, (record, *_) in enumerate(runs):
        record["seconds"] = 7.8 + 0.02 * i
    plane, *panels = comparison.draw(table(*runs), "mnist").axes
    for low, high in (plane.get_xlim(), plane.get_ylim()):
        assert high - low > 0.05 * low
    units = [metric.unit for metric in comparison.PANELS.values()]
    for unit, axes in zip(units, panels, strict=False):
        low, high = axes.get_ylim()
        assert high - low > 0.05 * low if unit == comparison.NATS else low == 0, unit
    assert comparison.NATS in units
