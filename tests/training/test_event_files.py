import sys

import numpy as np
import pytest

from tests.helpers.config import run_settings
from tests.helpers.packages import install
from vae.data.images import Images, Split
from vae.services.errors import UserError
from vae.training import event_files, fit


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    split = Split(rng.integers(0, 256, (12, 5, 4, 3), np.uint8), np.arange(12) % 2)
    return Images(split, split, ("even", "odd"))


@pytest.fixture
def tensorboard(tmp_path_factory, monkeypatch):
    monkeypatch.syspath_prepend(install("tensorboard", tmp_path_factory.mktemp("packages")))
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "tensorboard"]:
        del sys.modules[name]


def test_nothing_is_written_unless_it_is_asked_for(tmp_path):
    assert event_files.event_files(tmp_path, False, []) is None


def test_a_missing_package_is_named_before_hours_of_training(tmp_path, monkeypatch):
    monkeypatch.setattr(event_files, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="pip install tensorboard"):
        event_files.event_files(tmp_path, True, [])


@pytest.mark.parametrize("changes", [{}, {"conditional": True}])
def test_samples_are_the_same_codes_each_time(images, changes):
    vae = fit.build(
        images.shape, run_settings(likelihood="gaussian", **changes), 2 if changes else 0
    )
    first, again = event_files.samples(vae), event_files.samples(vae)
    assert first.shape == (event_files.SIDE * 5, event_files.SIDE * 4, 3)
    np.testing.assert_array_equal(first, again)
    assert 0 <= first.min() < first.max() <= 1


def test_tensorboard_reads_losses_of_each_epoch_and_samples_of_some(images, tmp_path, tensorboard):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorflow import make_ndarray

    folder = tmp_path / "tensorboard"
    (folder / "train").mkdir(parents=True)
    (folder / "train/events.out.of.another.training").write_text("")
    run = run_settings(epochs=4, likelihood="gaussian")
    history = fit.train(images, run, after_epoch=event_files.event_files(folder, 2, [])).history
    read = {}
    for part in ("train", "test"):
        read[part] = EventAccumulator(str(folder / part), {"tensors": 0})
        read[part].Reload()
    assert read["train"].Tags()["tensors"] == "loss reconstruction kl learning_rate samples".split()
    assert read["test"].Tags()["tensors"] == "loss reconstruction kl".split()
    for part, column in (("train", "loss"), ("test", "test_loss")):
        events = read[part].Tensors("loss")
        assert [event.step for event in events] == [1, 2, 3, 4]
        values = [make_ndarray(event.tensor_proto) for event in events]
        np.testing.assert_allclose(values, history[column], rtol=1e-6)
    assert [event.step for event in read["train"].Tensors("samples")] == [2, 4]
    assert len(list((folder / "train").iterdir())) == 1
