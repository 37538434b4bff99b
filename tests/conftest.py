"""`--fast`: the tests that start neither TensorFlow nor Snakemake, in under a minute.

Without thousands of generated cases as well.
"""

import os
from pathlib import Path

import pytest

# Folders of tests that start TensorFlow or Snakemake.
SLOW = {"workflow", "properties", "models", "likelihoods", "training"}
DATASETS = Path(os.environ.get("VAE_TEST_DATASETS", "../shared/datasets")).absolute()


def pytest_addoption(parser):
    parser.addoption("--fast", action="store_true", help="without TensorFlow and Snakemake")


def pytest_ignore_collect(collection_path, config):
    """Not even collected, since collecting imports TensorFlow."""
    return True if config.getoption("--fast") and collection_path.name in SLOW else None


@pytest.fixture(scope="session")
def datasets() -> Path:
    """The folder with real data, laid out as a mirror; VAE_TEST_DATASETS names it."""
    if not DATASETS.is_dir():
        pytest.skip(f"no real data at {DATASETS}; VAE_TEST_DATASETS can name another folder")
    return DATASETS
