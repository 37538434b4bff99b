"""Fingerprints of code: what a rule's result depends on beside its inputs and parameters.

Snakemake runs a rule again where its script was edited, but knows nothing of the modules that the
script imports. Imported by the Snakefile: no NumPy, no TensorFlow here.
"""

import ast
import functools
import hashlib
from pathlib import Path

# The folder of scripts and of the package `vae`.
ROOT = Path(__file__).resolve().parents[2]

# What these packages do to a result stands in its parameters, or they do nothing to it.
WITHOUT_EFFECT = ("vae.plan.", "vae.services.")


@functools.cache
def fingerprint(script: str, *modules: str) -> str:
    """Hash the library modules that `scripts/<script>.py` imports, and theirs, and `modules`.

    Comments, docstrings and layout do not count: a better explanation must not cost anyone a night
    of training. Modules that are chosen at run time are to be named, such as
    `vae.models.mlp`.
    """
    found: dict[str, str] = {}
    todo = [*_imports(script), *modules]
    while todo:
        module = todo.pop()
        if module not in found and not f"{module}.".startswith(WITHOUT_EFFECT):
            found[module] = _essence(module)
            todo += _imports(module)
    return hashlib.sha256(repr(sorted(found.items())).encode()).hexdigest()[:16]


@functools.cache
def fingerprint_files(folder: str) -> str:
    """Hash the files of a folder of the library, as they are."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / folder).iterdir()):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


@functools.cache
def _tree(module: str) -> ast.Module:
    return ast.parse(_path(module).read_text(encoding="utf-8"))


def _path(module: str) -> Path:
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@functools.cache
def _imports(module: str) -> tuple[str, ...]:
    """The modules of the library that a module imports, anywhere in it."""
    names = set()
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return tuple(sorted(n for n in names if f"{n}.".startswith("vae.") and _path(n).is_file()))


@functools.cache
def _essence(module: str) -> str:
    """The source of a module without comments, docstrings and layout.

    Unparsed, since `ast.dump` differs between versions of Python.
    """
    tree = ast.parse(_path(module).read_text(encoding="utf-8"))  # `_tree` is to stay as it is
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)
