"""The sources of the explorer's pages, in scripts/vae/explorer/web/, and how they are filled in."""

import re
from pathlib import Path

SOURCES = Path(__file__).parent / "web"


def read(name: str) -> str:
    """Return a file of the folder `web`."""
    return (SOURCES / name).read_text("utf-8")


def fill(template: str, **parts: str) -> str:
    """Return a template of the folder `web` with each @@NAME@@ replaced."""
    return re.sub(r"@@([A-Z]+)@@", lambda match: parts[match[1]], read(template))
