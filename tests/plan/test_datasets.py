"""Where the images of a dataset come from, and what they depend on."""

import numpy as np
import pytest

from tests.helpers import ROOT
from tests.helpers.config import look_again, with_dataset
from vae.plan import datasets
from vae.plan.loading import FILES, merged, read
from vae.plan.messages import ConfigError
from vae.plan.runs import resolve


def preparation(content):
    look_again()
    settings = resolve(content)
    return datasets.preparation(settings.datasets["mnist"], settings.sources)


def data_terms(settings, name):
    return datasets.data_terms(settings.datasets[name], settings.sources)


def test_images_are_labelled_unless_a_folder_has_fewer_than_two_classes(tmp_path):
    def labelled(*files):
        for file in files:
            (tmp_path / file).parent.mkdir(exist_ok=True)
            (tmp_path / file).touch()
        look_again()
        content = with_dataset(latent_dim=2, source={"folder": str(tmp_path)}, size=9)
        return datasets.labelled(resolve(content).datasets["mnist"])

    assert not labelled("1.png")
    assert not labelled("a/1.png", "a/2.png")
    assert labelled("b/1.png")
    assert datasets.labelled(resolve(with_dataset(latent_dim=2)).datasets["mnist"])


def test_factors_are_those_that_a_format_states():
    content = merged(read(*(ROOT / file for file in FILES)))
    content["datasets"] = {"dsprites": {"source": "dsprites", "latent_dim": 2}}
    settings = resolve(content)
    found = datasets.factors(settings.datasets["dsprites"], settings.sources)
    assert {name for name, kind in found.items() if kind == "class"} == {"shape"}
    assert {"scale", "orientation", "posX", "posY"} < {*found}
    settings = resolve(with_dataset())
    assert datasets.factors(settings.datasets["mnist"], settings.sources) == {}


def test_a_folder_that_cannot_be_read_is_no_mistake_in_the_config(tmp_path, monkeypatch):
    def problem(folder):
        content = with_dataset(latent_dim=2, source={"folder": str(folder)}, size=9)
        content["datasets"]["mnist"]["conditional"] = folder != tmp_path
        return datasets.unreadable(resolve(content).datasets["mnist"], "datasets.mnist")

    assert problem(tmp_path) == ""
    assert "datasets.mnist.source.folder: there is no folder" in problem(tmp_path / "unmounted")
    monkeypatch.setattr("os.access", lambda path, mode: False)  # root may read anything
    assert "you may not read the folder" in problem(tmp_path)
    assert datasets.unreadable(resolve(with_dataset()).datasets["mnist"], "datasets.mnist") == ""


def test_what_images_depend_on_is_the_reader_its_settings_and_the_checksums(tmp_path):
    content = with_dataset(latent_dim=2, validation=0)
    files = {"a.gz": {"content_sha256": "0" * 64}}
    content["sources"]["mnist"] |= {"files": files, "class_names": ["a"], "urls": ["http://x/"]}
    assert preparation(content) == {
        "format": "idx",
        "checksums": {"a.gz": "0" * 64},
        "settings": {},
        "class_names": ["a"],
    }
    content = with_dataset(latent_dim=2, source={"folder": str(tmp_path)}, size=9)
    assert preparation(content)["validation"] == "auto"
    before = preparation(content)
    assert before["settings"] == {
        "size": 9,
        "crop": "fit",
        "test_share": 0.2,
        "max_skipped": 0.05,
        "bands": None,
        "channels": None,
        "background_color": "white",
        "intensity": None,
        "class_depth": 1,
        "group": None,
        "split_folders": True,
        "pages": "all",
        "max_pages": 10_000,
        "tiles": None,
        "min_contrast": 0.0,
        "max_pixels": None,
    }
    assert list(before["settings"]) == sorted(before["settings"])
    (tmp_path / "new.png").write_bytes(b"")
    assert preparation(content)["signature"] != before["signature"]
    (tmp_path / "new.png").unlink()
    elsewhere = tmp_path.with_name("elsewhere")
    tmp_path.rename(elsewhere)
    content["datasets"]["mnist"]["source"] = {"folder": str(elsewhere)}
    assert preparation(content) == before


