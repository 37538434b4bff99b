"""The JSON schema and the tables of config/README.md say what the config may hold."""

import json
import re

import pytest

from tests.helpers import ROOT
from vae.plan import reference
from vae.plan.config import Config, Dataset, EvaluationSettings, ExplorerSettings, FigureSettings
from vae.plan.loading import FILES, merged, read
from vae.plan.run_settings import RunSettings
from vae.plan.sources import RawFile, Source, Wheel


def test_the_schema_for_editors_is_that_of_the_config():
    written = (ROOT / "workflow/schemas/config.schema.json").read_text(encoding="utf-8")
    assert json.loads(written) == reference.json_schema(), "run: make schema"


def test_the_tables_of_the_readme_are_those_of_the_config():
    written = (ROOT / "config/README.md").read_text(encoding="utf-8")
    assert reference.filled(written) == written, "run: make schema"


def test_every_key_is_described_in_the_readme():
    readme = (ROOT / "config/README.md").read_text(encoding="utf-8")
    described = set(re.findall(r"^\| `(\w+)` ", readme, re.M))
    models = (Config, Dataset, FigureSettings, EvaluationSettings, ExplorerSettings)
    models += (Source, RawFile, Wheel)
    assert described >= {key for model in models for key in model.model_fields}


def test_a_setting_that_changes_changes_the_tables(monkeypatch):
    written = (ROOT / "config/README.md").read_text(encoding="utf-8")
    monkeypatch.setattr(RunSettings.model_fields["epochs"], "default", 61)
    assert "| `epochs` | `61` | passes" in reference.filled(written)


def test_a_document_without_a_place_for_a_table_is_refused():
    with pytest.raises(ValueError, match="the table config has 0 places"):
        reference.filled("nothing")


def test_every_key_has_a_meaning_of_at_most_25_words():
    for name, table in reference.tables().items():
        for row in table.splitlines()[2:] if name != "abbreviations" else ():
            *_, meaning = row.strip("| ").split(" | ")
            assert 1 < len(meaning.split()) <= 25, row


def test_the_shipped_config_passes_the_schema_for_editors():
    jsonschema = pytest.importorskip("jsonschema")
    content = merged(read(*(ROOT / file for file in (*FILES, "config/examples.yaml"))))
    jsonschema.validate(content, reference.json_schema())
