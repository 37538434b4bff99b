"""Fixtures of the tests of checkpoints."""

import logging

import pytest

from vae.services import checkpoints


@pytest.fixture
def every_epoch(monkeypatch):
    """Save after each epoch, however short."""
    monkeypatch.setattr(checkpoints, "LONG", 0.0)


@pytest.fixture
def warnings(caplog):
    """The text of all warnings so far."""
    return lambda: "\n".join(r.getMessage() for r in caplog.records if r.levelno > logging.INFO)
