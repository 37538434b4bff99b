import numpy as np

from vae.terminal.half_blocks import SHADES, blocks


def test_a_character_shows_two_pixels():
    picture = np.zeros((2, 1, 3), np.uint8)
    picture[0, 0], picture[1, 0] = (1, 2, 3), (4, 5, 6)
    assert blocks(picture, 80) == "\x1b[38;2;1;2;3;48;2;4;5;6m▀\x1b[0m\n"


def test_without_colours_it_is_shades():
    levels = np.linspace(0, 255, 5).astype(np.uint8)
    picture = np.broadcast_to(levels[None, :, None], (2, 5, 3))
    assert blocks(picture, 80, colours=False) == f"{SHADES}\n"


def test_an_odd_last_row_is_doubled_and_a_wide_picture_shrunk():
    assert blocks(np.zeros((3, 4, 3), np.uint8), 80, colours=False) == "    \n    \n"
    assert blocks(np.zeros((8, 9, 3), np.uint8), 4, colours=False) == "   \n"
