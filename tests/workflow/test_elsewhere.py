"""A build in a place that is odd in every way at once, from a project that nobody may write to."""

import os
import subprocess

from PIL import Image

from tests.helpers.faults import without_rights
from tests.helpers.workspace import Workspace


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_read_only_project_behind_a_link_builds_where_nothing_is_as_usual(fresh, tmp_path):
    project = fresh.copy(tmp_path / "Fotos é 图 $x 'quoted'" / "my project").path
    (tmp_path / "a link").symlink_to(project)
    work = tmp_path / "Ordner ü 1"
    work.mkdir()
    subprocess.run(["chmod", "-R", "a-w", project], check=True)
    before = files(project)
    snakefile = str(tmp_path / "a link" / "Snakefile")
    targets = ("results/digits/ld_2/grid.png", "results/digits/ld_2/metrics.json")
    done = Workspace(work).snakemake(
        *("-s", snakefile, "--cores", "2", "--", *targets),
        before=without_rights(),
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"},  # no HOME
        umask=0o077,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with Image.open(work / targets[0]) as image:
        image.load()
    assert files(project) == before
    assert {path.name for path in work.iterdir()} == {".snakemake", "results"}
    for path in (work / "results").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
