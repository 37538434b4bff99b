"""Where the images of a dataset come from, and what they depend on."""

import pytest

from tests.helpers.config import with_dataset
from vae.plan import datasets
from vae.plan.messages import ConfigError
from vae.plan.runs import resolve


def preparation(content):
    settings = resolve(content)
    return datasets.preparation(settings.datasets["mnist"], settings.sources)


def data_terms(settings, name):
    return datasets.data_terms(settings.datasets[name], settings.sources)


def test_images_are_labelled_unless_a_folder_has_fewer_than_two_classes(tmp_path):
    def labelled(*files):
        for file in files:
            (tmp_path / file).parent.mkdir(exist_ok=True)
            (tmp_path / file).touch()
        content = with_dataset(latent_dim=2, source={"folder": str(tmp_path)}, size=9)
        return datasets.labelled(resolve(content).datasets["mnist"])

    assert not labelled("1.png")
    assert not labelled("a/1.png", "a/2.png")
    assert labelled("b/1.png")
    assert datasets.labelled(resolve(with_dataset(latent_dim=2)).datasets["mnist"])


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
    content = with_dataset(latent_dim=2)
    files = {"a.gz": {"content_sha256": "0" * 64}}
    content["sources"]["mnist"] |= {"files": files, "class_names": ["a"], "urls": ["http://x/"]}
    assert preparation(content) == {
        "format": "idx",
        "checksums": {"a.gz": "0" * 64},
        "settings": {},
        "class_names": ["a"],
    }
    content = with_dataset(latent_dim=2, source={"folder": str(tmp_path)}, size=9)
    before = preparation(content)
    assert before["settings"] == {"size": 9, "crop": "fit", "test_share": 0.2, "max_skipped": 0.05}
    assert list(before["settings"]) == sorted(before["settings"])
    (tmp_path / "new.png").write_bytes(b"")
    assert preparation(content)["signature"] != before["signature"]


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
    with pytest.raises(ConfigError, match="is not one of caltech101, cifar10, digits, idx"):
        resolve(content)


def test_the_terms_of_images_come_from_their_source(tmp_path):
    sources = {"x": {"format": "digits", "licence": "CC0", "citation": "Somebody"}}
    folder = {"source": {"folder": str(tmp_path)}, "size": 8, "latent_dim": 2}
    configured = {"mine": folder, "theirs": {"source": "x", "latent_dim": 2}}
    settings = resolve({"datasets": configured, "sources": sources})
    assert data_terms(settings, "theirs")["licence"] == "CC0"
    assert str(tmp_path) in data_terms(settings, "mine")["source"]