def test_given_validation_images_and_a_number_of_them_are_an_error(tmp_path):
    for name in ("train", "val", "test"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").touch()
    source = {"source": {"folder": str(tmp_path)}, "size": 8}

    def problem(**changes):
        dataset = resolve(with_dataset(**source | changes)).datasets["mnist"]
        return datasets.unreadable(dataset, "datasets.mnist")

    assert "datasets.mnist.validation: 5 images are to be taken" in problem(validation=5)
    assert problem() == problem(validation=0) == ""
    assert problem(validation=5, split_folders=False) == ""


@pytest.mark.parametrize("name", ["pictures.zip", "pictures.TAR.GZ"])
def test_an_archive_may_stand_for_a_folder(tmp_path, name):
    (tmp_path / name).write_bytes(b"1")
    content = with_dataset(source={"folder": str(tmp_path / name)}, size=8)
    dataset = resolve(content).datasets["mnist"]
    assert datasets.unreadable(dataset, "") == ""
    assert datasets.labelled(dataset)
    assert preparation(content)["signature"]


@pytest.mark.parametrize(
    ("format", "name"), [("arrays", "a.npz"), ("table", "a.csv"), ("parquet", "a.parquet")]
)
def test_files_of_ones_own(tmp_path, format, name):
    file = tmp_path / name
    sizes = {} if format == "arrays" else {"size": [4, 6]}
    content = with_dataset(latent_dim=2, source={format: str(file)}, **sizes)
    problem = datasets.unreadable(resolve(content).datasets["mnist"], "d")
    assert f"d.source.{format}: there is no file '{file}'" in problem
    file.write_bytes(b"1")
    before = preparation(content)
    assert before["format"] == format
    assert str(tmp_path) not in str(before), "it must not depend on where they are"
    assert (before["settings"]["image"], before["settings"].get("size")) == (
        None,
        sizes.get("size"),
    )
    file.write_bytes(b"22")
    assert preparation(content)["signature"] != before["signature"]
    settings = resolve(content)
    assert datasets.labelled(settings.datasets["mnist"])
    assert settings.runs["mnist"]["ld_2"].values["likelihood"] == "gaussian"
    assert str(file) in data_terms(settings, "mnist")["source"]


def test_several_parquet_files_by_a_pattern_or_a_folder(tmp_path):
    (tmp_path / "deeper").mkdir()
    files = [tmp_path / name for name in ("a.parquet", "b.parquet", "deeper/c.parquet", "x.csv")]
    for file in files:
        file.touch()

    def found(path):
        content = with_dataset(latent_dim=2, size=8, source={"parquet": str(path)})
        return resolve(content).datasets["mnist"].source.paths()

    assert found(tmp_path / "*.parquet") == [str(file) for file in files[:2]]
    assert found(tmp_path) == [str(file) for file in files[:3]]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"source": {}}, "source: {}: name one of arrays, folder, parquet, table"),
        ({"source": {"array": "x"}}, "source.array: unknown key, did you mean arrays?"),
        ({"source": {"arrays": "x", "table": "y"}}, "name one of arrays, folder, parquet, table"),
        ({"size": [1, 2, 3]}, "size: [1, 2, 3]: should be a number, or a list of 2"),
        ({"size": [64, "wide"]}, "size: [64, 'wide']: should be a valid integer"),
        ({"size": 5000}, "size: 5000: should be less than or equal to 4096"),
        ({"bands": [1, 2]}, "bands: [1, 2]: should be a number, or a list of 1 or 3"),
        ({"intensity": 9}, "intensity: 9: should be type or percentile, or a list of 2"),
        ({"intensity": "auto"}, "intensity: 'auto': should be type or percentile, or a list of 2"),
        ({"channels": "grey"}, "'grey' is not one of gray, rgb, did you mean gray?"),
        ({"tiles": 512}, "tiles: 512: should be {size: ..., stride: ...}"),
        ({"tiles": {"stride": 5}}, "tiles: {'stride': 5}: should be {size: ..., stride: ...}"),
        ({"tiles": {"size": 0}}, "tiles: {'size': 0}: should be greater than or equal to 1"),
        ({"label": ""}, "label: '': string should have at least 1 character"),
    ],
)
def test_mistakes_about_images_of_ones_own(tmp_path, changes, words):
    source = {"source": {"folder": str(tmp_path)}, "size": 8}
    with pytest.raises(ConfigError) as caught:
        resolve(with_dataset(**source | changes))
    assert words in str(caught.value)


