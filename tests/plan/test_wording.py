"""Better words for errors and log lines cost nobody a night of training."""

import ast
import shutil

import pytest

from tests.helpers import ROOT
from vae.plan import config, fingerprints

RULES = {
    "train": [
        *(f"vae.models.{name}" for name in config.MODELS),
        *(f"vae.likelihoods.{name}" for name in config.LIKELIHOODS),
    ],
    "evaluate": [],
    "prepare": [
        f"vae.data.sources.{path.stem}"
        for path in (ROOT / "scripts/vae/data/sources").glob("[a-z]*.py")
    ],
}
LOG_CALLS = {"debug", "info", "warning", "error", "exception"}

# What these rules write into results, or hand to a library.
SENTENCES_OF_RESULTS = {
    "results": 0,
}


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A copy of the scripts and the library whose fingerprints are taken."""
    shutil.copytree(
        ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__")
    )
    monkeypatch.setattr(fingerprints, "ROOT", tmp_path / "scripts")
    forget()
    yield tmp_path / "scripts"
    forget()


def forget():
    fingerprints.fingerprint.cache_clear()
    fingerprints._module.cache_clear()


def taken():
    forget()
    return {rule: fingerprints.fingerprint(rule, *modules) for rule, modules in RULES.items()}


def modules_of(rule):
    """The modules that a rule's fingerprint is about, found here in another way."""
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
    return {
        n
        for n in names
        if n.startswith("vae.") and not n.startswith(("vae.plan.", "vae.services."))
    }


class Reworded(ast.NodeTransformer):
    """Other words in every text that a person reads when something fails, or in a log."""

    def __init__(self, names):
        self.names, self.within, self.count = names, 0, 0

    def visit(self, node):
        words = (
            isinstance(node, ast.Raise)
            or (isinstance(node, ast.ClassDef) and node.name.endswith("Error"))
            or (isinstance(node, ast.Call) and self.speaks(node.func))
            or (isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in self.names)
        )
        self.within += words
        node = super().visit(node)
        self.within -= words
        return node

    def visit_Constant(self, node):
        if self.within and isinstance(node.value, str) and any(map(str.isalpha, node.value)):
            self.count += 1
            return ast.Constant(f"other words, {node.value}")
        return node

    @staticmethod
    def speaks(function):
        if isinstance(function, ast.Attribute):
            owner = getattr(function.value, "id", "")
            return function.attr in LOG_CALLS and owner in ("logger", "progress")
        return getattr(function, "id", "").endswith("Error")


def only_in_words(tree):
    """Constants of a module that stand in errors and log lines, and nowhere else."""
    constants = {
        node.targets[0].id
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        if isinstance(node.value, ast.Constant | ast.JoinedStr | ast.BinOp)
        and any(
            isinstance(n, ast.Constant) and isinstance(n.value, str) for n in ast.walk(node.value)
        )
    }
    spoken = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) or (
            isinstance(node, ast.Call) and Reworded.speaks(node.func)
        ):
            spoken |= {id(n) for n in ast.walk(node)}
    loads = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    return {
        name
        for name in constants
        if (uses := [n for n in loads if n.id == name]) and all(id(n) in spoken for n in uses)
    }


def test_other_words_in_errors_and_log_lines_leave_fingerprints_alone(library):
    before, count = taken(), 0
    for module in set().union(*map(modules_of, RULES)):
        path = fingerprints._path(module)
        tree = ast.parse(path.read_text())
        reworded = Reworded(only_in_words(tree))
        path.write_text(ast.unparse(ast.fix_missing_locations(reworded.visit(tree))))
        count += reworded.count
    assert count > 100
    assert taken() == before


def test_no_sentence_is_left_that_results_do_not_hold(library):
    """A text passed through a helper into an error would count, and be listed here."""
    sentences = set()
    for rule in RULES:
        for module in modules_of(rule):
            code = fingerprints._module(module).code
            for node in ast.walk(ast.parse(code)):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    if len(node.value.split()) > 3:
                        sentences.add((module, node.value))
    assert sentences == set()


def test_code_that_changes_changes_fingerprints(library):
    before = taken()
    path = library / "vae/training/elbo.py"
    path.write_text(path.read_text().replace("0.5 *", "0.25 *"))
    after = taken()
    assert after["train"] != before["train"]
    assert after["evaluate"] == before["evaluate"]
