import os
import shutil
from pathlib import Path

import pytest

from tests.helpers import python
from vae.services import listing
from vae.services.listing import list_files, of_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files in subfolders and one beside them."""
    folder = tmp_path / "pictures"
    for name in ("b/2.png", "a/1.png", "0.png"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return folder


def signature(folder: Path) -> str:
    return listing.signature(list_files(folder).files)


def paths(folder: Path) -> list[str]:
    return [file.path for file in list_files(folder).files]


def test_files_are_listed_in_order_with_their_sizes(folder):
    files = list_files(folder).files
    assert [(file.path, file.size) for file in files] == [
        ("0.png", 5),
        ("a/1.png", 7),
        ("b/2.png", 7),
    ]
    assert files[0].time in (int((folder / "0.png").stat().st_mtime) - n for n in (0, 1))
    assert files[0].time % 2 == 0


def test_hidden_files_and_litter_are_ignored(folder):
    before = signature(folder)
    for name in (
        ".DS_Store",
        "a/.part.1.png",
        ".git/config",
        "a/Thumbs.db",
        "desktop.ini",
        "a/1.xmp",
        "notes.TXT",
    ):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert paths(folder) == ["0.png", "a/1.png", "b/2.png"]
    assert signature(folder) == before
    assert list_files(folder).ignored == 7
    (folder / "c.csv").mkdir()
    (folder / "c.csv/3.png").touch()
    assert paths(folder)[-1] == "c.csv/3.png"


def test_a_copy_with_its_times_has_the_same_signature(folder, tmp_path):
    for number, file in enumerate(folder.rglob("*.png")):
        os.utime(file, (number, 1_000_000_000 + number + 0.75))
    before = signature(folder)
    copy = Path(shutil.copytree(folder, tmp_path / "elsewhere/copy"))
    assert signature(copy) == before
    os.utime(copy / "0.png", (0, (copy / "0.png").stat().st_mtime // 2 * 2 + 1.5))
    assert signature(copy) == before
    plain = shutil.copytree(folder, tmp_path / "plain", copy_function=shutil.copyfile)
    assert signature(plain) != before


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


def test_files_alone_are_known_by_their_paths_below_what_they_have_in_common(folder):
    files = [str(folder / name) for name in ("0.png", "a/1.png")]
    assert [file.path for file in of_files(files)] == ["0.png", "a/1.png"]
    assert [file.path for file in of_files(files[1:])] == ["1.png"]
    assert of_files([]) == []
    before = listing.signature(of_files(files))
    (folder / "another.png").touch()
    assert listing.signature(of_files(files)) == before
    Path(files[1]).write_bytes(b"other")
    assert listing.signature(of_files(files)) != before


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
