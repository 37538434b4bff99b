"""The sources of the explorer's pages, in scripts/vae/explorer/web/, and how they are filled in."""

import html
import re
from pathlib import Path

SOURCES = Path(__file__).parent / "web"


def read(name: str) -> str:
    """Return a file of the folder `web`."""
    return (SOURCES / name).read_text("utf-8")


def document(body: str, title: str, policy: str, **parts: str) -> str:
    """Return a whole page, which loads nothing from anywhere.

    body: the template of what it shows; title: plain text; policy: its Content-Security-Policy,
    beyond what every page allows; parts: of `body`, by name.
    """
    title = html.escape(title)
    return _filled(
        "document.html",
        TITLE=title,
        POLICY=policy,
        STYLE=read("page.css"),
        BODY=_filled(body, TITLE=title, **parts).rstrip(),
    )


def _filled(template: str, **parts: str) -> str:
    """A template of the folder `web` with each @@NAME@@ replaced."""
    return re.sub(r"@@([A-Z]+)@@", lambda match: parts[match[1]], read(template))
