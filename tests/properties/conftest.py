"""Profiles of Hypothesis, and the number of cases of each test."""

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.properties import counts

NEW_CASES = int(os.environ.get("VAE_TEST_CASES", "0"))

# What pytest gives to a test is the same for all cases: a folder, a module.
shared = {"suppress_health_check": [*HealthCheck], "deadline": None}
settings.register_profile("same cases", max_examples=100, derandomize=True, **shared)
settings.register_profile("new cases", max_examples=NEW_CASES or 100, derandomize=False, **shared)
settings.load_profile("new cases" if NEW_CASES else "same cases")


@pytest.fixture(autouse=True)
def count(record_property):
    """Record how many cases a test had; tests/conftest.py prints the sums."""
    before = counts.total()
    yield
    record_property("cases", counts.total() - before)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder for files, one after the other under the same names."""
    return tmp_path_factory.mktemp("files")
