import pytest

from vae.services import records


def test_a_record_is_read_as_it_was_written(tmp_path):
    record = {"run": "ld_2", "metrics": {"mse": {"value": 0.1, "unit": "“1”"}}}
    records.write(record, tmp_path / "metrics.json")
    assert records.read(tmp_path / "metrics.json") == record


def test_a_number_that_is_not_finite_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        records.write({"value": float("nan")}, tmp_path / "metrics.json")
    assert not list(tmp_path.iterdir())
