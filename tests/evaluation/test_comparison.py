import numpy as np
import pandas as pd
import pytest

from tests.helpers.comparison import run, table
from vae.evaluation import comparison, sample_metrics


def test_a_row_a_setting_in_order_of_latent_size():
    rows = table(run(10, mse=0.02), run(2), run(3))
    assert list(rows["latent_dim"]) == [2, 3, 10]
    assert list(rows["seeds"]) == [1, 1, 1]
    assert rows["mse_sd"].isna().all()
    assert list(rows.columns[:4]) == ["runs", "seeds", "latent_dim", "parameters"]
    assert list(rows["best"]) == ["elbo", "elbo", "elbo mse"]


def test_runs_that_differ_in_their_seed_alone_are_one_row():
    rows = table(run(2, 0, mse=0.03), run(2, 1, mse=0.05), run(2, 0, epochs=10))
    both = rows[rows["seeds"] == 2].iloc[0]
    assert both["mse"] == pytest.approx(0.04)
    assert both["mse_sd"] == pytest.approx(0.01 * np.sqrt(2))
    assert both["runs"].split() == [f"ld_2_e_60_l_bernoulli_seed_{seed}" for seed in (0, 1)]
    assert list(rows["epochs"]) == [10, 60]


def test_recommended_runs_come_first_and_are_the_same_otherwise():
    runs = [run(10), run(2), run(3, epochs=9)]
    rows = table(*runs, recommended=["ld_10_e_60_l_bernoulli_seed_0"])
    assert list(rows["latent_dim"]) == [10, 2, 3]
    assert list(rows["recommended"]) == [True, False, False]
    names = [name for name, _ in comparison.series(rows)]
    assert names == ["recommended, epochs 60", "epochs 60", "epochs 9"]
    again = rows.sort_values("latent_dim", ignore_index=True).drop(columns="recommended")
    pd.testing.assert_frame_equal(again, table(*runs).drop(columns="recommended"))


def test_a_difference_within_the_noise_is_not_called_better():
    runs = [run(2, seed, mse=mse) for seed, mse in enumerate((0.030, 0.034))]
    assert all("mse" in best for best in table(*runs, run(3, mse=0.0335))["best"])
    assert ["mse" in best for best in table(*runs, run(3, mse=0.04))["best"]] == [True, False]


def test_more_is_better_of_some_figures_and_of_some_neither():
    rows = table(run(2, elbo=-100.0, kl=5.0), run(3, elbo=-90.0, kl=7.0, mse=0.05))
    assert list(rows["best"]) == ["mse", "elbo"]


def test_likelihoods_are_not_compared_with_each_other():
    rows = table(run(2, elbo=-100.0), run(2, elbo=1900.0, likelihood="gaussian", mse=0.03))
    assert dict(zip(rows["likelihood"], rows["best"], strict=True)) == {
        "bernoulli": "elbo",
        "gaussian": "elbo mse",
    }


@pytest.mark.parametrize(
    ("key", "values", "best"),
    [
        ("conditional", (False, True), ["elbo bits_per_dimension", "elbo bits_per_dimension mse"]),
        ("binarize", ("none", "dynamic"), ["elbo bits_per_dimension mse"] * 2),
        ("model", ("mlp", "conv"), ["", "elbo bits_per_dimension mse"]),
    ],
)
def test_nor_are_figures_of_other_images_or_likelihoods_given_the_class(key, values, best):
    runs = [
        run(2, elbo=-100.0, bits_per_dimension=4.0),
        run(3, elbo=-90.0, bits_per_dimension=3.0, mse=0.03),
    ]
    for (record, *_), value in zip(runs, values, strict=True):
        record["resolved"][key] = value
    assert list(table(*runs)["best"]) == best


def test_bits_are_compared_whatever_the_likelihood_and_stand_next_to_those_of_a_gaussian():
    likelihoods = ("bernoulli", "gaussian", "gaussian_rgb")
    runs = [
        run(2, likelihood=name, **({"bits_per_dimension": bits} if bits else {}))
        for name, bits in zip(likelihoods, (None, 4.0, 3.0), strict=True)
    ]
    binary = run(3, bits_per_dimension=0.2)
    binary[0]["resolved"]["binarize"] = "dynamic"
    rows = table(*runs, binary, gaussian_bits_per_dimension=3.5).set_index("likelihood")
    best = ["bits_per_dimension" in best.split() for best in rows["best"]]
    assert best == [False, False, True, True]
    of_gaussian = rows["gaussian_bits_per_dimension"]
    np.testing.assert_array_equal(of_gaussian, [np.nan, 3.5, 3.5, np.nan])


def test_validation_images_choose_where_there_are_any():
    runs = [run(2, mse=0.02), run(3, mse=0.04)]
    for (_, evaluation, _), mse in zip(runs, (0.05, 0.03), strict=True):
        evaluation["validation"] = {"mse": {"value": mse}, "kl": {"value": 1.0}}
    rows = table(*runs)
    assert list(rows["best"]) == ["", "mse"]
    assert list(rows["mse"]) == [0.02, 0.04]


def test_a_figure_that_only_some_runs_have():
    rows = table(run(2, nll_exact=140.0), run(10))
    assert list(rows["best"]) == ["elbo nll_exact mse", "elbo mse"]
    assert np.isnan(rows["nll_exact"][1])


def test_samples_are_compared_by_origin_and_the_floor_marks_no_run():
    keys = ["classifier_frechet_distance_prior", "classifier_recall_mixture"]
    floor = "classifier_frechet_distance_floor"
    density = {"classifier_density_prior": 1.0}
    runs = [
        run(2, **dict(zip([*keys, floor], values, strict=True)), **density)
        for values in ((5.0, 0.3, 0.1), (2.0, 0.2, 0.2))
    ]
    runs[1][0]["resolved"]["latent_dim"] = 3
    rows = table(*runs)
    assert list(rows["best"]) == [f"elbo mse {keys[1]}", f"elbo mse {keys[0]}"]
    assert list(rows[floor]) == [0.1, 0.2]
    assert not set(density) & set(rows)


def test_every_sample_metric_is_a_row_and_one_has_a_panel_with_the_floor():
    mixture, floor = (f"classifier_frechet_distance_{name}" for name in ("mixture", "floor"))
    rows = {k: m for k, m in comparison.TABLE.items() if k.startswith("classifier_")}
    assert len(rows) == len(sample_metrics.METRICS) * len(sample_metrics.ORIGINS)
    assert {k: m.panel for k, m in rows.items() if m.panel is not None} == {mixture: floor}
    assert comparison.TABLE[mixture].title == "Fréchet distance, mixture"
    assert (comparison.TABLE[floor].title, comparison.TABLE[floor].better) == ("training images", 0)


def test_settings_that_some_models_lack_are_told_apart():
    convolutional = run(2)
    convolutional[0]["resolved"] |= {"model": "conv", "filters": 32}
    rows = table(run(2), convolutional)
    assert set(rows["model"]) == {"mlp", "conv"}
    assert [name for name, _ in comparison.series(rows)] == ["model conv, filters 32", "model mlp"]


def test_a_run_alone_is_a_series_with_a_name():
    assert [type(name) for name, _ in comparison.series(table(run(2)))] == [str]


def test_the_table_survives_csv(tmp_path):
    rows = table(run(2, 0), run(2, 1), run(3))
    rows.to_csv(tmp_path / "comparison.csv", index=False)
    read = pd.read_csv(tmp_path / "comparison.csv")
    assert list(read) == list(rows)
    assert list(read["best"]) == list(rows["best"])
