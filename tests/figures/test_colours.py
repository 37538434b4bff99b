import matplotlib as mpl

from vae.figures.colours import COLOURS


def test_the_first_ten_are_those_of_the_paper_in_its_order():
    assert tuple(map(mpl.colors.to_hex, mpl.color_sequences["petroff10"])) == COLOURS[:10]


def test_there_are_twenty():
    assert len({*COLOURS}) == 20
