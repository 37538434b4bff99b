"""Better words for errors and log lines cost nobody a night of training."""

import ast
import shutil
from collections import Counter

import pytest

from tests.helpers import ROOT
from vae.plan import fingerprints, run_settings

RULES = {
    "train": [
        *(f"vae.models.{name}" for name in run_settings.MODELS),
        *(f"vae.likelihoods.{name}" for name in run_settings.LIKELIHOODS),
        *(f"vae.priors.{name}" for name in run_settings.PRIORS),
    ],
    "evaluate": [f"vae.likelihoods.{name}" for name in run_settings.LIKELIHOODS],
    "evaluate_representation": [],
    "evaluate_samples": [],
    "evaluate_baselines": [],
    "prepare": [
        f"vae.data.sources.{path.stem}"
        for path in (ROOT / "scripts/vae/data/sources").glob("[a-z]*.py")
    ],
}
EXEMPT = ("vae.plan.", "vae.services.")
LOG_CALLS = {"debug", "info", "warning", "error", "exception"}

# Where sentences are written into results: reasons in skipped.csv, notes in sample_quality.json,
# representation.json and baselines.json, the layout of images in the metadata of networks.
SENTENCES_OF_RESULTS = {
    "vae.data.foreign_formats": 5,
    "vae.data.image_files": 6,
    "vae.plan.layouts": 3,
    "vae.evaluation.baselines": 4,
    "vae.evaluation.generation": 3,
    "vae.evaluation.representation": 2,
    "vae.training.run": 1,
}


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A copy of the scripts and the library, of which fingerprints are taken."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts", ignore=ignored)
    monkeypatch.setattr(fingerprints, "ROOT", tmp_path / "scripts")
    yield tmp_path / "scripts"
    forget()


def forget():
    fingerprints.fingerprint.cache_clear()
    fingerprints._module.cache_clear()


def taken():
    forget()
    return {rule: fingerprints.fingerprint(rule, *modules) for rule, modules in RULES.items()}


def modules_of(rule):
    """The modules that a rule's fingerprint is about, found in another way."""
    names, todo = set(), [rule, *RULES[rule]]
    while todo:
        module = todo.pop()
        for node in ast.walk(ast.parse(fingerprints._path(module).read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("vae"):
                for name in (node.module, *(f"{node.module}.{a.name}" for a in node.names)):
                    if fingerprints._path(name).is_file() and name not in names:
                        names.add(name)
                        todo.append(name)
        names.add(module)
    counted = fingerprints.WITH_EFFECT
    return {
        n
        for n in names
        if n in counted or (n.startswith("vae.") and not f"{n}.".startswith(EXEMPT))
    }


def speaks(node):
    """Whether all text within a node is for a person, when something fails or in a log."""
    match node:
        case ast.Raise():
            return True
        case ast.ClassDef(name=name) | ast.Call(func=ast.Name(id=name)):
            return name.endswith("Error")
        case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=method)):
            return owner in ("logger", "progress") and method in LOG_CALLS
    return False


def is_text(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def spoken_constants(tree):
    """Assignments at the top of a module whose names are used in errors and log lines alone."""
    spoken = {id(n) for node in ast.walk(tree) if speaks(node) for n in ast.walk(node)}
    uses = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            uses.setdefault(node.id, []).append(id(node) in spoken)
    assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
    return [n for n in assigned if all(uses.get(getattr(n.targets[0], "id", ""), [False]))]


def reword(tree):
    """Put other words into every text for a person; returns how many there were."""
    within = [node for node in ast.walk(tree) if speaks(node)] + spoken_constants(tree)
    texts = {id(n): n for node in within for n in ast.walk(node) if is_text(n)}
    for text in texts.values():
        text.value = f"other words, {text.value}"
    return len(texts)


def test_other_words_in_errors_and_log_lines_leave_fingerprints_alone(library):
    before, count = taken(), 0
    for module in set().union(*map(modules_of, RULES)):
        path = fingerprints._path(module)
        tree = ast.parse(path.read_text())
        count += reword(tree)
        path.write_text(ast.unparse(tree))
    assert count > 100
    assert taken() == before


def test_no_sentence_is_left_that_results_do_not_hold():
    """A text that reaches an error through a helper would count, and be listed here."""
    forget()
    sentences = [
        (module, node.value)
        for module in set().union(*map(modules_of, RULES))
        for node in ast.walk(ast.parse(fingerprints._module(module).code))
        if is_text(node) and len(node.value.split()) > 3
    ]
    assert Counter(module for module, _ in sentences) == SENTENCES_OF_RESULTS, sentences


def test_code_that_changes_changes_fingerprints(library):
    before = taken()
    path = library / "vae/training/elbo.py"
    path.write_text(path.read_text().replace("0.5 *", "0.25 *"))
    after = taken()
    assert after["train"] != before["train"]
    assert after["evaluate"] == before["evaluate"]
