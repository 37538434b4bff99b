import logging

from vae.services import progress
from vae.services.progress import Progress


def test_a_line_comes_once_in_so_many_seconds(monkeypatch, caplog):
    now = 0.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    caplog.set_level("INFO", "vae")
    done = Progress(logging.getLogger("vae.work"), 30)
    for now in range(0, 100, 10):
        done.info("%d of %d", now, 100)
    assert caplog.messages == ["30 of 100", "60 of 100", "90 of 100"]
    assert caplog.records[0].funcName.startswith("test_"), "the line names who wrote it"
