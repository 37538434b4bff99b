import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from tests.helpers.comparison import run, table
from tests.helpers.figures import picture
from vae.figures import comparison, curves

FRECHET = {
    f"classifier_frechet_distance_{origin}": value
    for origin, value in {"prior": 9.0, "mixture": 3.0, "floor": 0.1}.items()
}


def panel(figure, title):
    (axes,) = (axes for axes in figure.axes if axes.get_title("left").startswith(title))
    return axes


def words(axes):
    return [text.get_text() for text in axes.texts]


@pytest.mark.parametrize("sizes", [[2], [2, 3, 4, 5, 6, 10, 15, 20, 64]])
def test_the_picture_is_drawn_for_one_run_and_for_many(sizes, tmp_path):
    runs = [
        run(size, seed, epochs, kl=np.log(size) * 5 + seed, pca_mse=0.05, **FRECHET)
        for size in sizes
        for seed in (0, 1)
        for epochs in (10, 60)
    ]
    figure = comparison.draw(table(*runs), "mnist")
    assert len(figure.axes) == (4 if sizes == [2] else 7)
    picture(figure, tmp_path / "comparison.png")


def test_samples_are_those_of_the_best_origin():
    others = FRECHET | {"classifier_frechet_distance_mixture": 30.0}
    figure = comparison.draw(table(run(2, **FRECHET), run(3, **others)), "mnist")
    axes = panel(figure, "samples")
    assert {"3.00  mixture", "9.00  prior"} <= {*words(axes)}
    assert axes.get_xlim()[0] < 0.1
    rings = [line for line in axes.lines if line.get_markersize() == 11]
    assert [(*ring.get_xdata(), *ring.get_ydata()) for ring in rings] == [(3.0, 0)]


def test_runs_without_samples_say_so():
    assert words(panel(comparison.draw(table(run(2)), "mnist"), "samples"))[0] == "not computed"


def test_of_likelihoods_that_cannot_be_compared_those_that_most_runs_have_are_drawn():
    runs = [run(2, elbo=-90.0), run(3, elbo=-80.0), run(4, elbo=900.0, likelihood="gaussian")]
    axes = panel(comparison.draw(table(*runs), "mnist"), "likelihood: ELBO")
    assert {"−90.00", "−80.00", "900.00"} <= {*words(axes)}
    drawn = {float(*line.get_xdata()) for line in axes.lines if line.get_marker() == "o"}
    assert drawn == {-90.0, -80.0}
    assert "not comparable" in axes.get_xlabel()
    # Bits of pixels' levels can, whatever the likelihood.
    for record, evaluation, _ in runs:
        bits = 3.0 if record["resolved"]["likelihood"] == "gaussian" else 4.0
        evaluation["metrics"]["bits_per_dimension"] = {"value": bits}
    axes = panel(comparison.draw(table(*runs), "mnist"), "likelihood: bits per dimension")
    assert {"4.00", "3.00"} <= {*words(axes)}
    assert "not comparable" not in axes.get_xlabel()


def test_of_many_runs_the_best_and_the_recommended_are_drawn():
    runs = [run(size, mse=0.01 + size / 1e4) for size in range(1, 41)]
    rows = table(*runs, recommended=["ld_30_e_60_l_bernoulli_seed_0"])
    shown, left_out = comparison._shown(rows)
    assert (len(shown), left_out) == (comparison.MOST, 40 - comparison.MOST)
    assert shown["latent_dim"].iloc[0] == 30
    assert 1 in set(shown["latent_dim"])
    figure = comparison.draw(rows, "mnist")
    assert "16 more rows in comparison.csv" in figure.texts[1].get_text()


def test_what_kind_a_run_is_says_what_differs():
    runs = [run(2), run(3, likelihood="gaussian"), run(4)]
    runs[1][0]["resolved"] |= {"model": "resnet", "prior": "flow"}
    for record, *_ in (runs[0], runs[2]):
        record["resolved"]["prior"] = "normal"
    assert sorted(comparison._kinds(table(*runs))) == [
        *("mlp, bernoulli", "mlp, bernoulli", "resnet, flow, gaussian")
    ]


@pytest.mark.parametrize("gaussian", [None, 3.5])
def test_a_baseline_is_a_line_among_curves(gaussian):
    runs = (run(size, bits_per_dimension=4.0) for size in (2, 3, 5))
    baselines = {"gaussian_bits_per_dimension": gaussian} if gaussian else {}
    figure = comparison.draw(table(*runs, **baselines), "mnist")
    lines = [line.get_label() for line in panel(figure, "bits per dimension").lines]
    assert ("Gaussian" in lines) == bool(gaussian)


def test_texts_do_not_run_into_each_other():
    values = dict.fromkeys(curves.PANELS, 1.0) | FRECHET | {"nll_importance_weighted": 100.0}
    runs = [run(size, **values) for size in (2, 3, 5)]
    tempered = {"classifier_frechet_distance_tempered": 0.9}
    figure = comparison.draw(table(*runs, run(6, epochs=100, **values | tempered)), "mnist")
    FigureCanvasAgg(figure).draw()
    titles = [axes._left_title for axes in figure.axes]
    texts = [text for axes in figure.axes[:4] for text in axes.texts if text.get_text()]
    for group in (titles, texts):
        boxes = [text.get_window_extent() for text in group]
        for i, box in enumerate(boxes):
            assert box.x0 > 0
            assert box.x1 < figure.bbox.width
            assert not any(box.overlaps(other) for other in boxes[i + 1 :]), group[i].get_text()


def test_no_axis_makes_noise_look_like_a_result():
    values = [dict.fromkeys(curves.PANELS, 1.0) for _ in range(3)]
    for i, of_run in enumerate(values):
        of_run |= {"nll_importance_weighted": 100 + 0.01 * i, "active_units": 3 - i / 100}
        of_run |= {"kl": 6 + 0.001 * i, "reconstruction": 140 + 0.01 * i, "mse": 0.04 + i / 1e5}
        of_run |= {"classifier_frechet_distance_prior": 3 + i / 100}
        del of_run["bits_per_dimension"]
    runs = [run(2 + i, **of_run) for i, of_run in enumerate(values)]
    for i, (record, *_) in enumerate(runs):
        record["seconds"] = 7.8 + 0.02 * i
    samples, errors, likelihoods, seconds, plane, *others = comparison.draw(
        table(*runs), "mnist"
    ).axes
    for axes in (samples, errors, seconds):
        low, high = axes.get_xlim()
        assert high > 5 * low
    for low, high in (likelihoods.get_xlim(), plane.get_xlim(), plane.get_ylim()):
        assert high - low > 0.05 * low
    for axes in others:
        low, high = axes.get_ylim()
        assert high - low > 0.05 * low if axes.get_ylabel() == curves.NATS else low == 0
