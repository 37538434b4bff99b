import hashlib
import io
import shutil
import stat
import tarfile

import pytest

from tests.helpers import ROOT
from tests.helpers.pages import unpack
from vae.explorer import runtime
from vae.services.errors import UserError


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """An archive as npm's, small, known by its own checksum."""
    path = tmp_path / "elsewhere" / runtime.ARCHIVE
    path.parent.mkdir()
    with tarfile.open(path, "w:gz") as members:
        for key, name in runtime.FILES.items():
            data = f"{key}\n//# sourceMappingURL=x.map".encode()
            info = tarfile.TarInfo(name)
            info.size = len(data)
            members.addfile(info, io.BytesIO(data))
    monkeypatch.setattr(runtime, "SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    return path


@pytest.fixture
def fake_npm(tmp_path, monkeypatch):
    """Put a shell script in the place of npm; Node.js need not be there."""

    def install(script):
        folder = tmp_path / "bin"
        folder.mkdir()
        for name in ("npm", "node"):
            (folder / name).write_text(f"#!/bin/sh\n{script}\n")
            (folder / name).chmod(stat.S_IRWXU)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    return install


def check(path):
    loaded = runtime.load(path)
    assert loaded.script == "script\n"
    assert unpack(loaded.wasm, "u1").tobytes().startswith(b"wasm")


def test_an_archive_at_hand_needs_no_npm(archive, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    shutil.move(archive, tmp_path / archive.name)
    runtime.fetch(tmp_path / "runtime.json")
    check(tmp_path / "runtime.json")


def test_the_docs_name_the_archive_of_this_version():
    assert f"`{runtime.ARCHIVE}`" in (ROOT / "docs/explorer.md").read_text("utf-8")


def test_npm_fetches_it(archive, tmp_path, fake_npm):
    fake_npm(f'test "$1 $2" = "pack {runtime.PACKAGE}" && cp {archive} "$4/"')
    runtime.fetch(tmp_path / "runtime.json")
    check(tmp_path / "runtime.json")


def test_another_archive_is_refused(archive, tmp_path, monkeypatch):
    monkeypatch.setattr(runtime, "SHA256", "0" * 64)
    shutil.move(archive, tmp_path / archive.name)
    with pytest.raises(UserError, match="checksum differs"):
        runtime.fetch(tmp_path / "runtime.json")
    assert not (tmp_path / "runtime.json").exists()


def test_without_a_network_it_says_what_to_do(tmp_path, fake_npm):
    fake_npm(
        "echo 'npm error code ECONNREFUSED' >&2; "
        "echo 'npm error network request failed' >&2; "
        "echo 'npm error A complete log of this run can be found in: /x' >&2; exit 1"
    )
    with pytest.raises(UserError, match=r"network request failed\nNothing else needs it") as error:
        runtime.fetch(tmp_path / "runtime.json")
    assert str(tmp_path) in str(error.value)


def test_a_damaged_runtime_says_what_to_do(tmp_path):
    (tmp_path / "runtime.json").write_text("{}")
    with pytest.raises(UserError, match="Delete it"):
        runtime.load(tmp_path / "runtime.json")
