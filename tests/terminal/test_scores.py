"""Scoring new images: every kind of input gives the scores of the same pixels."""

import csv

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.helpers.scorers import scorer, with_thresholds
from vae.data.images import Images, Split
from vae.services.errors import UserError
from vae.terminal import scores

SHAPE = (4, 6, 1)
PIXELS = np.random.default_rng(0).integers(0, 256, (5, *SHAPE), np.uint8)
BRIGHTNESS = PIXELS.sum(axis=(1, 2, 3)) / 255


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run whose score is the sum of all pixels, and whose error map is the image."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "ld_2"
    folder.mkdir()
    image = {"preparation": {"format": "folder", "crop": "stretch", "size": 4}}
    scorer(folder / "scorer.onnx", SHAPE, image=image)
    (tmp_path / "new/deep").mkdir(parents=True)
    for number, pixels in enumerate(PIXELS):
        Image.fromarray(pixels[..., 0]).save(tmp_path / f"new/{'deep/' * (number > 2)}{number}.png")
    return "ld_2"


def scored(run, *paths, **options):
    """The rows of what is written: a name and a score."""
    words = [run, *paths, "-o", "scores.csv"]
    words += [word for key, value in options.items() for word in (f"--{key}", value)]
    count = scores.write(scores.parse(words))
    with open("scores.csv", encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["file", "score"]
    assert count == len(rows)
    return {name: float(score) for name, score in rows}


def check(found, names):
    assert list(found) == names
    np.testing.assert_allclose([*found.values()], BRIGHTNESS[: len(found)], rtol=1e-6)


def test_pictures_folders_and_patterns(run):
    deep = ["new/deep/3.png", "new/deep/4.png"]
    names = ["new/0.png", "new/1.png", "new/2.png", *deep]
    check(scored(run, "new"), names)
    check(scored(run, "new/?.png", *deep), names)


def test_arrays_tables_and_parquet_files(run):
    np.savez("more.npz", images=PIXELS)
    np.save("more.npy", PIXELS[..., 0])
    check(scored(run, "more.npz"), [f"more.npz/images/{i}" for i in range(5)])
    assert len(scored(run, "more.npy", "more.npz")) == 10
    with open("table.csv", "w", encoding="utf-8") as file:
        file.write("label,path\na,new/0.png\nb,new/1.png\n")
    check(scored(run, "table.csv"), ["new/0.png", "new/1.png"])
    with open("new/0.png", "rb") as first, open("new/1.png", "rb") as second:
        pq.write_table(pa.table({"image": [first.read(), second.read()]}), "more.parquet")
    check(scored(run, "more.parquet"), ["more.parquet/0", "more.parquet/1"])


def test_many_images_are_scored_a_few_at_a_time(run, monkeypatch):
    monkeypatch.setattr(scores, "BATCH", 2 * np.prod(SHAPE))
    names = [f"new/{'deep/' * (i > 2)}{i}.png" for i in range(5)]
    check(scored(run, *names), names)


def test_unreadable_files_are_named_and_the_others_scored(run, capsys):
    with open("new/bad.png", "w", encoding="utf-8") as file:
        file.write("no picture")
    found = scored(run, "nowhere.png", "new")
    assert len(found) == 5
    said = capsys.readouterr().err
    assert "nowhere.png cannot be read as a picture: No such file" in said
    assert "new/bad.png cannot be read as a picture: not a picture in" in said
    assert "5 images scored, 2 unreadable" in said


def test_pictures_become_as_large_as_those_of_the_run(run):
    large = np.full((40, 40), 51, np.uint8)
    Image.fromarray(large).save("large.png")
    assert scored(run, "large.png") == {"large.png": pytest.approx(0.2 * 24)}


def test_error_maps_are_tiff_files_of_floats_below_their_folder(run, tmp_path):
    scored(run, "new", str(tmp_path / "new/0.png"), "new/../new/1.png", maps="maps")
    inside = {str(path.relative_to(tmp_path / "maps")) for path in (tmp_path / "maps").rglob("*.*")}
    assert {"new/0.png.tiff", "new/deep/4.png.tiff", "new/new/1.png.tiff"} <= inside
    assert len(inside) == 7
    with Image.open("maps/new/deep/4.png.tiff") as error_map:
        assert error_map.mode == "F"
        np.testing.assert_allclose(np.asarray(error_map), PIXELS[4, ..., 0] / 255, rtol=1e-6)


def test_what_cannot_be_scored_is_explained(run, tmp_path):
    np.savez("more.npz", images=np.zeros((3, 9, 9), np.uint8))
    with pytest.raises(UserError, match=r"images of 9 × 9 × 1 .* those of the run are 4 × 6 × 1"):
        scored(run, "more.npz")
    assert not (tmp_path / "scores.csv").exists()
    with pytest.raises(UserError, match=r"new/\*\.jpg: no file has a name like this"):
        scored(run, "new/*.jpg")
    with pytest.raises(UserError, match="makes it, in the folder of the project, of a run that is"):
        scored("new", "more.npz")


def test_scores_go_to_standard_output_by_default(run, capfd):
    assert scores.write(scores.parse([run, "new/0.png"])) == 1
    assert capfd.readouterr().out.startswith("file,score\nnew/0.png,")


def test_a_scorer_with_thresholds_says_what_is_an_anomaly(run, tmp_path):
    data = Split(PIXELS, np.zeros(5, int))
    image = {"preparation": {"format": "folder", "crop": "stretch", "size": 4}}
    path = tmp_path / "ld_2/scorer.onnx"
    found = with_thresholds(path, Images(data, data), contamination=0.3, image=image)
    scores.write(scores.parse([run, "new", "-o", "scores.csv", "--maps", "maps"]))
    with open("scores.csv", encoding="utf-8", newline="") as file:
        rows = [*csv.DictReader(file)]
    assert list(rows[0]) == ["file", "score", "s", "pred_score", "pred_label"]
    labels = [int(value > found.threshold) for value in BRIGHTNESS]
    assert 0 < sum(labels) < 5
    assert [int(row["pred_label"]) for row in rows] == labels
    assert all(0 <= float(row["pred_score"]) <= 1 for row in rows)
    with Image.open("maps/new/0.png.mask.png") as mask:
        above = PIXELS[0, ..., 0] / 255 > found.pixel_threshold
        np.testing.assert_array_equal(np.asarray(mask), 255 * above)
