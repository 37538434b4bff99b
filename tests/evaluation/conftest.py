from functools import partial

import pytest

from tests.helpers.runs import write_run


@pytest.fixture
def run(tmp_path):
    """The files of an untrained run of a likelihood and so many latent dimensions."""
    return partial(write_run, tmp_path)
