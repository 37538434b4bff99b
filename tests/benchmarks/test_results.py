from benchmarks.results import table
from tests.helpers.comparison import run
from tests.helpers.comparison import table as compare


def test_a_row_a_setting_with_its_spread_over_seeds():
    lines = table(compare(run(2, 0, mse=0.03), run(2, 1, mse=0.05), run(10, mse=0.02))).split("\n")
    assert lines[0] == "| run | latent size | seeds | −ELBO | KL | MSE | training, s |"
    assert lines[2].startswith("| `ld_2_e_60_l_bernoulli_seed_0` | 2 | 2 | 150.00 ± 0.00 |")
    assert "| 0.04000 ± 0.01414 |" in lines[2]
    assert lines[3].endswith("| 0.02000 | 5 |")


def test_figures_that_a_run_lacks_are_left_blank():
    lines = table(compare(run(2, nll_exact=140.0), run(10))).split("\n")
    assert "| 140.00 |" in lines[2]
    assert "|  |" in lines[3]
