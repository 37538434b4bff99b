"""The pages as the command makes them: from a dataset's page, from the report, and when."""

import re
import zipfile

from tests.helpers.browser import opened
from tests.helpers.explorer import ready
from vae.explorer import runtime as explorer_runtime


def test_the_pages_of_a_dataset_are_linked_side_by_side(chromium, explored):
    with opened(chromium, explored.path / "results/digits/explorer.html") as page:
        assert page.locator("h2").all_inner_texts() == ["ld_2", "ld_3"]
        page.get_by_role("link", name=re.compile("ld_3")).click()
        ready(page)
        assert page.title() == "digits · ld_3"


def test_it_opens_from_the_report(chromium, explored, tmp_path):
    workspace = explored.copy(tmp_path / "project", link_results=True)
    done = workspace.snakemake(
        "--report", str(tmp_path / "report.zip"), "--", "results/digits/explorer.html"
    )
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(tmp_path / "report.zip") as archive:
        archive.extractall(tmp_path)
    pages = sorted((tmp_path / "report").rglob("explorer.html"))
    assert len(pages) == 2
    with opened(chromium, pages[0]) as page:
        ready(page)


def test_adding_a_run_builds_its_page_and_the_linking_one(explored, tmp_path):
    workspace = explored.copy(tmp_path / "project", link_results=True)
    assert workspace.planned("--", "results/digits/explorer.html") == {}
    workspace.configure("digits", latent_dim=[2, 3, 4])
    plan = workspace.planned("--", "results/digits/explorer.html")
    assert plan["explore"] == {"digits/ld_4"}
    assert plan["link_explorers"] == {"digits"}
    assert plan["train"] == {"digits/ld_4"}
    workspace.configure("digits", explorer={"runs": ["ld_3"]})
    assert workspace.planned("--", "results/digits/explorer.html") == {"link_explorers": {"digits"}}
    workspace.configure("digits", explorer={"images": 5}, latent_dim=[2, 3])
    plan = workspace.planned("--", "results/digits/explorer.html")
    assert plan == {"explore": {"digits/ld_2", "digits/ld_3"}, "link_explorers": {"digits"}}


def test_an_edit_of_the_page_builds_the_pages_alone(explored, tmp_path):
    workspace = explored.copy(tmp_path / "project", link_results=True)
    workspace.edit("scripts/vae/explorer/web/page.css", ":root", "/* More. */ :root")
    plan = workspace.planned("--", "results/digits/explorer.html")
    assert plan == {"explore": {"digits/ld_2", "digits/ld_3"}, "link_explorers": {"digits"}}


def test_nothing_of_it_is_built_unless_asked_for(explored):
    assert not {"explore", "download_runtime"} & explored.planned("--forceall").keys()


def test_an_unknown_run_is_told(unbuilt_copy):
    unbuilt_copy.configure("digits", explorer={"runs": ["ld_22"]})
    done = unbuilt_copy.snakemake("-n")
    assert done.returncode == 1
    assert (
        "datasets.digits.explorer.runs: no run is called 'ld_22', did you mean ld_2?" in done.stderr
    )


def test_another_version_of_the_runtime_is_fetched(unbuilt_copy):
    version = f'VERSION = "{explorer_runtime.VERSION}"'
    unbuilt_copy.edit("scripts/vae/explorer/runtime.py", version, 'VERSION = "1.99.0"')
    done = unbuilt_copy.snakemake("-n", "results/digits/explorer.html")
    assert "output: results/raw/onnxruntime-web-1.99.0.json" in done.stdout + done.stderr
