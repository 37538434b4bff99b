"""Transfers over HTTP from a server on this machine that can be told to misbehave."""

import io
import json
from pathlib import Path

import pytest

from tests.helpers.file_server import (
    BY_CONTENT,
    DATA,
    EXACT,
    HALF,
    HASTE,
    NAME,
    Handler,
    Server,
    cut,
    left,
    redirect,
    refused,
    sha256,
    stall,
    status,
    whole,
    whole_cut,
)
from vae.data import transfers
from vae.data.checksums import Identity
from vae.data.downloads import fetch
from vae.data.transfers import Patience
from vae.services.errors import UserError

IMPATIENCE = Patience(read=0.4, retries=1, backoff=0)


def test_one_request_brings_the_file_and_leaves_nothing_else(server: Server, target: Path):
    fetch(target, EXACT, urls=[server.put("/x", DATA)])
    assert target.read_bytes() == DATA
    assert left(target) == {NAME}
    assert server.requests == [("/x", None)]


def test_cut_off_transfer_is_resumed_with_the_rest_alone(server: Server, target: Path):
    fetch(target, EXACT, urls=[server.put("/x", DATA, cut(HALF))], patience=HASTE)
    assert target.read_bytes() == DATA
    assert left(target) == {NAME}
    assert server.ranges == [None, f"bytes={HALF}-"]
    assert server.sent == [HALF, len(DATA) - HALF]


