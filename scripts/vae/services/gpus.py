"""GPUs: one for each training of a machine, and words where there is one that cannot be used."""

import fcntl
import logging
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

logger = logging.getLogger(__name__)

VISIBLE = "CUDA_VISIBLE_DEVICES"

# What schedulers set in the jobs that they start; they give out GPUs themselves.
SCHEDULERS = ("SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "SGE_TASK_ID", "KUBERNETES_SERVICE_HOST")


@contextmanager
def reserved(folder: Path | None = None) -> Iterator[None]:
    """Choose a GPU that no other training on this machine has, for the length of the block.

    CUDA_VISIBLE_DEVICES then names it: to be entered before TensorFlow starts. Where it was set
    before, it says which may be chosen; where a scheduler set it, it stays as it is. Where each
    GPU is taken, the first is shared.

    folder: of the lock files. The system frees a lock when the process ends, however it ends.
    """
    devices = [] if _scheduled(os.environ) else _devices(os.environ)
    if not devices:
        yield
        return
    before = os.environ.get(VISIBLE)
    folder = folder or Path(tempfile.gettempdir()) / f"vae-gpus-{os.getuid()}"
    lock = _first_free(devices, folder)
    try:
        if lock is None:
            logger.warning(
                "%s taken by other trainings: this one shares GPU %s. «--resources gpu=%d» runs no "
                "more trainings than GPUs at a time",
                *("the GPU is" if len(devices) == 1 else f"all {len(devices)} GPUs are",),
                *(devices[0], len(devices)),
            )
        os.environ[VISIBLE] = lock[0] if lock else devices[0]
        yield
    finally:
        if before is None:
            os.environ.pop(VISIBLE, None)
        else:
            os.environ[VISIBLE] = before
        if lock:
            lock[1].close()


def unusable(visible: str | None, listed: Sequence[str], has_cuda: bool) -> str:
    """What to say where TensorFlow finds no GPU: nothing, where there is none to find.

    visible: what CUDA_VISIBLE_DEVICES holds; listed: the GPUs that nvidia-smi knows; has_cuda:
    whether TensorFlow was built for GPUs.
    """
    if visible in ("", "-1") or not (visible or listed):
        return ""
    remedy = (
        "its driver, or a CUDA library, could not be loaded: this log has TensorFlow's reason, and "
        "nvidia-smi says whether the driver works"
        if has_cuda
        else "this TensorFlow was built without CUDA. «make gpu» installs one with it"
    )
    where = f" ({VISIBLE}={visible})" if visible else ""
    return f"there is a GPU{where}, but the CPU is taken instead: {remedy}"


def _scheduled(environment: Mapping[str, str]) -> bool:
    return any(name in environment for name in SCHEDULERS)


def _devices(environment: Mapping[str, str]) -> list[str]:
    """The GPUs that may be chosen, as CUDA_VISIBLE_DEVICES names them; none for "" and -1."""
    visible = environment.get(VISIBLE)
    if visible is None:
        return listed()
    names = [name.strip() for name in visible.split(",")]
    return [] if "-1" in names else [name for name in names if name]


def listed() -> list[str]:
    """The ids of this machine's GPUs: numbers mean others to CUDA than to nvidia-smi."""
    query = ("nvidia-smi", "--query-gpu=uuid", "--format=csv,noheader")
    try:
        done = subprocess.run(query, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return done.stdout.split()


def _first_free(devices: Sequence[str], folder: Path):
    """Lock a device: its name and the file that holds the lock; None where all are taken."""
    for device in devices:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file = (folder / device.replace("/", "_")).open("w")
        except OSError as error:
            logger.warning("no lock for GPU %s: %s", device, error)
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
        else:
            return device, file
    return None
