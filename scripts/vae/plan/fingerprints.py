"""Fingerprints of code: what a rule's result depends on besides its inputs and parameters.

Snakemake reruns a rule whose script was edited, but knows nothing of the modules that the script
imports. Imported by the Snakefile: no NumPy, no TensorFlow here.
"""

import ast
import builtins
import functools
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

# The folder of the scripts and of the package `vae`.
ROOT = Path(__file__).resolve().parents[2]

# What these packages do to a result is in its parameters, or they do nothing to it.
WITHOUT_EFFECT = ("vae.plan.", "vae.services.", "vae.training.event_files.")
WITH_EFFECT = ("vae.plan.layouts",)  # all the same

# What `vae.plan` reads of the files in these packages, or of one module: it is in parameters of the
# rules, or changes no result.
STATED = {
    "vae.models.": {"SETTINGS", "PRIORS", "CONDITIONAL", "SECOND_STAGE"},
    "vae.likelihoods.": {"SETTINGS", "DEFAULT", "ONLY_FOR", "BINARY"},
    "vae.priors.": {"SETTINGS", "MIN_LATENT_DIM"},
    "vae.data.sources.": {
        *("SETTINGS", "SETTINGS_FROM", "CHANNELS", "SHAPE_IN_HEADER", "UNORDERED"),
        *("RAW", "RAW_DESCRIPTION", "WORKERS"),
    },
    "vae.data.pictures.": {"SETTINGS"},
    "vae.data.picture_parts.": {"SETTINGS"},
    "vae.data.columns.": {"SETTINGS"},
    "vae.figures.": {
        *("SETTINGS", "SETTINGS_FROM", "FILES", "OF"),
        *("DRAWN_FOR", "DRAWN_ABOVE", "DRAWN_WITH"),
    },
    "vae.evaluation.metrics.": {"METRICS", "REPRESENTATION", "GROUPS"},
    "vae.evaluation.sample_metrics.": {"METRICS", "ORIGINS"},
}

LOGGERS = ("logger", "progress")
LOGGING = ("debug", "info", "warning", "error", "exception", "critical", "log")


@functools.cache
def fingerprint(script: str, *modules: str) -> str:
    """Hash the library modules that `scripts/<script>.py` imports, and theirs, and `modules`.

    Comments, docstrings, layout and the wording of errors and log lines do not count: better words
    must not cost anyone a night of training. Modules that are chosen at run time have to be named,
    such as `vae.models.mlp`; of one that has several uses, only what is named with it counts, and
    what that uses: `vae.likelihoods.gaussian:log_mass,log_likelihood`.
    """
    used = set(_module(script).names)
    library: dict[str, _Module] = {}
    todo = [*_module(script).imports, *modules]
    while todo:
        name = todo.pop()
        counts = name in WITH_EFFECT or not f"{name}.".startswith(WITHOUT_EFFECT)
        if counts and name not in library:
            library[name] = _module(name)
            used |= library[name].names
            todo += library[name].imports
    # A constant of text that nothing uses is used in errors and log lines alone.
    essence = [
        (name, module.code, [text for constant, text in module.texts if constant in used])
        for name, module in sorted(library.items())
    ]
    return hashlib.sha256(repr(essence).encode()).hexdigest()[:16]


@functools.cache
def fingerprint_files(folder: str) -> str:
    """Hash the files of a folder of the library, as they are."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / folder).iterdir()):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


class _Module(NamedTuple):
    """What of a module's source counts.

    code: without constants of text; texts: those, name and source of each; names: that the code
    uses; imports: modules of the library.
    """

    code: str
    texts: list[tuple[str, str]]
    names: frozenset[str]
    imports: tuple[str, ...]


@functools.cache
def _module(name: str) -> _Module:
    name, _, definitions = name.partition(":")
    tree = ast.parse(_path(name).read_text(encoding="utf-8"))
    _strip(tree)
    stated = {n for prefix in STATED if f"{name}.".startswith(prefix) for n in STATED[prefix]}
    tree.body = [node for node in tree.body if _assigned(node) not in stated]
    if definitions:
        tree.body = _used_by(definitions.split(","), tree.body)
    imports = tuple(_imports(tree))
    texts = [node for node in tree.body if _is_text(node)]
    tree.body = [node for node in tree.body if node not in texts]
    # Unparsed, since `ast.dump` differs between versions of Python.
    return _Module(
        ast.unparse(tree),
        [(_assigned(node), ast.unparse(node)) for node in texts],
        frozenset(_names([tree, *(node.value for node in texts)])),
        imports,
    )


def _used_by(names: list[str], nodes: list[ast.stmt]) -> list[ast.stmt]:
    """Of the statements of a module those that define these names, and what they use.

    Raises LookupError if nothing defines one of them.
    """
    if missing := [name for name in names if not any(name in _defined(node) for node in nodes)]:
        raise LookupError(f"nothing defines {', '.join(missing)}")
    kept: list[ast.stmt] = []
    todo = set(names)
    while more := [n for n in nodes if n not in kept and todo & _defined(n)]:
        kept += more
        todo |= set(_names(more))
    return [node for node in nodes if node in kept]


def _defined(node: ast.stmt) -> set[str]:
    """The names that a statement at the top of a module defines."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            return {(alias.asname or alias.name).partition(".")[0] for alias in aliases}
        case ast.AnnAssign(target=ast.Name(id=name)):
            return {name}
    return {
        n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }


def _path(module: str) -> Path:
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _imports(tree: ast.Module) -> list[str]:
    """The modules of the library that are imported anywhere in a module."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return sorted(n for n in names if f"{n}.".startswith("vae.") and _path(n).is_file())


def _names(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for top in nodes:
        for node in ast.walk(top):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                yield node.id
            elif isinstance(node, ast.Attribute):
                yield node.attr


def _assigned(node: ast.stmt) -> str:
    """The name that a statement assigns to; empty if it does something else."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name
    return ""


def _is_text(node: ast.stmt) -> bool:
    """Whether a statement names a text, or a collection of texts."""
    return (
        bool(_assigned(node))
        and not isinstance(node.value, ast.Name)
        and all(isinstance(n, _TEXT) for n in ast.walk(node.value))
        and all(isinstance(n.value, str) for n in ast.walk(node.value) if type(n) is ast.Constant)
    )


_TEXT = (
    *(ast.Constant, ast.JoinedStr, ast.FormattedValue, ast.BinOp, ast.Add, ast.Name, ast.Load),
    *(ast.Tuple, ast.List, ast.Set, ast.Dict),
)


def _strip(tree: ast.Module) -> None:
    """Take docstrings out of a tree, and words that only reach an exception or a log."""
    for node in ast.walk(tree):
        match node:
            case ast.Call() if _is_exception(node.func) or _is_log(node.func):
                node.args, node.keywords = [], []
            case ast.ClassDef() if any(map(_is_exception, node.bases)):
                node.body = [ast.Pass()]
            case ast.Module() | ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                first = node.body[0] if node.body else None
                if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                    node.body = node.body[1:] or [ast.Pass()]


def _is_exception(node: ast.expr) -> bool:
    """Whether a class is an exception, as far as its name says."""
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    builtin = getattr(builtins, name, None)
    is_builtin = isinstance(builtin, type) and issubclass(builtin, BaseException)
    return is_builtin or name.endswith(("Error", "Exception"))


def _is_log(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in LOGGERS
        and node.attr in LOGGING
    )
