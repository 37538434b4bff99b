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
FIGURE = """
from vae import colours

FILES = {"a.png": "A"}
OF = "run"
DRAWN_FOR = {"latent_dim": [3]}


def draw():
    return 1
"""
SOURCES = {
    "vae/__init__.py": "",
    "plot.py": "from vae.figures import draw\nfrom vae.services.jobs import job\n",
    "train.py": "def train():\n    from vae import models\n",
    "vae/services/__init__.py": "",
    "vae/figures.py": FIGURE,
    "vae/colours.py": COLOURS,
    "vae/services/jobs.py": "def job():\n    return 1\n",
    "vae/models/__init__.py": "",
    "vae/models/mlp.py": "SIZE = 1\nSETTINGS = {'units': 512}\nLEARNING_RATE = 0.1\n",
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


def check(house, path, old, new, changed):
    """An edit of the library changes the fingerprints of these rules, and of no other."""
    before = house()
    after = house(path, old, new)
    names = ("plot", "train")
    changes = [n for n, x, y in zip(names, before, after, strict=True) if x != y]
    assert changes == changed.split()


@pytest.mark.parametrize(
    ("path", "old", "new", "changed"),
    [
        ("vae/figures.py", "return 1", "return 2", "plot"),
        ("vae/colours.py", "RED = 1", "RED = 3", "plot"),  # through figures.py
        ("vae/models/mlp.py", "SIZE = 1", "SIZE = 3", "train"),
        ("vae/models/conv.py", "SIZE = 2", "SIZE = 3", ""),
        ("vae/models/mlp.py", "512", "256", ""),  # in the parameters of the rule
        ("vae/models/mlp.py", "0.1", "0.2", "train"),  # the job scales it to the batch size
        ("vae/figures.py", '"A"', '"B"', ""),  # of the report and of targets
        ("vae/figures.py", "[3]", "[2, 3]", ""),
        ("vae/figures.py", '"run"', '"dataset"', ""),
        ("vae/models/__init__.py", "", "A = 1", "train"),
        ("vae/services/jobs.py", "return 1", "return 2", ""),
        ("vae/figures.py", "    return 1", '    """A docstring."""\n    return 1', ""),
        ("vae/figures.py", "    return 1", "    # a comment\n\n    return (1)", ""),
        ("vae/colours.py", "\nimport", '"""A docstring."""\nimport', ""),
    ],
)
def test_what_counts_as_a_change(house, path, old, new, changed):
    check(house, path, old, new, changed)


def test_a_constant_called_like_what_parts_state_counts_elsewhere(house):
    house("vae/colours.py", "RED = 1", "RED = 1\nSETTINGS = [3]")
    check(house, "vae/colours.py", "[3]", "[2, 3]", "plot")


WORDS = {
    "colour %d": "a colour: %d",
    "%d of %d": "%d / %d",
    "there is no": "no such",
    "Try blue.": "Blue may do.",
    "is no colour": "?",
    '"none"': '"nothing"',
    "below zero": "negative",
    "red is bright": "red is dark",
}


@pytest.mark.parametrize("words", WORDS)
def test_words_of_errors_and_log_lines_do_not_count(house, words):
    check(house, "vae/colours.py", words, WORDS[words], "")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"red"', '"scarlet"'),
        ('"nats"', '"bits"'),
        ("{NAMES[i]} {", "{NAMES[i]}: {"),
        ("if i > RED", "if i >= RED"),
    ],
)
def test_words_of_results_count_and_what_decides_on_errors(house, old, new):
    check(house, "vae/colours.py", old, new, "plot")


def test_of_a_module_with_several_uses_only_what_is_named_counts(house):
    halves = """
from vae.colours import RED
from vae.models import mlp

SCALE = 2


def scaled(x):
    return SCALE * x


def train(x):
    return scaled(x) + mlp.SIZE


def evaluate(x):
    return RED
"""

    def taken(text=halves):
        (fingerprints.ROOT / "vae/halves.py").write_text(text)
        forget()
        return [fingerprints.fingerprint("plot", f"vae.halves:{name}") for name in HALVES]

    before = taken()
    for old, new, changed in (
        ("x) + mlp", "x) - mlp", ["train"]),
        ("SCALE = 2", "SCALE = 3", ["train"]),
        ("return RED", "return -RED", ["evaluate"]),
        ("SCALE * x", "x * SCALE", ["train"]),
    ):
        after = taken(halves.replace(old, new))
        assert [n for n, x, y in zip(HALVES, before, after, strict=True) if x != y] == changed
    house("vae/models/mlp.py", "SIZE = 1", "SIZE = 5")
    assert [x == y for x, y in zip(before, taken(), strict=True)] == [False, True], "an import"
    with pytest.raises(LookupError, match="nothing defines none"):
        fingerprints.fingerprint("plot", "vae.halves:none")


HALVES = ("train", "evaluate")


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
