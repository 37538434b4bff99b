"""Write the page that explores a run."""

import json
import logging
from pathlib import Path

from vae.data import images as dataset
from vae.explorer import page, runtime
from vae.latent import codes, mixture
from vae.services.files import atomic
from vae.services.jobs import job

logger = logging.getLogger("vae.explore")  # not __main__, which no handler hears


def explore(inputs: dict[str, str], path: str, at_most: int) -> None:
    """Write one file with everything in it; at_most: test pictures that it shows."""
    known = page.content(
        run=json.loads(Path(inputs["run"]).read_text(encoding="utf-8")),
        latents=codes.load(inputs["latents"]),
        pixels=dataset.load(inputs["images"]).test.pixels,
        mixture=mixture.load(inputs["mixture"]),
        decoder=Path(inputs["decoder"]).read_bytes(),
        at_most=at_most,
    )
    text = page.page(known, runtime.load(inputs["runtime"]))
    with atomic(path) as part:
        part.write_text(text, encoding="utf-8")
    megabytes = [len(part) / 1e6 for part in (text, known["decoder"])]
    logger.info("%.1f MB, of which the decoder takes %.1f MB", *megabytes)


if __name__ == "__main__":
    with job(snakemake.log[0]):
        explore(
            inputs=dict(snakemake.input.items()),
            path=snakemake.output[0],
            at_most=snakemake.params.settings["images"],
        )
