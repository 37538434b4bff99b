import json

import pandas as pd
import pytest

from benchmarks import OUT, ROOT, rebuilds, tables, training
from benchmarks.cases import CASES, ENGINES, engines


def answers(*seconds, work=60_000, peak=100.0):
    versions = {"python": "3.12.1"}
    return [
        {"work": work, "seconds": s, "peak_mb": peak + i, "versions": versions}
        for i, s in enumerate(seconds)
    ]


@pytest.fixture
def rows():
    """A limit of 4.032512 MFLOP an image: 40,000 images/s at 161.3 GFLOP/s."""
    gemm = answers(1.0, 1.0, 1.0, work=40_000 * 4_032_512)
    return pd.DataFrame(
        training.rows(
            "mlp",
            CASES["mlp"],
            {
                "ours": answers(2.0, 30.0, 3.0, peak=88.0),
                "port": answers(6.0, 5.0, 1.0, peak=98.0),
                "torch": answers(4.0, 4.0, 4.0),
                "torch_compile": answers(3.5, 3.75, 5.0),
                "torch_bfloat16": answers(1.0, 1.0, 1.0),
                "gemm_float32": gemm,
            },
        )
    ).set_index("engine", drop=False)


def test_speeds_are_medians_with_their_range(rows):
    ours = rows.loc["ours"]
    assert ours["images_per_second"] == 20_000
    assert (ours["lowest"], ours["highest"]) == (2_000, 30_000)
    assert ours["rounds"] == 3


def test_the_docs_show_what_was_measured():
    text = (ROOT / "docs/benchmarks.md").read_text(encoding="utf-8")
    for part in tables.markdown(OUT).split("\n\n"):
        assert part in text, "docs/benchmarks.md: put in what `python -m benchmarks.tables` prints"


def test_ratios_are_of_medians_not_medians_of_ratios(rows):
    assert rows.loc["port", "ratio"] == pytest.approx(20_000 / 12_000)
    assert rows.loc["ours", "ratio"] == 1


def test_shares_of_limits_that_were_measured(rows):
    assert rows.loc["gemm_float32", "gflops_per_second"] == pytest.approx(161.30048)
    assert rows.loc["gemm_float32", "images_per_second"] == pytest.approx(40_000)
    assert rows.loc["ours", "share_of_float32"] == pytest.approx(0.5)
    assert rows["share_of_bfloat16"].isna().all()


def test_memory_is_the_last_peak_and_limits_have_none(rows):
    assert rows.loc["ours", "peak_memory_mb"] == 90
    assert rows.loc["port", "memory_ratio"] == pytest.approx(0.9)
    assert pd.isna(rows.loc["gemm_float32", "memory_ratio"])


def test_the_summary_takes_the_best_of_pytorch_in_float32(rows):
    *_, line = tables.summary(rows.reset_index(drop=True)).split("\n")
    best = 20_000 / 16_000
    assert line == (
        f"| `mlp` | 20,000 | 1.67 | 0.33 | {best:.2f} |  | compiled, channels last "
        "| 0.50 |  | 90 | 0.90 |"
    )


def test_the_summary_without_peers_leaves_them_blank(rows):
    *_, line = tables.summary(rows.loc[["ours", "port"]]).split("\n")
    assert line.startswith("| `mlp` | 20,000 | 1.67 | 0.33 |  |  |  |")


def test_tables_of_whatever_was_written(rows, tmp_path):
    assert tables.markdown(tmp_path) == ""
    rows.to_csv(tmp_path / "training.csv", index=False)
    (tmp_path / "training.json").write_text(
        json.dumps(training.machine() | {"threads": 2, "rounds": 3})
    )
    seconds = {"bare start": [2.0, 4.0, 3.0], "nothing to do": [4.0] * 3, "grid size": [7.0] * 3}
    pd.DataFrame(rebuilds.rows(seconds)).to_csv(tmp_path / "rebuilds.csv", index=False)
    parity = {"dataset": "mnist", "model": "mlp", "latent_dim": 2, "batch_size": 256}
    parity |= {"epochs": 5, "seed": 0, "ours": 150.25, "port": 155.5}
    pd.DataFrame([parity]).to_csv(tmp_path / "parity.csv", index=False)
    text = tables.markdown(tmp_path)
    assert "2 threads, medians of 3 rounds." in text
    assert "| `mlp` | this project | 20,000 | 2,000 to 30,000 | 1.00 |" in text
    assert "| mnist | mlp | 2 | 256 | 5 | 0 | 150.25 | 155.50 |" in text
    assert "| 7.00 | 7.00 to 7.00 | 4.00 |" in text


def test_a_dense_network_is_spared_what_concerns_convolutions():
    assert "torch_channels_last" not in engines(CASES["mlp"], list(ENGINES))
    assert engines(CASES["conv32"], list(ENGINES)) == list(ENGINES)


def test_an_engine_that_takes_minutes_a_batch_is_left_out():
    assert set(ENGINES) - set(engines(CASES["conv128"], list(ENGINES))) == {"port_xla", "port_jax"}


def test_a_machine_is_described_without_its_name():
    facts = training.machine()
    assert facts["cores"] >= 1
    assert facts["memory_gb"] > 0
    assert set(facts) == {"processor", "instructions", "cores", "memory_gb", "system", "python"}
