import pytest

from vae.plan import fingerprints

COLOURS = """
import logging
from vae.services.errors import UserError

RED = 1
NAMES = ("red", "green")
UNIT = "nats"
REMEDY = "Try blue."
UNUSED = "red is bright"

logger = logging.getLogger(__name__)
progress = Progress(logger)


class NoColourError(ValueError):
    def __init__(self, colour):
        super().__init__(f"{colour} is no colour")


def colour(i):
    logger.info("colour %d", i)
    progress.info("%d of %d", i, RED)
    if i > RED:
        raise UserError(f"there is no colour {i}. " + REMEDY)
    if i < 0:
        error = NoColourError("none")
        raise error from ValueError("below zero")
    return f"{NAMES[i]} {UNIT}"
"""
SOURCES = {
    "vae/__init__.py": "",
    "plot.py": "from vae.figures import draw\nfrom vae.services.jobs import job\n",
    "train.py": "def train():\n    from vae import models\n",
    "vae/services/__init__.py": "",
    "vae/figures.py": "from vae import colours\n\n\ndef draw():\n    return 1\n",
    "vae/colours.py": COLOURS,
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
        forget()
        models = ("vae.models.mlp",)
        return fingerprints.fingerprint("plot"), fingerprints.fingerprint("train", *models)

    yield edit
    forget()


def forget():
    """Have the next fingerprint read the files anew."""
    fingerprints.fingerprint.cache_clear()
    fingerprints._module.cache_clear()


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
        ("vae/colours.py", "\nimport", '"""A docstring."""\nimport', (False, False)),
        # Words of errors and log lines, wherever they are.
        ("vae/colours.py", "colour %d", "a colour: %d", (False, False)),
        ("vae/colours.py", "%d of %d", "%d / %d", (False, False)),
        ("vae/colours.py", "there is no", "no such", (False, False)),
        ("vae/colours.py", "Try blue.", "Blue may do.", (False, False)),
        ("vae/colours.py", "is no colour", "?", (False, False)),
        ("vae/colours.py", '"none"', '"nothing"', (False, False)),
        ("vae/colours.py", "below zero", "negative", (False, False)),
        ("vae/colours.py", "red is bright", "red is dark", (False, False)),
        # Words of results, and what decides on errors.
        ("vae/colours.py", '"red"', '"scarlet"', (True, False)),
        ("vae/colours.py", '"nats"', '"bits"', (True, False)),
        ("vae/colours.py", "{NAMES[i]} {", "{NAMES[i]}: {", (True, False)),
        ("vae/colours.py", "if i > RED", "if i >= RED", (True, False)),
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