def test_tiles_lie_side_by_side_unless_the_config_says_otherwise(tmp_path):
    source = {"source": {"folder": str(tmp_path)}, "size": 8, "latent_dim": 2}
    for tiles, stride in (({"size": 9}, 9), ({"size": 9, "stride": 3}, 3)):
        settings = preparation(with_dataset(**source, tiles=tiles))["settings"]
        assert settings["tiles"] == {"size": 9, "stride": stride}


def test_a_setting_that_a_format_lacks_or_needs_is_an_error():
    content = with_dataset(size=9, background=True)
    with pytest.raises(ConfigError) as caught:
        resolve(content)
    for key in ("size", "background"):
        words = f"datasets.mnist.{key}: images of the format idx have no such setting"
        assert words in str(caught.value)
    content["sources"]["mnist"]["format"] = "caltech101"
    del content["datasets"]["mnist"]["size"]
    with pytest.raises(ConfigError, match=r"datasets\.mnist\.size: this key is needed"):
        resolve(content)


@pytest.mark.parametrize(
    ("names", "words"), [(["a", "b", "a"], "two classes are called 'a'"), (["a", ""], "string")]
)
def test_classes_have_names_of_their_own(names, words):
    content = with_dataset()
    content["sources"]["mnist"]["class_names"] = names
    content["datasets"]["mnist"]["epochs"] = 0
    with pytest.raises(ConfigError) as caught:
        resolve(content)
    assert "The config has 2 errors" in str(caught.value)
    assert "sources.mnist.class_names" in str(caught.value)
    assert words in str(caught.value)


def test_a_folder_is_no_format_of_a_source():
    content = with_dataset()
    content["sources"]["mnist"]["format"] = "folder"
    with pytest.raises(ConfigError, match="is not one of caltech101, celeba, cifar10, digits"):
        resolve(content)


def test_the_terms_of_images_come_from_their_source(tmp_path):
    sources = {"x": {"format": "digits", "licence": "CC0", "citation": "Somebody"}}
    folder = {"source": {"folder": str(tmp_path)}, "size": 8, "latent_dim": 2}
    configured = {"mine": folder, "theirs": {"source": "x", "latent_dim": 2}}
    settings = resolve({"datasets": configured, "sources": sources})
    assert data_terms(settings, "theirs")["licence"] == "CC0"
    assert str(tmp_path) in data_terms(settings, "mine")["source"]


