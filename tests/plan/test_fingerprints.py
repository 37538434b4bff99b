import pytest

from vae.plan import fingerprints

SOURCES = {
    "vae/__init__.py": "",
    "plot.py": "from vae.figures import draw\nfrom vae.services.jobs import job\n",
    "train.py": "def train():\n    from vae import models\n",
    "vae/services/__init__.py": "",
    "vae/figures.py": "from vae import colours\n\n\ndef draw():\n    return 1\n",
    "vae/colours.py": "RED = 1\n",
    "vae/services/jobs.py": "def job():\n    return 1\n",
    "vae/models/__init__.py": "",
    "vae/models/mlp.py": "SIZE = 1\n",
    "vae/models/conv.py": "SIZE = 2\n",
}


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A tiny library; calling it edits a file and gives the fingerprints of plot and train."""
    for path, text in SOURCES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.setattr(fingerprints, "ROOT", tmp_path)

    def edit(path="plot.py", old="", new=""):
        file = tmp_path / path
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new, 1))
        for cached in ("fingerprint", "_tree", "_imports", "_essence"):
            getattr(fingerprints, cached).cache_clear()
        models = ("vae.models.mlp",)
        return fingerprints.fingerprint("plot"), fingerprints.fingerprint("train", *models)

    yield edit
    for cached in ("fingerprint", "_tree", "_imports", "_essence"):
        getattr(fingerprints, cached).cache_clear()


@pytest.mark.parametrize(
    ("path", "old", "new", "changed"),
    [
        ("vae/figures.py", "return 1", "return 2", (True, False)),
        ("vae/colours.py", "RED = 1", "RED = 3", (True, False)),  # through figures.py
        ("vae/models/mlp.py", "SIZE = 1", "SIZE = 3", (False, True)),
        ("vae/models/conv.py", "SIZE = 2", "SIZE = 3", (False, False)),
        ("vae/models/__init__.py", "", "A = 1", (False, True)),
        ("vae/services/jobs.py", "return 1", "return 2", (False, False)),
        (
            "vae/figures.py",
            "    return 1",
            '    """A docstring."""\n    return 1',
            (False,) * 2,
        ),
        (
            "vae/figures.py",
            "    return 1",
            "    # a comment\n\n    return (1)",
            (False,) * 2,
        ),
        ("vae/colours.py", "RED = 1", '"""A docstring."""\nRED = 1', (False, False)),
    ],
)
def test_what_counts_as_a_change(house, path, old, new, changed):
    before = house()
    after = house(path, old, new)
    assert tuple(a != b for a, b in zip(before, after, strict=True)) == changed


def test_the_real_rules_have_fingerprints():
    mlp = fingerprints.fingerprint("train", "vae.models.mlp")
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
