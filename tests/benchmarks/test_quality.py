import json

import pytest

from benchmarks import quality
from tests.helpers.comparison import run
from vae.plan.loading import load


@pytest.fixture
def snakemake(tmp_path, monkeypatch):
    """In its place, a shell script that says how it was called; returns what it does next."""
    script = tmp_path / "python"

    def does(command):
        script.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/called\n{command}\n')
        script.chmod(0o755)
        monkeypatch.setattr(quality.sys, "executable", str(script))
        return tmp_path / "called"

    return does


def test_snakemake_builds_the_comparisons(snakemake):
    called = snakemake("exit 0")
    assert quality.build(["a", "b"], ["one.yaml", "two.yaml"], cores=3, hours=1)
    assert called.read_text() == (
        "-m snakemake --cores 3 --keep-going --configfile one.yaml two.yaml -- "
        "results/a/comparison.csv results/b/comparison.csv\n"
    )
    snakemake("exit 1")
    assert not quality.build(["a"], [], cores=1, hours=1)


def test_it_ends_after_so_many_hours(snakemake):
    snakemake("exec sleep 600")
    assert not quality.build(["a"], [], cores=1, hours=0.5 / 3600)


def test_tables_have_the_complete_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = load({"datasets": {"d": {"source": "digits", "latent_dim": [2, 3, 9]}}})
    nothing = "## d\n\n3 of 3 runs are not complete."
    assert quality.tables(settings, ["d"]) == nothing
    folder = tmp_path / "results/d/ld_2"
    folder.mkdir(parents=True)
    record, metrics, samples = run(2, mse=0.03)
    representation = {"metrics": {}, "notes": []}
    contents = (record, metrics | {"notes": []}, representation, samples)
    for name, content in zip(quality.RECORDS, contents, strict=True):
        assert quality.tables(settings, ["d"]) == nothing
        (folder / name).write_text(json.dumps(content))
    (folder.parent / "baselines.json").write_text(json.dumps({"metrics": {}}))
    title, _, *rows, _, left = quality.tables(settings, ["d"]).split("\n")
    assert (title, left) == ("## d", "2 of 3 runs are not complete.")
    assert len(rows) == 3
    assert "| 0.03000 |" in rows[2]
