"""Names of classes are drawn as they are, or the log says what is drawn in their place."""

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from tests.helpers.figures import TITLE, picture, texts
from vae.figures import grid, latent_space, samples_second_stage, text
from vae.latent.codes import Information
from vae.services.errors import UserError

ODD = ["$x$", "$", "_a", "a_b^c", "<b>", "back\\slash", "{}", "naïve «é»", "עברית", "العربية"]


@pytest.fixture(autouse=True)
def no_other_font(monkeypatch):
    """Only the font that comes with Matplotlib."""
    monkeypatch.setattr(text, "_installed", lambda: ())
    yield
    del text.FONTS[1:]


def write_font(path, family, characters):
    """A font that draws a square for each character."""
    names = [".notdef", *(f"u{ord(c):04X}" for c in characters)]
    pen = TTGlyphPen(None)
    pen.moveTo((100, 0))
    for point in ((100, 800), (900, 800), (900, 0)):
        pen.lineTo(point)
    pen.closePath()
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder(names)
    font.setupCharacterMap({ord(c): name for c, name in zip(characters, names[1:], strict=True)})
    font.setupGlyf(dict.fromkeys(names, pen.glyph()))
    font.setupHorizontalMetrics(dict.fromkeys(names, (1000, 100)))
    font.setupHorizontalHeader(ascent=900, descent=-100)
    font.setupNameTable({"familyName": family, "styleName": "Regular"})
    font.setupOS2()
    font.setupPost()
    font.save(path)
    return str(path)


def test_plain_names_stay():
    assert text.shown(["", "cat", *ODD]) == ["", "cat", *ODD]


def test_ends_of_lines_and_broken_file_names_are_one_visible_line(caplog):
    names = ["a\nb", "a\r\tb", "a\x00\x9b", "a\udcff", "a\u2028"]
    caplog.set_level("INFO")
    assert text.shown(names) == ["a↵b", "a↵⇥b", "a��", "a�", "a↵"]
    assert r"for what is not text: 'a\nb', 'a\r\tb', 'a\x00\x9b', 'a\udcff'" in caplog.text


def test_a_long_name_loses_its_middle(caplog):
    caplog.set_level("INFO")
    short, *same = text.shown(["n" * 60, "m" * 59 + "a", "m" * 60 + "a", "\u4e2d"])[:3]
    assert short == "n" * 15 + "…" + "n" * 8
    assert same == ["1: " + "m" * 12 + "…" + "m" * 7 + "a", "2: " + "m" * 12 + "…" + "m" * 7 + "a"]
    assert "3 names are longer than 24 letters" in caplog.text
    assert text.width("ab") == 2
    assert text.width("中e\u0301") == 3


def test_a_name_without_a_font_is_a_number_and_the_log_says_which_would_help(caplog):
    caplog.set_level("INFO")
    names = text.shown(["cat", "中文", "ไทย", "🐈", "क"])
    assert names == ["cat", "#1", "#2", "#3", "#4"]
    assert "classes by number: 1: 中文, 2: ไทย, 3: 🐈" in caplog.text
    assert "Noto Emoji (Debian: fonts-symbola) and Noto Sans CJK (Debian: fonts-noto" in caplog.text


def figures(names):
    """Every figure that shows names of classes."""
    rng = np.random.default_rng(0)
    labels = np.arange(40) % len(names)
    for latent_dim in (1, 2, 3, 5):
        z, kl = rng.normal(size=(40, latent_dim)), Information("KL", "nats", rng.random(latent_dim))
        yield latent_space.draw(z, labels, tuple(names), kl, TITLE)
    images = rng.random((len(names), 2, 8, 8, 1))
    yield grid.draw_classes(images, names, len(names), TITLE)
    yield samples_second_stage.draw(images, names, TITLE)


def test_every_figure_draws_names_as_they_are(tmp_path):
    """Pytest makes an error of any warning, such as of a missing glyph."""
    for figure in figures(ODD):
        picture(figure, tmp_path / "figure.png")
        assert {*ODD} <= {*texts(figure)}


def test_an_installed_font_draws_them(tmp_path, monkeypatch, caplog):
    caplog.set_level("INFO")
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    fonts = [
        str(tmp_path / "broken.ttf"),
        write_font(tmp_path / "one.ttf", "One", "中"),
        write_font(tmp_path / "both.ttf", "Both", "中文"),
        write_font(tmp_path / "thai.ttf", "Thai", "ไทย"),
    ]
    monkeypatch.setattr(text, "_installed", lambda: tuple(fonts))
    assert text.shown(["cat", "中文", "ไทย"]) == ["cat", "中文", "ไทย"]
    assert text.FONTS == ["DejaVu Sans", "Thai", "Both"]
    assert "drawn in the font Both: 中 文" in caplog.text
    for figure in figures(["cat", "中文", "ไทย"]):
        picture(figure, tmp_path / "figure.png")
    assert "missing" not in caplog.text


def test_classes_are_chosen_by_name():
    names = ["cat", "dog", "newt"]
    assert text.numbers(None, names) is None
    assert text.numbers(["newt", "cat"], names) == [0, 2]
    with pytest.raises(UserError, match="no class is called 'nwet', did you mean newt"):
        text.numbers(["nwet"], names)
