"""Text that comes from the user's data, as a figure can show it: names of classes."""

import logging
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from matplotlib import font_manager

from vae.plan.messages import near
from vae.services.errors import UserError

logger = logging.getLogger(__name__)

LONGEST = 24  # letters of a name; a longer one loses its middle
FONTS = ["DejaVu Sans"]  # what each character is looked for in, in this order
_CJK = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO")


def shown(names: Sequence[str]) -> list[str]:
    """Names as figures show them; the log says what is not shown as it is, and why.

    The ends of lines become arrows. A name of more than LONGEST letters loses its middle.
    Characters that DejaVu Sans lacks are drawn in an installed font that has them, which becomes
    one of FONTS; a name for which there is none is shown as its number.

    To be called before anything is drawn.
    """
    visible = [_visible(name) for name in names]
    short = [shortened(name) for name in visible]
    missing = _without_font("".join(short))
    result, numbered = [], []
    for i, name in enumerate(short):
        if missing & {*name} or short.count(name) > 1:
            numbered.append(f"{i}: {visible[i]}")
            name = f"#{i}" if missing & {*name} else shortened(f"{i}: {visible[i]}")
        result.append(name)
    if missing:
        characters = " ".join(sorted(missing)[:20])
        fonts = " and ".join(sorted({*map(_font_with, missing)})[:3])
        logger.warning(
            "no installed font has %s: names with these are shown as numbers. It would help to "
            "install %s, and to run the same command again",
            *(characters, fonts),
        )
    if numbered:
        logger.info("classes by number: %s", ", ".join(numbered))
    if changed := [ascii(name) for name, v in zip(names, visible, strict=True) if name != v]:
        logger.info("drawn with a sign for what is not text: %s", ", ".join(changed))
    if cut := sum(width(name) > LONGEST for name in visible):
        logger.info("%d names are longer than %d letters, and shortened", cut, LONGEST)
    return result


def shortened(name: str, most: int = LONGEST) -> str:
    """A name without its middle if it is wider than `most` letters."""
    if width(name) <= most:
        return name
    head, tail = name, name
    while width(head) > most - most // 3 - 1:
        head = head[:-1]
    while width(tail) > most // 3:
        tail = tail[1:]
    return f"{head}…{tail}"


def width(text: str) -> int:
    """How wide a text is, in letters: Chinese characters and the like are as wide as two."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(map(_is_mark, text))


def _is_mark(character: str) -> bool:
    """Whether a character has no width of its own: it is drawn over others, or directs them."""
    return unicodedata.category(character) in ("Mn", "Me", "Cf")


def _visible(name: str) -> str:
    """A name in one line, its control characters (and what is no character at all) visible."""
    return "".join(map(_visible_character, name))


def _visible_character(character: str) -> str:
    match character, unicodedata.category(character):
        case ("\n" | "\r" | "\v" | "\f", _) | (_, "Zl" | "Zp"):
            return "↵"
        case ("\t", _):
            return "⇥"
        case (_, "Cc" | "Cs"):  # Cs: half a character, as in a file name in another encoding
            return "\ufffd"
    return character


def _without_font(characters: Iterable[str]) -> set[str]:
    """The characters that no installed font has; fonts that have the others join FONTS."""
    missing = {c for c in characters if not c.isspace() and unicodedata.category(c) != "Cf"}
    for name in FONTS:
        missing = {c for c in missing if ord(c) not in _characters(_file_of(name))}
    while missing and (path := max(_installed(), key=lambda p: _suits(p, missing), default=None)):
        found = {c for c in missing if ord(c) in _characters(path)}
        if not found:
            break
        missing -= found
        font_manager.fontManager.addfont(path)
        FONTS.append(font_manager.get_font(path).family_name)
        logger.info("drawn in the font %s: %s", FONTS[-1], " ".join(sorted(found)[:20]))
        logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # no bold is fine
    return missing


def _suits(path: str, characters: set[str]) -> tuple[int, bool, str]:
    """How well a font suits: how many of the characters it has, and whether it is a plain one."""
    name = Path(path).stem.lower()
    plain = not any(word in name for word in ("bold", "italic", "oblique", "serif", "mono"))
    return sum(ord(c) in _characters(path) for c in characters), plain, path


@cache
def _installed() -> tuple[str, ...]:
    """Paths of all fonts, looked for anew: Matplotlib's own list may be older than a font."""
    return tuple(sorted(font_manager.findSystemFonts()))


@cache
def _file_of(family: str) -> str:
    return font_manager.findfont(family)


@cache
def _characters(path: str) -> frozenset[int]:
    """The code points that a font has; none of a font that cannot be drawn at any size."""
    try:
        font = font_manager.get_font(path)
        return frozenset(font.get_charmap() if font.scalable else ())
    except Exception:  # whatever FreeType finds wrong with a file
        return frozenset()


def _font_with(character: str) -> str:
    """A free font that has a character."""
    script = unicodedata.name(character, "").partition(" ")[0]
    if script in _CJK:
        return "Noto Sans CJK (Debian: fonts-noto-cjk)"
    if unicodedata.category(character) == "So":
        return "Noto Emoji (Debian: fonts-symbola)"
    return f"Noto Sans {script.title()} (Debian: fonts-noto-core)"


def numbers(chosen: Sequence[str] | None, names: Sequence[str]) -> list[int] | None:
    """The labels of the classes that `figures: {classes: [...]}` chooses; None if it chooses none.

    names: of all classes.

    Raises UserError if there is no such class.
    """
    for name in chosen or ():
        if name not in names:
            raise UserError(
                f"figures: {{classes: [...]}} in config/config.yaml: no class is called {name!r}"
                f"{near(name, names)}"
            )
    return sorted({names.index(name) for name in chosen}) if chosen else None
