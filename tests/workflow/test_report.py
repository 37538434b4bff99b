"""The report, as the command makes it and as a browser shows it."""

import zipfile

import pytest

from tests.helpers.browser import opened
from tests.helpers.workspace import FIGURES


@pytest.fixture(scope="module")
def report(built, tmp_path_factory):
    """The unpacked report of the built project."""
    folder = tmp_path_factory.mktemp("report")
    workspace = built.copy(folder / "project", link_results=True)
    done = workspace.snakemake("--report", "report.zip")
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr, "reStructuredText that docutils does not like"
    with zipfile.ZipFile(workspace.path / "report.zip") as archive:
        archive.extractall(folder)
    return folder / "report"


@pytest.fixture
def page(chromium, report):
    """The report's page in a browser."""
    with opened(chromium, report / "report.html") as page:
        yield page


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
