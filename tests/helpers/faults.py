"""Faults: commands that have to fail, or to succeed again, and what is left afterwards."""

import contextlib
import os
import resource
import shutil

import pytest
from PIL import Image


def without_rights():
    """How a command begins that cannot write where permissions forbid it, as root else can."""
    if os.geteuid():
        return ()
    if not shutil.which("setpriv"):
        pytest.skip("root may write anywhere, and there is no setpriv to give that up with")
    return ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all")


@contextlib.contextmanager
def largest_file(size):
    """No file can grow beyond so many bytes, as on a full disk.

    Of this whole process: pytest's own output, too, where it is a file.
    """
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def run(project):
    """The folder of a run."""
    return project.path / "results/digits/ld_2"


def fails(project, *arguments, words=(), command=None, **options):
    """Run a command that has to fail, with all of these words and no traceback."""
    done = (command or project.snakemake)("--cores", "2", "--keep-going", *arguments, **options)
    output = done.stdout + done.stderr
    assert done.returncode == 1, output
    assert "Traceback" not in output, output
    text = " ".join(output.split())
    for expected in words:
        assert expected in text, f"{expected!r} is not in\n{output}"


def succeeds(project, *targets, options=()):
    """Build targets with results/ still a link; returns the output."""
    output = project.build(*targets, options=options)
    assert (project.path / "results").is_symlink()
    return output


def whole(project):
    """Check that everything is built, and that no half file is left anywhere."""
    assert project.planned() == {}
    assert not [*(project.path / "results").resolve().rglob(".part.*")]
    for path in (project.path / "results").resolve().rglob("*.png"):
        with Image.open(path) as image:
            image.load()