@pytest.mark.parametrize(
    ("images", "model"),
    [
        ({"source": "mnist"}, "mlp"),
        ({"source": "coloured"}, "resnet"),
        ({"source": "small"}, "mlp"),
        ({"source": "large"}, "resnet"),
        ({"size": 32, "channels": "gray"}, "mlp"),
        ({"size": 32}, "resnet"),
        ({"size": 33, "channels": "gray"}, "resnet"),
        ({"size": [16, 64], "bands": [2]}, "resnet"),
        ({"size": [16, 32], "bands": [2]}, "mlp"),
        ({"source": "gray.npy"}, "mlp"),
        ({"source": "colour.npy"}, "resnet"),
        ({"source": "colour.npy", "bands": [1]}, "mlp"),
        ({"source": "damaged.npy"}, "mlp"),
    ],
)
def test_the_default_network_is_for_the_size_and_the_channels(tmp_path, images, model):
    np.save(tmp_path / "gray.npy", np.zeros((9, 28, 20), np.uint8))
    np.save(tmp_path / "colour.npy", np.zeros((9, 3, 28, 20), np.uint8))
    (tmp_path / "damaged.npy").write_bytes(b"no array")
    source = images.get("source", {"folder": str(tmp_path)})
    if str(source).endswith(".npy"):
        source = {"arrays": str(tmp_path / source)}
    content = with_dataset(**images | {"source": source, "latent_dim": 2})
    content["sources"]["coloured"] = content["sources"]["mnist"] | {"format": "cifar10"}
    for name, shape in (("small", [28, 28, 1]), ("large", [64, 64, 1])):
        content["sources"][name] = content["sources"]["mnist"] | {"format": "medmnist"}
        content["sources"][name]["shape"] = shape
    content["datasets"]["mnist"]["variants"] = [{"model": ["conv", None]}]
    runs = resolve(content).runs["mnist"]
    models = {name: run.values["model"] for name, run in runs.items()}
    assert models == {"ld_2": model, "ld_2_m_conv": "conv", "ld_2_m_null": model}


@pytest.mark.parametrize("likelihood", [None, "bernoulli", "logistic_mixture"])
def test_the_default_likelihood_is_gaussian_unless_the_source_says_otherwise(likelihood):
    content = with_dataset(latent_dim=2)
    content["sources"]["mnist"]["likelihood"] = likelihood
    content["datasets"]["mnist"]["variants"] = [{"likelihood": "gaussian"}]
    runs = resolve(content).runs["mnist"]
    assert runs["ld_2"].values["likelihood"] == likelihood or "gaussian"
    assert runs["ld_2_l_gaussian"].values["likelihood"] == "gaussian"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"likelihood": "bernouli"}, "'bernouli' is not one of bernoulli, "),
        ({"shape": [28, 28]}, "shape: [28, 28]: should be height, width and channels"),
        ({"shape": [28, 28, 0]}, "shape.2: 0: should be greater than or equal to 1"),
        ({"files": {"a": {"bytes": 3}}}, "needs sha256, content_sha256, git or md5"),
        ({"files": {"a": {"md5": "3" * 40}}}, "sources.mnist.files.a.md5"),
        ({"files": {"a": {"git": "3" * 32}}}, "sources.mnist.files.a.git"),
    ],
)
def test_mistakes_about_a_source(changes, words):
    content = with_dataset()
    content["sources"]["mnist"] |= changes
    with pytest.raises(ConfigError) as caught:
        resolve(content)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "kinds", [["content_sha256", "sha256", "git", "md5"], ["git", "md5"], ["md5"]]
)
def test_images_depend_on_the_checksum_that_decides(kinds):
    lengths = {"content_sha256": 64, "sha256": 64, "git": 40, "md5": 32}
    content = with_dataset(latent_dim=2)
    file = {kind: str(kinds.index(kind)) * lengths[kind] for kind in kinds}
    content["sources"]["mnist"]["files"] = {"a.gz": file}
    assert preparation(content)["checksums"] == {"a.gz": file[kinds[0]]}


def test_the_defaults_leave_the_runs_of_the_config_as_they_are():
    """`mlp` was the default of all images before it depended on their size and channels."""
    files = read(*(ROOT / file for file in FILES))
    before = resolve(merged(files)).runs
    datasets = {name: {"model": "mlp"} | dataset for name, dataset in files[1]["datasets"].items()}
    assert resolve(merged([*files, {"datasets": datasets}])).runs == before