def test_transfer_goes_on_for_as_long_as_it_gets_further(server: Server, target: Path):
    cuts = range(1000, len(DATA), len(DATA) // (3 * HASTE.retries))
    fetch(target, EXACT, urls=[server.put("/x", DATA, *map(cut, cuts))], patience=HASTE)
    assert target.read_bytes() == DATA
    assert sum(server.sent) == len(DATA)


def test_transfer_that_gets_no_further_is_given_up_and_kept(server: Server, target: Path):
    url = server.put("/x", DATA, *[cut(HALF)] * 9)
    assert f"connection broken after {HALF:,} bytes" in refused(target, urls=[url])
    assert len(server.requests) == 1 + HASTE.retries
    server.faults.clear()
    fetch(target, EXACT, urls=[url], patience=HASTE)
    assert server.sent[-1] == len(DATA) - HALF
    assert left(target) == {NAME}


def test_another_process_resumes(server: Server, target: Path):
    impatient = Patience(retries=0)
    url = server.put("/x", DATA, cut(HALF))
    with pytest.raises(UserError):
        fetch(target, EXACT, urls=[url], patience=impatient)
    assert left(target) == {f"{NAME}.part", f"{NAME}.part.json"}
    fetch(target, EXACT, urls=[url], patience=impatient)
    assert target.read_bytes() == DATA
    assert server.ranges == [None, f"bytes={HALF}-"]


def test_stalled_transfer_is_resumed(server: Server, target: Path):
    at = transfers._CHUNK + 100  # a chunk has been written, the next has begun
    fetch(target, EXACT, urls=[server.put("/x", DATA, stall(at))], patience=IMPATIENCE)
    assert target.read_bytes() == DATA
    assert server.ranges == [None, f"bytes={transfers._CHUNK}-"]


def test_silent_server_is_given_up(server: Server, target: Path):
    url = server.put("/x", DATA, *[lambda handler, data: handler.server.closing.wait(5)] * 9)
    assert "/x: no answer in time" in refused(target, urls=[url], patience=IMPATIENCE)


def test_server_that_ignores_ranges_is_asked_for_the_whole(server: Server, target: Path):
    fetch(target, EXACT, urls=[server.put("/x", DATA, whole_cut(HALF), whole)], patience=HASTE)
    assert target.read_bytes() == DATA
    assert server.sent == [HALF, len(DATA)]


def test_server_that_ignores_ranges_and_breaks_off_is_given_up(server: Server, target: Path):
    url = server.put("/x", DATA, *[whole_cut(HALF)] * 9)
    assert "connection broken" in refused(target, urls=[url])
    assert len(server.requests) == 1 + HASTE.retries


@pytest.mark.parametrize("guarded", [True, False])
def test_file_that_changed_meanwhile_is_begun_anew(server: Server, target: Path, guarded: bool):
    """A server that minds If-Range sends the whole; one that does not shows another ETag."""
    old = b"old" + DATA

    def change(handler: Handler, data: bytes) -> None:
        handler.serve(old, until=HALF)

    def unguarded(handler: Handler, data: bytes) -> None:
        del handler.headers["If-Range"]
        handler.serve(data)

    url = server.put("/x", DATA, change, *([] if guarded else [unguarded]))
    fetch(target, BY_CONTENT, urls=[url], patience=HASTE)
    assert target.read_bytes() == DATA
    assert server.sent[-1] == len(DATA)


def test_version_is_named_by_what_the_server_gave(server: Server, target: Path):
    """If-Range takes a strong ETag or a date, no weak ETag."""
    date = "Mon, 01 Jan 2024 00:00:00 GMT"

    def dated(handler: Handler, data: bytes) -> None:
        headers = {"Content-Length": len(data), "ETag": 'W/"weak"', "Last-Modified": date}
        handler.answer(200, data[:HALF], headers)
        handler.close_connection = True

    url = server.put("/x", DATA, dated, cut(HALF))
    fetch(target, EXACT, urls=[url], patience=HASTE)
    assert target.read_bytes() == DATA
    assert server.conditions == [None, date, f'"{sha256(DATA)[:8]}"']


def test_wrong_sum_after_resuming_is_tried_once_from_the_start(server: Server, target: Path):
    url = server.put("/x", DATA, whole_cut(HALF))
    impatient = Patience(retries=0)
    with pytest.raises(UserError):
        fetch(target, EXACT, urls=[url], patience=impatient)
    part = target.with_name(f"{NAME}.part")
    part.write_bytes(bytes(HALF))
    record = json.loads((origin := target.with_name(f"{NAME}.part.json")).read_text())
    origin.write_text(json.dumps(record | {"version": f'"{sha256(DATA)[:8]}"'}))
    fetch(target, EXACT, urls=[url], patience=impatient)
    assert target.read_bytes() == DATA
    assert server.ranges == [None, f"bytes={HALF}-", None]


def test_part_that_cannot_be_continued_is_begun_anew(server: Server, target: Path):
    """Its range lies behind the end of the file: 416."""
    url = server.put("/x", DATA)
    target.parent.mkdir(parents=True)
    target.with_name(f"{NAME}.part").write_bytes(DATA + b"more")
    target.with_name(f"{NAME}.part.json").write_text(json.dumps({"url": url, "version": ""}))
    fetch(target, EXACT, urls=[url], patience=HASTE)
    assert target.read_bytes() == DATA
    assert server.ranges == [f"bytes={len(DATA) + 4}-", None]


def test_part_of_another_address_is_not_continued(server: Server, target: Path):
    urls = [server.put("/x", b"x" * len(DATA), *[cut(HALF)] * 9), server.put("/y", DATA)]
    fetch(target, EXACT, urls=urls, patience=HASTE)
    assert target.read_bytes() == DATA
    assert server.requests[-1] == ("/y", None)


def test_missing_file_is_asked_for_once(server: Server, target: Path):
    fetch(target, EXACT, urls=[f"{server.url}/gone", server.put("/x", DATA)])
    assert target.read_bytes() == DATA
    assert [path for path, _ in server.requests] == ["/gone", "/x"]


@pytest.mark.parametrize("code", [429, 500, 503])
def test_busy_server_is_asked_again(server: Server, target: Path, code: int):
    url = server.put("/x", DATA, status(code), status(code))
    fetch(target, EXACT, urls=[url], patience=HASTE)
    assert target.read_bytes() == DATA
    assert len(server.requests) == 3


def test_server_that_stays_busy_is_given_up(server: Server, target: Path):
    url = server.put("/x", DATA, *[status(503)] * 9)
    assert "503 Service Unavailable" in refused(target, urls=[url])
    assert len(server.requests) == 1 + HASTE.retries


def test_redirect_is_followed_and_keeps_the_range(server: Server, target: Path):
    server.put("/there", DATA, cut(HALF))
    url = server.put("/x", b"", redirect("/there"), redirect("/there"))
    fetch(target, EXACT, urls=[url], patience=HASTE)
    assert target.read_bytes() == DATA
    assert server.requests[-1] == ("/there", f"bytes={HALF}-")


def test_proxy_of_the_environment_is_used(
    server: Server, target: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HTTP_PROXY", server.url)
    server.put("http://nowhere.invalid/x", DATA)
    fetch(target, EXACT, urls=["http://nowhere.invalid/x"], patience=HASTE)
    assert target.read_bytes() == DATA


def test_wrong_size_is_refused_before_the_transfer(server: Server, target: Path):
    url = server.put("/x", DATA)
    message = refused(target, Identity(5, sha256(DATA)), urls=[url])
    assert f"{len(DATA):,} bytes, expected 5" in message
    assert left(target) == set()


def test_endless_file_is_refused(server: Server, target: Path):
    def endless(handler: Handler, data: bytes) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(data)

    assert "bytes" in refused(target, urls=[server.put("/x", DATA, endless)])
    assert left(target) == set()


def test_encoding_on_the_way_is_declined_and_bytes_are_taken_as_sent(server: Server, target: Path):
    """Servers mark .gz files as encoded, and clients that decode them get the sums wrong."""
    asked = []

    def encoded(handler: Handler, data: bytes) -> None:
        asked.append(handler.headers["Accept-Encoding"])
        handler.answer(200, data, {"Content-Encoding": "gzip"})

    fetch(target, EXACT, urls=[server.put("/x", DATA, encoded)])
    assert target.read_bytes() == DATA
    assert asked == ["identity"]


class Clock:
    """Advances by 2 s whenever it is read."""

    def __init__(self):
        self.now = 0

    def monotonic(self) -> float:
        self.now += 2
        return self.now


def test_progress_in_the_log_comes_every_few_seconds(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("INFO", "vae")
    monkeypatch.setattr(transfers, "time", Clock())
    chunks = [bytes(500_000)] * 18
    assert list(transfers._with_progress(chunks, "x", 1_000_000, 10_000_000)) == chunks
    assert caplog.messages[:2] == ["x: from 1.0 of 10.0 MB on", "x: 2.5 of 10.0 MB, 0.2 MB/s"]
    assert len(caplog.messages) == 1 + 18 // 3


def test_progress_on_a_terminal_is_a_bar(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("INFO", "vae")
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr(transfers, "time", Clock())
    list(transfers._with_progress([bytes(1000)] * 100, "x", 0, 100_000))
    assert "x:   0%" in terminal.getvalue()
    assert caplog.messages == ["x: from 0.0 of 0.1 MB on"]
