import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.evaluation.test_run import COUNTS
from tests.helpers.figures import TITLE, picture, texts
from tests.helpers.runs import write_run
from vae.data import images, masks
from vae.data.images import Images, Split
from vae.evaluation import run as of_run
from vae.evaluation import scores
from vae.figures import outliers

RNG = np.random.default_rng(0)


def group(name, n, shape, colour=""):
    return outliers.Group(
        name,
        colour,
        np.arange(n),
        RNG.integers(0, 256, (n, *shape), np.uint8),
        RNG.random((n, *shape)),
        RNG.random((n, *shape[:2])),
        [f"#{i}\n1.5" for i in range(n)],
    )


@pytest.mark.parametrize("shape", [(8, 8, 1), (37, 50, 3), (128, 128, 3)])
@pytest.mark.parametrize("n", [1, 10, 100])
def test_outliers_have_a_readable_size(tmp_path, shape, n):
    groups = [group("highest scores", n, shape, "#000000"), group("highest of a class", 1, shape)]
    figure = outliers.draw(groups, RNG.normal(size=(300, 2)), ["z[0]", "z[1]"], TITLE)
    picture(figure, tmp_path / "outliers.png")
    assert f"#{n - 1}\n1.5" in texts(figure) or n == 100
    assert {"image", "reconstruction", "error map", "highest of a class"} <= set(texts(figure))


def test_maps_without_any_error_are_black(tmp_path):
    still = group("highest scores", 2, (8, 8, 1), "#000000")
    still = still._replace(error_maps=np.zeros_like(still.error_maps))
    picture(outliers.draw([still], np.zeros((2, 2)), ["a", "b"], TITLE), tmp_path / "outliers.png")


@pytest.mark.parametrize("latent_dim", [1, 2, 5])
def test_the_plane_is_that_of_codes_or_of_their_components(latent_dim):
    code, score = RNG.normal(size=(20, latent_dim)), np.arange(20.0)
    points, names = outliers.plane(code, score)
    assert (points.shape, len(names)) == ((20, 2), 2)
    if latent_dim == 1:
        np.testing.assert_array_equal(points[:, 1], score)
        assert names == ["z[0]", "score"]


@pytest.fixture
def scored(tmp_path):
    """What `plot` takes, for a run whose images have two classes of three, or none."""

    def arguments(labels, **settings):
        files = write_run(tmp_path, "bernoulli", 2)
        pixels = RNG.integers(0, 256, (30, 2, 3, 1), np.uint8)
        train, test = Split(pixels[:10], np.zeros(10, int)), Split(pixels[10:], labels)
        names = ("cat", "dog", "cow") if labels.max() >= 0 else ()
        images.save(Images(train, test, names), files["path_to_images"])
        record = json.loads(files["path_to_run"].read_text())
        record["settings"] |= settings
        files["path_to_run"].write_text(json.dumps(record | {"class_names": names}))
        kept = ("images", "encoder", "posterior", "decoder", "run")
        paths = {f"path_to_{name}": files[f"path_to_{name}"] for name in kept}
        table = tmp_path / "scores.parquet"
        outputs = {"path_to_metrics": tmp_path / "metrics.json", "path_to_scores": table}
        of_run.evaluate(**paths, **outputs, evaluation=COUNTS, threads=1)
        networks = {name: paths.pop(f"path_to_{name}") for name in kept[1:4]}
        options = {"outliers": 4, "classes": None, "map_sigma": None, "threads": 1, "title": TITLE}
        results = {"path_to_scores": table, "paths_to_anomalies": []}
        return {"paths_to_networks": networks} | results | paths | options

    return arguments


@pytest.mark.parametrize("binarize", ["none", "dynamic"])
@pytest.mark.parametrize("labels", [np.arange(20) % 2, np.full(20, -1)])
def test_the_images_of_the_highest_scores_are_drawn_and_those_of_each_class(
    scored, tmp_path, monkeypatch, binarize, labels
):
    drawn = []
    draw = outliers.draw
    monkeypatch.setattr(outliers, "draw", lambda *a: drawn.extend(a[0]) or draw(*a))
    arguments = scored(labels, binarize=binarize)
    outliers.plot(**arguments, path_to_figure=tmp_path / "outliers.png")
    with Image.open(tmp_path / "outliers.png") as image:
        image.load()
    score = scores.read(arguments["path_to_scores"], "test", ["score"])["score"]
    highest, lowest, *of_classes = drawn
    assert score[highest.rows].tolist() == sorted(score)[:-5:-1]
    assert score[lowest.rows].tolist() == sorted(score)[:4]
    assert highest.captions[0] == f"#{score.argmax()}\n{score.max():.1f}"
    if binarize == "dynamic":
        assert {*np.unique(highest.pixels)} <= {0, 255}
    assert len(of_classes) == (labels[0] >= 0)
    if of_classes:
        assert [labels[row] for row in of_classes[0].rows] == [0, 1]
        assert [text.split("\n")[0] for text in of_classes[0].captions] == ["cat", "dog"]
        assert score[of_classes[0].rows[1]] == score[1::2].max()


@pytest.mark.parametrize("n", [1, 10])
def test_masks_are_rows_below_the_others(tmp_path, n):
    below = {"above threshold": RNG.random((n, 64, 64)) > 0.9, "mask": np.zeros((n, 64, 64), bool)}
    groups = [
        group(name, n, (64, 64, 1), "#000000")._replace(masks=below)
        for name in ("highest scores", "lowest scores", "highest of a class")
    ]
    figure = outliers.draw(groups, RNG.normal(size=(30, 2)), ["z[0]", "z[1]"], TITLE)
    picture(figure, tmp_path / "outliers.png")
    rows = {label.get_text() for axes in figure.axes[:3] for label in axes.get_yticklabels()}
    assert rows == {*outliers.ROWS, *below}


@pytest.mark.parametrize("score", ["sum", "max"])
def test_a_run_with_thresholds_shows_what_is_above_them(scored, tmp_path, monkeypatch, score):
    drawn = []
    draw = outliers.draw
    monkeypatch.setattr(outliers, "draw", lambda *a: drawn.append(a) or draw(*a))
    arguments = scored(np.arange(20) % 2)
    s = RNG.random(20)
    rows = {"s": s, "split": ["test"] * 20}
    files = [tmp_path / f"anomalies.{kind}" for kind in ("parquet", "json")]
    pq.write_table(pa.table(rows), files[0])
    thresholds = {"score": score, "threshold": 0.25, "pixel_threshold": 0.0}
    files[1].write_text(json.dumps({"thresholds": thresholds}))
    of_test = RNG.random((20, 2, 3)) < 0.5
    masks.write(enumerate(of_test), of_test.shape, arguments["path_to_images"])
    outliers.plot(
        **arguments | {"paths_to_anomalies": files}, path_to_figure=tmp_path / "outliers.png"
    )
    ((highest, *_), _, _, title), *_ = drawn
    assert s[highest.rows].tolist() == sorted(s)[:-5:-1]
    assert highest.captions[0].endswith(f"{s.max():.{3 if score == 'max' else 1}f}")
    np.testing.assert_array_equal(highest.masks["above threshold"], highest.error_maps > 0)
    np.testing.assert_array_equal(highest.masks["mask"], of_test[highest.rows])
    assert "threshold 0.2" in title
