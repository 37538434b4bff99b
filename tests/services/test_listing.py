import os
from pathlib import Path

import pytest

from tests.helpers import python
from vae.services.listing import classes, list_files, signature


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files in subfolders and one beside them."""
    folder = tmp_path / "pictures"
    for name in ("b/2.png", "a/1.png", "0.png"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return folder


def paths(folder: Path) -> list[str]:
    return [file.path for file in list_files(folder).files]


def test_files_are_listed_in_order_with_their_sizes(folder):
    files = list_files(folder).files
    assert [(file.path, file.size) for file in files] == [
        ("0.png", 5),
        ("a/1.png", 7),
        ("b/2.png", 7),
    ]
    assert files[0].mtime_ns == (folder / "0.png").stat().st_mtime_ns


def test_classes_are_the_subfolders_that_hold_files(folder):
    (folder / "c/empty").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / ".git/config").touch()
    assert classes(folder) == ["a", "b"]


def test_hidden_files_and_litter_are_ignored(folder):
    before = signature(folder)
    for name in (".DS_Store", "a/.part.1.png", ".git/config", "a/Thumbs.db", "desktop.ini"):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert paths(folder) == ["0.png", "a/1.png", "b/2.png"]
    assert signature(folder) == before


def test_an_untouched_folder_keeps_its_signature(folder):
    assert signature(folder) == signature(str(folder))


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "a/new.png").touch(),
        lambda folder: (folder / "a/1.png").unlink(),
        lambda folder: (folder / "a/1.png").write_bytes(b"longer than before"),
        lambda folder: os.utime(folder / "a/1.png", (1, 1)),
        lambda folder: (folder / "a/1.png").rename(folder / "b/1.png"),
    ],
    ids=["added", "removed", "changed", "touched", "moved"],
)
def test_any_change_changes_the_signature(folder, change):
    before = signature(folder)
    change(folder)
    assert signature(folder) != before


def test_links_are_followed_but_not_in_circles(folder, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/3.png").touch()
    (folder / "c").symlink_to(tmp_path / "elsewhere")
    (folder / "a/file.png").symlink_to(folder / "0.png")
    (folder / "a/up").symlink_to("..")
    (folder / "b/here").symlink_to(".")
    (folder / "self").symlink_to("self")
    (folder / "gone").symlink_to("nothing")
    assert paths(folder) == ["0.png", "a/1.png", "a/file.png", "b/2.png", "c/3.png"]
    reasons = dict(list_files(folder).unreadable)
    assert set(reasons) == {"a/up", "b/here", "gone", "self"}
    assert "lies in" in reasons["a/up"]
    assert reasons["gone"] == "No such file or directory"
    assert "symbolic links" in reasons["self"]


def test_what_is_no_file_is_told(folder):
    os.mkfifo(folder / "a/pipe.png")
    assert list_files(folder).unreadable == [("a/pipe.png", "neither a file nor a folder")]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_locked_folder_is_told(folder):
    (folder / "a").chmod(0)
    assert list_files(folder).unreadable == [("a", "Permission denied")]


def test_a_missing_folder_is_an_error(folder):
    with pytest.raises(FileNotFoundError):
        signature(folder / "none")
    with pytest.raises(NotADirectoryError):
        list_files(folder / "0.png")


def test_files_alone_have_a_signature_too(folder):
    files = [folder / "0.png", folder / "a/1.png"]
    before = signature(*files)
    (folder / "another.png").touch()
    assert signature(*files) == before != signature(files[0])
    files[1].write_bytes(b"other")
    assert signature(*files) != before


def test_names_may_hold_anything(folder):
    odd = ['a/it\'s "odd".png', "a/ключ 鍵.png", os.fsdecode(b"a/\xff.png"), "a/new\nline.png"]
    for name in odd:
        (folder / name).touch()
    assert set(odd) < set(paths(folder))
    assert signature(folder)


def test_thousands_of_files_are_listed(tmp_path):
    for number in range(1_000):
        os.close(os.open(tmp_path / f"{number}.png", os.O_CREAT))
    assert signature(tmp_path)
    assert len(list_files(tmp_path).files) == 1_000


def test_the_module_is_light():
    code = "import sys, vae.services.listing; print({'numpy', 'PIL'} & set(sys.modules))"
    assert python("-c", code).stdout == "set()\n"
