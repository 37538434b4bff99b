"""The benchmark of memory, on what needs no build."""

import sys

import pandas as pd
import psutil
import pytest
from PIL import Image

from benchmarks import memory, own_sources, tables
from tests.helpers import sources
from vae.data.sources import arrays, parquet, table

HOLD = "import time\nkept = b'x' * {}\ntime.sleep(1)\n"


def test_pictures_are_spread_over_classes_and_one_has_the_longest_name(tmp_path):
    memory.write_pictures(tmp_path / "pictures", 12)
    files = [*(tmp_path / "pictures").rglob("*.png")]
    assert len(files) == 12
    assert {file.parent.name for file in files} == set("0123456789")
    assert sorted(len(file.name) for file in files) == [11] * 11 + [255]
    with Image.open(files[0]) as picture:
        assert (picture.size, picture.mode) == ((64, 64), "RGB")


def test_the_same_pictures_are_arrays_a_table_and_a_parquet_file(tmp_path):
    memory.write_pictures(tmp_path / "pictures", 12)
    own_sources.write(tmp_path)
    kinds = {"arrays": arrays, "table": table, "parquet": parquet}
    files = {kind: str(tmp_path / own_sources.DATASETS[kind]["source"][kind]) for kind in kinds}
    sizes = {"arrays": {}, "table": {"size": 64}, "parquet": {"size": 64}}
    found = [sources.read(kinds[kind], files[kind], **sizes[kind])[0] for kind in kinds]
    for images in found:
        assert images.class_names == tuple("0123456789")
        both = [*images.train.pixels, *images.test.pixels]
        assert sum(int(pixels.sum()) for pixels in both) > 0
        assert sorted(p.tobytes() for p in both) == sorted(
            p.tobytes() for split in (found[0].train, found[0].test) for p in split.pixels
        )


@pytest.mark.skipif(not psutil.LINUX, reason="no /proc here")
def test_memory_is_of_all_processes_of_a_rule(tmp_path):
    script = tmp_path / ".snakemake/scripts/tmpa1_b.prepare.py"
    script.parent.mkdir(parents=True)
    script.write_text(
        "import subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-c', {HOLD.format(30_000_000)!r}])\n"
        f"{HOLD.format(50_000_000)}child.wait()\n"
    )
    (tmp_path / "run.py").write_text(
        f"import subprocess, sys\nsubprocess.run([sys.executable, {str(script)!r}])\n"
    )
    peaks = memory.peaks([sys.executable, "run.py"], tmp_path)
    assert set(peaks) == {"prepare"}
    assert 80e6 < peaks["prepare"] < 110e6
    with pytest.raises(SystemExit, match="failed"):
        memory.peaks([sys.executable, "-c", "1 / 0"], tmp_path)


def test_the_table_says_how_much_an_image_adds():
    rows = [("prepare", 1000, 100.0), ("prepare", 10_000, 112.0), ("train", 1000, 500.0)]
    table = tables.memory(pd.DataFrame(rows, columns=["rule", "images", "peak_mb"]))
    assert table.splitlines() == [
        "| rule | 1,000 images, MB | 10,000 images, MB | above 1.1 × the fewest, bytes an image |",
        "| --- | --- | --- | --- |",
        "| `prepare` | 100 | 112 | 200 |",
        "| `train` | 500 |  |  |",
    ]
