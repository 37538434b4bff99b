"""`--fast`: the tests that start neither TensorFlow nor Snakemake, in under a minute.

Without thousands of generated cases as well.
"""

import os
from collections import Counter
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.helpers")

# Folders of tests that start TensorFlow or Snakemake.
SLOW = {"benchmarks", "likelihoods", "models", "priors", "properties", "training", "workflow"}
DATASETS = Path(os.environ.get("VAE_TEST_DATASETS", "../shared/datasets")).absolute()


def pytest_addoption(parser):
    parser.addoption("--fast", action="store_true", help="without TensorFlow and Snakemake")


def pytest_ignore_collect(collection_path, config):
    """Not even collected, since collecting imports TensorFlow."""
    return True if config.getoption("--fast") and collection_path.name in SLOW else None


def pytest_collection_modifyitems(items):
    """The longest tests first, so that two processes end at the same time."""
    items.sort(key=lambda item: ("test_cluster" not in item.nodeid, "workflow" not in item.nodeid))


def pytest_terminal_summary(terminalreporter):
    """Print how many cases tests/properties generated; reports also come from other processes."""
    cases = Counter()
    for report in (report for reports in terminalreporter.stats.values() for report in reports):
        if getattr(report, "when", None) == "teardown":
            file = Path(report.nodeid.partition("::")[0])
            cases[file.stem.removeprefix("test_")] += dict(report.user_properties).get("cases", 0)
    if cases.total():
        each = ", ".join(f"{topic} {count:,}" for topic, count in sorted(cases.items()) if count)
        terminalreporter.write_line(f"{cases.total():,} generated cases: {each}")


@pytest.fixture(scope="session")
def datasets() -> Path:
    """The folder with real data, laid out as a mirror; VAE_TEST_DATASETS names it."""
    if not DATASETS.is_dir():
        pytest.skip(f"no real data at {DATASETS}; VAE_TEST_DATASETS can name another folder")
    return DATASETS
