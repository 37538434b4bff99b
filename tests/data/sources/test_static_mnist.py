"""Text files of MNIST in black and white: what can be wrong with them."""

import pytest

from tests.helpers import sources
from tests.helpers.layouts import static_mnist
from vae.data.sources import static_mnist as source
from vae.services.errors import UserError

LINE = "0 " * 784
ONES = "1" * 784


def read(folder, **options):
    return sources.read(source, *(folder / file for file in source.FILES), **options)[0]


def test_there_are_no_classes(tmp_path):
    static_mnist(tmp_path)
    images = read(tmp_path)
    assert (images.class_names, {*images.train.labels.tolist()}) == ((), {-1})
    assert images.test.files[1] == "binarized_mnist_test.amat/1"


@pytest.mark.parametrize("text", [LINE, f"{LINE}\n{ONES}\n", f"{LINE}\r\n{ONES}"])
def test_spaces_and_ends_of_lines_do_not_matter(tmp_path, text):
    static_mnist(tmp_path)
    (tmp_path / "binarized_mnist_test.amat").write_text(text)
    pixels = read(tmp_path).test.pixels
    assert pixels.mean(axis=(1, 2, 3)).tolist() == [0, 255][: len(pixels)]


@pytest.mark.parametrize("text", [f"{LINE}1", LINE[2:], f"{LINE[2:]}2", f"{LINE}\n\n", ONES * 9])
def test_other_text_is_refused(tmp_path, text):
    static_mnist(tmp_path)
    (tmp_path / "binarized_mnist_test.amat").write_text(text)
    with pytest.raises(UserError, match=r"test\.amat is damaged .* 784 times 0 or 1"):
        read(tmp_path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"binarized_mnist_train\.amat is missing"):
        sources.read(source, tmp_path / "binarized_mnist_test.amat")
