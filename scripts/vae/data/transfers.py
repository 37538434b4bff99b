"""Transfer of one raw file over HTTP, resumed if it breaks off.

The bytes go to `<file>.part` next to the target; `<file>.part.json` says where they came from, so
that another process can resume the transfer.
"""

import errno
import json
import logging
import random
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import requests
from requests.adapters import HTTPAdapter
from tqdm import tqdm
from urllib3 import exceptions as http_errors
from urllib3.util import Retry

from vae.data.checksums import Identity, RefusedError
from vae.services.errors import UserError

logger = logging.getLogger(__name__)

_CHUNK = 1 << 16  # bytes: the most that is lost if a connection stalls
_LONGEST_WAIT = 60  # seconds between two requests, whatever the server asks for


class TransferError(RefusedError):
    """A request failed; the message says why in a few words.

    error: from requests or urllib3. n_bytes: of the file that arrived before, for the message.
    """

    def __init__(self, error: Exception, n_bytes: int | None = None):
        if isinstance(error, requests.RequestException) and error.args:
            error = error.args[0]
        match getattr(error, "reason", error):  # urllib3's MaxRetryError has a reason
            case http_errors.NameResolutionError():
                text = "name not resolved"
            case http_errors.NewConnectionError(__cause__=OSError(strerror=str(reason))):
                text = reason.lower()
            case http_errors.TimeoutError():
                text = "no answer in time"
            case http_errors.ProxyError(original_error=cause):
                text = f"proxy: {cause}"
            case http_errors.ProtocolError():
                text = "connection broken"
            case cause:
                text = str(cause)
        super().__init__(text if n_bytes is None else f"{text} after {n_bytes:,} bytes")


class DiskFullError(UserError):
    """There is no room for a file.

    size: of the file in bytes, if known.
    """

    def __init__(self, path: Path, size: int | None):
        folder = path.parent.resolve()
        free = shutil.disk_usage(folder).free
        super().__init__(
            f"The disk is full: {path.name} needs {f'{size / 1e6:,.1f} MB' if size else 'more'}, "
            f"and {folder} has {free / 1e6:,.1f} MB left. Make room there, or link the folder to "
            "another disk, and run the same command again: a transfer goes on where it stopped."
        )


