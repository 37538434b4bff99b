"""Mistakes in the config end a real command at once, with a remedy and without a traceback."""

import pytest

from tests.helpers.workspace import TINY
from vae.plan.runs import reserved_names


def dataset(**changes):
    return TINY | {"datasets": {"digits": TINY["datasets"]["digits"] | changes}}


BROKEN = {
    "wrong type": (dataset(epochs="many"), "datasets.digits.epochs: 'many'"),
    "unknown key": (dataset(latent_dims=2), "unknown key, did you mean latent_dim?"),
    "negative size": (dataset(latent_dim=-2), "datasets.digits.latent_dim.0: -2"),
    "empty list": (dataset(latent_dim=[]), "datasets.digits.latent_dim: an empty list"),
    "two runs of one name": (dataset(latent_dim=[2, 2]), "a second run called ld_2"),
    "unknown model": (dataset(model="mpl"), "did you mean mlp?"),
    "unknown source": (dataset(source="digit"), "did you mean digits?"),
    "missing source": (
        {"datasets": {"digits": {"latent_dim": 2}}},
        "datasets.digits.source: this key is needed",
    ),
    "a dataset named raw": (
        {"datasets": {"raw": TINY["datasets"]["digits"]}},
        "datasets.raw: the workflow uses this name itself",
    ),
    "a dataset with a slash": (
        {"datasets": {"a/b": TINY["datasets"]["digits"]}},
        "datasets.a/b: a dataset's name is a letter",
    ),
    "no dataset": ({"datasets": {}}, "datasets: none is configured"),
    "unknown section": (TINY | {"dataset": {}}, "dataset: unknown key, did you mean datasets?"),
    "datasets is a list": ({"datasets": [1]}, "datasets: [1]"),
}


def check(done, expected):
    output = done.stdout + done.stderr
    assert done.returncode == 1, output
    assert expected in output
    for noise in ("Traceback", "in file", 'Snakefile", line', "rule train"):
        assert noise not in output, output


@pytest.mark.parametrize(("content", "expected"), BROKEN.values(), ids=BROKEN)
def test_broken_configs(unbuilt_copy, content, expected):
    unbuilt_copy.write_config(content)
    check(unbuilt_copy.snakemake("--cores", "1"), expected)
    assert not (unbuilt_copy.path / "results").exists()


def test_bad_yaml(unbuilt_copy):
    (unbuilt_copy.path / "config/config.yaml").write_text("datasets: [1, 2\nmirrors: []\n")
    check(unbuilt_copy.snakemake("--cores", "1"), "config/config.yaml, line 2, column 8: not valid")


def test_no_config(unbuilt_copy):
    (unbuilt_copy.path / "config/config.yaml").unlink()
    check(unbuilt_copy.snakemake("--cores", "1"), "config/config.yaml: No such file")


def test_targets_that_are_not_configured_leave_no_lock(unbuilt_copy):
    for target, expected in {
        "results/digits/ld_7/grid.png": '"latent_dim: 7" or a list with 7 in it gives ld_7',
        "results/digts/ld_2/grid.png": "did you mean digits?",
    }.items():
        check(unbuilt_copy.snakemake("--cores", "1", "--", target), expected)
    assert unbuilt_copy.snakemake("-n").returncode == 0


@pytest.mark.parametrize(
    ("target", "words"),
    [("mnits/x.gz", "did you mean mnist?"), ("mnist/x.gz", "train-images-idx3-ubyte.gz")],
)
def test_raw_files_that_no_source_has(unbuilt_copy, target, words):
    done = unbuilt_copy.snakemake("-n", "--", f"results/raw/{target}")
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_no_rule_can_be_shadowed_by_a_dataset(fresh):
    """Rules as Snakemake lists them, not as the library reads them from their files."""
    rules = set(fresh.snakemake("--list-rules").stdout.split())
    assert {"all", "train", "plot_samples_gmm", "digits"} <= rules
    assert rules - {"digits"} <= reserved_names()
