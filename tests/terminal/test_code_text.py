from pathlib import Path

import numpy as np
import pytest

from vae.services.errors import UserError
from vae.terminal import code_text


@pytest.mark.parametrize(
    "text",
    [
        "0.5,-1.2\n3,4e-1\n",
        "z0, z1\n0.5; -1.2\n\n3\t0.4",
        "[0.5, -1.2]\r\n[3, .4]",
        "\ufeff0.5 -1.2\n3 0.4",
    ],
)
def test_codes_are_read_whatever_stands_between_the_numbers(text):
    z = code_text.parse(text, 2, "here")
    assert z.dtype == np.float32
    np.testing.assert_array_equal(z, np.float32([[0.5, -1.2], [3, 0.4]]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,2\n1,x", "here, line 2: 'x' is no number."),
        ("1,2\n1,nan", "here, line 2: 'nan' is no number."),
        ("1,2\n\n1", "here, line 3: a code of this run is 2 numbers, not 1."),
        ("z0,z1\n", "here: there is no code in it"),
        ("file,z0,z1\n7,1,2\n8,1,x", "here, line 3: 'x' is no number."),
    ],
)
def test_what_is_no_code_is_refused_with_its_line(text, message):
    with pytest.raises(UserError, match=message):
        code_text.parse(text, 2, "here")


def test_text_gives_the_same_codes_when_parsed():
    z = np.random.default_rng(0).standard_normal((50, 3), dtype=np.float32)
    np.testing.assert_array_equal(code_text.parse(code_text.text(z), 3, "here"), z)
    files = [Path(f'{i}, "a"' if i else "12") for i in range(50)]
    np.testing.assert_array_equal(code_text.parse(code_text.text(z, files), 3, "here"), z)
