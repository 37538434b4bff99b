"""The environment variables of jobs: what results depend on is set here, not on the user's machine.

The user's choice stays where it is one: the backend of Keras and its GPU, folders, proxies.
"""

import os
import re
import site
import sys
from collections.abc import MutableMapping
from pathlib import Path

# What changes numbers, pictures or the course of a job, or fills its log.
_FOREIGN = re.compile(
    # Keras and its backends, but not Terraform; of XLA_FLAGS stays where XLA looks for CUDA
    "KERAS_|TF_(?!CLI_|VAR_|TOKEN_)|TF2_|XLA_|JAX_|TORCH_|ONEDNN_|DNNL_|NVIDIA_TF32_|ABSL_"
    # Matplotlib, which stops at MPLBACKEND from a notebook; what computes and reads
    "|MPL|MATPLOTLIB|NPY_|NUMPY_|OPENBLAS_CORETYPE|SCIPY_|SKLEARN_|PANDAS_|PILLOW_|ORT_|PYDANTIC_"
    # Python
    "|PYTHON"
)
_STAY = frozenset(
    "KERAS_BACKEND KERAS_TORCH_DEVICE JAX_PLATFORMS TF_GPU_ALLOCATOR TF_CPP_MIN_LOG_LEVEL "
    "XLA_PYTHON_CLIENT_PREALLOCATE XLA_PYTHON_CLIENT_MEM_FRACTION XLA_PYTHON_CLIENT_ALLOCATOR "
    "MPLCONFIGDIR PYTHONHOME PYTHONPATH PYTHONPYCACHEPREFIX PYTHONDONTWRITEBYTECODE "
    "PYTHONNOUSERSITE PYTHONUNBUFFERED".split()
)
_CUDA = re.compile(r"--xla_gpu_cuda_data_dir=\S+")

OURS = {
    "KERAS_HOME": os.devnull,  # so that there is no keras.json in it
    "MPLBACKEND": "agg",
    "ORT_DISABLE_TELEMETRY": "1",  # of ONNX Runtime, which otherwise reports to its makers
    "PYTHONHASHSEED": "0",
    "PYTHONUTF8": "1",
}
# Of what TensorFlow writes to a log: warnings, such as why there is no GPU, and errors.
TENSORFLOW_LOG = ("TF_CPP_MIN_LOG_LEVEL", "1")

BACKENDS = ("tensorflow", "jax", "torch")


def settle(environment: MutableMapping[str, str] = os.environ) -> list[str]:
    """Set what jobs depend on, and remove what they must not depend on.

    Returns the variables of the user's that no longer hold, sorted. Has no further effect when
    called again.
    """
    before = dict(environment)
    for name in before:
        if _FOREIGN.match(name) and name not in _STAY:
            del environment[name]
    if flags := _CUDA.findall(before.get("XLA_FLAGS", "")):
        environment["XLA_FLAGS"] = " ".join(flags)
    environment.update(OURS)
    environment.setdefault(*TENSORFLOW_LOG)
    if not os.access(os.path.expanduser("~"), os.W_OK):
        environment.setdefault("MPLCONFIGDIR", os.path.abspath(".snakemake/matplotlib"))
    if not _is_in_user_site("snakemake"):
        environment["PYTHONNOUSERSITE"] = "1"
    return sorted(name for name in before if environment.get(name) != before[name])


def path_for_jobs(library: str, environment: MutableMapping[str, str] = os.environ) -> str:
    """PYTHONPATH for jobs: the library first, then installed packages, then the user's folders.

    So that a package of the user's, maybe of another version, never comes before an installed one
    that this project was tested with.
    """
    users = [entry for entry in environment.get("PYTHONPATH", "").split(os.pathsep) if entry]
    names = ("site-packages", "dist-packages")
    installed = [entry for entry in sys.path if Path(entry).name in names and entry not in users]
    return os.pathsep.join(dict.fromkeys([library, *(installed if users else ()), *users]))


def check_backend(environment: MutableMapping[str, str] = os.environ) -> None:
    """End the process if KERAS_BACKEND names a backend that nothing here trains with."""
    backend = environment.get("KERAS_BACKEND")
    if backend and backend not in BACKENDS:
        sys.exit(
            f"KERAS_BACKEND={backend}: this project trains with {', '.join(BACKENDS)}; nothing was "
            "run. Set it to one of these, or unset it for tensorflow."
        )


def _is_in_user_site(package: str) -> bool:
    """Whether an imported package is one of those that `pip install --user` put into the home."""
    file = getattr(sys.modules.get(package), "__file__", None) or ""
    return file.startswith(site.getusersitepackages() + os.sep)
