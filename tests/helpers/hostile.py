"""A machine whose variables, config files and packages are all in the way."""

import json
import os
import sys
from pathlib import Path

VARIABLES = {
    # Keras and TensorFlow
    "KERAS_MAX_EPOCHS": "1",
    "KERAS_MAX_STEPS_PER_EPOCH": "1",
    "KERAS_NNX_ENABLED": "true",
    "TF_USE_LEGACY_KERAS": "1",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_SET_ONEDNN_FPMATH_MODE": "BF16",
    "TF_DETERMINISTIC_OPS": "1",
    "TF_CPP_MAX_VLOG_LEVEL": "3",
    "TF_XLA_FLAGS": "--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit",
    "XLA_FLAGS": "--no_such_flag",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "ONEDNN_DEFAULT_FPMATH_MODE": "BF16",
    "ONEDNN_VERBOSE": "2",
    # Matplotlib, NumPy, pandas, scikit-learn
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "MATPLOTLIBRC": "/no/such/matplotlibrc",
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4",
    "OPENBLAS_CORETYPE": "Prescott",
    "OPENBLAS_NUM_THREADS": "3",
    "OMP_NUM_THREADS": "many",
    "PANDAS_FUTURE_INFER_STRING": "0",
    "SCIPY_ARRAY_API": "1",
    "SKLEARN_WORKING_MEMORY": "1",
    "ORT_DISABLE_TELEMETRY": "0",
    # Python and the system
    "PYTHONWARNINGS": "error",
    "PYTHONOPTIMIZE": "2",
    "PYTHONHASHSEED": "7",
    "PYTHONSTARTUP": "/no/such/startup.py",
    "PYTHONIOENCODING": "ascii",
    "PYTHONDEVMODE": "1",
    "PYTHONSAFEPATH": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "LC_ALL": "C",
    "TZ": "Pacific/Kiritimati",
    "COLUMNS": "10",
    "FORCE_COLOR": "1",
    "NO_COLOR": "1",
}
KERAS = {
    "floatx": "float64",
    "epsilon": 0.1,
    "backend": "jax",
    "image_data_format": "channels_first",
}
MATPLOTLIBRC = """
backend: module://no_such_backend
figure.dpi: 37
figure.facecolor: black
font.size: 30
axes.linewidth: 9
axes.prop_cycle: cycler(color=["k"])
axes.grid: True
axes.formatter.use_locale: True
hist.bins: 3
image.cmap: jet
image.interpolation: bicubic
lines.antialiased: False
lines.linewidth: 9
patch.linewidth: 9
path.simplify_threshold: 1.0
path.sketch: 1, 100, 2
scatter.marker: s
text.hinting: none
text.usetex: True
xtick.major.size: 20
no.such.key: 1
"""
# Without those that Snakemake itself imports: numpy and pandas.
PACKAGES = "keras tensorflow matplotlib PIL sklearn scipy onnx onnxruntime".split()


def surround(project: Path, folder: Path) -> dict[str, str]:
    """Put config files into a project and into a home; returns the environment to run it in.

    folder: for the home, and for packages that are called as ours.
    """
    home, foreign = folder / "home", folder / "foreign"
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    users = home / ".local/lib" / version / "site-packages"
    for packages in (foreign, users):
        for name in (*PACKAGES, "vae"):
            (packages / name).mkdir(parents=True)
            (packages / name / "__init__.py").write_text(f"raise ImportError('another {name}')")
    (users / "usercustomize.py").write_text("import os; os._exit(7)")
    for file, text in {
        home / ".keras/keras.json": json.dumps(KERAS),
        home / ".config/matplotlib/matplotlibrc": MATPLOTLIBRC,
        project / "matplotlibrc": MATPLOTLIBRC,
    }.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    paths = {"HOME": str(home), "PYTHONPATH": str(foreign)}
    return os.environ | VARIABLES | paths