@contextmanager
def room_for(path: Path, size: int | None) -> Iterator[None]:
    """Raise DiskFullError if the disk turns out to be full while a file is written.

    size: of the file in bytes, if known.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise DiskFullError(path, size) from error


@dataclass(frozen=True)
class Patience:
    """How long to wait for a server, and how often to retry.

    connect, read: seconds after which a server that does not answer, or falls silent, has failed.
    retries: of a request that failed, and of a transfer that made no progress.
    backoff: seconds before the first retry; doubled each time, up to a minute.
    """

    connect: float = 10
    read: float = 30
    retries: int = 4
    backoff: float = 0.5


PATIENCE = Patience()


class Part:
    """A transfer that may have stopped half-way: its bytes, and where they came from."""

    def __init__(self, target: Path):
        self.path = target.with_name(f"{target.name}.part")
        self._origin = target.with_name(f"{target.name}.part.json")

    def state(self, url: str) -> tuple[int, str]:
        """Return how many bytes of `url` are there, and their version, "" if unknown."""
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


def download(url: str, target: Path, identity: Identity, patience: Patience) -> Path:
    """Bring `url` to a file next to `target`, check it, and return its path.

    Raises RefusedError if the server does not give the right file, UserError if the disk is full.
    """
    part = Part(target)
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
    return part.path


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
    session: requests.Session, url: str, part: Part, identity: Identity, patience: Patience
) -> bool:
    """Bring the whole of `url` into `part`; return whether that took several requests.

    A transfer that breaks off is resumed as long as each attempt gets further than before.
    """
    offset, _ = part.state(url)
    resumed, furthest, failures = offset > 0, 0, 0
    while True:
        try:
            _request(session, url, part, identity, patience)
            return resumed
        except http_errors.HTTPError as error:
            offset, _ = part.state(url)
            failures = 1 if offset > furthest else failures + 1
            if failures > patience.retries:
                raise TransferError(error, offset) from error
            logger.info("%s: %s", part.path.stem, TransferError(error))
            resumed, furthest = True, max(furthest, offset)
            wait = patience.backoff * (2 ** (failures - 1) + random.random())
            time.sleep(min(wait, _LONGEST_WAIT))


def _request(
    session: requests.Session, url: str, part: Part, identity: Identity, patience: Patience
) -> None:
    """Ask for the bytes of `url` that `part` lacks, and append them.

    Raises RefusedError if the server does not give them, urllib3's errors if it breaks off.
    """
    offset, version = part.state(url)
    # Bytes as they are: to be counted and resumed, they must not be compressed on the way.
    headers = {"Accept-Encoding": "identity"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
        if version:
            headers["If-Range"] = version
    try:
        response = session.get(
            url, headers=headers, stream=True, timeout=(patience.connect, patience.read)
        )
    except (requests.RequestException, http_errors.HTTPError) as error:
        raise TransferError(error) from error
    with response:
        status = response.status_code
        unusable = status == 206 and not _continues(response, offset, version)
        if offset and (status == 416 or unusable):
            part.discard()
            _request(session, url, part, identity, patience)
            return
        if status == 200:  # the whole file, perhaps since the server does not support ranges
            offset = 0
        elif not (offset and status == 206):
            raise RefusedError(f"{status} {response.reason}")
        total = identity.size
        if (length := response.headers.get("Content-Length", "")).isdecimal():
            total = offset + int(length)
            identity.check_size(total)
        with room_for(part.path, total):
            if not offset:
                part.begin(url, _version(response))
            with part.path.open("ab") as file:
                chunks = response.raw.stream(_CHUNK, decode_content=False)
                for chunk in _with_progress(chunks, part.path.stem, offset, total):
                    file.write(chunk)
                    if identity.limit and file.tell() > identity.limit:
                        part.discard()
                        raise RefusedError(f"more than {identity.limit:,} bytes")


def _continues(response: requests.Response, offset: int, version: str) -> bool:
    """Return whether a partial answer starts at `offset` and is of the same version."""
    span = response.headers.get("Content-Range", "")
    return span.startswith(f"bytes {offset}-") and _version(response) == version


def _version(response: requests.Response) -> str:
    """Return what If-Range may name: a strong ETag, else the date of the last change, else ""."""
    etag = response.headers.get("ETag", "")
    return etag if etag.startswith('"') else response.headers.get("Last-Modified", "")


def _with_progress(
    chunks: Iterable[bytes], name: str, start: int, total: int | None
) -> Iterator[bytes]:
    """Pass chunks on and report progress: a bar on a terminal, otherwise lines in the log.

    There is a line for every tenth of the file, but at most one in 5 s and at least one a minute.
    """
    logger.info(
        "%s: from %.1f%s MB on", name, start / 1e6, f" of {total / 1e6:.1f}" if total else ""
    )
    done = last_done = start
    start_time = last_time = time.monotonic()
    with tqdm(
        desc=name, initial=start, total=total, unit="B", unit_scale=True, leave=False, disable=None
    ) as bar:
        for chunk in chunks:
            yield chunk
            done += len(chunk)
            bar.update(len(chunk))
            now = time.monotonic()
            tenth = total and done - last_done >= total / 10
            if bar.disable and now - last_time >= (5 if tenth else 60):
                logger.info(
                    "%s: %.1f%s MB, %.1f MB/s",
                    *(name, done / 1e6, f" of {total / 1e6:.1f}" if total else ""),
                    (done - start) / (now - start_time) / 1e6,
                )
                last_done, last_time = done, now
