import pytest

from scripts.vae import fingerprints

SOURCES = {
    "scripts/__init__.py": "",
    "scripts/vae/__init__.py": "",
    "scripts/plot.py": "from scripts.vae.figures import draw\nfrom scripts.vae.jobs import job\n",
    "scripts/train.py": "def train():\n    from scripts.vae import models\n",
    "scripts/vae/figures.py": "from scripts.vae import colours\n\n\ndef draw():\n    return 1\n",
    "scripts/vae/colours.py": "RED = 1\n",
    "scripts/vae/jobs.py": "def job():\n    return 1\n",
    "scripts/vae/models/__init__.py": "",
    "scripts/vae/models/mlp.py": "SIZE = 1\n",
    "scripts/vae/models/conv.py": "SIZE = 2\n",
}


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A tiny library; calling it edits a file and gives the fingerprints of plot and train."""
    for path, text in SOURCES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.setattr(fingerprints, "ROOT", tmp_path)

    def edit(path="scripts/plot.py", old="", new=""):
        file = tmp_path / path
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new, 1))
        for cached in ("fingerprint", "_tree", "_imports", "_essence"):
            getattr(fingerprints, cached).cache_clear()
        models = ("scripts.vae.models.mlp",)
        return fingerprints.fingerprint("plot"), fingerprints.fingerprint("train", *models)

    yield edit
    for cached in ("fingerprint", "_tree", "_imports", "_essence"):
        getattr(fingerprints, cached).cache_clear()


@pytest.mark.parametrize(
    ("path", "old", "new", "changed"),
    [
        ("scripts/vae/figures.py", "return 1", "return 2", (True, False)),
        ("scripts/vae/colours.py", "RED = 1", "RED = 3", (True, False)),  # through figures.py
        ("scripts/vae/models/mlp.py", "SIZE = 1", "SIZE = 3", (False, True)),
        ("scripts/vae/models/conv.py", "SIZE = 2", "SIZE = 3", (False, False)),
        ("scripts/vae/models/__init__.py", "", "A = 1", (False, True)),
        ("scripts/vae/jobs.py", "return 1", "return 2", (False, False)),
        (
            "scripts/vae/figures.py",
            "    return 1",
            '    """A docstring."""\n    return 1',
            (False,) * 2,
        ),
        (
            "scripts/vae/figures.py",
            "    return 1",
            "    # a comment\n\n    return (1)",
            (False,) * 2,
        ),
        ("scripts/vae/colours.py", "RED = 1", '"""A docstring."""\nRED = 1', (False, False)),
    ],
)
def test_what_counts_as_a_change(house, path, old, new, changed):
    before = house()
    after = house(path, old, new)
    assert tuple(a != b for a, b in zip(before, after, strict=True)) == changed


def test_the_real_rules_have_fingerprints():
    mlp = fingerprints.fingerprint("train", "scripts.vae.models.mlp")
    assert mlp != fingerprints.fingerprint("train")
    assert mlp != fingerprints.fingerprint("plot_grid")


def test_any_byte_of_a_folder_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(fingerprints, "ROOT", tmp_path)
    (tmp_path / "web").mkdir()
    (tmp_path / "web/a.css").write_text("a {}")
    seen = set()
    for name, text in (("a.css", "a {}"), ("a.css", "a { }"), ("b.css", "")):
        (tmp_path / "web" / name).write_text(text)
        fingerprints.fingerprint_files.cache_clear()
        seen.add(fingerprints.fingerprint_files("web"))
    fingerprints.fingerprint_files.cache_clear()
    assert len(seen) == 3
