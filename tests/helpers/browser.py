"""A real browser without network, in which console errors and requests are failures."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
OFFLINE = [
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--no-proxy-server"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--host-resolver-rules=MAP * ~NOTFOUND",
]


@contextmanager
def browser() -> Iterator:
    """A headless Chromium of Playwright's; skips the test where there is none."""
    if not CHROMIUM:
        pytest.skip("no chromium on the PATH")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=OFFLINE)
        yield launched
        launched.close()


@contextmanager
def opened(launched, path: Path, fragment: str = "", **options) -> Iterator:
    """A page from a file; options: of its context, such as viewport."""
    context = launched.new_context(**{"viewport": {"width": 1400, "height": 900}} | options)
    page = context.new_page()
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else 0)
    page.on("dialog", lambda dialog: (problems.append(dialog.message), dialog.dismiss()))
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith(("file:", "data:", "blob:"))
            else problems.append(request.url)
        ),
    )
    page.goto(path.as_uri() + fragment)
    yield page
    context.close()
    assert not problems
