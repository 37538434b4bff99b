import os

import pytest

from tests.helpers import python
from vae.services import cores

CODE = "from vae.services.cores import available_cores; print(available_cores())"


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this system")
def test_cores_that_the_process_may_not_use_do_not_count():
    one = min(os.sched_getaffinity(0))
    done = python("-c", f"import os; os.sched_setaffinity(0, [{one}]); {CODE}")
    assert done.stdout == "1\n"


def test_without_affinity_all_cores_count(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert cores.available_cores() == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores.available_cores() == 1
