"""The report, as the command makes it and as a browser shows it."""

import shutil
import zipfile

import pytest

from tests.workflow.test_build import FIGURES

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
OFFLINE = [
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--no-proxy-server"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--host-resolver-rules=MAP * ~NOTFOUND",
]


@pytest.fixture(scope="module")
def report(built, tmp_path_factory):
    """The unpacked report of the built project."""
    folder = tmp_path_factory.mktemp("report")
    workspace = built.copy(folder / "project")
    done = workspace.snakemake("--report", "report.zip")
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr, "reStructuredText that docutils does not like"
    with zipfile.ZipFile(workspace.path / "report.zip") as archive:
        archive.extractall(folder)
    return folder / "report"


@pytest.fixture
def page(report):
    """The report's page in a browser without network; console errors and requests are failures."""
    if not CHROMIUM:
        pytest.skip("no chromium on the PATH")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OFFLINE)
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        problems = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda line: problems.append(line.text) if line.type == "error" else 0)
        page.on(
            "request",
            lambda request: (
                None if request.url.startswith(("file:", "data:")) else problems.append(request.url)
            ),
        )
        page.goto((report / "report.html").as_uri())
        yield page
        browser.close()
    assert not problems


def test_it_holds_every_figure_with_its_caption(report):
    pictures = [p for p in report.rglob("*") if p.suffix in (".png", ".gif")]
    assert len(pictures) == 2 * len(FIGURES) + 2
    assert "spread uniformly over the prior" in (report / "report.html").read_text()


def test_it_opens_on_the_story(page):
    page.get_by_text("Variational autoencoders and what they learned").wait_for()
    page.get_by_text("digits: model mlp, latent size [2, 3]").wait_for()


@pytest.mark.parametrize(
    ("place", "label", "file"),
    [("comparison", "all", "comparison.png"), ("ld_2", "latent space", "latent.png")],
)
def test_a_picture_is_found_by_dataset_run_and_label_and_is_drawn(page, place, label, file):
    for name in ("Results", place):
        page.get_by_text(name, exact=True).first.click()
    cell = page.get_by_role("cell", name=label, exact=True)
    cell.locator("xpath=..").locator("a").first.click()
    picture = page.locator(f"img[src$='{file}']")
    picture.wait_for()
    page.wait_for_function("picture => picture.naturalWidth > 500", arg=picture.element_handle())
