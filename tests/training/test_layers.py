"""What import-linter cannot see: which modules are loaded in the end."""

from tests.helpers import ROOT, python

TRAINING = ("vae.training", "vae.models", "vae.priors")


def test_only_what_trains_loads_tensorflow_and_keras():
    """Likelihoods import Keras within functions, so importing them loads neither."""
    library = ROOT / "scripts"
    modules = sorted(
        ".".join(path.relative_to(library).with_suffix("").parts).removesuffix(".__init__")
        for path in library.glob("vae/**/*.py")
    )
    light = [module for module in modules if not module.startswith(TRAINING)]
    assert 40 < len(light) < len(modules)
    assert "vae.likelihoods.gaussian" in light
    code = (
        f"import importlib, sys\nfor name in {light}: importlib.import_module(name)\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'tensorflow', 'keras'}))"
    )
    done = python("-c", code)
    assert done.stdout == "[]\n", done.stderr
